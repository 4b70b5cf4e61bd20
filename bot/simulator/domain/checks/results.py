"""What checks and statuses say of a commit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.simulator.domain.repositories.branch_rules import RequiredCheck
from bot.simulator.records.checks import CheckRun, CommitStatus
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

Outcome = Literal["success", "pending", "failure"]

PASSING = ("success", "neutral", "skipped")


@dataclass(frozen=True)
class Result:
    """The last word of a check or status on a commit."""

    context: str
    app_id: int | None
    outcome: Outcome


def results_at(world: World, repository: Repository, sha: str) -> list[Result]:
    runs = latest_runs(world.tables.check_runs.where("sha", (repository.id, sha)))
    statuses = latest_statuses(world.tables.statuses.where("sha", (repository.id, sha)))
    return [
        *(Result(run.name, run.app_id, _outcome_of_run(run)) for run in runs),
        *(Result(status.context, None, _outcome_of_status(status)) for status in statuses),
    ]


def latest_runs(runs: Iterable[CheckRun]) -> list[CheckRun]:
    """The newest of each name within its suite."""
    newest = {(run.suite_id, run.name): run for run in sorted(runs, key=lambda run: run.id)}
    return sorted(newest.values(), key=lambda run: run.id)


def latest_statuses(statuses: Iterable[CommitStatus]) -> list[CommitStatus]:
    """The newest of each context, which is told apart without regard to case."""
    newest = {s.context.lower(): s for s in sorted(statuses, key=lambda s: s.id)}
    return sorted(newest.values(), key=lambda s: s.id)


def _outcome_of_run(run: CheckRun) -> Outcome:
    if run.status != "completed":
        return "pending"
    return "success" if run.conclusion in PASSING else "failure"


def _outcome_of_status(status: CommitStatus) -> Outcome:
    if status.state == "success" or status.state == "pending":
        return status.state
    return "failure"


def unmet(results: Iterable[Result], required: RequiredCheck) -> str | None:
    """How a required check falls short: expected, pending or failing; None when it passed."""
    outcomes = {
        result.outcome
        for result in results
        if result.context == required.context
        and (required.app_id is None or result.app_id == required.app_id)
    }
    if not outcomes:
        return "expected"
    if "failure" in outcomes:
        return "failing"
    return "pending" if "pending" in outcomes else None
