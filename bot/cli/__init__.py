"""The command line. Each command imports what it needs when it runs, so that `--help` is quick."""

from __future__ import annotations

import signal
import sys
import traceback
from types import FrameType
from typing import Annotated

import typer

from bot.cli import analysis, history, planning, running
from bot.cli.output import screen
from bot.errors import Exit, OtpError

app = typer.Typer(
    name="genesis",
    help="Find, plan, fix and verify OTP problems in Elixir code bases.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("analyze")(analysis.analyze)
app.command("explain")(analysis.explain)
app.command("plan")(planning.plan)
app.command("show")(planning.show)
app.command("run")(running.run)
app.command("log")(history.log)
app.command("undo")(history.undo)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"genesis {version('otp-genesis')}")
        raise typer.Exit


@app.callback()
def options(
    color: Annotated[
        bool | None,
        typer.Option("--color/--no-color", help="Colours; default: only on a terminal."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No remarks and no progress.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""
    screen.colour = color
    screen.quiet = quiet


class Interrupted(BaseException):
    """A person or the system asked us to stop; children are killed on its way up."""


def _interrupt(number: int, frame: FrameType | None) -> None:
    # Once is enough: a second signal must not cut the cleaning up short.
    for name in _STOPPING:
        signal.signal(name, signal.SIG_IGN)
    raise Interrupted


_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Entry point: an expected error is one line and its exit code, anything else a bug report."""
    for number in _STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        app()
    except OtpError as error:
        screen.fail(error)
    except Interrupted:
        typer.echo(_INTERRUPTED, err=True)
        sys.exit(int(Exit.INTERRUPTED))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(int(Exit.OK))
    except Exception:
        traceback.print_exc()
        typer.echo(_BUG, err=True)
        sys.exit(int(Exit.INTERNAL))


_INTERRUPTED = "interrupted; nothing is lost: run the same command again to go on"
_BUG = "this is a bug in genesis; nothing was lost: please report it with the lines above"
