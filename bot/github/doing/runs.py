"""Workflow runs: one for each attempt."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.core.lifecycle.commands import CancelRun, Dispatch, RerunFailed
from bot.core.lifecycle.outcome import run_name
from bot.errors import OtpError, Transient
from bot.github.doing.context import Doing
from bot.github.errors import GitHubError, NotFound, Rejected, Suspended
from bot.github.reading.failures import refused_key
from bot.github.reading.runs import dispatched_key, named_runs

LAG = 20.0
"""Seconds within which a run that was started is in GitHub's lists."""
AT_ONCE = 5.0
"""Seconds between the decision and its being carried out, where nothing came between."""
RUN_DETAILS = "run-details"
"""What a server may lack, as `App.lacks` knows it: telling the run it started."""


def dispatch(doing: Doing, command: Dispatch) -> None:
    """Start the run unless one of its name is there; the name is what makes it ours.

    Raises `Rejected` or `NotFound` in GitHub's words when the workflow cannot be started, and
    `Transient` while one may have been started that is not to be seen yet.
    """
    stage = doing.life.stage(command.stage)
    name = run_name(doing.life.plan, command.stage, command.attempt)
    key = dispatched_key(doing.client.full_name, name)
    with doing.app.made.turn(key):
        known = doing.app.made.get(key)
        if isinstance(known, int):
            return
        if named_runs(
            doing.client,
            command.workflow,
            name,
            by=doing.ourselves,
            branch=doing.life.base_branch,
            since=stage.dispatched,
        ):
            return
        _wait_for_it(known, stage.dispatched)
        doing.app.made.put(key, time.monotonic())
        try:
            run = _started(doing, command)
        except GitHubError:
            doing.app.made.forget(key)
            raise
        doing.app.made.put(key, run)


def _wait_for_it(asked: float | None, decided: datetime | None) -> None:
    """Where it may have been started before, by us without an answer, or before a crash."""
    if asked is not None:
        passed = time.monotonic() - asked
    elif decided is not None:
        passed = (datetime.now(UTC) - decided).total_seconds()
        if passed < AT_ONCE:
            return
    else:
        return
    if 0 <= passed < LAG:
        raise Transient("a run may have been started already", retry_after=LAG - passed)


def _started(doing: Doing, command: Dispatch) -> int:
    """Id of the new run, 0 where the server does not tell."""
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
    if doing.app.lacks.get(RUN_DETAILS):
        told = doing.client.post("actions", where, body, creates=False)
    else:
        try:
            more = {**body, "return_run_details": True}
            told = doing.client.post("actions", where, more, creates=False)
        except Rejected as error:
            if "return_run_details" not in f"{error.message} {error.details}":
                raise
            doing.app.lacks.put(RUN_DETAILS, True)
            told = doing.client.post("actions", where, body, creates=False)
    return int((told or {}).get("workflow_run_id") or 0)


def cancel_run(doing: Doing, command: CancelRun) -> None:
    """Cancel it; one that has ended is no error."""
    try:
        doing.client.post("actions", f"./actions/runs/{command.run}/cancel", {}, creates=False)
    except (NotFound, Rejected):
        return


def rerun_failed(doing: Doing, command: RerunFailed) -> None:
    """Run its failed jobs once more; that GitHub refuses it, being too old, is remembered."""
    run: dict[str, Any] = doing.client.get(f"./actions/runs/{command.run}")
    if run["status"] != "completed" or int(run.get("run_attempt") or 1) > 1:
        return
    where = f"./actions/runs/{command.run}/rerun-failed-jobs"
    try:
        doing.client.post("actions", where, {}, creates=False)
    except Suspended:
        raise
    except GitHubError as error:
        doing.app.lacks.put(refused_key(doing.client.full_name, command.run), True)
        raise CannotRerun(error.message) from error


class CannotRerun(OtpError):
    """The failed jobs of a run cannot be run again."""
