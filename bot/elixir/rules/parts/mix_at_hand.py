"""Whether Mix is at hand where code asks it: while the project compiles, in a tool, in tests."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.context import is_test_support
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.rules.parts.of_the_build import (
    is_for_docs,
    needs_a_tool,
    plugs_in,
    runs_under_mix,
    starts_mix,
)
from bot.elixir.rules.parts.releases import is_example
from bot.elixir.rules.parts.standing import only_for_macros
from bot.elixir.runners import reached_by_macros

_LOOKS_FIRST = frozenset(
    {
        "Code.ensure_loaded?",
        "Code.ensure_loaded",
        "Code.ensure_compiled",
        "Kernel.function_exported?",
        "function_exported?",
        "Process.whereis",
        "Application.started_applications",
        "Application.loaded_applications",
    }
)
_WORDS = (b"ensure_", b"function_exported?", b"whereis", b"_applications")
_TOOLS = ("Mix.shell", "Mix.raise", "Mix.Task.", "Mix.Tasks.", "Mix.Generator.", "Mix.install")


def where_mix_is(call: Call, clause: Clause, project: Project) -> str:
    """The name of the exemption for a call that asks Mix; empty where none is seen."""
    module = clause.function.module
    if is_test_support(module):
        return "test-support"
    if is_example(module, project):
        return "example"
    if _unquoted(call, clause) or only_for_macros(clause.function):
        return "compile-time"
    if any(c.full in _LOOKS_FIRST and _names_mix(c) for c in _calls_with(module, *_WORDS)):
        return "looks-first"
    if any(c.full.startswith(_TOOLS) for c in _calls_with(module, b"Mix.")):
        return "tool"
    if is_for_docs(module) or needs_a_tool(module, project):
        return "build-only"
    if plugs_in(module, project):
        return "plug-in"
    if runs_under_mix(clause, project):
        return "tool"
    if reached_by_macros(clause.function, project):
        return "compile-time"
    return "starts-mix" if project.once("starts-mix", starts_mix) else ""


def _calls_with(module: Module, *words: bytes) -> Iterator[Call]:
    """Calls in clauses that hold a word, and in the conditions of the module body."""
    for clause in module.clauses_with(*words):
        yield from clause.calls
    for statement in module.loose:
        for argument in nodes.arguments(statement):
            if any(word in (argument.text or b"") for word in words):
                yield from calls_in(argument, module)


def _names_mix(call: Call) -> bool:
    named = (call.owner.scope.resolve(a) for a in call.args)
    return not call.args or any(n == "Mix" or n.startswith("Mix.") or n == ":mix" for n in named)


def _unquoted(call: Call, clause: Clause) -> bool:
    above = (a for a in nodes.ancestors(call.node) if nodes.contains(clause.node, a))
    return any(nodes.is_call_to(a, "unquote", "unquote_splicing") for a in above)
