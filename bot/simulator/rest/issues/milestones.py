"""Milestones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from starlette.responses import Response

from bot.simulator.domain.issues.milestones import (
    create_milestone,
    delete_milestone,
    edit_milestone,
)
from bot.simulator.domain.issues.rights import require_read
from bot.simulator.records.repositories import Milestone
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.issues.finding import milestone_at
from bot.simulator.rest.issues.listing import DIRECTIONS, STATES, choice, moment
from bot.simulator.rest.replies import created, no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.milestones import milestone_view

router = router_for("issues")


class NewMilestone(Body):
    title: str
    state: Literal["open", "closed"] = "open"
    description: str | None = None
    due_on: str | None = None


class MilestoneEdit(Body):
    title: str | None = None
    state: Literal["open", "closed"] | None = None
    description: str | None = None
    due_on: str | None = None


@router.get("/repos/{owner}/{repo}/milestones")
async def list_milestones(here: AtRepository) -> Response:
    """Open ones by when they are due, the earliest first; those without a date come last."""
    require_read(here.world, here.caller, here.repository)
    query = here.request.query_params
    wanted = choice(query, "state", STATES, "open")
    found = [
        milestone
        for milestone in here.tables.milestones.where("repository", here.repository.id)
        if wanted in ("all", milestone.state)
    ]
    keys: dict[str, Callable[[Milestone], Any]] = {
        "due_on": _by_due_date,
        "completeness": lambda each: (_completeness(here, each), each.number),
    }
    key = keys[choice(query, "sort", keys, "due_on")]
    found.sort(key=key, reverse=choice(query, "direction", DIRECTIONS, "asc") == "desc")
    return paginate(here.request, found, lambda each: milestone_view(here.world, each))


@router.post("/repos/{owner}/{repo}/milestones")
async def create(here: AtRepository, wanted: NewMilestone) -> Response:
    due = _due(wanted.due_on)
    milestone = create_milestone(
        here.world, here.caller, here.repository, wanted.title, wanted.description, due
    )
    if wanted.state == "closed":
        edit_milestone(here.world, here.caller, here.repository, milestone, {"state": "closed"})
    return created(milestone_view(here.world, milestone))


@router.get("/repos/{owner}/{repo}/milestones/{milestone_number}")
async def get(here: AtRepository, milestone_number: int) -> Response:
    require_read(here.world, here.caller, here.repository)
    return reply(milestone_view(here.world, milestone_at(here, milestone_number)))


@router.patch("/repos/{owner}/{repo}/milestones/{milestone_number}")
async def update(here: AtRepository, milestone_number: int, wanted: MilestoneEdit) -> Response:
    milestone = milestone_at(here, milestone_number)
    fields: dict[str, Any] = wanted.model_dump(exclude_unset=True)
    fields = {k: v for k, v in fields.items() if v is not None or k in ("description", "due_on")}
    if "due_on" in fields:
        fields["due_on"] = _due(fields["due_on"])
    edit_milestone(here.world, here.caller, here.repository, milestone, fields)
    return reply(milestone_view(here.world, milestone))


@router.delete("/repos/{owner}/{repo}/milestones/{milestone_number}")
async def delete(here: AtRepository, milestone_number: int) -> Response:
    milestone = milestone_at(here, milestone_number)
    delete_milestone(here.world, here.caller, here.repository, milestone)
    return no_content()


def _due(value: str | None) -> datetime | None:
    return moment(value, "Milestone", "due_on") if value else None


def _by_due_date(milestone: Milestone) -> Any:
    at = milestone.due_on
    return (at is None, at.timestamp() if at else 0.0, milestone.number)


def _completeness(here: Here, milestone: Milestone) -> float:
    issues = here.tables.issues
    closed = issues.count("milestone_state", (milestone.id, "closed"))
    return closed / (issues.count("milestone", milestone.id) or 1)
