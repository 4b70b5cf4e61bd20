"""`genesis pipeline runs`, `show` and `replay`: what was asked, answered and paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.output import screen
from bot.errors import Exit

if TYPE_CHECKING:
    from bot.pipeline.record.runs import RunStore

RunId = Annotated[
    str, typer.Argument(metavar="[RUN]", help="A run's id or how it starts; default: the newest.")
]


def _store() -> RunStore:
    from bot.flows.pipelines.run import run_store
    from bot.settings import load_settings

    return run_store(load_settings())


def runs(
    remove: Annotated[
        str, typer.Option("--remove", metavar="RUN", help="Forget a run and all it kept.")
    ] = "",
    json_: JsonFlag = False,
) -> None:
    """List pipeline runs, newest first."""
    from bot.cli.pipeline_text import record_json, runs_table

    screen.machine = json_
    store = _store()
    if remove:
        run = store.find(remove)
        store.remove(run)
        screen.data({"removed": run.id})
        screen.say(f"removed: {run.id}")
        return
    found = store.all()
    screen.data([record_json(run, record) for run, record in found])
    if found:
        screen.say(runs_table(found, screen.paint))
    else:
        screen.note("no runs yet; `genesis pipeline run FILE` makes one")


def show(
    run_id: RunId = "",
    step: Annotated[
        str, typer.Option("--step", "-s", help="The prompts and answers of one step.")
    ] = "",
    json_: JsonFlag = False,
) -> None:
    """Show a run: its steps, who answered, and what it cost; with --step what was said."""
    from bot.cli.run_text import as_json, as_text, conversation, exchanges_json
    from bot.flows.pipelines.history import exchanges_of, history_of

    screen.machine = json_
    run = _store().find(run_id)
    if step:
        found = exchanges_of(run, step)
        screen.data(exchanges_json(found))
        screen.say(screen.quote(conversation(found, screen.paint)))
        return
    history = history_of(run)
    screen.data(as_json(history))
    screen.say(as_text(history, screen.paint))


def replay(run_id: RunId = "", json_: JsonFlag = False) -> None:
    """Run a pipeline again with the answers that were recorded; asks nobody, pays nothing.

    Says whether every result is the same, or which prompt changed since. Works in a work tree of
    its own at the run's commit, and leaves nothing behind.
    """
    from bot.cli.run_text import replay_json, replay_text
    from bot.cli.step_progress import StepProgress
    from bot.flows.pipelines.job import Ears
    from bot.flows.pipelines.replay import replay_run
    from bot.settings import load_settings

    screen.machine = json_
    settings = load_settings()
    screen.secrets = settings.secrets()
    run = _store().find(run_id)
    with StepProgress(screen) as progress:
        ears = Ears(steps=progress.step, watch=progress)
        report = replay_run(run, settings, ears)
    screen.data(replay_json(report))
    screen.say(replay_text(report))
    if report.error is not None:
        screen.complain(report.error.message, report.error.hint)
        raise SystemExit(int(report.error.exit_code))
    raise SystemExit(int(Exit.OK if report.same else Exit.UNRESOLVED))
