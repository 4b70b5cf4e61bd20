"""`genesis run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.output import screen
from bot.cli.planning import Goal, open_session
from bot.cli.progress import RunProgress
from bot.core.sanitize import one_line
from bot.errors import Exit

if TYPE_CHECKING:
    from bot.flows.run_plan import RunReport

Stage = Annotated[int | None, typer.Option("--stage", "-s", min=1, max=5, help="Only this stage.")]
Only = Annotated[
    str,
    typer.Option(
        help="Only actions whose id starts like this, with what they depend on; tries again"
        " what failed or was undone."
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Show what would be done; write nothing.")
]
Fresh = Annotated[
    bool,
    typer.Option(
        "--fresh", help="Do not go on with an earlier run; build and test the base commit anew."
    ),
]


def run(
    path: Annotated[Path, typer.Argument(help="Directory in a git repository.")] = Path(),
    goal: Goal = "",
    stage: Stage = None,
    only: Only = "",
    dry_run: DryRun = False,
    fresh: Fresh = False,
    json_: JsonFlag = False,
) -> None:
    """Plan, then carry out what can be fixed automatically.

    Each action becomes one verified commit on a branch of its own making; the checkout stays as
    it is.
    """
    from bot.flows.run_plan import run_plan

    screen.machine = json_
    session = open_session(path, goal, dry_run=dry_run)
    with RunProgress(screen) as progress:
        report = run_plan(
            session, stage=stage, only=only, dry_run=dry_run, fresh=fresh, watch=progress
        )
    _show(report, dry_run=dry_run)
    raise SystemExit(int(_exit_code(report)))


def _show(report: RunReport, *, dry_run: bool) -> None:
    from dataclasses import asdict

    from bot.cli.pipeline_text import spent
    from bot.core.render.run import as_json, as_text

    tried = tuple(action.id for action in report.tried)
    facts = as_json(report.plan, report.state, tried, report.baseline)
    facts["dry_run"] = dry_run
    if dry_run:
        facts["diffs"] = {a.id: a.diff for a in report.tried if a.fix == "automatic"}
        for action in report.tried:
            _show_diff(action.id, action.title, action.diff if action.fix == "automatic" else "")
    facts["usage"] = asdict(report.usage)
    screen.data(facts)
    shown = as_text(
        report.plan, report.state, tried, report.baseline, screen.paint, dry_run=dry_run
    )
    screen.say(shown)
    if said := spent(report.usage):
        screen.note(said)
    if report.baseline is not None and report.baseline.obstacle:
        screen.note(f"next: {report.baseline.remedy}, then run the same command again")


def _show_diff(action_id: str, title: str, diff: str) -> None:
    if diff:
        screen.say(f"{screen.paint(action_id, 'bold')}  {one_line(title)}")
        screen.say("\n".join(_painted(line) for line in screen.quote(diff).splitlines()) + "\n")


def _painted(line: str) -> str:
    styles = {"+": "green", "-": "red", "@": "cyan"}
    return screen.paint(line, styles[line[0]]) if line[:1] in styles else line


def _exit_code(report: RunReport) -> Exit:
    if report.any("failed"):
        return Exit.UNRESOLVED
    if report.baseline is not None and report.baseline.obstacle:
        return Exit.CANNOT_BUILD
    return Exit.OK
