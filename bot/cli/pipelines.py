"""`genesis pipeline`: check, draw, run and look back at pipelines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import pipeline_runs
from bot.cli.analysis import JsonFlag
from bot.cli.output import screen
from bot.errors import Exit, OtpError

if TYPE_CHECKING:
    from bot.flows.pipelines.asked import Asked
    from bot.flows.pipelines.job import Report
    from bot.pipeline.load import Library
    from bot.settings import Settings

app = typer.Typer(
    name="pipeline",
    help="Check, draw, run and look back at pipelines: YAML files of steps.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: drawing boxes would take half of the start
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A pipeline file.")]
Where = Annotated[
    Path | None,
    typer.Option("--repo", "-C", help="Directory in a repository; default: the current one."),
]


@app.command("validate", epilog="Example: genesis pipeline validate .genesis/pipelines")
def validate(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Pipeline files, or directories.")
    ],
    json_: JsonFlag = False,
) -> None:
    """Check pipelines without running them; every problem with its line and column."""
    from bot.cli.problem_text import as_json, as_text
    from bot.flows.pipelines.files import pipeline_files, problems_of

    screen.machine = json_
    files = pipeline_files(paths)
    found = {file: problems_of(file) for file in files}
    problems = [problem for each in found.values() for problem in each]
    screen.data(as_json(files, problems))
    screen.say(as_text(files, problems, screen.paint))
    wrong = any(problem.severity == "error" for problem in problems)
    raise SystemExit(int(Exit.CONFIG if wrong else Exit.OK))


@app.command("graph", epilog="Example: genesis pipeline graph plan.yaml > plan.mmd")
def graph(file: File, repo: Where = None) -> None:
    """Draw a pipeline as a Mermaid flowchart."""
    from bot.pipeline.language.graph import mermaid

    screen.write(mermaid(_library(file, repo).load_file(file).workflow).rstrip("\n") + "\n")


@app.command("schema", epilog="Example: genesis pipeline schema > pipeline.json")
def schema() -> None:
    """Print the JSON Schema of the language, for editors."""
    from bot.pipeline.language.schema import schema_text

    screen.write(schema_text())


Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", help="name=text, name=@file, or name:=JSON; repeatable."),
]
InputFile = Annotated[
    Path | None, typer.Option("--input-file", help="The input `input_file`, such as a code pack.")
]
Prompt = Annotated[
    str, typer.Option("--prompt", "-p", help="The input `prompt`: what this run is for.")
]
Workspace = Annotated[
    Path | None,
    typer.Option("--workspace", help="Work on a plain directory as it is, without git."),
]
OutputDir = Annotated[
    Path | None, typer.Option("--output-dir", "-o", help="Where `output_to_file` writes.")
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Do not go on with an unfinished run.")]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", "-n", help="Render every prompt, count tokens, ask nobody."),
]
AllowCommand = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-command", metavar="NAME", help="A program `command` steps may run; repeatable."
    ),
]
MaxUsd = Annotated[float | None, typer.Option(min=0, help="US dollars at most.")]
MaxTokens = Annotated[int | None, typer.Option(min=0, help="Tokens at most.")]
MaxMinutes = Annotated[float | None, typer.Option(min=0, help="Minutes at most.")]
Stream = Annotated[bool, typer.Option("--stream", help="Show answers as they arrive.")]


@app.command(
    "run",
    epilog="Example: genesis pipeline run plan.yaml --input-file repomix-output.xml"
    " --prompt 'Survive the crash of any process'",
)
def run(
    file: File,
    inputs: Inputs = None,
    input_file: InputFile = None,
    prompt: Prompt = "",
    repo: Where = None,
    workspace: Workspace = None,
    output_dir: OutputDir = None,
    allow_command: AllowCommand = None,
    fresh: Fresh = False,
    dry_run: DryRun = False,
    stream: Stream = False,
    max_usd: MaxUsd = None,
    max_tokens: MaxTokens = None,
    max_minutes: MaxMinutes = None,
    json_: JsonFlag = False,
) -> None:
    """Run a pipeline. Interrupted or failed, the same command goes on without paying twice.

    In a repository it works in a work tree of its own; commits go to a branch of their own,
    what is left uncommitted becomes a patch. Your checkout stays as it is.
    """
    from bot.flows.pipelines.asked import Asked
    from bot.settings import load_settings

    screen.machine = json_
    settings = load_settings()
    screen.secrets = settings.secrets()
    limits = _limits(settings, max_usd, max_tokens, max_minutes)
    given, may_run = tuple(inputs or ()), tuple(allow_command or ())
    asked = Asked(
        file, given, input_file, prompt, repo, workspace, output_dir, fresh, limits, may_run
    )
    if dry_run:
        _dry(asked, settings)
        return
    _finish(_run(asked, settings, stream=stream))


def _limits(
    settings: Settings, usd: float | None, tokens: int | None, minutes: float | None
) -> Any:
    from bot.pipeline.budget import Limits

    most = settings.max_minutes if minutes is None else minutes
    return Limits(
        usd=settings.max_usd if usd is None else usd,
        tokens=settings.max_tokens if tokens is None else tokens,
        seconds=None if most is None else most * 60,
    )


def _run(asked: Asked, settings: Settings, *, stream: bool) -> Report:
    from bot.cli.step_progress import StepProgress
    from bot.flows.pipelines.job import Ears
    from bot.flows.pipelines.run import run_pipeline

    with StepProgress(screen, stream=stream) as progress:
        ears = Ears(steps=progress.step, text=progress.text, watch=progress)
        return run_pipeline(asked, settings, ears)


def _finish(report: Report) -> None:
    from bot.cli.pipeline_text import answer, closing, is_prose, report_json

    screen.data(report_json(report.run, report.record, report.result))
    text = screen.quote(answer(report.result))
    if is_prose(report.result):
        screen.markdown(text)
    elif text:
        screen.say(text.rstrip("\n"))
    for line in closing(report.run, report.record, report.result):
        screen.note(line)
    error = report.result.error
    if error is not None:
        raise SystemExit(int(_fail(error, report)))


def _fail(error: OtpError, report: Report) -> Exit:
    if not screen.machine:
        screen.complain(f"{report.record.failed_step}: {error.message}", error.hint)
    return error.exit_code


def _dry(asked: Asked, settings: Settings) -> None:
    from bot.cli.dry_text import as_json, as_text
    from bot.flows.pipelines.dry import dry_run

    found = dry_run(asked, settings)
    screen.data(as_json(found))
    screen.say(screen.quote(as_text(found, screen.paint)))


def _library(file: Path, repo: Path | None) -> Library:
    from bot.flows.pipelines.run import library_for

    return library_for(file, repo)


app.command("runs", epilog="Example: genesis pipeline runs --json")(pipeline_runs.runs)
app.command("show", epilog="Example: genesis pipeline show --step analyze_codebase")(
    pipeline_runs.show
)
app.command("replay", epilog="Example: genesis pipeline replay 20260131-140501-plan")(
    pipeline_runs.replay
)
