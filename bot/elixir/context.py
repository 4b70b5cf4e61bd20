"""Where code runs: on the command line, in a test, in the standard library itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text

if TYPE_CHECKING:
    from bot.elixir.facts import ModuleFacts

_TEST_NAMES = frozenset(
    {
        "Testing",
        "Test",
        "TestHelpers",
        "TestHelper",
        "Case",
        "ConnCase",
        "DataCase",
        "Mock",
        "Mocks",
        "Fixtures",
    }
)
_TEST_CASES = ("ExUnit.Case", "ExUnit.CaseTemplate")
_EXAMPLES = frozenset({"Example", "Examples"})
_BENCHMARKS = frozenset({"Bench", "Benchmark", "Benchmarks"})
_PLATFORM = re.compile(r"(^|/)lib/(elixir|mix|ex_unit|iex|logger|eex)/lib/")

_ENDING = re.compile(
    r"\b(System\.(halt|stop|restart)|Application\.(stop|restart))\(|:init\.(stop|restart)\(|:erlang\.halt\("
)


def ends_system(code: Node) -> bool:
    """Whether code stops or restarts the application or the whole system."""
    return _ENDING.search(text(code)) is not None


def is_platform(module: Module) -> bool:
    """Whether it is a module of Elixir itself, by the place of its file; Mix tasks aside."""
    path = module.source.path
    return _PLATFORM.search(path) is not None and "/mix/tasks/" not in path


_COMMANDS = ("Mix.Task", "Artificery", "DoIt.Command", "DoIt.MainCommand")
"""What modules use whose functions are commands."""
_RELEASE_NAMES = ("Release", "ReleaseTasks")
_STARTS_APPS = re.compile(rb"\bEcto\.Migrator\b|Application\.(?:load|ensure_all_started)\(")


def is_command_line(clause: Clause) -> bool:
    """Whether the clause belongs to a Mix task or another module of commands, or is an escript's
    `main/1`.
    """
    module = clause.function.module
    if module.name.startswith("Mix.Tasks.") or any(map(module.implements, _COMMANDS)):
        return True
    if is_release_task(module):
        return True
    return clause.function.label == "main/1" and clause.function.public


def is_release_task(module: Module) -> bool:
    """Whether its functions are commands of a release: named so, and it starts or migrates."""
    return module.name.rpartition(".")[2] in _RELEASE_NAMES and module.source.matches(
        _STARTS_APPS, module.node.start_byte, module.node.end_byte
    )


def is_test_support(module: Module | ModuleFacts) -> bool:
    """Whether a module of `lib` exists for tests: by a segment of its name, or as it is a test or
    a case for others.
    """
    named = bool(_TEST_NAMES & set(module.name.split(".")))
    return named or any(map(module.implements, _TEST_CASES))


def is_example(module: Module) -> bool:
    """Whether a module of `lib` shows how something is done, by a segment of its name."""
    return bool(_EXAMPLES & set(module.name.split(".")))


def is_benchmark(module: Module) -> bool:
    """Whether a module of `lib` exists for benchmarks, by a segment of its name."""
    return bool(_BENCHMARKS & set(module.name.split(".")))


_ASKS_ENVIRONMENT = re.compile(
    r"(?:Mix\.env|config_env)(?:\(\))?\s*(===?|!==?|in|not in)\s*([\w:\[\], ]+)$"
)


def compiled_for_tests(node: Node) -> bool:
    """Whether a condition around the definition compiles it in the test environment only."""
    return (frozenset({"test"}), True) in _environments(node)


def never_ships(node: Node) -> bool:
    """Whether a condition around the definition leaves it out of what ships."""
    return any(("prod" in names) != only for names, only in _environments(node))


def _environments(node: Node) -> Iterator[tuple[frozenset[str], bool]]:
    """Environments of Mix that conditions around a node name, and whether it is for those only, or
    for all but those.
    """
    for around in nodes.ancestors(node):
        asks = nodes.is_call_to(around, "if", "unless") and nodes.arguments(around)
        asked = _ASKS_ENVIRONMENT.match(text(asks[0])) if asks else None
        if asked is not None:
            block = nodes.do_block(around)
            otherwise = any(
                part.type == "else_block" and nodes.contains(part, node)
                for part in (block.named_children if block is not None else ())
            )
            holds = (asked[1][0] in "=i") == nodes.is_call_to(around, "if")
            yield frozenset(re.findall(r":(\w+)", asked[2])), holds != otherwise
