"""Everything under an issue or a pull request, in the order in which it came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from bot.simulator.domain.issues.dependencies import blocked_by, blockers_of
from bot.simulator.domain.issues.rights import is_author
from bot.simulator.identity.rights import may_see, role_of
from bot.simulator.pages.conversation.happenings import SILENT, Happening, happening_of
from bot.simulator.pages.conversation.remarks import Remark, Remarks
from bot.simulator.pages.conversation.texts import Text, may_act, may_speak
from bot.simulator.pages.paging import Page, page_of
from bot.simulator.records.accounts import Account
from bot.simulator.records.issues import Comment, Issue, TimelineEvent
from bot.simulator.rest.scope import Here
from bot.simulator.views.labels import labels_of

PER_PAGE = 150

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Entry = Comment | TimelineEvent


@dataclass(frozen=True)
class Moment(Generic[T_co]):
    """Something said or done: `row` is made into what is shown only on the page it is on."""

    when: datetime
    id: int
    row: T_co


def moments_of(here: Here, issue: Issue) -> list[Moment[Entry]]:
    """Comments and events, not yet in order."""
    said = here.tables.comments.where("issue", issue.id)
    done = here.tables.timeline.where("issue", issue.id)
    return [
        *(Moment(c.created_at, c.id, c) for c in said),
        *(Moment(e.created_at, e.id, e) for e in done if e.event not in SILENT),
    ]


def in_order(here: Here, moments: Iterable[Moment[T]]) -> Page[Moment[T]]:
    return page_of(here.request, sorted(moments, key=lambda m: (m.when, m.id)), PER_PAGE)


def shown(here: Here, remarks: Remarks, issue: Issue, row: Entry) -> Remark | Happening | None:
    if isinstance(row, Comment):
        return remarks.make(Text("comment", row, issue))
    return happening_of(here, row)


def margin_of(here: Here, issue: Issue) -> dict[str, Any]:
    """What stands beside a conversation, and what the visitor may do to it."""
    tables, world = here.tables, here.world
    own = is_author(here.caller, issue.author_id)
    return {
        "labels": labels_of(world, issue),
        "all_labels": sorted(
            tables.labels.where("repository", here.repository.id), key=lambda x: x.name.lower()
        ),
        "assignees": [a for id in issue.assignee_ids if (a := tables.accounts.get(id))],
        "assignable": _assignable(here),
        "milestone": tables.milestones.get(issue.milestone_id),
        "milestones": tables.milestones.where("repository", here.repository.id),
        "parent": next(iter(_seen(here, [tables.issues.get(issue.parent_id)])), None),
        "sub_issues": _seen(here, [tables.issues.get(id) for id in issue.sub_issue_ids]),
        "blockers": _seen(here, blockers_of(world, issue)),
        "blocking": _seen(here, blocked_by(world, issue)),
        "may_triage": may_act(here, "triage", issue),
        "may_write": may_act(here, "write", issue),
        "may_delete": may_act(here, "admin", issue) and issue.pull_id is None,
        "may_edit": may_act(here, "read" if own else "triage", issue),
        "may_comment": may_speak(here, issue),
    }


def _seen(here: Here, issues: Iterable[Issue | None]) -> list[Issue]:
    """Those in repositories which the visitor may see."""
    homes = here.tables.repositories
    return [
        issue
        for issue in issues
        if issue is not None
        and (home := homes.get(issue.repository_id))
        and may_see(here.tables, here.caller, home)
    ]


def _assignable(here: Here) -> list[Account]:
    people = [a for a in here.tables.accounts if a.type == "User"]
    return [a for a in people if role_of(here.tables, a.id, here.repository) is not None]
