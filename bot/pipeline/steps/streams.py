"""Hands an answer on piece by piece while it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from bot.llm.types import OnText, unheard
from bot.pipeline.context import StepContext
from bot.pipeline.language.claude_options import ClaudeOptions


@contextmanager
def stream(options: ClaudeOptions, context: StepContext) -> Iterator[OnText]:
    """Where the pieces go. Whoever watches the run hears every answer in any case.

    A file begins anew for each question; it ends where the answer broke off.
    """
    if not options.async_streaming or options.stream_handler != "file":
        yield unheard
        return
    name = options.stream_handler_opts.file_path or "{{ step.name }}.stream.txt"
    path = context.write_output(name, data=None, text="")
    with path.open("w", encoding="utf-8", errors="replace") as file:
        pieces = _Pieces(file, options.stream_buffer_size)
        try:
            yield pieces
        finally:
            pieces.flush()


class _Pieces:
    """Writes a few pieces together."""

    def __init__(self, file: TextIO, size: int) -> None:
        self._file = file
        self._size = size
        self._held: list[str] = []

    def __call__(self, text: str) -> None:
        self._held.append(text)
        if len(self._held) >= self._size:
            self.flush()

    def flush(self) -> None:
        """Write what is held, so that a reader sees it."""
        self._file.write("".join(self._held))
        self._file.flush()
        self._held.clear()
