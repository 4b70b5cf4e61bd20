"""The reduction of a job's log to parsed failures and the end of what went before."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from bot.core.ci_log.block import Block, paths_of
from bot.core.ci_log.lines import lines_of
from bot.core.ci_log.reader import Reader
from bot.core.ci_log.readers import MAY_BEGIN, readers
from bot.core.fingerprint import fingerprint

MAX_BLOCKS = 60
MAX_OPENED = 50_000
"""Blocks that are looked at; after so many only the end of the output is kept."""
TAIL_LINES = 60
TAIL_TEXT = 6_000
SHOWN_LINE = 500
MAX_ANNOTATIONS = 50
MAX_MESSAGE = 1_000
MAX_TEXT = 40_000

_STEP = "##[group]Run "
_ERROR = "##[error]"
_ONLY_EXIT = re.compile(r"##\[error\]Process completed with exit code \d+\.$")
_WARNINGS_FAIL = "while using the --warnings-as-errors option"
_DIGITS = re.compile(r"\d+")

Mask = Callable[[str], str]
Annotation = tuple[str, int, str]


@dataclass(frozen=True)
class Reduced:
    """What failed."""

    blocks: tuple[Block, ...] = ()
    tail: str = ""
    """The last lines of the step that failed."""
    paths: tuple[str, ...] = ()
    """Files the blocks name, most named first; not all need be the repository's."""
    fingerprint: str = ""
    annotations: tuple[Annotation, ...] = ()
    """(path, line, message)."""
    more: int = 0
    """Failures beyond those in `blocks`."""

    def text(self, limit: int = MAX_TEXT) -> str:
        """Blocks first, then the tail, within `limit` characters."""
        parts, used = [], 0
        for count, block in enumerate(self.blocks):
            used += len(block.text) + 2
            if used > limit - len(self.tail) - 100:
                parts.append(f"({len(self.blocks) - count + self.more} more failures)")
                break
            parts.append(block.text)
        else:
            parts += [f"({self.more} more failures)"] if self.more else []
        if self.tail:
            parts.append(f"The end of the output:\n{self.tail}")
        return "\n\n".join(parts)[:limit]


def reduce_log(log: str | Iterable[str], mask: Mask = str) -> Reduced:
    """What failed in one job; `log` is its raw text or its lines, `mask` hides secrets.

    Takes time that grows with the log's length and memory that does not.
    """
    reading = _Reading()
    for line in lines_of(log):
        reading.take(line)
    return _reduced(reading.end(), reading.tail(), reading.more, mask)


def together(parts: Iterable[Reduced]) -> Reduced:
    """The failures of several jobs as one; a failure that two jobs show is one failure."""
    found = list(parts)
    blocks = tuple({(b.kind, b.title, b.path): b for part in found for b in part.blocks}.values())
    kept = blocks[:MAX_BLOCKS]
    tails = [part.tail for part in found if part.tail]
    tail = "\n\n".join(text[-TAIL_TEXT // max(1, len(tails)) :] for text in tails)
    more = sum(part.more for part in found) + len(blocks) - len(kept)
    return _reduced(kept, tail, more, str)


def _reduced(blocks: tuple[Block, ...], tail: str, more: int, mask: Mask) -> Reduced:
    masked = tuple(replace(b, title=mask(b.title), text=mask(b.text)) for b in blocks)
    hidden = mask(tail)
    return Reduced(
        masked,
        hidden,
        paths_of(masked),
        fingerprint(b.text for b in masked)
        or fingerprint(_DIGITS.sub("0", t) for t in [hidden] if t),
        tuple(_annotation(b) for b in masked if b.path)[:MAX_ANNOTATIONS],
        more,
    )


def _annotation(block: Block) -> Annotation:
    text = block.title if block.kind != "test" else f"{block.title}\n{block.text}"
    return block.path, max(1, block.line), text[:MAX_MESSAGE]


class _Reading:
    """Lines go in one after the other; the failures of the steps that failed come out."""

    def __init__(self) -> None:
        self._readers = readers()
        self._active: Reader | None = None
        self._opened = 0
        self._done: list[Block] = []
        self._step: list[Block] = []
        self._spilt = 0
        self.more = 0
        self._steps = self._failed = self._strict = False
        self._recent: deque[str] = deque(maxlen=TAIL_LINES)
        self._last: tuple[str, ...] = ()

    def take(self, line: str) -> None:
        """The next line."""
        if line.startswith("##["):
            self._command(line)
        else:
            self._recent.append(line)
        if self._active is not None:
            if self._active.goes_on(line):
                self._active.add(line)
                return
            self._close()
        if self._opened < MAX_OPENED and MAY_BEGIN.match(line):
            self._begin(line)

    def _begin(self, line: str) -> None:
        if _WARNINGS_FAIL in line:
            self._strict = True
        self._active = next((r for r in self._readers if r.begins(line)), None)
        if self._active is not None:
            self._opened += 1
            self._active.open(line)

    def end(self) -> tuple[Block, ...]:
        """All blocks that tell a failure."""
        self._close()
        self._end_step(last=True)
        strong = tuple(b for b in self._done if b.kind != "exception")
        # An exception in the output of a test is no failure where others are told.
        return strong or tuple(self._done[-3:])

    def tail(self) -> str:
        """The end of the output of the step that failed last, or of all of it."""
        lines = [line[:SHOWN_LINE].rstrip() for line in self._last or tuple(self._recent)]
        return "\n".join(lines).strip()[-TAIL_TEXT:]

    def _command(self, line: str) -> None:
        if line.startswith(_STEP):
            self._close()
            self._end_step()
            self._steps, self._failed = True, False
            self._recent.clear()
        elif line.startswith(_ERROR):
            self._failed = True
            if not _ONLY_EXIT.match(line):
                self._recent.append(line.removeprefix(_ERROR))
            self._last = tuple(self._recent)

    def _close(self) -> None:
        if self._active is None:
            return
        for block in self._active.close():
            if len(self._step) < MAX_BLOCKS:
                self._step.append(block)
            elif block.kind not in ("warning", "exception"):
                self._spilt += 1
        self._active = None

    def _end_step(self, *, last: bool = False) -> None:
        """Keep a step's blocks if it failed; a log without steps is kept as it is."""
        if self._failed or (last and not self._steps):
            kept = [b for b in self._step if b.kind != "warning" or self._strict]
            room = MAX_BLOCKS - len(self._done)
            self._done += kept[:room]
            self.more += self._spilt + len(kept[room:])
        self._step, self._spilt, self._strict = [], 0, False
