"""What a pipeline is doing: a line per step that ended, and the one under way on a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

import typer

from bot.cli.output import Screen
from bot.core.sanitize import mask, one_line, strip_hidden

if TYPE_CHECKING:
    from rich.live import Live

    from bot.core.plan import Action
    from bot.core.state import ActionStatus
    from bot.flows.watch import Place
    from bot.pipeline.results import StepEvent


class StepProgress:
    """Hears steps and remarks, and draws them on standard error."""

    def __init__(self, screen: Screen, *, stream: bool = False) -> None:
        self._screen = screen
        self._stream = stream and not screen.machine and not screen.quiet
        self._live: Live | None = None
        self._said: set[str] = set()
        self._open_line = False

    def __enter__(self) -> StepProgress:
        if self._screen.draws and not self._stream:
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
        self._close_line()

    def step(self, event: StepEvent) -> None:
        """A step began or ended."""
        from bot.cli.pipeline_text import step_line

        if event.kind == "started":
            self.doing(event.path.partition("/")[2])
        elif event.kind == "progress":
            self.doing(f"{event.path.partition('/')[2]}  {event.message}")
        elif event.kind == "notice":
            self.note(event.message)
        elif event.result is not None:
            self._line(step_line(event.path, event.result))

    def text(self, piece: str) -> None:
        """A piece of an answer, as it arrives."""
        if self._stream:
            typer.echo(mask(strip_hidden(piece), self._screen.secrets), nl=False, err=True)
            self._open_line = not piece.endswith("\n")

    def note(self, text: str) -> None:
        """A remark, once."""
        if text not in self._said:
            self._said.add(text)
            self._line(text)

    def doing(self, what: str, action: str = "", place: Place = (0, 0)) -> None:
        """Redraw the line that stays; nothing where nobody watches."""
        if self._live is not None:
            from rich.text import Text

            text = Text(one_line(f"{action} {what}"), no_wrap=True, overflow="ellipsis")
            self._live.update(text, refresh=True)

    def ended(self, action: Action, status: ActionStatus, detail: str, place: Place) -> None:
        """An action of a plan came to its end."""
        self._line(f"{status}: {action.id}  {detail[:100]}")

    def _line(self, said: str) -> None:
        self._close_line()
        if self._live is None:
            self._screen.note(said)
            return
        from rich.text import Text

        self._live.console.print(Text(one_line(mask(said, self._screen.secrets))))

    def _close_line(self) -> None:
        if self._open_line:
            typer.echo("", err=True)
            self._open_line = False
