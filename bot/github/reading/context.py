"""What every part of a reading shares: the repository, the plan, who we are, who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.core.events import Hint
from bot.core.lifecycle.facts import ROLES, Role
from bot.core.lifecycle.outcome import StageOutcome
from bot.core.lifecycle.state import PlanLife
from bot.core.plan import Plan
from bot.github.client import Client
from bot.github.identity import Identity

_FOLDED: Mapping[str, Role] = {"admin": "admin", "write": "write", "read": "read", "none": "none"}
"""What `permission` says where a role has a name of the organisation's own."""

_GONE = frozenset({"issues.deleted", "issues.transferred", "issue_comment.deleted"})


@dataclass
class Reading:
    """One look at one plan."""

    client: Client
    life: PlanLife
    plan: Plan | None
    hint: Hint | None
    ourselves: str
    """Login of our App, `slug[bot]`."""
    app_id: int
    now: datetime
    secrets: tuple[str, ...] = ()
    """What must not be passed on from a log."""
    kept: Mapping[int, StageOutcome] = field(default_factory=dict)
    """By stage, what the plan's ref keeps of the attempt whose commit is on the branch."""
    talks: dict[int, int] = field(default_factory=dict)
    """How many comments each issue and open pull request of the plan has, as they are read."""
    _roles: dict[str, Role] = field(default_factory=dict)

    def anew(self) -> Reading:
        """Another look at the same plan, which has read nothing yet."""
        return replace(self, talks={}, _roles={})

    @property
    def app(self) -> Identity:
        """Which also holds what this process remembers."""
        return self.client.app

    @property
    def names_issue(self) -> bool:
        """Whether a delivery brought us here that names an issue or comment which is there."""
        event = self.hint.event if self.hint is not None else ""
        return event.startswith(("issues.", "issue_comment.")) and event not in _GONE

    def ours(self, thing: Mapping[str, Any]) -> bool:
        """Whether an issue, comment or pull request was written by us."""
        return login_of(thing) == self.ourselves

    def here(self, thing: Mapping[str, Any]) -> bool:
        """Whether an issue is of this repository: what was transferred leads elsewhere."""
        where = str(thing["repository_url"]).casefold()
        return where.endswith(f"/repos/{self.client.full_name}".casefold())

    def role(self, login: str) -> Role:
        """The right a person has now; asked once in a reading. Nobody of that name has none."""
        if not login:
            return "none"
        if login not in self._roles:
            self._roles[login] = self._asked(login)
        return self._roles[login]

    def _asked(self, login: str) -> Role:
        if not login.replace("-", "").replace("_", "").isalnum():
            # `dependabot[bot]` and the like: bots have no role, and no name to put in a path.
            return "none"
        found = self.client.find(f"./collaborators/{login}/permission") or {}
        named = found.get("role_name")
        return named if named in ROLES else _FOLDED.get(found.get("permission", ""), "none")


def login_of(thing: Mapping[str, Any]) -> str:
    """Author of an issue, comment, review or pull request; empty where the account is gone."""
    return str((thing.get("user") or {}).get("login", ""))


def is_bot(thing: Mapping[str, Any]) -> bool:
    """Whether its author is no person."""
    return (thing.get("user") or {}).get("type") != "User"
