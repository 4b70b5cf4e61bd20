"""Tests whose matter is time itself: what expires, repeats, is late or is old."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.rules.parts.absence import comments_at
from bot.elixir.rules.parts.standing import above

_WINDOW = (
    r"(?<![a-z])(?<!stream )(?<!connection )(?<!control )(?<!send )(?<!receive )(?<!browser )"
    r"windows?(?![a-z])(?![ _-]?updat)"
)
"""A window of time: not that of a connection, by which its other end says how much it takes."""
_CLOCK_WORDS = re.compile(
    r"(?<![a-z])(?:ttl|expir|timeout|time out|times out|timed out|interval|idle|idling"
    r"|elapsed|duration|debounc|throttl|latency|stale|refresh|heartbeat|keep-?alive|delay"
    r"|grace period|cool-?down|threshold|timestamp|modification time"
    r"|(?:old|older|oldest|rates?|rate-?limit\w*|ticks?)(?![a-z]))|" + _WINDOW
)
"""Words in the name of a test that is about time."""
CLOCKS = frozenset(
    {
        "System.system_time", "System.os_time", ":os.system_time", ":erlang.system_time",
        "DateTime.utc_now", "DateTime.now", "DateTime.now!", "NaiveDateTime.utc_now",
        "NaiveDateTime.local_now", "Time.utc_now",
    }
)  # fmt: skip
"""Calls that ask for the time of day."""
_SENDS = ("send", "Process.send", ":erlang.send", "GenServer.cast")
_CLOCK_DURATIONS = ("interval", "period", "window", "heartbeat", "ttl", "expir", "sleeptime")
"""Parts of the names, without underscores, of durations that the code under test counts itself."""
_EQUAL = ("==", "===")
_APART = ("!=", "!==", "<", "<=", ">", ">=")
_AGE = re.compile(r"(?:max_age|ttl|expire(?!d))\w*(?:: *|, *|\()?(\d[\d_]*\b(?!\.))?")
"""An age, with its number where that is written out."""
_PASSES = re.compile(
    r"(?<![a-z:])(?:elaps|lapse|expir|ttl|throttl|rate[- ]?limit|quota|debounc|cool-?down)|"
    + _WINDOW
)
"""Words in a comment at a sleep that say what has to pass. Of a `delay` or an `interval` people
speak where they wait for what comes after it.
"""


def is_about_time(call: Call, test_name: str, duration: str) -> bool:
    """Whether a sleep's test speaks of time: by its name, the sleep's length, or beside it."""
    return speaks_of_time(test_name) or shows_time(call, duration)


def speaks_of_time(name: str) -> bool:
    """Whether the name of a test, or of a group of tests, has a word for time."""
    return _CLOCK_WORDS.search(name.lower()) is not None


def shows_time(call: Call, duration: str) -> bool:
    """Whether what stands at the sleep itself speaks of time, and not only its test's name."""
    return (
        any(word in duration.lower() for word in _CLOCK_DURATIONS)
        or _about_age(call, duration)
        or speaks_of_passing(call, "")
    )


def speaks_of_passing(call: Call, test_name: str) -> bool:
    """Whether the name of its test, or a comment at it, says what has to pass."""
    above, below = comments_at(call)
    # Where one stands above, the one below is about what comes next.
    return any(_PASSES.search(said.lower()) for said in (test_name, above or below))


def _about_age(call: Call, duration: str) -> bool:
    """Whether a neighbouring statement speaks of an age or an expiry that can pass in the sleep.
    Of a message that says so no time has to pass any more: the test sends it itself.
    """
    block = call.statement.parent
    beside = block.named_children if block is not None else []
    speaking = (n for n in beside if n.type != "comment" and not _sends(n))
    ages = (age for n in speaking for age in _AGE.finditer(text(n)))
    return any(not _is_longer(age[1], duration) for age in ages)


def _is_longer(age: str | None, duration: str) -> bool:
    """Whether an age is longer than the sleep, be it in milliseconds or in seconds."""
    return age is not None and duration.isdigit() and int(age) > int(duration)


def _sends(statement: Node) -> bool:
    piped = nodes.operator(statement) == "|>"
    sending = statement.child_by_field_name("right") if piped else statement
    return sending is not None and nodes.is_call_to(sending, *_SENDS)


def has_old_data(call: Call) -> bool:
    """Whether the test reckons an earlier moment before the sleep: then its data are old already,
    and what it sleeps for is somebody who looks at them.
    """
    if not call.owner.source.places(b"_time", b"now"):
        return False
    test = next((a for a in above(call) if nodes.is_call_to(a, "test", "property")), None)
    before = (c for c in calls_in(test, call.owner) if c.start < call.start) if test else ()
    return any(_reckons_back(c) for c in before)


def _reckons_back(call: Call) -> bool:
    if call.full in ("DateTime.add", "NaiveDateTime.add"):
        return any(nodes.operator(argument) == "-" for argument in call.args)
    around = call.node.parent
    return (
        call.full in CLOCKS
        and around is not None
        and nodes.operator(around) == "-"
        and around.child_by_field_name("left") == call.node
    )


def keeps_a_moment(call: Call) -> bool:
    """Whether the test takes a time out of its data right before, as `row.inserted_at`, and later
    compares it: nothing was begun in between that somebody could get on with.
    """
    before, block = nodes.previous_code(call.statement), call.statement.parent
    if before is None or block is None or nodes.operator(before) != "=":
        return False
    name = nodes.text_of(before, "left")
    if not name.isidentifier() or not nodes.text_of(before, "right").endswith("_at"):
        return False
    later = [n for n in block.named_children if n.start_byte >= call.statement.end_byte]
    compared = (o for n in later for sign in (*_EQUAL, *_APART) for o in operations(n, sign))
    pinned = any(f"^{name}" in text(n) for n in later)
    return pinned or any(name in nodes.identifiers(o) for o in compared)


def same_before_and_after(call: Call) -> bool:
    """Whether it stands between two equal expressions whose values the test then compares: the time
    in between is all that could tell them apart. Where one is to be more than the other, nothing
    that another process could get on with was done before in its block.
    """
    before, after = call.statement.prev_named_sibling, nodes.next_code(call.statement)
    if before is None or after is None or {nodes.operator(before), nodes.operator(after)} != {"="}:
        return False
    if nodes.text_of(before, "right").split() != nodes.text_of(after, "right").split():
        return False
    first, second = _bound(before), _bound(after)
    block = call.statement.parent
    apart = _APART if block and not _comes_later(before) else ()
    compared = (o for sign in (*_EQUAL, *apart) for o in operations(block, sign)) if block else ()
    found = map(nodes.identifiers, compared)
    return any(named & (first - second) and named & (second - first) for named in found)


def _comes_later(statement: Node) -> bool:
    """Whether something stands before it in its block."""
    return nodes.previous_code(statement) is not None


def _bound(match: Node) -> set[str]:
    left = match.child_by_field_name("left")
    return nodes.identifiers(left) if left is not None else set()
