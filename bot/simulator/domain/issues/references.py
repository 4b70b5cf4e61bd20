"""What a text refers to: issues, issues it closes, people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.simulator.domain.issues.timeline import note
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import may_see
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

_NAME = r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}"
_TARGET = (
    rf"(?:(?:(?P<name>{_NAME})?\#|GH-"
    rf"|https?://[^/\s]{{1,255}}/(?P<url>{_NAME})/(?:issues|pull)/)(?P<number>\d{{1,9}}))(?![\w-])"
)
_REFERENCE = re.compile(rf"(?<![\w/&.-]){_TARGET}")
_CLOSING = re.compile(
    rf"(?<![\w-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?[ \t]+{_TARGET}", re.IGNORECASE
)
_MENTION = re.compile(r"(?<![\w/`@.-])@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))(?![\w/-])")
_NO_PROSE = re.compile(
    r"^(?P<fence>`{3,}|~{3,}).*?(?:^(?P=fence)|\Z)|`[^`\n]+`|<!--.*?(?:-->|\Z)",
    re.DOTALL | re.MULTILINE,
)
"""Code and hidden comments, in which GitHub looks for no references."""


@dataclass(frozen=True)
class Reference:
    """`#7` or `acme/shop#7`; without a name it means the repository of the text."""

    number: int
    full_name: str | None = None


def references(text: str) -> list[Reference]:
    """Every issue or pull request the text names, each once."""
    return _found(_REFERENCE, text)


def close_keywords(text: str) -> list[Reference]:
    """What the text says it closes: `Closes #7`, `fixes acme/shop#7`, `resolved: <address>`."""
    return _found(_CLOSING, text)


def mentions(text: str) -> list[str]:
    """The logins behind an `@`, each once, whether or not there is such an account."""
    return list(dict.fromkeys(match[1] for match in _MENTION.finditer(_prose(text))))


def resolve_reference(
    world: World, repository: Repository, reference: Reference
) -> tuple[Repository, Issue] | None:
    """The issue that is meant in a text of `repository`."""
    there: Repository | None = repository
    if reference.full_name is not None:
        owner, _, name = reference.full_name.partition("/")
        there = world.repository_named(owner, name)
    if there is None:
        return None
    issue = world.tables.issues.one("number", (there.id, reference.number))
    return None if issue is None else (there, issue)


def note_references(
    world: World, caller: Caller, repository: Repository, issue: Issue, text: str | None
) -> None:
    """Marks the issues and people which a new text of `issue` names, each once an issue."""
    if not text:
        return
    for target in _targets(world, caller, repository, text):
        known = {e.details.get("source") for e in world.tables.timeline.where("issue", target.id)}
        if target.id != issue.id and issue.id not in known:
            note(world, target, "cross-referenced", caller, source=issue.id)
    entries = world.tables.timeline.where("issue", issue.id)
    told = {e.actor_id for e in entries if e.event == "mentioned"}
    for login in mentions(text):
        account = world.tables.accounts.one("login", login.lower())
        if account is not None and account.type == "User" and account.id not in told:
            for event in ("mentioned", "subscribed"):
                note(world, issue, event, caller, actor_id=account.id)


def _targets(world: World, caller: Caller, repository: Repository, text: str) -> Iterator[Issue]:
    for reference in references(text):
        found = resolve_reference(world, repository, reference)
        if found is not None and may_see(world.tables, caller, found[0]):
            yield found[1]


def _found(pattern: re.Pattern[str], text: str) -> list[Reference]:
    matches = pattern.finditer(_prose(text))
    return list(dict.fromkeys(Reference(int(m["number"]), m["name"] or m["url"]) for m in matches))


def _prose(text: str) -> str:
    return _NO_PROSE.sub(" ", text)
