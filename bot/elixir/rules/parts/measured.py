"""Sleeps in tests whose own length is what the test then asks for."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.nodes import text
from bot.elixir.rules.parts.standing import above

_TESTS = ("test", "property", "feature", "scenario")
_COUNTS = re.compile(r"count|length|size|total|number|calls|(?<![a-z])(?:n|len|num)(?![a-z])")
_TIMES = re.compile(r"(?<![a-z])(?:time|elapsed|duration|latency|ms|milliseconds|age)(?![a-z])")
_LEAST_MS = 11
"""Of fewer a number may mean anything."""
_UNITS = (1, 1000, 1_000_000)
_BOUNDS = {">": "right", ">=": "right", "<": "left", "<=": "left"}
"""Comparisons, and the side of the lower bound."""
_ABOUT = ("assert_in_delta", "assert_in_epsilon")


def is_measured(call: Call) -> bool:
    """Whether the test asserts after it that something took at least as long as it sleeps."""
    test = next((a for a in above(call) if nodes.is_call_to(a, *_TESTS)), None)
    if test is None:
        return False
    later = (
        o for o in nodes.of_type(test, "binary_operator") if o.start_byte >= call.node.end_byte
    )
    claims = [
        o
        for o in later
        if (side := _BOUNDS.get(nodes.operator(o)))
        and _is_asserted(o, test)
        and _is_least(o, side, call)
    ]
    if call.owner.source.says((b"assert_in_",), call.node.end_byte, test.end_byte):
        claims += [c.node for c in calls_in(test, call.owner) if _says_how_long(c, call)]
    return any(not _sleeps_between(call, claim, test) for claim in claims)


def _says_how_long(claim: Call, call: Call) -> bool:
    """Whether it asserts that something is about as long as the sleep."""
    if claim.name not in _ABOUT or claim.start < call.node.end_byte:
        return False
    return any(_is_as_long(expected, call) for expected in claim.args[:2])


def _is_asserted(claim: Node, test: Node) -> bool:
    around = (a for a in nodes.ancestors(claim) if nodes.contains(test, a))
    return any(nodes.is_call_to(a, "assert") for a in around)


def _is_least(claim: Node, side: str, call: Call) -> bool:
    """Whether the bound is as long as the sleep, and what it is of can be a time."""
    bound = claim.child_by_field_name(side)
    measured = claim.child_by_field_name("left" if side == "right" else "right")
    if bound is None or measured is None or _counts(measured):
        return False
    slept = call.args[0]
    if bound.type == slept.type == "identifier":
        return text(bound) == text(slept)
    return _is_as_long(bound, call)


def _is_as_long(node: Node, call: Call) -> bool:
    """Whether a number is the length of the sleep, in some unit of time."""
    length, written = _number(call.args[0], call), _number(node, call)
    return length >= _LEAST_MS and any(written == length * unit for unit in _UNITS)


def _counts(measured: Node) -> bool:
    """Whether it is a number of things, by its name: a total of time is a time."""
    name = text(measured).lower()
    return _COUNTS.search(name) is not None and _TIMES.search(name) is None


def _number(node: Node, call: Call) -> int:
    value = call.owner.value(node)
    written = text(value).replace("_", "")
    return int(written) if value.type == "integer" and written.isdigit() else 0


def _sleeps_between(call: Call, claim: Node, test: Node) -> bool:
    """Whether another sleep is nearer to the claim: then that one may be measured."""
    return any(
        c.name == "sleep" and call.node.end_byte <= c.start < claim.start_byte
        for c in calls_in(test, call.owner)
    )
