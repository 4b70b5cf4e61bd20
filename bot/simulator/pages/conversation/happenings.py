"""What happened to an issue, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from bot.simulator.identity.rights import may_see
from bot.simulator.pages.rendering import link_to
from bot.simulator.records.accounts import Account
from bot.simulator.records.issues import TimelineEvent
from bot.simulator.rest.scope import Here
from bot.simulator.world import World

Details = dict[str, Any]

SILENT = {"subscribed", "mentioned", "committed", "commented", "reviewed", "line-commented"}
"""Events that have no line of their own."""
OTHERS = ("blocked_by", "blocking", "parent_issue", "source", "sub_issue")
"""Details that name an issue, maybe one of another repository."""
REASONS = {"not_planned": " as not planned", "duplicate": " as duplicate"}


@dataclass(frozen=True)
class Happening:
    actor: Account | None
    words: Markup
    when: datetime


def happening_of(here: Here, entry: TimelineEvent) -> Happening | None:
    """None for what is not shown, as a relation to an issue that the visitor may not see."""
    if entry.event in SILENT or not _is_visible(here, entry):
        return None
    actor = here.tables.accounts.get(entry.actor_id)
    return Happening(actor, _words(here.world, entry), entry.created_at)


def _is_visible(here: Here, entry: TimelineEvent) -> bool:
    tables = here.tables
    named = [tables.issues.get(entry.details.get(key)) for key in OTHERS]
    homes = [tables.repositories[issue.repository_id] for issue in named if issue is not None]
    return all(may_see(tables, here.caller, home) for home in homes)


def _words(world: World, entry: TimelineEvent) -> Markup:
    details = entry.details
    tell = TOLD.get(entry.event)
    words = escape(entry.event.replace("_", " ")) if tell is None else tell(world, details)
    if entry.commit_id is None:
        return words
    repository = world.tables.repositories[entry.repository_id]
    return Markup('{} in <a href="{}"><code>{}</code></a>').format(
        words, link_to(world, repository, "commit", entry.commit_id), entry.commit_id[:7]
    )


LABELLED = Markup(
    '{} the label <span class="label"><svg width="10" height="10" aria-hidden="true">'
    '<circle cx="5" cy="5" r="5" fill="#{}"/></svg>{}</span>'
)


def _label(word: str) -> Callable[[World, Details], Markup]:
    def told(world: World, details: Details) -> Markup:
        label = details.get("label") or {}
        return LABELLED.format(word, label.get("color", ""), label.get("name", ""))

    return told


def _person(sentence: str, key: str) -> Callable[[World, Details], Markup]:
    def told(world: World, details: Details) -> Markup:
        account = world.tables.accounts.get(details.get(key))
        return Markup("{} <b>{}</b>").format(sentence, account.login if account else "somebody")

    return told


def _issue(sentence: str, key: str) -> Callable[[World, Details], Markup]:
    def told(world: World, details: Details) -> Markup:
        issue = world.tables.issues.get(details.get(key))
        if issue is None:
            return Markup("{} an issue").format(sentence)
        repository = world.tables.repositories[issue.repository_id]
        kind = "issues" if issue.pull_id is None else "pull"
        return Markup('{} <a href="{}">{} <span class="quiet">#{}</span></a>').format(
            sentence, link_to(world, repository, kind, issue.number), issue.title, issue.number
        )

    return told


def _renamed(world: World, details: Details) -> Markup:
    rename = details.get("rename") or {}
    return Markup("changed the title from <s>{}</s> to <b>{}</b>").format(
        rename.get("from", ""), rename.get("to", "")
    )


def _closed(world: World, details: Details) -> Markup:
    return Markup("closed this{}").format(REASONS.get(details.get("state_reason") or "", ""))


def _locked(world: World, details: Details) -> Markup:
    reason = details.get("lock_reason")
    return Markup("locked the conversation{}").format(f" as {reason}" if reason else "")


def _milestone(word: str) -> Callable[[World, Details], Markup]:
    def told(world: World, details: Details) -> Markup:
        title = (details.get("milestone") or {}).get("title", "")
        return Markup("{} the milestone <b>{}</b>").format(word, title)

    return told


def _plain(sentence: str) -> Callable[[World, Details], Markup]:
    return lambda world, details: Markup("{}").format(sentence)


TOLD: dict[str, Callable[[World, Details], Markup]] = {
    "assigned": _person("assigned", "assignee"),
    "base_ref_changed": _plain("changed the base branch"),
    "base_ref_deleted": _plain("deleted the base branch"),
    "blocked_by_added": _issue("marked this as blocked by", "blocked_by"),
    "blocked_by_removed": _issue("took away that this is blocked by", "blocked_by"),
    "blocking_added": _issue("marked this as blocking", "blocking"),
    "blocking_removed": _issue("took away that this blocks", "blocking"),
    "closed": _closed,
    "comment_deleted": _plain("deleted a comment"),
    "convert_to_draft": _plain("made this a draft"),
    "cross-referenced": _issue("mentioned this in", "source"),
    "demilestoned": _milestone("removed this from"),
    "head_ref_deleted": _plain("deleted the head branch"),
    "head_ref_force_pushed": _plain("force-pushed the head branch"),
    "head_ref_restored": _plain("restored the head branch"),
    "labeled": _label("added"),
    "locked": _locked,
    "merged": _plain("merged this"),
    "milestoned": _milestone("added this to"),
    "parent_issue_added": _issue("added this below", "parent_issue"),
    "parent_issue_removed": _issue("took this from below", "parent_issue"),
    "ready_for_review": _plain("marked this as ready for review"),
    "referenced": _plain("referenced this"),
    "renamed": _renamed,
    "reopened": _plain("reopened this"),
    "review_dismissed": _plain("dismissed a review"),
    "review_request_removed": _person("took back the request for review by", "requested_reviewer"),
    "review_requested": _person("asked for a review by", "requested_reviewer"),
    "sub_issue_added": _issue("added the sub-issue", "sub_issue"),
    "sub_issue_removed": _issue("removed the sub-issue", "sub_issue"),
    "unassigned": _person("unassigned", "assignee"),
    "unlabeled": _label("removed"),
    "unlocked": _plain("unlocked the conversation"),
}
