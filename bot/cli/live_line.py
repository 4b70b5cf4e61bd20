"""A line on standard error that is drawn anew while somebody watches, and remarks above it."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from bot.cli.output import Screen
from bot.core.sanitize import mask, one_line, strip_hidden

if TYPE_CHECKING:
    from rich.live import Live


class LiveLine:
    """Drawn on a terminal only; elsewhere remarks are lines and the rest is silence."""

    def __init__(self, screen: Screen, *, drawn: bool = True) -> None:
        self._screen = screen
        self._drawn = drawn and screen.draws
        self._said: set[str] = set()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._drawn:
            from rich.console import Console
            from rich.live import Live

            # No refresh thread: work in other processes is started from this one.
            self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def once(self, text: str) -> None:
        """A remark, the first time it is made."""
        if text not in self._said:
            self._said.add(text)
            self.line(text)

    def redraw(self, text: str) -> None:
        """What is under way; nothing where nobody watches."""
        if self._live is not None:
            from rich.text import Text

            line = Text(one_line(text), no_wrap=True, overflow="ellipsis")
            self._live.update(line, refresh=True)

    def line(self, said: str) -> None:
        """A line that stays."""
        # Line breaks go, blanks stay: columns are made of them.
        text = " ".join(strip_hidden(mask(said, self._screen.secrets)).splitlines())
        if self._live is None:
            self._screen.note(text)
            return
        from rich.text import Text

        self._live.console.print(Text(text))
