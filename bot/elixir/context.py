"""Where code runs: on the command line, in a test, in the standard library itself."""

from __future__ import annotations

import re
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


_RELEASE_NAMES = ("Release", "ReleaseTasks")
_STARTS_APPS = re.compile(rb"\bEcto\.Migrator\b|Application\.(?:load|ensure_all_started)\(")


def is_command_line(clause: Clause) -> bool:
    """Whether the clause belongs to a Mix task or a release's commands, or is an escript's
    `main/1`.
    """
    module = clause.function.module
    if module.name.startswith("Mix.Tasks.") or module.implements("Mix.Task"):
        return True
    if module.name.rpartition(".")[2] in _RELEASE_NAMES and module.source.matches(
        _STARTS_APPS, module.node.start_byte, module.node.end_byte
    ):
        return True
    return clause.function.label == "main/1" and clause.function.public


def is_test_support(module: Module | ModuleFacts) -> bool:
    """Whether a module of `lib` exists for tests, by a segment of its name."""
    return bool(_TEST_NAMES & set(module.name.split(".")))


def is_benchmark(module: Module) -> bool:
    """Whether a module of `lib` exists for benchmarks, by a segment of its name."""
    return bool(_BENCHMARKS & set(module.name.split(".")))


def outside_production(clause: Clause) -> bool:
    """Whether an `if Mix.env() != :prod` around it keeps it out of what ships."""
    for around in nodes.ancestors(clause.node):
        block = nodes.do_block(around) if nodes.is_call_to(around, "if") else None
        if block is None or any(
            c.type == "else_block" and nodes.contains(c, clause.node) for c in block.named_children
        ):
            continue
        if _rules_out_production(nodes.arguments(around)[0]):
            return True
    return False


def _rules_out_production(condition: Node) -> bool:
    sides = nodes.text_of(condition, "left"), nodes.text_of(condition, "right")
    if "Mix.env()" not in sides and "Mix.env" not in sides:
        return False
    names_it = any(":prod" in side for side in sides)
    operator = nodes.operator(condition)
    return (
        names_it
        if operator in ("!=", "!==", "not in")
        else (operator in ("==", "===", "in") and not names_it)
    )
