"""Everything under an issue or a pull request, in the order in which it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.simulator.domain.dependencies import blocked_by, blockers_of
from bot.simulator.domain.issue_rights import is_author, may_write
from bot.simulator.identity.rights import role_of
from bot.simulator.pages.conversation.happenings import SILENT, Happening, happening_of
from bot.simulator.pages.conversation.remarks import Remark, Remarks
from bot.simulator.pages.conversation.texts import Text
from bot.simulator.pages.paging import Page, page_of
from bot.simulator.records.accounts import Account
from bot.simulator.records.issues import Comment, Issue, TimelineEvent
from bot.simulator.rest.scope import Here
from bot.simulator.views.labels import labels_of

PER_PAGE = 150


@dataclass(frozen=True)
class Moment:
    """Something said or done: `row` is made into what is shown only on the page it is on."""

    when: datetime
    id: int
    row: Any


def moments_of(here: Here, issue: Issue) -> list[Moment]:
    """Comments and events, not yet in order."""
    said = here.tables.comments.where("issue", issue.id)
    done = here.tables.timeline.where("issue", issue.id)
    return [Moment(c.created_at, c.id, c) for c in said] + [
        Moment(e.created_at, e.id, e) for e in done if e.event not in SILENT
    ]


def in_order(here: Here, moments: list[Moment]) -> Page[Moment]:
    return page_of(here.request, sorted(moments, key=lambda m: (m.when, m.id)), PER_PAGE)


def shown(here: Here, remarks: Remarks, issue: Issue, row: Any) -> Remark | Happening | None:
    match row:
        case Comment():
            return remarks.make(Text("comment", row, issue))
        case TimelineEvent():
            return happening_of(here, row)
        case _:
            return None


def margin_of(here: Here, issue: Issue) -> dict[str, Any]:
    """What stands beside a conversation, and what the visitor may do to it."""
    tables, world = here.tables, here.world
    open_to_all = here.caller.actor is not None and not here.repository.archived

    def may(role: Any) -> bool:
        return open_to_all and may_write(world, here.caller, here.repository, role, issue)

    return {
        "labels": labels_of(world, issue),
        "all_labels": sorted(
            tables.labels.where("repository", here.repository.id), key=lambda x: x.name.lower()
        ),
        "assignees": [a for id in issue.assignee_ids if (a := tables.accounts.get(id))],
        "assignable": _assignable(here),
        "milestone": tables.milestones.get(issue.milestone_id),
        "milestones": tables.milestones.where("repository", here.repository.id),
        "parent": tables.issues.get(issue.parent_id),
        "sub_issues": [i for id in issue.sub_issue_ids if (i := tables.issues.get(id))],
        "blockers": blockers_of(world, issue),
        "blocking": blocked_by(world, issue),
        "may_triage": may("triage"),
        "may_write": may("write"),
        "may_delete": may("admin") and issue.pull_id is None,
        "may_edit": may("triage") or (open_to_all and is_author(here.caller, issue.author_id)),
        "may_comment": open_to_all and (not issue.locked or may("write")),
    }


def _assignable(here: Here) -> list[Account]:
    people = [a for a in here.tables.accounts if a.type == "User"]
    return [a for a in people if role_of(here.tables, a.id, here.repository) is not None]
