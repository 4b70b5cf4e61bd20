"""From a plan's state to everything GitHub says about it."""

from __future__ import annotations

from bot.core.lifecycle.facts import Facts, RepositoryFacts, Role
from bot.core.lifecycle.state import ENDED
from bot.core.policy import Policy
from bot.github.errors import NotFound, Suspended
from bot.github.reading.context import Reading
from bot.github.reading.conversation import comments, issue_facts, labeller, plan_issue, ticks
from bot.github.reading.repository import policy_of, repository_facts
from bot.github.reading.stage_issues import stage_issues
from bot.github.reading.stages import stage_facts


def gather(reading: Reading) -> Facts:
    """The facts at this moment; raises `Transient` where GitHub does not answer."""
    try:
        about = reading.client.get(".")
    except NotFound:
        return _without_access(reading, "gone")
    except Suspended:
        return _without_access(reading, "suspended")
    # It may have another name by now, and tokens are made for the new one only.
    reading.client.full_name = about["full_name"]
    policy, problem = policy_of(reading.client, about["default_branch"])
    issue = plan_issue(reading) if about["has_issues"] else None
    found = stage_issues(reading, issue) if issue is not None else None
    facts = Facts(
        now=reading.now,
        repository=repository_facts(reading, about, policy),
        policy=policy,
        policy_problem=problem,
        issue=issue_facts(issue) if issue is not None else None,
        plan=reading.plan,
    )
    if issue is None or found is None:
        return facts
    people = _people(reading, policy)
    stages = stage_facts(reading, policy, found)
    said = comments(reading)
    more = {"stages": stages, "comments": said, "ticks": ticks(reading, said), **people}
    return facts.model_copy(update=more)


def _without_access(reading: Reading, access: str) -> Facts:
    """What is left to say where the installation is suspended or gone."""
    repository = RepositoryFacts.model_validate(
        {"full_name": reading.client.full_name, "access": access}
    )
    return Facts(
        now=reading.now, repository=repository, policy=Policy(), issue=None, plan=reading.plan
    )


def _people(reading: Reading, policy: Policy) -> dict[str, object]:
    """The rights, now, of those whose word something still depends on."""
    life = reading.life
    asker = labeller(reading, policy.label) if not life.stages else ""
    going = [s.approved for s in life.stages if s.approved is not None and s.status not in ENDED]
    approvers = sorted({asked.actor for asked in going})
    by_policy = policy.run == "auto" or any(a.source == "policy" for a in going)
    requested: Role = "none"
    if not life.stages or by_policy:
        requested = reading.role(asker or life.requested.actor)
    return {
        "requested": requested,
        "requested_by": asker,
        "roles": {login: reading.role(login) for login in approvers if login},
    }
