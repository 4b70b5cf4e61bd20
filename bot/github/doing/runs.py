"""Workflow runs: one for each attempt."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from bot.core.lifecycle.commands import CancelRun, Dispatch, RerunFailed
from bot.core.lifecycle.outcome import run_name
from bot.errors import OtpError
from bot.github.doing.context import Doing
from bot.github.errors import NotFound, Rejected


def dispatch(doing: Doing, command: Dispatch) -> None:
    """Start the run unless one of its name is there; the name is what makes it ours.

    Raises `Rejected` or `NotFound` in GitHub's words when the workflow cannot be started.
    """
    name = run_name(doing.life.plan, command.stage, command.attempt)
    if find_run(doing, command.workflow, name, doing.life.stage(command.stage).dispatched):
        return
    inputs = {
        "plan": doing.life.plan,
        "plan_commit": doing.tip,
        "stage": str(command.stage),
        "attempt": str(command.attempt),
        "cause": command.cause,
        "base": command.base,
        "head": command.head,
        "only": command.only,
        "dropped": ",".join(command.dropped),
        "minutes": f"{command.minutes:g}",
        "usd": "" if command.usd is None else f"{command.usd:g}",
    }
    where = f"./actions/workflows/{quote(command.workflow, safe='')}/dispatches"
    body = {"ref": doing.life.base_branch, "inputs": inputs}
    doing.client.post("actions", where, body, creates=False)


def find_run(doing: Doing, workflow: str, name: str, since: datetime | None) -> int:
    """Id of the run of this name; 0 where there is none. Looked for among the newest."""
    where = f"./actions/workflows/{quote(workflow, safe='')}/runs"
    created = f">={since.isoformat(timespec='seconds')}" if since else None
    page = doing.client.get(where, event="workflow_dispatch", per_page=100, created=created)
    found = [run["id"] for run in page["workflow_runs"] if run.get("display_title") == name]
    return int(max(found)) if found else 0


def cancel_run(doing: Doing, command: CancelRun) -> None:
    """Cancel it; one that has ended is no error."""
    try:
        doing.client.post("actions", f"./actions/runs/{command.run}/cancel", {}, creates=False)
    except (NotFound, Rejected):
        return


def rerun_failed(doing: Doing, command: RerunFailed) -> None:
    """Run its failed jobs once more; GitHub refuses what is too old or running already."""
    where = f"./actions/runs/{command.run}/rerun-failed-jobs"
    try:
        doing.client.post("actions", where, {}, creates=False)
    except (NotFound, Rejected) as error:
        raise CannotRerun(error.message) from error


class CannotRerun(OtpError):
    """The failed jobs of a run cannot be run again."""
