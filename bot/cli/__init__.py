"""The command line. Each command imports what it needs when it runs, so that `--help` is quick."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated, Any, NoReturn

import typer

from bot.cli import (
    action,
    analysis,
    config,
    doctor,
    history,
    init,
    models,
    onboard,
    outline,
    pipelines,
    planning,
    react,
    replay,
    running,
    serve,
    simulate,
    stage,
)
from bot.cli.interrupting import Interrupted, listen
from bot.cli.output import screen
from bot.errors import Exit, Misused, OtpError, Unusable

app = typer.Typer(
    name="genesis",
    help="Find, plan, fix and verify OTP problems in Elixir code bases.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: drawing boxes would take half of the start
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _examples(*lines: str) -> str:
    return "\n\n".join(["Examples:", *lines])


app.command(
    "analyze",
    epilog=_examples("genesis analyze .", "genesis analyze lib --format sarif -o found.sarif"),
)(analysis.analyze)
app.command("explain", epilog=_examples("genesis explain unsupervised-spawn"))(analysis.explain)
app.command(
    "outline", epilog=_examples("genesis outline .", "genesis outline lib --max-tokens 8000")
)(outline.outline)
app.command(
    "plan",
    epilog=_examples(
        "genesis plan . --goal 'Survive the crash of any process'",
        "genesis plan --input-file repomix-output.xml --output plan",
    ),
)(planning.plan)
app.command(
    "show",
    epilog=_examples("genesis show --stage 1", "genesis show --action 1-supervise | git apply"),
)(planning.show)
app.command("run", epilog=_examples("genesis run . --dry-run", "genesis run . --stage 1"))(
    running.run
)
app.command("log", epilog=_examples("genesis log", "genesis log local-1 --json"))(history.log)
app.command("undo", epilog=_examples("genesis undo", "genesis undo 1-supervise"))(history.undo)
app.command("models", epilog=_examples("genesis models", "genesis models --check"))(models.models)
app.command(
    "simulate",
    epilog=_examples("genesis simulate .", "genesis simulate --fresh shop=../shop --port 0"),
)(simulate.simulate)

app.command("serve", epilog=_examples("genesis serve --host 0.0.0.0 --port 8080"))(serve.serve)
app.command(
    "replay",
    epilog=_examples(
        "genesis replay delivery.json --dry-run", "genesis replay payload.json --event issues"
    ),
)(replay.replay)
app.command(
    "init",
    epilog=_examples("genesis init --for laptop", "genesis init --for action --owner acme -n"),
)(init.init)
app.command(
    "onboard",
    epilog=_examples(
        "genesis onboard acme/shop --owner acme", "genesis onboard acme/shop --owner acme -n"
    ),
)(onboard.onboard)
app.command(
    "doctor",
    epilog=_examples("genesis doctor --build", "genesis doctor acme/shop --json"),
)(doctor.doctor)
app.command(
    "react", epilog=_examples("genesis react acme/shop --dry-run", "genesis react acme/shop")
)(react.react)
app.add_typer(pipelines.app)
app.add_typer(stage.app)
app.add_typer(action.app, hidden=True)
app.add_typer(config.app)


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


def main() -> None:
    """Entry point: an expected error is one line and its exit code, anything else a bug report."""
    listen()
    try:
        sys.exit(app(prog_name="genesis", standalone_mode=False) or 0)
    except OtpError as error:
        screen.fail(error)
    except _WRONG_USE as error:
        _fail_misused(error)
    except Interrupted:
        typer.echo(_INTERRUPTED, err=True)
        sys.exit(int(Exit.INTERRUPTED))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(int(Exit.OK))
    except OSError as error:
        if error.filename is None:
            _give_up_output()
        screen.fail(_refused_by_the_system(error))
    except Exception:
        screen.report_bug(traceback.format_exc(), _BUG)
        sys.exit(int(Exit.INTERNAL))


# Typer brings a click of its own; of its base for wrong use it exports only this descendant.
_WRONG_USE: type[Exception] = next(
    c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException"
)


def _fail_misused(error: Any) -> NoReturn:
    screen.machine = screen.machine or "--json" in sys.argv
    if type(error).__name__ == "NoArgsIsHelpError":
        # No command at all: its message is the help.
        typer.echo(error.format_message())
        sys.exit(int(Exit.USAGE))
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "genesis"
    screen.fail(Misused(message, hint=f"`{command} --help` shows what there is"))


def _give_up_output() -> None:
    """It takes no more: say so on the other one, and let nothing be flushed at the exit."""
    screen.machine = False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refused_by_the_system(error: OSError) -> Unusable:
    """A full disk or a missing permission is no bug of ours."""
    where = f" at {str(error.filename)!r}" if error.filename is not None else ""
    return Unusable(
        f"the system refused{where}: {error.strerror or error}",
        hint="make room or give permission there, then run the same command again",
    )


_INTERRUPTED = "interrupted; nothing is lost: run the same command again to go on"
_BUG = "this is a bug in genesis; nothing was lost: please report it with the lines above"
