"""One failure as a log tells it, and the way to where it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "test",
    "compile",
    "warning",
    "credo",
    "format",
    "dependencies",
    "dialyzer",
    "mix",
    "exception",
]

PLACE = r"(?P<path>[^\s:│└─()\"]+\.(?:exs?|h?eex|leex|erl|hrl|[xy]rl)):(?P<line>\d{1,7})(?::\d+)?"
_NAMED = re.compile(rf"(?:(?<=\s)|(?<=\()|(?<=\))|^)(?:\((?P<app>\w+) [\w.+-]+\) )?{PLACE}", re.M)
_RUNNER = re.compile(r"(?:/\w+/runner/work|/__w|[A-Za-z]:\\a)[/\\][^/\\]+[/\\][^/\\]+[/\\]")
_PLATFORM = frozenset(
    "elixir stdlib kernel ex_unit mix logger iex eex erts compiler crypto ssl inets hex".split()
)
MOST_PATHS = 50


@dataclass(frozen=True)
class Block:
    """One failure."""

    kind: Kind
    title: str
    """One line: the test with its module, the message of the compiler, ..."""
    text: str
    """As in the log, without time stamps, colours and hidden characters; cut."""
    path: str = ""
    """As the tool names it, from its own directory: in an umbrella that is the application's."""
    line: int = 0


def relative(path: str) -> str:
    """A path from the top of the checkout, or what the tool said; empty for one outside of it."""
    shown = _RUNNER.sub("", path, count=1).replace("\\", "/").removeprefix("./")
    outside = shown.startswith(("/", "deps/", "_build/")) or ".." in shown.split("/")
    return "" if outside or ":" in shown else shown


def paths_of(blocks: Iterable[Block]) -> tuple[str, ...]:
    """Files the blocks name, most named first; of stack traces no file of Elixir's or OTP's."""
    named: Counter[str] = Counter()
    for block in blocks:
        found = {
            relative(m["path"]) for m in _NAMED.finditer(block.text) if m["app"] not in _PLATFORM
        }
        found.add(block.path)
        named.update(path for path in sorted(found) if path)
    return tuple(path for path, _ in named.most_common(MOST_PATHS))
