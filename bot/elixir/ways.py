"""The ways through a clause: what it can return, and what it has been through by then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.module import Clause
from bot.elixir.nodes import text

_BRANCHING = ("case", "cond", "if", "unless", "with", "try", "receive")


Nodes = tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Way:
    """One value the clause can return."""

    result: Node
    passed: Nodes
    """What runs, or is matched, before the result; nested branches of it perhaps."""
    tried: Nodes = ()
    """What failed somewhere before a `rescue` or `catch` led here."""

    def names(self, *wanted: str) -> bool:
        """Whether one of the variables is named on this way, the result included."""
        return any(
            not nodes.identifiers(node).isdisjoint(wanted)
            for node in (*self.passed, *self.tried, self.result)
        )

    @property
    def tag(self) -> str:
        """The atom in front of a returned tuple: `:reply`, `:noreply`, `:stop`; else empty."""
        if self.result.type != "tuple" or not self.result.named_children:
            return ""
        first = self.result.named_children[0]
        return text(first) if first.type == "atom" else ""

    @property
    def stops(self) -> bool:
        """Whether the value tells OTP to end the server."""
        return self.tag in (":stop", ":stop_and_reply") or text(self.result) == ":stop"

    def through(self, node: Node) -> bool:
        """Whether the node lies on this way."""
        parts = (*self.passed, *self.tried, self.result)
        return any(nodes.contains(part, node) for part in parts)


def always_stops(clause: Clause, node: Node) -> bool:
    """Whether each way of a callback's clause that leads through a node ends the server."""
    found = [way for way in ways(clause) if way.through(node)]
    return bool(found) and all(way.stops for way in found)


def hands_on(clause: Clause, node: Node) -> bool:
    """Whether each way through a node gives its value: as it is, or because it does not match the
    `false`, the `nil` or the atom that a `with` without `else` goes on with.
    """
    found = [way for way in ways(clause) if way.through(node)]
    if found and all(way.result.id == node.id for way in found):
        return True
    match, last = node.parent, clause.statements()[-1:]
    if match is None or nodes.operator(match) != "<-" or not last:
        return False
    pattern, block = match.child_by_field_name("left"), nodes.do_block(last[0])
    parts = [part.type for part in block.named_children] if block is not None else []
    return (
        pattern is not None
        and pattern.type in ("boolean", "nil", "atom")
        and nodes.is_call_to(last[0], "with")
        and nodes.contains(last[0], match)
        and "else_block" not in parts
        and "else" not in nodes.call_keywords(last[0])
    )


def ways(clause: Clause) -> Iterator[Way]:
    """Every way to a value of the clause; branches are followed, calls are not."""
    guard = (clause.guard,) if clause.guard is not None else ()
    body = tuple(nodes.statements(clause.body))
    yield from _through(body, Way(clause.node, guard))
    for kind in ("rescue_block", "catch_block"):
        for block in clause.parts(kind):
            yield from _branches(block, Way(clause.node, guard, body))
    for block in clause.parts("else_block"):
        yield from _branches(block, Way(clause.node, (*guard, *body)))


def _through(statements: Iterable[Node], so_far: Way) -> Iterator[Way]:
    body = list(statements)
    if not body:
        return
    last = body.pop()
    so_far = _further(so_far, *body)
    if last.type == "call" and nodes.is_call_to(last, *_BRANCHING):
        yield from _of_branching(last, so_far)
    else:
        yield replace(so_far, result=last)


def _further(so_far: Way, *passed: Node) -> Way:
    return replace(so_far, passed=(*so_far.passed, *passed)) if passed else so_far


def _of_branching(call: Node, so_far: Way) -> Iterator[Way]:
    so_far = _further(so_far, *(a for a in nodes.arguments(call) if a.type != "keywords"))
    block = nodes.do_block(call)
    if block is None:
        for key, value in nodes.call_keywords(call).items():
            if key in ("do", "else"):
                yield from _through([value], so_far)
        return
    yield from _branches(block, so_far)
    tries = nodes.is_call_to(call, "try")
    body = nodes.statements(block)
    for part in block.named_children:
        if part.type in ("rescue_block", "catch_block"):
            yield from _branches(part, replace(so_far, tried=(*so_far.tried, *body)))
        elif part.type == "else_block":
            yield from _branches(part, _further(so_far, *body) if tries else so_far)
        elif part.type == "after_block" and not tries:
            # What `after` of a `try` returns is thrown away; that of a `receive` is a value.
            yield from _branches(part, so_far)


def _branches(block: Node, so_far: Way) -> Iterator[Way]:
    stabs = nodes.clauses(block)
    if not stabs:
        yield from _through(nodes.statements(block), so_far)
    for stab in stabs:
        left = stab.child_by_field_name("left")
        known = _further(so_far, left) if left is not None else so_far
        yield from _through(nodes.statements(nodes.clause_body(stab)), known)
