"""Finding the issues that a query asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import can, may_see
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Repository
from bot.simulator.rest.issues.listing import DIRECTIONS, choice, is_there
from bot.simulator.rest.issues.search.matching import PLACES, has_text, phrase_pattern
from bot.simulator.rest.issues.search.qualifiers import QUALIFIERS, Asked, Test
from bot.simulator.rest.issues.search.query import Term, bad_query, parse_query
from bot.simulator.world import World

OWNERS = ("org", "user")
NO_SUCH_PLACE = (
    "The listed users and repositories cannot be searched either because the resources do not"
    " exist or you do not have permission to view them."
)
REACTIONS = {
    "+1": "+1",
    "-1": "-1",
    "smile": "laugh",
    "thinking_face": "confused",
    "heart": "heart",
    "tada": "hooray",
}
"""What `sort=reactions-…` calls the reactions."""
EITHER = ("author",)
"""Qualifiers of which one named twice means either: an issue has only one author."""


def find_issues(world: World, caller: Caller, query: Mapping[str, str]) -> list[Issue]:
    """What `q` asks for, in the order of `sort` and `order`, or of a `sort:` within `q`.

    Raises:
        ApiError: 422.
    """
    terms = parse_query(query.get("q", ""))
    if not terms:
        raise bad_query("The search query is missing.", "missing")
    tests = _tests(Asked(world, caller), [t for t in terms if t.name not in ("sort", "in")])
    places = [value.lower() for t in terms if t.name == "in" for value in t.values] or PLACES
    tests += [_text(world, term, places) for term in terms if not term.name]
    found = [
        issue
        for repository in _repositories(world, caller, terms)
        for issue in world.tables.issues.where("repository", repository.id)
        if is_there(repository, issue) and all(test(issue) for test in tests)
    ]
    return _ordered(world, found, terms, query)


def _tests(asked: Asked, terms: Iterable[Term]) -> list[Test]:
    tests: list[Test] = []
    either: dict[str, list[Test]] = {}
    for term in terms:
        if not term.name or term.name in ("repo", *OWNERS):
            continue
        make = QUALIFIERS.get(term.name)
        if make is None:
            raise bad_query(f"The qualifier {term.name[:40]!r} is not known.")
        test = _any([make(asked, value) for value in term.values])
        if term.negated:
            tests.append(_not(test))
        elif term.name in EITHER:
            either.setdefault(term.name, []).append(test)
        else:
            tests.append(test)
    return tests + [_any(alternatives) for alternatives in either.values()]


def _text(world: World, term: Term, places: Iterable[str]) -> Test:
    pattern = phrase_pattern(term.values[0])
    wanted = frozenset(places)
    return lambda issue: has_text(world, issue, pattern, wanted) != term.negated


def _any(tests: list[Test]) -> Test:
    return lambda issue: any(test(issue) for test in tests)


def _not(test: Test) -> Test:
    return lambda issue: not test(issue)


def _repositories(world: World, caller: Caller, terms: Iterable[Term]) -> list[Repository]:
    """Those named, and of those the ones the caller may search; all of them if none is named."""
    open_to = [r for r in world.tables.repositories if _searchable(world, caller, r)]
    named: set[int] = set()
    excluded: set[int] = set()
    asked = False
    for term in terms:
        if term.name in ("repo", *OWNERS):
            ids = {r.id for r in open_to if _is_named(world, r, term)}
            if term.negated:
                excluded |= ids
            else:
                named |= ids
                asked = True
    if asked and not named:
        raise bad_query(NO_SUCH_PLACE)
    return [r for r in open_to if r.id not in excluded and (not asked or r.id in named)]


def _searchable(world: World, caller: Caller, repository: Repository) -> bool:
    tables = world.tables
    if not may_see(tables, caller, repository):
        return False
    return can(tables, caller, repository, "issues", "read", "read")


def _is_named(world: World, repository: Repository, term: Term) -> bool:
    values = [value.lower() for value in term.values]
    if term.name in OWNERS:
        return world.owner(repository).login.lower() in values
    return world.full_name(repository).lower() in values


def _ordered(
    world: World, found: list[Issue], terms: Iterable[Term], query: Mapping[str, str]
) -> list[Issue]:
    """The best match first means the newest: every match is as good as another here."""
    inner = next((t.values[0] for t in terms if t.name == "sort"), "")
    field, order = inner, choice(query, "order", DIRECTIONS, "desc")
    if inner.endswith(("-asc", "-desc")):
        field, _, order = inner.rpartition("-")
    keys = _keys(world)
    key = keys[choice(query, "sort", keys, field if field in keys else "created")]
    return sorted(found, key=lambda issue: (key(issue), issue.id), reverse=order != "asc")


def _keys(world: World) -> dict[str, Callable[[Issue], Any]]:
    tables = world.tables

    def reactions(issue: Issue) -> list[str]:
        return [r.content for r in tables.reactions.where("subject", ("issue", issue.id))]

    def comments(issue: Issue) -> int:
        return tables.comments.count("issue", issue.id)

    def of_content(content: str) -> Callable[[Issue], int]:
        return lambda issue: reactions(issue).count(content)

    return {
        "created": lambda issue: issue.created_at,
        "updated": lambda issue: issue.updated_at,
        "comments": comments,
        "reactions": lambda issue: len(reactions(issue)),
        "interactions": lambda issue: len(reactions(issue)) + comments(issue),
        **{f"reactions-{name}": of_content(content) for name, content in REACTIONS.items()},
    }
