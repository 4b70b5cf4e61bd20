"""The stages: issue, branch, pull request and run of each."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.lifecycle.facts import StageFacts
from bot.core.lifecycle.state import StageLife
from bot.core.names import branch_of
from bot.core.policy import Policy
from bot.github.reading.context import Reading
from bot.github.reading.conversation import issue_facts
from bot.github.reading.failures import failure_of
from bot.github.reading.pulls import pull_facts, pull_of
from bot.github.reading.refusals import refusals
from bot.github.reading.runs import run_facts
from bot.github.reading.stage_issues import StageIssues, blocked_by
from bot.github.reading.started import with_started

SOMEBODY = "somebody"


def stage_facts(reading: Reading, policy: Policy, found: StageIssues) -> tuple[StageFacts, ...]:
    """What GitHub shows of each stage."""
    if not reading.life.stages:
        return ()
    branches = _branches(reading)
    return tuple(_stage(reading, policy, stage, found, branches) for stage in reading.life.stages)


def _branches(reading: Reading) -> dict[str, str]:
    prefix = branch_of(reading.life.plan, 1).removesuffix("1")
    listed = reading.client.pages(f"./git/matching-refs/heads/{prefix}")
    return {ref["ref"].removeprefix("refs/heads/"): ref["object"]["sha"] for ref in listed}


def _stage(
    reading: Reading,
    policy: Policy,
    stage: StageLife,
    found: StageIssues,
    branches: Mapping[str, str],
) -> StageFacts:
    tip = branches.get(branch_of(reading.life.plan, stage.number), "")
    there = pull_of(reading, stage, branch=bool(tip))
    pull = pull_facts(reading, stage, there) if there is not None else None
    if pull is not None and pull.head == stage.head:
        pull = with_started(reading, stage, pull, policy.dispatch_checks)
    # Checks of a pull request run on it merged into the tip of then, not only on what we built on.
    bases = (stage.base, there["base"]["sha"]) if there is not None else ()
    issue = found.by_stage.get(stage.number)
    return StageFacts(
        number=stage.number,
        issue=issue_facts(issue) if issue is not None else None,
        linked=issue is not None and issue["number"] in found.linked,
        blocked_by=blocked_by(reading, issue) if issue is not None else (),
        branch=tip,
        foreign=_foreign(reading, stage, tip),
        pull=pull,
        runs=run_facts(reading, stage, policy.workflow),
        failure=failure_of(reading, policy, pull, bases),
        kept=reading.kept.get(stage.number),
        refused=refusals(reading.app, reading.life, stage.number),
    )


def _foreign(reading: Reading, stage: StageLife, tip: str) -> tuple[str, ...]:
    """Who else's commits the branch has beyond ours; nobody's where it was only moved back."""
    if not tip or tip == stage.head or not stage.head:
        return ()
    key = ("foreign", reading.client.full_name, stage.head, tip)
    known: tuple[str, ...] = reading.app.unchanging.known(
        key, lambda: _authors(reading, stage, tip)
    )
    return known


def _authors(reading: Reading, stage: StageLife, tip: str) -> tuple[str, ...]:
    compared = reading.client.find(f"./compare/{stage.head}...{tip}")
    if compared is None:
        # Ours is gone, so what is there is all somebody's.
        return (SOMEBODY,)
    authors = {
        str((commit.get("author") or {}).get("login") or commit["commit"]["author"]["name"])
        for commit in compared["commits"]
    }
    return tuple(sorted(authors - {reading.ourselves, ""}))
