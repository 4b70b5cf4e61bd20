"""`genesis run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.output import screen
from bot.cli.planning import Goal
from bot.errors import Exit

if TYPE_CHECKING:
    from bot.flows.run_plan import RunReport
    from bot.pipeline.results import StepEvent


def run(
    path: Annotated[Path, typer.Argument(help="Directory in a git repository.")] = Path(),
    goal: Goal = "",
    stage: Annotated[int | None, typer.Option("--stage", "-s", min=1, max=5, help="Only this stage.")] = None,
    only: Annotated[str, typer.Option("--only", help="Only this action (a prefix of its id), with what it depends on.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would be done; write nothing.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do not go on with an earlier run of this commit and goal.")] = False,
    json_: JsonFlag = False,
) -> None:
    """Plan, then carry out what can be fixed automatically: one verified commit per action, on branches of its own."""
    from bot.codebase.repository import Repository
    from bot.core.render.run import as_json, as_text
    from bot.flows.run_plan import run_plan
    from bot.flows.session import DEFAULT_GOAL, Session
    from bot.settings import load_settings

    screen.machine = json_
    repository = Repository.open(path, load_settings())
    dirty = repository.dirty()
    if dirty:
        screen.note(f"{len(dirty)} uncommitted paths take no part: the run is for commit {repository.head[:12]}")
    with screen.progress("analysing") as progress:
        session = Session(repository, repository.head, goal or DEFAULT_GOAL, progress=progress)
        session.survey  # noqa: B018 - analysed here, while the bar is up
    report = run_plan(session, stage=stage, only=only, dry_run=dry_run, fresh=fresh, say=screen.note, observer=Watcher())
    screen.data(as_json(report.plan, report.state, report.ran, report.baseline))
    screen.say(as_text(report.plan, report.state, report.ran, report.baseline, screen.paint, dry_run=dry_run))
    raise SystemExit(int(_exit_code(report)))


class Watcher:
    """Says each notice once: an offline run would repeat itself at every step."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(self, event: StepEvent) -> None:
        text = "no key is set: the offline model serves every step" if "offline" in event.message else event.message
        if event.kind == "notice" and text not in self._said:
            self._said.add(text)
            screen.note(text)


def _exit_code(report: RunReport) -> Exit:
    states = [report.state.action(a) for a in report.ran]
    if any(s.status == "failed" for s in states):
        return Exit.UNRESOLVED
    if report.baseline is not None and not report.baseline.buildable:
        return Exit.CANNOT_BUILD
    return Exit.OK
