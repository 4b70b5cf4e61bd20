"""Labels: those of the repository, and those on an issue."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body as RawBody
from starlette.responses import Response

from bot.simulator.domain.issues.labelling import add_labels, remove_label, set_labels
from bot.simulator.domain.issues.labels import create_label, delete_label, edit_label
from bot.simulator.domain.issues.rights import require_read
from bot.simulator.records.issues import Issue
from bot.simulator.rest.issues.bodies import LabelEdit, NewLabel, label_names
from bot.simulator.rest.issues.finding import issue_at, label_at, milestone_at
from bot.simulator.rest.replies import created, no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.labels import label_view, labels_of

router = router_for("issues")

AnyBody = Annotated[Any, RawBody()]


@router.get("/repos/{owner}/{repo}/labels")
async def list_labels(here: AtRepository) -> Response:
    require_read(here.world, here.caller, here.repository)
    found = here.tables.labels.where("repository", here.repository.id)
    return paginate(here.request, found, lambda label: label_view(here.world, label))


@router.post("/repos/{owner}/{repo}/labels")
async def create(here: AtRepository, wanted: NewLabel) -> Response:
    label = create_label(
        here.world, here.caller, here.repository, wanted.name, wanted.color, wanted.description
    )
    return created(label_view(here.world, label))


@router.get("/repos/{owner}/{repo}/labels/{name:path}")
async def get(here: AtRepository, name: str) -> Response:
    require_read(here.world, here.caller, here.repository)
    return reply(label_view(here.world, label_at(here, name)))


@router.patch("/repos/{owner}/{repo}/labels/{name:path}")
async def update(here: AtRepository, name: str, wanted: LabelEdit) -> Response:
    label = edit_label(
        here.world,
        here.caller,
        here.repository,
        label_at(here, name),
        name=wanted.new_name or wanted.name,
        color=wanted.color,
        description=wanted.description,
    )
    return reply(label_view(here.world, label))


@router.delete("/repos/{owner}/{repo}/labels/{name:path}")
async def delete(here: AtRepository, name: str) -> Response:
    delete_label(here.world, here.caller, here.repository, label_at(here, name))
    return no_content()


@router.get("/repos/{owner}/{repo}/issues/{issue_number}/labels")
async def list_on_issue(here: AtRepository, issue_number: int) -> Response:
    found = labels_of(here.world, issue_at(here, issue_number))
    return paginate(here.request, found, lambda label: label_view(here.world, label))


@router.post("/repos/{owner}/{repo}/issues/{issue_number}/labels")
async def add(here: AtRepository, issue_number: int, wanted: AnyBody) -> Response:
    issue = issue_at(here, issue_number)
    add_labels(here.world, here.caller, here.repository, issue, label_names(wanted))
    return _labels(here, issue)


@router.put("/repos/{owner}/{repo}/issues/{issue_number}/labels")
async def replace(here: AtRepository, issue_number: int, wanted: AnyBody) -> Response:
    issue = issue_at(here, issue_number)
    set_labels(here.world, here.caller, here.repository, issue, label_names(wanted))
    return _labels(here, issue)


@router.delete("/repos/{owner}/{repo}/issues/{issue_number}/labels")
async def clear(here: AtRepository, issue_number: int) -> Response:
    set_labels(here.world, here.caller, here.repository, issue_at(here, issue_number), [])
    return no_content()


@router.delete("/repos/{owner}/{repo}/issues/{issue_number}/labels/{name:path}")
async def remove(here: AtRepository, issue_number: int, name: str) -> Response:
    issue = issue_at(here, issue_number)
    remove_label(here.world, here.caller, here.repository, issue, name)
    return _labels(here, issue)


@router.get("/repos/{owner}/{repo}/milestones/{milestone_number}/labels")
async def list_under_milestone(here: AtRepository, milestone_number: int) -> Response:
    require_read(here.world, here.caller, here.repository)
    milestone = milestone_at(here, milestone_number)
    issues = here.tables.issues.where("milestone", milestone.id)
    found = {label.id: label for issue in issues for label in labels_of(here.world, issue)}
    return paginate(here.request, list(found.values()), lambda label: label_view(here.world, label))


def _labels(here: Here, issue: Issue) -> Response:
    return reply([label_view(here.world, label) for label in labels_of(here.world, issue)])
