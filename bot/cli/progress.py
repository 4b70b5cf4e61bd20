"""What `genesis run` is doing: a line that stays on a terminal, a line per action elsewhere."""

from __future__ import annotations

from textwrap import shorten
from types import TracebackType
from typing import TYPE_CHECKING

from bot.cli.output import Screen
from bot.core.sanitize import one_line

if TYPE_CHECKING:
    from rich.live import Live

    from bot.core.plan import Action
    from bot.core.state import ActionStatus
    from bot.flows.watch import Place


_WORDS: dict[str, str] = {
    "patch": "to decide",
    "failed": "failed and undone",
    "skipped": "for a person",
}


class RunProgress:
    """A `Watcher` on standard error; says each remark once."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._said: set[str] = set()
        self._live: Live | None = None

    def __enter__(self) -> RunProgress:
        if self._screen.draws:
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

    def note(self, text: str) -> None:
        """A remark, once: an offline run would repeat itself at every step."""
        said = "no key is set: the offline model serves every step" if "offline" in text else text
        if said not in self._said:
            self._said.add(said)
            self._line(said)

    def doing(self, what: str, action: str = "", place: Place = (0, 0)) -> None:
        """Redraw the line that stays; nothing where nobody watches."""
        if self._live is not None:
            from rich.text import Text

            text = Text(
                f"{_placed(place)}{action} {what}".strip(), no_wrap=True, overflow="ellipsis"
            )
            self._live.update(text, refresh=True)

    def ended(self, action: Action, status: ActionStatus, detail: str, place: Place) -> None:
        """One line per action."""
        short = detail[:10] if status == "committed" else shorten(detail, 100, placeholder=" …")
        self._line(f"{_placed(place)}{_WORDS.get(status, status)}: {action.id}  {short}")

    def _line(self, said: str) -> None:
        text = one_line(said)
        if self._live is None:
            self._screen.note(text)
            return
        from rich.text import Text

        self._live.console.print(Text(text))


def _placed(place: Place) -> str:
    number, total = place
    return f"[{number}/{total}] " if number else ""
