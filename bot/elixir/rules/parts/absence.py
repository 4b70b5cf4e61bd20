"""Tests that give something time to happen which must not happen: no event could end the wait."""

from __future__ import annotations

import re
from itertools import takewhile

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.nodes import text
from bot.elixir.rules.parts.standing import above

_NEGATION = re.compile(
    r"\b(?:not|never|nothing|wrongly|untouched|unchanged|ignor\w+|skip\w*|avoid\w*"
    r"|cannot|can't|shouldn't|doesn't|don't|isn't|won't)\b(?! longer)"
)
_MUST_NOT = re.compile(r"\b(?:never|nothing|wrongly|shouldn't|(?:should|must) not)\b")
_STILL_ALIVE = re.compile(r"assert\(? ?Process\.alive\?\([^)]*\)\)?$")
_NOTHING = re.compile(r"^assert\(?\s*(?:\[\] == .|Enum\.empty\?)|==\s*(?:\[\]|0|nil|%\{\})\)?$")
_KILLS = re.compile(r"(?:[:\w]+ = )?(?:Process\.exit\((?!self\()|GenServer\.stop\()")
_CAPTURES = ("capture_log", "capture_io", "with_log", "with_io")
_TELLS = frozenset({"Kernel.send", "Process.send", ":erlang.send", "GenServer.cast"})
_ALL = 100
_LOOKED_AT = 2
"""Statements after the sleep among which the check must be: what is asked, and the asking."""


def awaits_absence(call: Call, test_name: str) -> bool:
    """Whether what follows the sleep checks that something did not happen: a `refute` that the
    test's name or a comment explains, an `assert` under such a comment or of nothing under such a
    name, or a process still alive.
    """
    checks = (s for s in next_statements(call) if text(s).startswith(("assert", "refute")))
    first = next(checks, None)
    if first is None:
        return False
    check, (above, below) = text(first), comments_at(call)
    if _is_asserted_later(call):
        return True
    if check.startswith("refute_receive"):
        return True
    if _STILL_ALIVE.match(check):
        told = _asks_who_was_told(call, check) or _ends_another(call)
        return not (told or is_for_output(call))
    # The dead do not come back: who refutes a life waits for its end, which a monitor tells.
    if check.startswith("refute") and "alive?" not in check:
        return _NEGATION.search(f"{test_name} {above} {below}".lower()) is not None
    if _NOTHING.search(check) and _NEGATION.search(test_name.lower()):
        return True
    return _MUST_NOT.search(below.lower()) is not None


def is_too_early(call: Call) -> bool:
    """Whether a message must not be there right after the sleep, and one is awaited then."""
    first, *later = [*map(text, next_statements(call)), ""]
    return first.startswith("refute_received") and later[0].startswith("assert_receive")


def _ends_another(call: Call) -> bool:
    """Whether a process was ended before: that who is linked to it, or watches it, is told of its
    end is an event.
    """
    return any(_KILLS.match(text(statement)) for statement in _statements_before(call))


def _asks_who_was_told(call: Call, check: str) -> bool:
    """Whether the life that is checked is that of who was sent something right before: once it has
    answered, it has handled that, which is an event.
    """
    before = nodes.previous_code(call.statement)
    told = resolve(before, call.owner) if before is not None and before.type == "call" else None
    if told is None or told.full not in _TELLS or not told.args:
        return False
    asked = check.split("Process.alive?(")[1].rstrip(")")
    return asked == text(told.args[0]).rstrip(")")


def is_for_output(call: Call) -> bool:
    """Whether it stands in a function whose log or output the test then asserts: that is awaited,
    whatever else is checked before.
    """
    capture = next((a for a in above(call) if nodes.is_call_to(a, *_CAPTURES)), None)
    if capture is None:
        return False
    for around in nodes.ancestors(capture):
        if nodes.is_call_to(around, "assert"):
            return True
        if nodes.is_call_to(around, "refute", "test"):
            return False
        if nodes.operator(around) == "=":
            taken = nodes.text_of(around, "left").strip("{}").split(",")[-1].strip()
            block = around.parent.named_children if around.parent is not None else []
            later = [n for n in block if n.start_byte >= around.end_byte]
            return any(
                text(n).startswith((f"assert {taken} =~", f"assert {taken} ==")) for n in later
            )
    return False


def _is_asserted_later(call: Call) -> bool:
    """Whether one of the checks in a row after the sleep refutes what the same test asserts later:
    it must not be so yet. What it has asserted before too has come to an end, which is an event.
    """
    later = next_statements(call, _ALL)
    row = list(takewhile(lambda s: text(s).startswith(("assert ", "refute ")), later))
    known = {_claim(s) for s in _statements_before(call) if text(s).startswith("assert ")}
    asserted = {_claim(s) for s in later[len(row) :] if text(s).startswith("assert ")} - known
    return any(text(s).startswith("refute ") and _claim(s) in asserted for s in row)


def _claim(check: Node) -> str:
    return " ".join(text(check).split()[1:])


def _statements_before(call: Call) -> list[Node]:
    """What stands before the sleep in the same block."""
    block = call.statement.parent
    return [n for n in block.named_children if n.end_byte <= call.start] if block else []


def next_statements(call: Call, most: int = _LOOKED_AT) -> list[Node]:
    """What stands after the sleep in the same block."""
    block = call.statement.parent
    later = [
        n
        for n in (block.named_children if block is not None else ())
        if n.start_byte >= call.statement.end_byte and n.type != "comment"
    ]
    return later[:most]


def comments_at(call: Call) -> tuple[str, str]:
    """Comments right above the sleep, and those beside it or above the next statement."""
    statement = call.statement
    siblings = statement.parent.named_children if statement.parent is not None else []
    place = next((i for i, n in enumerate(siblings) if n.id == statement.id), 0)
    above = takewhile(_is_comment, reversed(siblings[:place]))
    below = takewhile(_is_comment, siblings[place + 1 :])
    return " ".join(map(text, above)), " ".join(map(text, below))


def _is_comment(node: Node) -> bool:
    return node.type == "comment"
