"""Calls that end the process they are given, or see it end: themselves, or the helper they call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Function
from bot.elixir.project import Project

_ENDS = frozenset({"stop", "exit", "terminate_child", "monitor", "link", "kill"})
"""Names of calls by which a test ends a process, or sees it end."""
_MOST_HELPERS = 2
"""Helpers that call each other."""


def is_ended(call: Call, block: Node, project: Project) -> bool:
    """Whether the test or its `on_exit` ends the process, or waits for or shows its end."""
    mine = {text(n) for n in handles(call, block)} - {"GenServer", "Agent"}
    found = [c for around in (block, *_set_up(block)) for c in calls_in(around, call.owner)]
    for look in (c for c in found if c.full == "Process.whereis" and mine & said_in(c)):
        mine = mine | {text(n) for n in named_by(look)}
    return any(c.name == "catch_exit" for c in found) or any(
        ends(c, project) for c in found if mine & said_in(c) and c.node.id != call.node.id
    )


def _set_up(block: Node) -> Iterator[Node]:
    """The set-ups that run before a test, with what they leave for its end."""
    around: Node | None = block
    while around is not None:
        beside = nodes.of_type(around.parent, "call") if around.parent is not None else []
        yield from (
            n
            for n in beside
            if nodes.is_call_to(n, "setup") and n.parent == around.parent and n.id != block.id
        )
        around = next((a for a in nodes.ancestors(around) if nodes.is_call_to(a, "describe")), None)


def ends(call: Call, project: Project, deep: int = _MOST_HELPERS) -> bool:
    """Whether it ends what it is given, waits for the end of it, or shows that it has ended."""
    if call.name in _ENDS or _shown_dead(call):
        return True
    return deep > 0 and any(
        ends(inner, project, deep - 1)
        for function in _functions(call, project)
        for clause in function.clauses
        for inner in clause.calls
        if {text(p) for p in clause.params if p.type == "identifier"} & _given(inner)
    )


def _shown_dead(call: Call) -> bool:
    around = nodes.ancestors(call.node)
    return call.full == "Process.alive?" and any(nodes.is_call_to(a, "refute") for a in around)


def _given(call: Call) -> set[str]:
    return {name for arg in call.args for name in nodes.identifiers(arg)}


def _functions(call: Call, project: Project) -> Iterator[Function]:
    """The tests' helper that is called: of the same module, of another, or of one it imports."""
    own = call.owner.local(call.name, call.arity)
    if own is not None and call.module == call.owner.name:
        yield own
        return
    imported = [i.module for i in call.owner.scope.imports] if not call.module else []
    for name in [call.module, *imported]:
        facts = project.modules.get(name)
        if facts is not None and facts.role == "test" and project.defines(facts, call.name):
            function = project.module(name).local(call.name, call.arity)
            if function is not None:
                yield function


def taken_out(result: str, block: Node) -> Iterator[Node]:
    """The process in `{:ok, pid}` where a `case` or a match looks at the start's result."""
    for node in nodes.of_type(block, "call", "binary_operator"):
        patterns: list[Node] = []
        if nodes.is_call_to(node, "case") and [text(a) for a in nodes.arguments(node)] == [result]:
            stabs = nodes.clauses(nodes.do_block(node))
            patterns = [p for stab in stabs for p in nodes.clause_patterns(stab)]
        elif nodes.operator(node) == "=" and nodes.text_of(node, "right") == result:
            left = node.child_by_field_name("left")
            patterns = [left] if left is not None else []
        for pattern in patterns:
            if text(pattern).replace(" ", "").startswith("{:ok,"):
                yield from nodes.of_type(pattern, "identifier")


def named_by(look: Call) -> Iterator[Node]:
    """The variables that take what a look-up gives: of a match, or of the clauses of a `case`."""
    for around in nodes.ancestors(look.node):
        if around.type in ("do_block", "stab_clause"):
            return
        if nodes.operator(around) == "=":
            left = around.child_by_field_name("left")
            yield from nodes.of_type(left, "identifier") if left is not None else ()
            return
        if nodes.is_call_to(around, "case"):
            for stab in nodes.clauses(nodes.do_block(around)):
                for pattern in nodes.clause_patterns(stab):
                    yield from nodes.of_type(pattern, "identifier")
            return


def handles(call: Call, block: Node) -> Iterator[Node]:
    """What the test can name the process by: its variable, or its name."""
    for match in operations(block, "="):
        left = match.child_by_field_name("left")
        if left is not None and nodes.contains(match, call.node):
            yield from nodes.of_type(left, "identifier")
            if left.type == "identifier":
                yield from taken_out(text(left), block)
    yield from _named_in([n for n in [call.keywords().get("name")] if n is not None])
    yield from nodes.of_type(call.node, "alias")


def _named_in(found: Sequence[Node]) -> Iterator[Node]:
    for node in found:
        yield from nodes.of_type(node, "identifier", "alias", "atom")


def said_in(call: Call) -> set[str]:
    """The names that are given to a call."""
    return {text(n) for n in _named_in(call.args)}
