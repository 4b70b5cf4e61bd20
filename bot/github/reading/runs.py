"""The workflow runs of the attempt in hand, and what they report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from bot.core.lifecycle.facts import RunFacts
from bot.core.lifecycle.outcome import run_name
from bot.core.lifecycle.state import BUSY, StageLife
from bot.github.client import Client
from bot.github.errors import NotFound
from bot.github.reading.checks import status_of
from bot.github.reading.context import Reading
from bot.github.reading.reports import report_of

SLACK = timedelta(minutes=10)
"""How far GitHub's clock and ours may be apart."""
DISPATCHED = "workflow_dispatch"
HELD = ("action_required", "waiting")
"""How a run stands that a person has to approve: before it begins, or for an environment."""


def run_facts(reading: Reading, stage: StageLife, workflow: str) -> tuple[RunFacts, ...]:
    """The runs of the attempt in hand, until it is seen to have ended and its outcome is shown.

    There is one; a second one, of two servers that dispatched at once, is shown to be cancelled.
    """
    wanted = stage.flying or stage.status == "pr-open" or {stage.status, stage.before} & BUSY
    if not wanted:
        return ()
    found = named_runs(
        reading.client,
        workflow,
        run_name(reading.life.plan, stage.number, stage.attempt),
        by=reading.ourselves,
        branch=reading.life.base_branch,
        since=stage.dispatched,
    )
    run = stage.run or _just_started(reading, stage)
    if run and not any(one["id"] == run for one in found):
        known = reading.client.find(f"./actions/runs/{run}")
        found = [*found, known] if known is not None else found
    return tuple(_run(reading, stage, run) for run in found)


def dispatched_key(full_name: str, name: str) -> tuple[str, str, str]:
    """What `App.made` has a run by that this process started: its id, 0 where GitHub told none."""
    return (full_name, "run", name)


def _just_started(reading: Reading, stage: StageLife) -> int:
    name = run_name(reading.life.plan, stage.number, stage.attempt)
    known = reading.app.made.get(dispatched_key(reading.client.full_name, name))
    return known if isinstance(known, int) else 0


def named_runs(
    client: Client, workflow: str, name: str, *, by: str, branch: str, since: datetime | None
) -> list[dict[str, Any]]:
    """The runs of a name that we started on the base branch, oldest first.

    Anybody who may write can start one of the same name, on a branch of their own making too.
    """
    where = f"./actions/workflows/{quote(workflow, safe='')}/runs"
    created = f">={(since - SLACK).isoformat(timespec='seconds')}" if since else None
    page = client.find(where, event=DISPATCHED, per_page=100, created=created) or {}
    found = [run for run in page.get("workflow_runs", ()) if _is(run, name, by, branch)]
    return sorted(found, key=lambda run: int(run["id"]))


def begun_since(reading: Reading, workflow: str, since: datetime) -> int:
    """How many attempts we started in the repository, for whatever plan."""
    try:
        listed = reading.client.pages(
            f"./actions/workflows/{quote(workflow, safe='')}/runs",
            key="workflow_runs",
            event=DISPATCHED,
            created=f">={since.isoformat(timespec='seconds')}",
        )
        return sum(_actor(run) == reading.ourselves for run in listed)
    except NotFound:
        return 0


def _actor(run: Mapping[str, Any]) -> str:
    return str((run.get("actor") or {}).get("login", ""))


def _is(run: Mapping[str, Any], name: str, by: str, branch: str) -> bool:
    return (run.get("display_title"), _actor(run), run.get("head_branch")) == (name, by, branch)


def _run(reading: Reading, stage: StageLife, run: dict[str, Any]) -> RunFacts:
    status, conclusion = status_of(run)
    held = run["status"] in HELD or run["conclusion"] in HELD
    if held:
        status, conclusion = "queued", None
    outcome, problem = None, ""
    if status == "completed":
        outcome, problem = report_of(reading, stage, run)
    return RunFacts(
        id=run["id"],
        attempt=stage.attempt,
        status=status,
        conclusion=conclusion,
        url=run["html_url"],
        outcome=outcome,
        problem=problem,
        held=held,
    )
