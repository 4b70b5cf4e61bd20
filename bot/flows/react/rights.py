"""What a person is told on the issue where the App lacks rights: nothing else can be done."""

from __future__ import annotations

from bot.core.lifecycle.commands import PutComment
from bot.core.lifecycle.marking import mark
from bot.core.lifecycle.projection import PLAN, RIGHTS
from bot.core.lifecycle.state import PlanLife
from bot.core.policy import Policy
from bot.core.render.github.rights import rights_missing
from bot.github.client import Client
from bot.github.errors import NotAllowed
from bot.github.reading.repository import policy_of
from bot.github.rights import Lacking


def telling(client: Client, life: PlanLife, lacking: Lacking) -> PutComment | None:
    """The comment for an issue that waits for us; None for any other.

    Raises `NotAllowed` where not even the issue can be read.
    """
    issue = client.find(f"./issues/{life.issue}")
    if issue is None or issue["state"] != "open" or issue.get("locked") or "pull_request" in issue:
        return None
    labels = {str(label["name"]).casefold() for label in issue["labels"]}
    if not labels & {PLAN, _policy(client).label.casefold()}:
        return None
    body = rights_missing(lacking.permissions, lacking.page)
    return PutComment(on=life.issue, marker=mark(life, RIGHTS), body=body)


def _policy(client: Client) -> Policy:
    try:
        return policy_of(client)[0]
    except NotAllowed:
        # Without the right to read it the usual label is all that is known.
        return Policy()
