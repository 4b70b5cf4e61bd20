"""The issues of the stages: found by number, as sub-issues, or by their marker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.render.github import markers
from bot.github.errors import NotFound
from bot.github.reading.context import Reading

SUB_ISSUES, DEPENDENCIES = "sub-issues", "dependencies"
"""What a server may lack, as `App.lacks` knows it."""


@dataclass(frozen=True)
class StageIssues:
    """What is there of the stages' issues."""

    by_stage: Mapping[int, dict[str, Any]]
    linked: frozenset[int]
    """Numbers of those that are sub-issues; of another issue counts too: it is a person's doing."""


def stage_issues(reading: Reading, issue: Mapping[str, Any]) -> StageIssues:
    """Those there are; the oldest where there are two of a stage."""
    if not reading.life.stages:
        return StageIssues({}, frozenset())
    subs = {sub["number"]: sub for sub in _sub_issues(reading, issue) if reading.here(sub)}
    found: dict[int, dict[str, Any]] = {}
    for stage in reading.life.stages:
        known = subs.get(stage.issue) or _known(reading, stage.issue)
        if known is not None:
            found[stage.number] = known
    if missing := _missing(reading):
        by_marker = (*subs.values(), *_newer(reading))
        found |= {n: i for n, i in _marked(reading, by_marker).items() if n in missing}
    for one in found.values():
        reading.talks[one["number"]] = one["comments"]
    elsewhere = {i["number"] for i in found.values() if i.get("parent_issue_url")}
    return StageIssues(found, frozenset({*subs, *elsewhere}))


def _sub_issues(reading: Reading, issue: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All of the plan's issue; none where the server has no such thing."""
    summary = issue.get("sub_issues_summary")
    if summary is not None and not summary.get("total"):
        return []
    where = f"./issues/{issue['number']}/sub_issues"
    return _feature(reading, SUB_ISSUES, where, certain=summary is not None)


def blocked_by(reading: Reading, issue: Mapping[str, Any]) -> tuple[int, ...]:
    """Numbers of the issues it waits for."""
    summary = issue.get("issue_dependencies_summary")
    total = (summary or {}).get("total_blocked_by")
    if summary is not None and not total:
        return ()
    where = f"./issues/{issue['number']}/dependencies/blocked_by"

    def read() -> tuple[int, ...]:
        listed = _feature(reading, DEPENDENCIES, where, certain=summary is not None)
        return tuple(sorted(other["number"] for other in listed if reading.here(other)))

    if summary is None:
        return read()
    # An issue says when it was changed, so that its relations need no call of their own.
    version = (DEPENDENCIES, issue["node_id"], issue["updated_at"], total)
    known: tuple[int, ...] = reading.app.unchanging.known(version, read)
    return known


def _feature(reading: Reading, name: str, where: str, *, certain: bool) -> list[dict[str, Any]]:
    """A list below an issue that is there; 404 says that the server has no such lists at all.

    `certain`: the issue itself showed that it has them, so that it must have gone meanwhile.
    """
    if reading.app.lacks.get(name):
        return []
    try:
        return list(reading.client.pages(where))
    except NotFound:
        if not certain:
            reading.app.lacks.put(name, True)
        return []


def _known(reading: Reading, number: int) -> dict[str, Any] | None:
    found: dict[str, Any] | None = reading.client.find(f"./issues/{number}") if number else None
    return found if found is not None and reading.here(found) else None


def _missing(reading: Reading) -> set[int]:
    """Stages with something to do whose issue is not known: a list is read only for these."""
    parts = reading.plan.stages if reading.plan is not None else ()
    busy = {part.number for part in parts if part.actions}
    return {s.number for s in reading.life.stages if not s.issue and s.number in busy}


def _newer(reading: Reading) -> Iterator[dict[str, Any]]:
    """Our stage issues from the newest back to the plan's issue; theirs were opened after it."""
    listed = reading.client.pages(
        "./issues",
        state="all",
        labels="genesis:stage",
        creator=reading.ourselves,
        sort="created",
        direction="desc",
    )
    for issue in listed:
        if issue["number"] < reading.life.issue:
            return
        yield issue


def _marked(reading: Reading, issues: tuple[dict[str, Any], ...]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for issue in sorted(issues, key=lambda issue: int(issue["number"]), reverse=True):
        fields = markers.read(issue["body"] or "") or {}
        ours = reading.ours(issue) and fields.get("plan") == reading.life.plan
        stage = fields.get("stage", "")
        if ours and fields.get("kind") == "stage" and stage in ("1", "2", "3", "4", "5"):
            found[int(stage)] = issue
    return found
