"""The command line. Each command imports what it needs when it runs, so that `--help` is quick."""

from __future__ import annotations

import sys
import traceback
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
    color: Annotated[bool | None, typer.Option("--color/--no-color", help="Colours; default: only on a terminal.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No remarks and no progress.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Options before the command."""
    screen.colour = color
    screen.quiet = quiet


def main() -> None:
    """Entry point: expected errors become one line and their exit code, anything else a bug report."""
    try:
        app()
    except OtpError as error:
        screen.fail(error)
    except KeyboardInterrupt:
        typer.echo("interrupted; nothing is lost: run the same command again to go on", err=True)
        sys.exit(int(Exit.INTERRUPTED))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(int(Exit.OK))
    except Exception:
        traceback.print_exc()
        typer.echo("this is a bug in genesis; nothing was lost: please report it with the lines above", err=True)
        sys.exit(int(Exit.INTERNAL))
