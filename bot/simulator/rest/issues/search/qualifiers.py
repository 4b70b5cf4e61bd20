"""What the qualifiers of a search for issues mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.simulator.domain.issues.references import mentions
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue
from bot.simulator.records.pulls import PullRequest
from bot.simulator.rest.issues.search.query import bad_query
from bot.simulator.rest.issues.search.ranges import number_range, time_range
from bot.simulator.views.labels import labels_of
from bot.simulator.world import World

Test = Callable[[Issue], bool]

NO_SUCH_USER = (
    "The listed users cannot be searched either because the users do not exist or you do not have"
    " permission to view the users."
)


@dataclass(frozen=True)
class Asked:
    """Whose search it is, in which world."""

    world: World
    caller: Caller

    def pull(self, issue: Issue) -> PullRequest | None:
        return self.world.tables.pulls.get(issue.pull_id)

    def person(self, login: str) -> int:
        """The account's id, of `@me` and `app/slug` as well.

        Raises:
            ApiError: 422.
        """
        if login.lower() == "@me" and self.caller.actor is not None:
            return self.caller.actor.id
        name = f"{login[4:]}[bot]" if login.startswith("app/") else login.removeprefix("@")
        account = self.world.tables.accounts.one("login", name.lower())
        if account is None:
            raise bad_query(NO_SUCH_USER)
        return account.id

    def commenters(self, issue: Issue) -> set[int]:
        return {c.author_id for c in self.world.tables.comments.where("issue", issue.id)}

    def mentioned(self, issue: Issue) -> set[str]:
        comments = self.world.tables.comments.where("issue", issue.id)
        texts = [issue.body or "", *(comment.body for comment in comments)]
        return {login.lower() for text in texts for login in mentions(text)}


def _is(asked: Asked, value: str) -> Test:
    tables = asked.world.tables
    tests: dict[str, Test] = {
        "open": lambda issue: issue.state == "open",
        "closed": lambda issue: issue.state == "closed",
        "issue": lambda issue: issue.pull_id is None,
        "pr": lambda issue: issue.pull_id is not None,
        "pull-request": lambda issue: issue.pull_id is not None,
        "merged": lambda issue: (pull := asked.pull(issue)) is not None and pull.merged,
        "unmerged": lambda issue: (pull := asked.pull(issue)) is not None and not pull.merged,
        "draft": lambda issue: (pull := asked.pull(issue)) is not None and pull.draft,
        "locked": lambda issue: issue.locked,
        "unlocked": lambda issue: not issue.locked,
        "public": lambda issue: not tables.repositories[issue.repository_id].private,
        "private": lambda issue: tables.repositories[issue.repository_id].private,
        "blocked": lambda issue: tables.dependencies.count("blocked", issue.id) > 0,
        "blocking": lambda issue: tables.dependencies.count("blocking", issue.id) > 0,
    }
    return _named(tests, "is", value)


def _no(asked: Asked, value: str) -> Test:
    tests: dict[str, Test] = {
        "label": lambda issue: not issue.label_ids,
        "milestone": lambda issue: issue.milestone_id is None,
        "assignee": lambda issue: not issue.assignee_ids,
        "parent-issue": lambda issue: issue.parent_id is None,
        "sub-issue": lambda issue: not issue.sub_issue_ids,
    }
    return _named(tests, "no", value)


def _has(asked: Asked, value: str) -> Test:
    lacks = _no(asked, value)
    return lambda issue: not lacks(issue)


def _state(asked: Asked, value: str) -> Test:
    if value.lower() not in ("open", "closed"):
        raise bad_query(f"{value[:40]!r} is not a state.")
    return _is(asked, value)


def _type(asked: Asked, value: str) -> Test:
    """`type:bug` would ask for an issue type, of which our organizations have none."""
    if value.lower() in ("issue", "pr", "pull-request"):
        return _is(asked, value)
    return lambda issue: False


def _label(asked: Asked, value: str) -> Test:
    wanted = value.lower()
    return lambda issue: any(x.name.lower() == wanted for x in labels_of(asked.world, issue))


def _author(asked: Asked, value: str) -> Test:
    id = asked.person(value)
    return lambda issue: issue.author_id == id


def _assignee(asked: Asked, value: str) -> Test:
    if value == "*":
        return lambda issue: bool(issue.assignee_ids)
    id = asked.person(value)
    return lambda issue: id in issue.assignee_ids


def _commenter(asked: Asked, value: str) -> Test:
    id = asked.person(value)
    return lambda issue: id in asked.commenters(issue)


def _mentions(asked: Asked, value: str) -> Test:
    login = asked.world.tables.accounts[asked.person(value)].login.lower()
    return lambda issue: login in asked.mentioned(issue)


def _involves(asked: Asked, value: str) -> Test:
    parts = [make(asked, value) for make in (_author, _assignee, _commenter, _mentions)]
    return lambda issue: any(part(issue) for part in parts)


def _milestone(asked: Asked, value: str) -> Test:
    milestones = asked.world.tables.milestones
    wanted = value.lower()

    def test(issue: Issue) -> bool:
        milestone = milestones.get(issue.milestone_id)
        return milestone is not None and (wanted == "*" or milestone.title.lower() == wanted)

    return test


def _reason(asked: Asked, value: str) -> Test:
    wanted = value.lower().replace(" ", "_")
    return lambda issue: issue.state_reason == wanted


def _branch(end: str) -> Callable[[Asked, str], Test]:
    def make(asked: Asked, value: str) -> Test:
        def test(issue: Issue) -> bool:
            pull = asked.pull(issue)
            return pull is not None and getattr(pull, f"{end}_ref").startswith(value)

        return test

    return make


def _draft(asked: Asked, value: str) -> Test:
    wanted = value.lower() == "true"
    return lambda issue: (pull := asked.pull(issue)) is not None and pull.draft == wanted


def _comments(asked: Asked, value: str) -> Test:
    wanted = number_range(value)
    return lambda issue: asked.world.tables.comments.count("issue", issue.id) in wanted


def _time(field: str) -> Callable[[Asked, str], Test]:
    def make(asked: Asked, value: str) -> Test:
        wanted = time_range(value)

        def test(issue: Issue) -> bool:
            at: datetime | None = getattr(issue, field)
            return at is not None and at in wanted

        return test

    return make


def _archived(asked: Asked, value: str) -> Test:
    wanted = value.lower() == "true"
    repositories = asked.world.tables.repositories
    return lambda issue: repositories[issue.repository_id].archived == wanted


def _named(tests: dict[str, Test], qualifier: str, value: str) -> Test:
    test = tests.get(value.lower())
    if test is None:
        raise bad_query(f"{value[:40]!r} is not a value of the qualifier {qualifier!r}.")
    return test


QUALIFIERS: dict[str, Callable[[Asked, str], Test]] = {
    "archived": _archived,
    "assignee": _assignee,
    "author": _author,
    "base": _branch("base"),
    "closed": _time("closed_at"),
    "commenter": _commenter,
    "comments": _comments,
    "created": _time("created_at"),
    "draft": _draft,
    "has": _has,
    "head": _branch("head"),
    "involves": _involves,
    "is": _is,
    "label": _label,
    "mentions": _mentions,
    "milestone": _milestone,
    "no": _no,
    "reason": _reason,
    "state": _state,
    "type": _type,
    "updated": _time("updated_at"),
}
