"""From a plan's state to everything GitHub says about it."""

from __future__ import annotations

from typing import Any

from bot.core.lifecycle.asking import new
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
    """The facts at this moment; raises `Transient` where GitHub does not answer.

    Whatever a word counts for was read after it was said: somebody who deletes a branch and then
    asks for another attempt is not answered by the branch. A delivery's word came before the look;
    one that is only met in a list leads to a second look, which hears no newer one.
    """
    facts = _look(reading)
    told = reading.hint.said.id if reading.hint is not None and reading.hint.said else 0
    if not any(new(reading.life, c) for c in facts.comments if c.id != told):
        return facts
    met = {c.id for c in facts.comments}
    facts = _look(reading.anew())
    heard = tuple(c for c in facts.comments if c.ours or c.id in met)
    return facts.model_copy(update={"comments": heard})


def _look(reading: Reading) -> Facts:
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
    more = _conversation(reading, policy, issue) if issue is not None else {}
    # The base last: an attempt that a conflict asks for starts from nothing older.
    repository = repository_facts(reading, about, policy)
    return Facts(
        now=reading.now,
        repository=repository,
        policy=policy,
        policy_problem=problem,
        issue=issue_facts(issue) if issue is not None else None,
        plan=reading.plan,
    ).model_copy(update=more)


def _conversation(reading: Reading, policy: Policy, issue: dict[str, Any]) -> dict[str, object]:
    """What the plan's issue leads to: stages, words and people."""
    found = stage_issues(reading, issue)
    people = _people(reading, policy)
    stages = stage_facts(reading, policy, found)
    said = comments(reading)
    return {"stages": stages, "comments": said, "ticks": ticks(reading, said), **people}


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
