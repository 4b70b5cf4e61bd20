"""The bodies of requests about issues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from bot.simulator.errors import ApiError
from bot.simulator.rest.bodies import Body, refusal_of

Milestone = int | str | None


class LabelName(Body):
    name: str


LabelGiven = str | LabelName


class NewIssue(Body):
    title: str | int
    body: str | None = None
    labels: list[LabelGiven] | None = None
    assignees: list[str] | None = None
    assignee: str | None = None
    milestone: Milestone = None


class IssueEdit(Body):
    title: str | int | None = None
    body: str | None = None
    state: Literal["open", "closed"] | None = None
    state_reason: Literal["completed", "not_planned", "duplicate", "reopened"] | None = None
    labels: list[LabelGiven] | None = None
    assignees: list[str] | None = None
    assignee: str | None = None
    milestone: Milestone = None


class Text(Body):
    body: str


class Lock(Body):
    lock_reason: Literal["off-topic", "too heated", "resolved", "spam"] | None = None


class NewLabel(Body):
    name: str
    color: str | None = None
    description: str | None = None


class LabelEdit(Body):
    new_name: str | None = None
    name: str | None = None
    """An older spelling of `new_name`."""
    color: str | None = None
    description: str | None = None


class Labels(Body):
    labels: list[LabelGiven] | None = None


class Assignees(Body):
    assignees: list[str] | None = None


class SubIssue(Body):
    sub_issue_id: int
    replace_parent: bool = False


class Place(Body):
    sub_issue_id: int
    after_id: int | None = None
    before_id: int | None = None


class Blocker(Body):
    issue_id: int


_LABELS: TypeAdapter[Labels | list[LabelGiven]] = TypeAdapter(Labels | list[LabelGiven])


def label_names(body: Any) -> list[str]:
    """Of a body that is a list of labels, or has one under `labels`; both are in use.

    Raises:
        ApiError: 422.
    """
    try:
        given = _LABELS.validate_python(body, strict=True)
    except ValidationError as error:
        raise _refusal(error) from error
    return names_of(given.labels if isinstance(given, Labels) else given)


def _refusal(error: ValidationError) -> ApiError:
    found = [dict(each) for each in error.errors(include_url=False, include_context=False)]
    return refusal_of([each | {"loc": ("body", "labels")} for each in found[:1]])


def names_of(labels: Sequence[LabelGiven] | None) -> list[str]:
    return [label if isinstance(label, str) else label.name for label in labels or ()]
