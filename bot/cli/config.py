"""`genesis config`: check the configuration of a repository, print its schema and workflow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.output import screen
from bot.core.sanitize import one_line
from bot.errors import Exit

if TYPE_CHECKING:
    from bot.config import Problem

app = typer.Typer(
    name="config",
    help="Check .github/otp-genesis.yml, what a team lets the bot do; print what goes beside it.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: drawing boxes would take half of the start
)


@app.command("validate", epilog="Example: genesis config validate")
def validate(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[PATH]", help="A file; default: .github/otp-genesis.yml."),
    ] = None,
    json_: JsonFlag = False,
) -> None:
    """Check a configuration; every problem with its line and column."""
    from bot.config import CONFIG_PATH, InvalidConfig, read_policy

    screen.machine = json_
    file = path or Path(CONFIG_PATH)
    problems: tuple[Problem, ...] = ()
    try:
        read_policy(file)
    except InvalidConfig as error:
        problems = error.problems
    screen.data(
        {
            "file": str(file),
            "problems": [
                {"line": line, "column": column, "message": message}
                for line, column, message in problems
            ],
        }
    )
    screen.say("\n".join(_line(file, problem) for problem in problems) or f"{file}: all is well")
    raise SystemExit(int(Exit.CONFIG if problems else Exit.OK))


@app.command("schema", epilog="Example: genesis config schema > configuration.json")
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    from bot.config import schema_text

    screen.write(schema_text())


@app.command(
    "workflow",
    epilog="Example: genesis config workflow --owner acme > .github/workflows/otp-genesis.yml",
)
def workflow(
    owner: Annotated[
        str, typer.Option(help="Who has the repository otp-genesis, whose workflow is called.")
    ],
    ref: Annotated[str, typer.Option(help="Branch, tag or commit of it.")] = "main",
) -> None:
    """Print the workflow that runs stages, for the default branch of a repository."""
    from importlib.metadata import version

    from bot.flows.stage_run.caller import caller_workflow

    screen.write(caller_workflow(owner=owner, ref=ref, version=version("otp-genesis")))


def _line(file: Path, problem: Problem) -> str:
    line, column, message = problem
    where = ":".join(str(part) for part in (file, line, column) if part)
    return f"{where}: {screen.paint('error:', 'bold red')} {one_line(message)}"
