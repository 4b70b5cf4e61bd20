"""How a tool's result reads: short, exact, and the same whenever the same thing happened.

An agent that is taken up again repeats its calls; what it asked the model is found among the paid
answers only if every result is the same text as before. So nothing here may tell the time, a
duration, a random seed, a process id, or how much happened to be compiled already. What cannot be
helped is where a line of the log stands among the output of tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.core.sanitize import strip_hidden

MAX_RESULT = 20_000
"""Characters of one result, about 5,000 tokens."""
MAX_LINE = 500
"""Characters shown of one line."""

_CHANGING: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^Compiling \d+ files? \(\.\w+\)\n", re.M), ""),
    (re.compile(r"^Generated \S+ app\n", re.M), ""),
    (re.compile(r"^Running ExUnit with seed: .*\n", re.M), ""),
    (re.compile(r"^\n?Randomized with seed \d+\n?", re.M), ""),
    (re.compile(r"^Finished in \d.*$", re.M), "Finished"),
    (re.compile(r"^Analysis took .*$", re.M), "Analysis done"),
    (re.compile(r"^\d\d:\d\d:\d\d\.\d{3} ", re.M), ""),
    (re.compile(r" \(\d+(?:\.\d+)?(?:µs|ms|s)\)"), ""),
    (re.compile(r"#(PID|Reference|Port)<[\d.]+>"), r"#\1<...>"),
)
"""What differs between two runs of the same program, and what stands for it."""


def settled(output: str) -> str:
    """A program's output without what changes from run to run, and without hidden characters."""
    text = strip_hidden(output)
    for pattern, stable in _CHANGING:
        text = pattern.sub(stable, text)
    return text.strip("\n")


def lines_of(text: str) -> list[str]:
    """Lines as editors count them: only a line feed ends one."""
    return text.removesuffix("\n").split("\n") if text else []


def short_line(line: str, limit: int = MAX_LINE) -> str:
    """The line, its end cut where it is very long."""
    if len(line) <= limit:
        return line
    return f"{line[:limit]}[... {len(line) - limit} more characters]"


Note = Callable[[int, int], str]
"""Says how to see what is missing; gets the first and the last line left out, from 0."""


def left_out(what: str, how: str) -> Note:
    """The usual note: `12 files left out: give a narrower pattern`."""
    return lambda first, last: f"{last - first + 1} {what} left out: {how}"


def middle_cut(lines: Sequence[str], note: Note, *, limit: int = MAX_RESULT) -> str:
    """The lines, those in the middle left out where all are too many."""
    shown = [short_line(line) for line in lines]
    if sum(len(line) + 1 for line in shown) <= limit:
        return "\n".join(shown)
    head = _fitting(shown, limit // 2)
    tail = _fitting(shown[:head:-1], limit // 2)
    last = len(shown) - tail - 1
    return "\n".join([*shown[:head], f"[{note(head, last)}]", *shown[last + 1 :]])


def _fitting(lines: Sequence[str], room: int) -> int:
    """How many lines from the start fit."""
    for count, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            return count
    return len(lines)
