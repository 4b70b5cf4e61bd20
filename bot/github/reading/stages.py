"""The stages: issue, branch, pull request and run of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.lifecycle.facts import IssueFacts, StageFacts
from bot.core.lifecycle.state import BUSY, StageLife
from bot.core.names import branch_of
from bot.core.policy import Policy
from bot.core.render.github import markers
from bot.github.reading.context import Reading
from bot.github.reading.conversation import issue_facts
from bot.github.reading.failures import failure_of
from bot.github.reading.pulls import pull_facts, pull_of
from bot.github.reading.runs import run_facts

STARTED = BUSY | {"pr-open", "checking", "awaiting-review", "queued-to-merge", "needs-human"}


def stage_facts(
    reading: Reading, policy: Policy, found: Mapping[int, dict[str, Any]], linked: set[int]
) -> tuple[StageFacts, ...]:
    """What GitHub shows of each stage; `found` are their issues by stage."""
    if not reading.life.stages:
        return ()
    branches = _branches(reading)
    return tuple(
        _stage(reading, policy, stage, found.get(stage.number), linked, branches)
        for stage in reading.life.stages
    )


def stage_issues(reading: Reading) -> tuple[dict[int, dict[str, Any]], set[int]]:
    """The issues of the stages by stage, and the numbers of those that are sub-issues."""
    subs = list(reading.client.pages(f"./issues/{reading.life.issue}/sub_issues"))
    by_number = {sub["number"]: sub for sub in subs}
    found: dict[int, dict[str, Any]] = {}
    missing = False
    for stage in reading.life.stages:
        issue = by_number.get(stage.issue) or (
            reading.client.find(f"./issues/{stage.issue}") if stage.issue else None
        )
        if issue is not None:
            found[stage.number] = issue
        missing = missing or not stage.issue
    if missing:
        found |= _by_marker(reading)
    return found, set(by_number)


def _by_marker(reading: Reading) -> dict[int, dict[str, Any]]:
    listed = reading.client.pages(
        "./issues", state="all", labels="genesis:stage", creator=reading.ourselves
    )
    found: dict[int, dict[str, Any]] = {}
    for issue in listed:
        fields = markers.read(issue["body"] or "") or {}
        if fields.get("plan") == reading.life.plan and fields.get("kind") == "stage":
            found[int(fields["stage"])] = issue
    return found


def _branches(reading: Reading) -> dict[str, str]:
    prefix = branch_of(reading.life.plan, 1).removesuffix("1")
    listed = reading.client.pages(f"./git/matching-refs/heads/{prefix}")
    return {ref["ref"].removeprefix("refs/heads/"): ref["object"]["sha"] for ref in listed}


def _stage(
    reading: Reading,
    policy: Policy,
    stage: StageLife,
    issue: dict[str, Any] | None,
    linked: set[int],
    branches: Mapping[str, str],
) -> StageFacts:
    tip = branches.get(branch_of(reading.life.plan, stage.number), "")
    found = pull_of(reading, stage, branch=bool(tip))
    pull = pull_facts(reading, stage, found) if found is not None else None
    facts = issue_facts(issue) if issue is not None else None
    return StageFacts(
        number=stage.number,
        issue=facts,
        linked=facts is not None and facts.number in linked,
        blocked_by=_blocked_by(reading, issue, facts),
        branch=tip,
        foreign=_foreign(reading, stage, tip),
        pull=pull,
        runs=run_facts(reading, stage, policy.workflow),
        failure=failure_of(reading, policy, pull),
    )


def _blocked_by(
    reading: Reading, issue: dict[str, Any] | None, facts: IssueFacts | None
) -> tuple[int, ...]:
    if issue is None or facts is None:
        return ()
    summary = issue.get("issue_dependencies_summary")
    if summary is not None and not summary.get("total_blocked_by"):
        return ()
    listed = reading.client.pages(f"./issues/{facts.number}/dependencies/blocked_by")
    return tuple(sorted(other["number"] for other in listed))


def _foreign(reading: Reading, stage: StageLife, tip: str) -> tuple[str, ...]:
    """Authors of what is on the branch beyond our commit; of all of it where ours is gone."""
    if not tip or tip == stage.head or not stage.head:
        return ()
    compared = reading.client.find(f"./compare/{stage.head}...{tip}")
    if compared is None:
        return ("somebody",)
    authors = {
        str((commit.get("author") or {}).get("login") or commit["commit"]["author"]["name"])
        for commit in compared["commits"]
    }
    return tuple(sorted(authors)) or ("somebody",)
