"""What a pipeline is doing: a line per step that ended, and the one under way on a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

import typer

from bot.cli.live_line import LiveLine
from bot.cli.output import Screen
from bot.core.sanitize import mask, strip_hidden

if TYPE_CHECKING:
    from bot.core.plan import Action
    from bot.core.state import ActionStatus
    from bot.flows.watch import Place
    from bot.pipeline.results import StepEvent


class StepProgress(LiveLine):
    """Hears steps and remarks, and draws them on standard error."""

    def __init__(self, screen: Screen, *, stream: bool = False) -> None:
        self._stream = stream and not screen.machine and not screen.quiet
        self._open_line = False
        super().__init__(screen, drawn=not self._stream)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        self._close_line()

    def step(self, event: StepEvent) -> None:
        """A step began, told something, or ended."""
        from bot.cli.pipeline_text import step_line

        where = event.path.partition("/")[2]
        if event.kind == "started":
            self.redraw(where)
        elif event.kind == "progress":
            self.redraw(f"{where}  {event.message}")
        elif event.kind == "notice":
            self.note(event.message)
        elif event.result is not None:
            self._close_line()
            self.line(step_line(event.path, event.result))

    def text(self, piece: str) -> None:
        """A piece of an answer, as it arrives."""
        if self._stream:
            typer.echo(mask(strip_hidden(piece), self._screen.secrets), nl=False, err=True)
            self._open_line = not piece.endswith("\n")

    def note(self, text: str) -> None:
        """A remark, once."""
        self._close_line()
        self.once(text)

    def doing(self, what: str, action: str = "", place: Place = (0, 0)) -> None:
        """What a plan's action is doing."""
        self.redraw(f"{action} {what}")

    def ended(self, action: Action, status: ActionStatus, detail: str, place: Place) -> None:
        """An action of a plan came to its end."""
        self.line(f"{status}: {action.id}  {detail[:100]}")

    def _close_line(self) -> None:
        if self._open_line:
            typer.echo("", err=True)
            self._open_line = False
