"""From a plan's state to everything GitHub says about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.core.lifecycle.facts import Facts, RepositoryFacts, StageFacts
from bot.core.policy import Policy
from bot.github.errors import NotAllowed, NotFound
from bot.github.reading.context import Reading
from bot.github.reading.conversation import comments, issue_facts, labeller, plan_issue, ticks
from bot.github.reading.repository import policy_of, repository_facts
from bot.github.reading.stages import stage_facts, stage_issues


def gather(reading: Reading) -> Facts:
    """The facts at this moment; raises `Transient` where GitHub does not answer."""
    try:
        about = reading.client.get(".")
    except (NotFound, NotAllowed) as error:
        return _without_access(reading, suspended=error.status == 403)
    policy, problem = policy_of(reading.client, about["default_branch"])
    issue = plan_issue(reading)
    facts = Facts(
        now=reading.now,
        repository=repository_facts(reading, about, policy),
        policy=policy,
        policy_problem=problem,
        issue=issue_facts(issue) if issue is not None else None,
        plan=reading.plan,
    )
    return facts if issue is None else facts.model_copy(update=_rest(reading, policy, issue))


def _without_access(reading: Reading, *, suspended: bool) -> Facts:
    """What is left to say where the installation is suspended or gone."""
    repository = RepositoryFacts(
        full_name=reading.client.full_name, access="suspended" if suspended else "gone"
    )
    return Facts(
        now=reading.now, repository=repository, policy=Policy(), issue=None, plan=reading.plan
    )


def _rest(reading: Reading, policy: Policy, issue: Mapping[str, Any]) -> dict[str, object]:
    found, linked = stage_issues(reading)
    stages = stage_facts(reading, policy, found, linked)
    said = comments(reading, _talked_on(issue, found, stages))
    asker = labeller(reading, policy.label) if not reading.life.stages else ""
    approvers = {s.approved.actor for s in reading.life.stages if s.approved is not None}
    return {
        "requested": reading.role(asker or reading.life.requested.actor),
        "requested_by": asker,
        "roles": {login: reading.role(login) for login in sorted(approvers) if login},
        "comments": said,
        "ticks": ticks(reading, said),
        "stages": stages,
    }


def _talked_on(
    issue: Mapping[str, Any], found: Mapping[int, Mapping[str, Any]], stages: tuple[StageFacts, ...]
) -> Iterator[int]:
    """Numbers of the issues and pull requests that have comments."""
    yield from (i["number"] for i in (issue, *found.values()) if i["comments"])
    yield from (s.pull.number for s in stages if s.pull is not None and s.pull.state == "open")
