"""Exact search and replace in one text."""

from __future__ import annotations

from bisect import bisect_left

from bot.codebase.misses import ambiguous, missed
from bot.codebase.syntax_gate import tree_sitter_error
from bot.errors import NoMatch


def replace(text: str, old: str, new: str, *, every: bool = False) -> tuple[str, int]:
    """The text with `old` replaced, and in how many places.

    How lines end makes no difference to what is found, and what is put in ends its lines as its
    surroundings do; a final line break stays. Raises `NoMatch`, with a hint what comes near, when
    `old` is not there, or more than once without `every`.
    """
    plain, old, new = (part.replace("\r\n", "\n") for part in (text, old, new))
    if not old:
        raise NoMatch("the text to replace is empty", hint="quote what is to be replaced")
    places = _places(plain, old, overlapping=not every)
    if not places:
        raise missed(plain, old)
    if len(places) > 1 and not every:
        raise ambiguous(plain, old, places)
    windows = _from_windows(text)
    out: list[str] = []
    at = 0
    for place in places:
        start, end = (_original(windows, p) for p in (place, place + len(old)))
        out += (text[at:start], _ended(new, text, text[start:end]))
        at = end
    result = "".join((*out, text[at:]))
    if text.endswith("\n") and result and not result.endswith("\n"):
        result += "\r\n" if text.endswith("\r\n") else "\n"
    return result, len(places)


def problem(path: str, text: str) -> str:
    """Where an Elixir file does not parse, as `line 12: missing end`; empty when it does."""
    error = tree_sitter_error(text) if path.endswith((".ex", ".exs")) else ""
    return f"line {error}" if error else ""


def _places(text: str, wanted: str, *, overlapping: bool) -> list[int]:
    step = 1 if overlapping else len(wanted)
    found: list[int] = []
    at = text.find(wanted)
    while at != -1:
        found.append(at)
        at = text.find(wanted, at + step)
    return found


def _from_windows(text: str) -> list[int]:
    """Offsets, in the text with plain line ends, of those that were `\\r\\n`."""
    found: list[int] = []
    at = text.find("\r\n")
    while at != -1:
        found.append(at - len(found))
        at = text.find("\r\n", at + 2)
    return found


def _original(windows: list[int], offset: int) -> int:
    return offset + bisect_left(windows, offset)


def _ended(new: str, text: str, replaced: str) -> str:
    """`new` with the line ends of what it replaces, or of most of the text."""
    example = replaced if "\n" in replaced else text
    if example.count("\r\n") * 2 > example.count("\n"):
        return new.replace("\n", "\r\n")
    return new
