"""Sleeps in tests that wait for no other process: for an expiry, for a clock, between rounds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.expressions import operations
from bot.elixir.module import Module
from bot.elixir.nodes import text
from bot.elixir.outline import DEFINITIONS
from bot.elixir.rules.parts.about_time import CLOCKS, speaks_of_passing
from bot.elixir.rules.parts.measured import is_measured
from bot.elixir.rules.parts.standing import above

_TESTS = ("test", "property", "feature", "scenario", "setup", "setup_all")
_EXPIRIES = re.compile(r"(?:^|_)(?:ttl|expiry|expires?|expires_in|max_age|valid_for|lifetime)$")
_ENDS = re.compile(rb"ttl|expir|_in|max_age|valid_for|lifetime")
_IN_SECONDS = re.compile(r"(?:max_age|expires_in|valid_for)$")
_SWEPT = re.compile(r"interval|period|sweep|purge|clean")
"""Options of what removes the old on a timer of its own: it can be late."""
_CHECKS = ("assert", "refute", "flunk", "catch", "verify", "expect", "await")
_LOOPS = ("Enum.each", "Enum.map", "Enum.reduce")
_STEPS = 3
"""Variables that a duration may be made of, one out of the other."""


def no_event_for(call: Call) -> str:
    """Why there is no event to wait for instead of a sleep; empty where there may be one."""
    if _in_a_fixture(call):
        return "fixture"
    if _outlasts_an_expiry(call) or _outlasts_a_window(call):
        return "outlasts"
    if is_measured(call):
        return "measured"
    if _waits_for_the_clock(call):
        return "wall-clock"
    return "load" if _paces_a_load(call) else ""


def _in_a_fixture(call: Call) -> bool:
    """Whether it belongs to a module that a test defines for itself, to be run or looked at."""
    around = nodes.ancestors(call.node)
    inner = any(nodes.is_call_to(a, "defmodule") for a in around)
    return inner and any(nodes.is_call_to(a, *_TESTS) for a in around)


def _outlasts_an_expiry(call: Call) -> bool:
    """Whether it is longer than the expiry that the same test last gave the code under test."""
    around = _around(call)
    if not _ENDS.search(call.owner.source.data, around.start_byte, call.start):
        return False
    before = [p for p in nodes.of_type(around, "pair") if p.end_byte <= call.start]
    given = [(pair, key) for pair in before if _EXPIRIES.search(key := _key(pair))]
    if not given or any(_sweeps(pair) for pair in before):
        return False
    pair, key = given[-1]
    value = pair.child_by_field_name("value")
    return value is not None and _longer(call.args[0], value, call.owner, key)


def _outlasts_a_window(call: Call) -> bool:
    """Whether it is longer than a variable which the test gave to the very function that it calls
    again after the sleep, where the name of the test or a comment says that this has to pass.
    """
    slept, around = call.args[0], _around(call)
    length = slept.child_by_field_name("left")
    if nodes.operator(slept) not in ("+", "*") or length is None or length.type != "identifier":
        return False
    names = (
        text(n) for a in above(call) if nodes.is_call_to(a, *_TESTS) for n in nodes.arguments(a)[:1]
    )
    if not speaks_of_passing(call, " ".join(names)) or not _longer(slept, length, call.owner, ""):
        return False
    given = [c for c in calls_in(around, call.owner) if text(length) in map(text, c.args)]
    before = {c.full for c in given if c.node.end_byte <= call.start and c.module}
    return any(c.full in before and c.start >= call.node.end_byte for c in given)


def _waits_for_the_clock(call: Call) -> bool:
    """Whether its length is reckoned from the time of day."""
    if not call.owner.source.places(b"_time", b"now"):
        return False
    around, parts = _around(call), [call.args[0]]
    for _ in range(_STEPS):
        if any(c.full in CLOCKS for part in parts for c in calls_in(part, call.owner)):
            return True
        names = {name for part in parts for name in nodes.identifiers(part)}
        parts = [value for name in names for value in _last_set(name, around, call.start)]
    return False


def _paces_a_load(call: Call) -> bool:
    """Whether it stands between the rounds of a loop after which the test checks nothing."""
    test = next((a for a in above(call) if nodes.is_call_to(a, "test", "property")), None)
    loop = next((a for a in above(call) if _is_loop(a)), None)
    if test is None or loop is None or not nodes.contains(test, loop):
        return False
    if len(nodes.statements(call.statement.parent)) < 2:
        return False
    later = (c for c in calls_in(test, call.owner) if c.node.end_byte > loop.start_byte)
    checks = any(
        c.name.startswith(_CHECKS) or c.owner.local(c.name, c.arity) is not None
        for c in later
        if c.node.id != test.id
    )
    return not checks and not any(_matches(o, loop) for o in operations(test, "="))


def _around(call: Call) -> Node:
    """The test, the set-up or the function that it stands in."""
    holds = (a for a in above(call) if nodes.is_call_to(a, *_TESTS, *DEFINITIONS))
    return next(holds, call.statement)


def _key(pair: Node) -> str:
    return nodes.text_of(pair, "key").strip().rstrip(":").strip('"')


def _sweeps(pair: Node) -> bool:
    """Whether something is told to remove the old every so often."""
    return bool(_SWEPT.search(_key(pair))) and nodes.text_of(pair, "value") not in ("nil", "false")


def _longer(duration: Node, value: Node, module: Module, key: str) -> bool:
    """Whether a sleep surely exceeds a value: two numbers, or the value and something more."""
    if nodes.operator(duration) in ("+", "*") and value.type == "identifier":
        sides = [duration.child_by_field_name(side) for side in ("left", "right")]
        rest = [s for s in sides if s is not None and text(s) != text(value)]
        more = _number(rest[0], module) if len(rest) == 1 else None
        return more is not None and more > (0 if nodes.operator(duration) == "+" else 1)
    slept, expiry = _number(duration, module), _number(value, module)
    if slept is None or expiry is None or expiry < 0:
        return False
    return slept > expiry * (1000 if _IN_SECONDS.search(key) else 1)


def _number(node: Node, module: Module) -> float | None:
    value = module.value(node)
    if value.type in ("integer", "float"):
        written = text(value).replace("_", "")
        return float(written) if re.fullmatch(r"\d+(?:\.\d+)?", written) else None
    return None


def _last_set(name: str, around: Node, before: int) -> Iterator[Node]:
    found = [
        right
        for match in operations(around, "=")
        if nodes.text_of(match, "left") == name and match.end_byte <= before
        if (right := match.child_by_field_name("right")) is not None
    ]
    yield from found[-1:]


def _is_loop(node: Node) -> bool:
    return nodes.is_call_to(node, "for") or nodes.text_of(node, "target") in _LOOPS


def _matches(match: Node, loop: Node) -> bool:
    """Whether a match from the loop on can fail."""
    left = match.child_by_field_name("left")
    return match.end_byte > loop.start_byte and left is not None and left.type != "identifier"
