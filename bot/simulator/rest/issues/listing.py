"""Which issues a list shows and in what order, as its query asks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.simulator.clock import moment_in
from bot.simulator.domain.issues.labels import find_label
from bot.simulator.domain.issues.milestones import find_milestone
from bot.simulator.errors import ApiError, invalid
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Repository
from bot.simulator.rest.numbers import whole_number
from bot.simulator.world import World

Test = Callable[[Issue], bool]

STATES = ("open", "closed", "all")
DIRECTIONS = ("asc", "desc")


@dataclass(frozen=True)
class Order:
    """The key to sort by, and whether the largest comes first."""

    key: Callable[[Issue], Any]
    reverse: bool


def listed(world: World, repository: Repository, query: Mapping[str, str]) -> list[Issue]:
    """Raises:
    ApiError: 422 for a value that GitHub refuses.
    """
    tests = _tests(world, repository, query)
    order = ordered_by(world, query)
    found = [
        issue
        for issue in world.tables.issues.where("repository", repository.id)
        if is_there(repository, issue) and all(test(issue) for test in tests)
    ]
    return sorted(found, key=order.key, reverse=order.reverse)


def is_there(repository: Repository, issue: Issue) -> bool:
    """Where issues are switched off, only pull requests are."""
    return repository.has_issues or issue.pull_id is not None


def ordered_by(world: World, query: Mapping[str, str]) -> Order:
    """By `sort` and `direction`; of two alike, the newer counts as larger.

    Raises:
        ApiError: 422.
    """
    keys: dict[str, Callable[[Issue], Any]] = {
        "created": lambda issue: (issue.created_at, issue.id),
        "updated": lambda issue: (issue.updated_at, issue.id),
        "comments": lambda issue: (world.tables.comments.count("issue", issue.id), issue.id),
    }
    key = keys[choice(query, "sort", keys, "created")]
    return Order(key, choice(query, "direction", DIRECTIONS, "desc") == "desc")


def choice(query: Mapping[str, str], name: str, values: Collection[str], default: str) -> str:
    """The value of a parameter that has to be one of `values`.

    Raises:
        ApiError: 422.
    """
    value = query.get(name)
    if value and value not in values:
        raise refused(name, value)
    return value or default


def moment(value: str, resource: str, field: str) -> datetime:
    """Of ISO 8601; without a zone it is UTC.

    Raises:
        ApiError: 422.
    """
    found = moment_in(value)
    if found is None:
        raise invalid(resource, field)
    return found


def _tests(world: World, repository: Repository, query: Mapping[str, str]) -> list[Test]:
    makers: dict[str, Callable[[World, Repository, str], Test]] = {
        "labels": _labels,
        "since": _since,
        "milestone": _milestone,
        "assignee": _assignee,
        "creator": _creator,
        "mentioned": _mentioned,
        "type": _type,
    }
    given = [(make, query[name]) for name, make in makers.items() if query.get(name)]
    tests = [make(world, repository, value) for make, value in given]
    state = choice(query, "state", STATES, "open")
    return [lambda issue: state in ("all", issue.state), *tests]


def _labels(world: World, repository: Repository, value: str) -> Test:
    """All of them, by name; one that is not there fits no issue."""
    names = [name.strip() for name in value.split(",") if name.strip()]
    found = [find_label(world, repository, name) for name in names]
    ids = {label.id for label in found if label is not None}
    if None in found:
        return lambda issue: False
    return lambda issue: ids.issubset(issue.label_ids)


def _since(world: World, repository: Repository, value: str) -> Test:
    since = moment(value, "Issue", "since")
    return lambda issue: issue.updated_at >= since


def _milestone(world: World, repository: Repository, value: str) -> Test:
    if value == "*":
        return lambda issue: issue.milestone_id is not None
    if value == "none":
        return lambda issue: issue.milestone_id is None
    number = whole_number(value)
    found = None if number is None else find_milestone(world, repository, number)
    if found is None:
        raise refused("milestone", value)
    return lambda issue: issue.milestone_id == found.id


def _assignee(world: World, repository: Repository, value: str) -> Test:
    if value == "*":
        return lambda issue: bool(issue.assignee_ids)
    if value == "none":
        return lambda issue: not issue.assignee_ids
    id = _account(world, "assignee", value)
    return lambda issue: id in issue.assignee_ids


def _creator(world: World, repository: Repository, value: str) -> Test:
    id = _account(world, "creator", value)
    return lambda issue: issue.author_id == id


def _mentioned(world: World, repository: Repository, value: str) -> Test:
    id = _account(world, "mentioned", value)
    entries = world.tables.timeline.where("repository", repository.id)
    found = {e.issue_id for e in entries if e.event == "mentioned" and e.actor_id == id}
    return lambda issue: issue.id in found


def _type(world: World, repository: Repository, value: str) -> Test:
    """Issue types belong to organizations, and ours have none."""
    return lambda issue: value == "none"


def _account(world: World, field: str, login: str) -> int:
    # An App's bot is asked for as `app/slug`, too.
    name = f"{login.removeprefix('app/')}[bot]" if login.startswith("app/") else login
    account = world.tables.accounts.one("login", name.lower())
    if account is None:
        raise refused(field, login)
    return account.id


def refused(field: str, value: str) -> ApiError:
    """422 for a parameter that names nothing."""
    error = {"value": value, "resource": "Issue", "field": field, "code": "invalid"}
    return ApiError(422, "Validation Failed", [error])
