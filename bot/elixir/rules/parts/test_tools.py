"""Calls of tools for tests in code of the application, and what such a tool is there for."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Site, Span
from bot.elixir.rules.parts.nil_guards import given_only_by_tests

TOOLS = ("ExUnit", "Mox", "Mimic", "Hammox", "Bypass", "Mock")
_WORDS = tuple(f"{tool}.".encode() for tool in TOOLS)
_CASES = ("ExUnit.Case", "ExUnit.CaseTemplate")
_EVENTS = frozenset(
    f":{what}_{when}" for what in ("suite", "module", "test") for when in ("started", "finished")
)
_LOOKS = frozenset({"Code.ensure_loaded?", "Code.ensure_loaded", "Code.ensure_compiled"})


def tools_called(module: Module, project: Project) -> Iterator[Site | Exempt]:
    """Every call of a test tool in the functions of a module."""
    clauses = module.clauses_with(*_WORDS)
    starting = module.clauses_with(*_WORDS, b":ex_unit") if clauses else ()
    runs = _is_formatter(module) or any(_runs_tests(c) for found in starting for c in found.calls)
    for clause in clauses:
        looks = any(c.full in _LOOKS for c in clause.calls)
        for call in clause.calls:
            if call.module.split(".")[0] in TOOLS and not call.in_quote:
                span = Span.of(module, call.node)
                spared = "runs-tests" if runs else "looks-first" if looks else ""
                spared = spared or _made_for_tests(call, project)
                yield Exempt(span, spared) if spared else _tool(call, clause, span)


def _made_for_tests(call: Call, project: Project) -> str:
    """Whether the tool is the project's own, or its package gives others a case for their tests."""
    tool = project.modules.get(call.module.split(".")[0]) or project.modules.get(call.module)
    if tool is not None and tool.role == "lib":
        return "own-tool"
    app = project.app_of(call.owner.source.path)
    cases = (f.path for f in project.facts if f.role == "lib" and any(map(f.implements, _CASES)))
    if app is None or not app.package:
        return ""
    # What works in the process of a test alone is called for those who test with the package.
    if call.module == "ExUnit.Callbacks":
        return "gives-cases"
    return "gives-cases" if not app.deployable and app in map(project.app_of, cases) else ""


def _runs_tests(call: Call) -> bool:
    """Whether running tests is what the module is for: it defines or starts them itself."""
    if call.name == "use" and call.local and call.args:
        return text(call.args[0]).startswith("ExUnit.")
    if call.full in ("Application.ensure_all_started", "Application.ensure_started"):
        return bool(call.args) and text(call.args[0]) == ":ex_unit"
    return call.full in ("ExUnit.start", "ExUnit.run", "ExUnit.async_run")


def _is_formatter(module: Module) -> bool:
    """Whether it takes the events of a run of tests, which ExUnit sends to its formatters."""
    events = module.functions.get(("handle_cast", 2))
    heads = [clause.params[0] for clause in events.clauses] if events is not None else []
    return any(text(atom) in _EVENTS for head in heads for atom in nodes.of_type(head, "atom"))


def _tool(call: Call, clause: Clause, span: Span) -> Site:
    tool = call.module.split(".")[0]
    given = given_only_by_tests(call, clause)
    note = f"`{tool}` is there for tests; a release holds it only if told to"
    return Site(
        span,
        f"code outside of the tests calls `{call.full}`",
        because=(
            Because(span, note),
            *([Because(Span.of(call.owner, given), _GIVEN)] if given is not None else ()),
        ),
        severity="warning" if given is None else "info",
        confidence="medium",
    )


_GIVEN = "where this is not given, nothing is done here"
