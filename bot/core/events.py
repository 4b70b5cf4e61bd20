"""A webhook delivery, reduced to a hint: which plans to look at, and what only it can tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ValidationError

from bot.core.model import Record
from bot.core.payload import Payload
from bot.core.render.github import markers

PLAN = re.compile(r"[1-9][0-9]{0,17}\Z")
BRANCH = re.compile(r"genesis/(?P<plan>[1-9][0-9]{0,17})/stage-[1-5]\Z")
RUN_NAME = re.compile(r"genesis (?P<plan>[1-9][0-9]{0,17}) stage [1-5] attempt [0-9]+\Z")

Scope = Literal["plan", "config", "repository", "installation"]
"""How far a hint reaches: one plan, the configuration of a repository, all plans of a repository,
or of an installation."""


class Said(Record):
    """A new comment as it was first delivered; a later edit is not what was said."""

    id: int
    body: str


class Ticked(Record):
    """Somebody edited a comment of ours, which is how boxes are ticked."""

    comment: int
    actor: str
    before: str
    after: str


class Hint(Record):
    """Where to look, and what cannot be asked again."""

    delivery: str
    event: str
    """`issues.labeled`, `check_suite.completed`, `push`, ..."""
    scope: Scope
    installation: int
    repository: str = ""
    """`owner/name`; empty where the scope is an installation."""
    repository_id: int = 0
    """What stays when it is renamed; 0 where it is not known."""
    plan: str = ""
    """Empty unless the scope is a plan."""
    pull: int = 0
    """Number of a pull request that may change the configuration; 0: look at the branch."""
    labelled: str = ""
    """Name of the label that was just put on; only for `issues.labeled`."""
    sender: str = ""
    said: Said | None = None
    ticked: Ticked | None = None


PROPOSED = frozenset({"opened", "reopened", "synchronize"})
"""What is done to a pull request that gives it other commits."""

OURS_ARE_ECHOES = frozenset({"issues", "issue_comment", "pull_request", "pull_request_review"})
"""Events that only tell us what we did ourselves; checks on our pushes carry our name too."""


def hint_of(
    delivery: str, event: str, payload: Mapping[str, Any], *, ourselves: str = ""
) -> Hint | None:
    """The hint in a delivery, None where there is nothing for us in it.

    `ourselves` is the login of our App (`slug[bot]`). Raises `ValueError` for a payload that has
    another shape than GitHub's where it matters.
    """
    try:
        body = Payload.model_validate(payload)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ValueError(f"{event}: {where} is not what GitHub sends") from error
    if event in OURS_ARE_ECHOES and ourselves and body.sender.login == ourselves:
        return None
    scope, plan = _reach(event, body, ourselves)
    if scope is None:
        return None
    return Hint(
        delivery=delivery,
        event=f"{event}.{body.action}" if body.action else event,
        scope=scope,
        installation=body.installation.id,
        repository=body.repository.full_name if scope != "installation" else "",
        repository_id=body.repository.id if scope != "installation" else 0,
        plan=plan,
        pull=body.pull_request.number if scope == "config" else 0,
        labelled=body.label.name if (event, body.action) == ("issues", "labeled") else "",
        sender=body.sender.login,
        said=_said(event, body),
        ticked=_ticked(event, body),
    )


def _reach(event: str, body: Payload, ourselves: str) -> tuple[Scope | None, str]:
    match event:
        case "installation" | "installation_repositories":
            return "installation", ""
        case "repository":
            return "repository", ""
        case "issues" | "issue_comment":
            # A marker that a person copied leads nowhere: their issue is one of its own.
            ours = body.issue.user.login == ourselves
            marked = plan_of_text(body.issue.body or "") if ours else ""
            return "plan", marked or str(body.issue.number)
        case "push" | "create" | "delete":
            return _pushed(body)
        case _:
            plan = _plan_of_branch(event, body)
            if event == "pull_request" and not plan and body.action in PROPOSED:
                return "config", ""
            return ("plan" if plan else None), plan


def _pushed(body: Payload) -> tuple[Scope | None, str]:
    branch = body.ref.removeprefix("refs/heads/")
    if found := BRANCH.match(branch):
        return "plan", found["plan"]
    return ("repository" if branch == body.repository.default_branch else None), ""


def _plan_of_branch(event: str, body: Payload) -> str:
    run = body.workflow_run
    branches = {
        "check_run": (body.check_run.check_suite.head_branch,),
        "check_suite": (body.check_suite.head_branch,),
        "workflow_run": (run.head_branch,),
        "status": tuple(branch.name for branch in body.branches),
    }.get(event, (body.pull_request.head.ref,))
    found = [m["plan"] for m in map(BRANCH.match, filter(None, branches)) if m]
    if event == "workflow_run" and (named := RUN_NAME.match(run.display_title or "")):
        found.append(named["plan"])
    return found[0] if found else ""


def plan_of_text(text: str) -> str:
    """The plan that the marker in one of our bodies names, empty where there is none."""
    plan = (markers.read(text) or {}).get("plan", "")
    return plan if PLAN.match(plan) else ""


def _said(event: str, body: Payload) -> Said | None:
    if (event, body.action) != ("issue_comment", "created") or body.sender.type == "Bot":
        return None
    return Said(id=body.comment.id, body=body.comment.body or "")


def _ticked(event: str, body: Payload) -> Ticked | None:
    text = body.comment.body or ""
    if (event, body.action) != ("issue_comment", "edited") or body.sender.type == "Bot":
        return None
    if not plan_of_text(text):
        return None
    before = body.changes.body.before
    return Ticked(comment=body.comment.id, actor=body.sender.login, before=before, after=text)
