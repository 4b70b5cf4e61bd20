"""Cuts the bytes of a step into lines, within bounds."""

from __future__ import annotations

from collections.abc import Callable

from bot.simulator.actions.runner.limits import Limits


class LineCutter:
    """Feeds whole lines to `sink`. Beyond the bounds it only counts, and says so once."""

    def __init__(self, limits: Limits, sink: Callable[[str], None]) -> None:
        self.limits = limits
        self.sink = sink
        self.rest = b""
        self.bytes = 0
        self.lines = 0
        self.full = False
        self.skipping = False
        """Whether the rest of a line too long is being dropped."""

    def feed(self, data: bytes) -> None:
        if self.full:
            return
        self.bytes += len(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self._line(line)
        if len(self.rest) > self.limits.line_bytes:
            self._line(self.rest)
            self.rest, self.skipping = b"", True
        if self.bytes > self.limits.output_bytes or self.lines > self.limits.output_lines:
            self._stop()

    def finish(self) -> None:
        if self.rest and not self.full:
            self._line(self.rest)
            self.rest = b""

    def _line(self, line: bytes) -> None:
        if self.skipping:
            self.skipping = False
            return
        self.lines += 1
        if self.full or self.lines > self.limits.output_lines:
            return
        text = line[: self.limits.line_bytes].decode(errors="replace").rstrip("\r")
        self.sink(text + " [line cut]" if len(line) > self.limits.line_bytes else text)

    def _stop(self) -> None:
        self.full, self.rest = True, b""
        self.sink("##[warning]The output of this step is too long; the rest is left out.")
