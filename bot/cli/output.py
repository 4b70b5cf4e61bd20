"""What a command writes: results to standard output, progress and errors to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TextIO

import typer

from bot.core.render.paint import Paint, ansi, plain
from bot.core.sanitize import mask, one_line, strip_hidden
from bot.errors import OtpError, Unusable


@dataclass
class Screen:
    """Where a command's output goes; one per process."""

    machine: bool = False
    """`--json`: results as one JSON document, no progress."""
    colour: bool | None = None
    """`None`: only on a terminal, unless NO_COLOR is set."""
    quiet: bool = False
    logged: bool = False
    """Whether this is the log of a workflow's job, in which a line can be a command."""
    secrets: tuple[str, ...] = ()
    """What must not be shown, whoever says it."""

    @property
    def draws(self) -> bool:
        """Whether progress is drawn: a person watches standard error."""
        return not self.machine and not self.quiet and sys.stderr.isatty()

    @property
    def paint(self) -> Paint:
        """Colours for standard output."""
        return ansi if self._coloured(sys.stdout) else plain

    def _coloured(self, stream: TextIO) -> bool:
        if self.colour is not None:
            return self.colour
        from bot.settings import plain_wanted

        return stream.isatty() and not plain_wanted()

    def say(self, text: str) -> None:
        """A result for people; nothing in machine mode."""
        if not self.machine:
            self.write(f"{text}\n")

    def write(self, text: str) -> None:
        """Text as it is: echo by itself takes every escape out of what goes into a pipe."""
        typer.echo(mask(text, self.secrets), nl=False, color=True)

    def quote(self, text: str) -> str:
        """Text of the analysed code: as it is for a pipe, without hidden characters for people."""
        return strip_hidden(text) if sys.stdout.isatty() else text

    def note(self, text: str) -> None:
        """A remark that is not the result."""
        if not self.quiet and not self.machine:
            typer.echo(strip_hidden(mask(text, self.secrets)), err=True)

    def markdown(self, text: str) -> None:
        """Markdown for people: laid out on a terminal, as it is elsewhere."""
        if self.machine:
            return
        if not self._coloured(sys.stdout):
            self.write(text)
            return
        from rich.console import Console
        from rich.markdown import Markdown

        Console(force_terminal=True).print(Markdown(mask(text, self.secrets)))

    def data(self, value: Any) -> None:
        """The result for machines; nothing otherwise."""
        if self.machine:
            typer.echo(mask(json.dumps(value, indent=2), self.secrets))

    def event(self, value: Any) -> None:
        """One of several results for machines, on a line of its own, as soon as it is known."""
        if self.machine:
            typer.echo(mask(json.dumps(value), self.secrets))
            sys.stdout.flush()

    def fail(self, error: OtpError) -> NoReturn:
        """One line on standard error (JSON in machine mode) and the error's exit code."""
        if self.machine:
            body = {"message": error.message, "hint": error.hint, "exit_code": int(error.exit_code)}
            typer.echo(json.dumps({"error": body}))
        else:
            self.complain(error.message, error.hint)
        raise SystemExit(int(error.exit_code))

    def complain(self, message: str, hint: str) -> None:
        """An error for people: what happened, and what to do next."""
        label = (ansi if self._coloured(sys.stderr) else plain)("error:", "bold red")
        typer.echo(f"{label} {self._safe(one_line(message))}", err=True)
        if hint:
            typer.echo(f"  next: {self._safe(one_line(hint))}", err=True)

    def report_bug(self, trace: str, words: str) -> None:
        """What nobody expected, for whoever mends it."""
        typer.echo(f"{self._safe(trace)}{words}", err=True)

    def _safe(self, text: str) -> str:
        shown = mask(text, self.secrets)
        if not self.logged:
            return shown
        from bot.flows.stage_run.account import disarmed

        return disarmed(shown)

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[int, int], None]]:
        """A bar on standard error, drawn only on a terminal; call the value with (done, all)."""
        if not self.draws:
            yield lambda done, total: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        # No refresh thread: the analyser forks, and forking a process with threads is unsafe.
        with Progress(*columns, console=console, transient=True, auto_refresh=False) as bar:
            task = bar.add_task(title, total=None)

            def step(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)
                if done == total or done % 16 == 0:
                    bar.refresh()

            yield step


def write_file(path: Path, text: str) -> None:
    """Write a file the user named, with the directories above it; raises `Unusable`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", "replace")
    except OSError as error:
        raise Unusable(
            f"cannot write to {str(path)!r}: {error.strerror}",
            hint="name a place you may write to",
        ) from error


screen = Screen()
