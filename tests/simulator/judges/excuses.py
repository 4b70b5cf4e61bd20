"""Steps at which the simulator and emulate 0.11.2 differ: its faults, by name.

Each says what GitHub answers by its published description or documentation, which is what the
simulator must answer here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Excuse:
    """One step, the status of the simulator's answer, and why that is right."""

    step: str
    ours: int
    why: str


EXCUSES: Mapping[str, Sequence[Excuse]] = {
    "issue_states": (Excuse("odd state", 422, "A state is open or closed."),),
    "labels": (Excuse("by a reader", 403, "Labelling needs the triage role."),),
    "comments": (
        Excuse("edited by a stranger", 403, "Only the author or a writer edits a comment."),
        Excuse("too long", 422, "A body has at most 65,536 characters."),
    ),
    "refs": (
        Excuse("by a reader", 404, "Who may not write finds no such place, as classic tokens do."),
        Excuse("delete again", 422, "`Reference does not exist` is a 422; 404 is not."),
    ),
    "contents": (
        Excuse("by a reader", 404, "Who may not write finds no such place, as classic tokens do."),
        Excuse("read", 200, "GitHub breaks base64 into lines, as MIME does."),
    ),
    "pulls": (
        Excuse("is an issue too", 200, "Every pull request is an issue."),
        Excuse("changes", 200, "emulate never lists changed files."),
        Excuse("commits", 200, "Only those of the head that the base lacks."),
        Excuse("merge a stale head", 409, "A stale `sha` is a conflict."),
        Excuse("merge again", 405, "What is not mergeable is a 405."),
        Excuse("merged", 204, "204 says that it was merged."),
        Excuse("merge a draft", 405, "What is not mergeable is a 405."),
        Excuse("merge closed", 405, "What is not mergeable is a 405."),
    ),
    "refused_pulls": (
        Excuse("open again", 422, "One open pull request for a head and base."),
        Excuse("from nowhere", 422, "The head must exist."),
        Excuse("onto nowhere", 422, "The base must exist."),
        Excuse("closed by a stranger", 403, "Only the author or who may triage closes it."),
        Excuse("merged by a reader", 403, "Merging needs the write role."),
        Excuse("reopened after the merge", 422, "What was merged stays closed."),
    ),
    "reviews": (
        Excuse("request changes", 200, "A created review is answered by 200, as described."),
        Excuse("approve", 200, "A created review is answered by 200, as described."),
        Excuse("begin", 200, "A created review is answered by 200, as described."),
        Excuse("ask a reader", 201, "A request for review is answered by 201, as described."),
        Excuse("approve one's own", 422, "Nobody approves their own pull request."),
        Excuse("empty request", 422, "A request for changes needs a body."),
        Excuse("ask a stranger", 422, "Reviewers are collaborators."),
    ),
    "checks": (
        Excuse("annotations", 200, "emulate counts annotations and does not list them."),
        Excuse("51 annotations", 422, "At most 50 annotations in a request."),
        Excuse("by a user", 403, "Only Apps create check runs."),
        Excuse("unknown commit", 422, "The commit must exist."),
    ),
    "refusals": (
        Excuse("wrong token", 401, "A wrong token is refused, also where none is needed."),
        Excuse("reader pushes", 404, "Who may not write finds no such place."),
        Excuse("outsider closes another's", 403, "Only the author or who may triage closes it."),
        Excuse("writer's permission", 200, "`permission` is write; push is how one asks for it."),
        Excuse("App as a user", 403, "`Resource not accessible by integration`."),
        Excuse("JWT on a repository", 401, "The App's own token is for the App alone."),
    ),
}


@dataclass(frozen=True)
class Told:
    """How many more of a webhook the simulator sends in a story than emulate, and why."""

    kind: str
    more: int
    why: str


NEW_BRANCH = "A new branch is pushed, too; a deleted one, and the base of a merge."
WEBHOOKS: Mapping[str, Sequence[Told]] = {
    "labels": (Told("issues/unlabeled", 1, "To clear the labels is to take each away."),),
    "comments": (
        Told("issue_comment/created", -1, "The comment that is too long was refused."),
        Told("issue_comment/edited", -1, "The stranger's edit was refused."),
    ),
    "refs": (
        Told("push", 2, NEW_BRANCH),
        Told("delete", 1, "emulate does not tell of deleted branches."),
    ),
    "pulls": (Told("push", 4, NEW_BRANCH),),
    "refused_pulls": (
        Told("push", 3, NEW_BRANCH),
        Told("pull_request/opened", -3, "Three that could not be opened were refused."),
        Told("pull_request/closed", -1, "The stranger's closing was refused."),
        Told("pull_request/reopened", -1, "What was merged was not reopened."),
    ),
    "reviews": (
        Told("push", 1, NEW_BRANCH),
        Told("pull_request_review/submitted", -2, "Two reviews were refused."),
        Told("pull_request/review_requested", -1, "The stranger was not asked."),
        Told("pull_request/review_request_removed", 1, "emulate does not tell of it."),
    ),
    "checks": (
        Told("push", 1, NEW_BRANCH),
        Told("check_run/created", -2, "Two check runs were refused."),
        Told("check_suite/completed", 1, "emulate keeps a suite open for ever."),
    ),
}
