"""Check runs: reporting, reading, asking for them anew."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, model_validator
from starlette.responses import Response

from bot.simulator.domain.checks.runs import RunChange, create_run, rerequest_run, update_run
from bot.simulator.errors import ApiError
from bot.simulator.records.checks import Annotation, CheckAction, CheckRun, CheckStatus
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.checks.scope import listed_runs, require_app, run_at
from bot.simulator.rest.replies import created, paginate, reply
from bot.simulator.rest.repository.revisions import commit_named
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository
from bot.simulator.views.checks import annotation_view, check_run_view

router = router_for("checks")

REPO = "/repos/{owner}/{repo}"
RUNS = REPO + "/check-runs"
MAX_ANNOTATIONS = 50
MAX_ACTIONS = 3


def _has_a_date(moment: datetime) -> datetime:
    """Times are shown in UTC, in which the first and the last ones have none."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time has no date in UTC") from error


Moment = Annotated[AwareDatetime, Field(strict=False), AfterValidator(_has_a_date)]
Long = Annotated[str, StringConstraints(max_length=65_535)]
Short = Annotated[str, StringConstraints(max_length=20)]
Ended = Literal[
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "timed_out",
]
"""`stale` is for GitHub alone to say."""


class NewAnnotation(Body):
    path: Annotated[str, StringConstraints(min_length=1, max_length=4096)]
    start_line: int
    end_line: int
    start_column: int | None = None
    end_column: int | None = None
    annotation_level: Literal["notice", "warning", "failure"]
    message: Annotated[str, StringConstraints(min_length=1, max_length=65_536)]
    title: Annotated[str, StringConstraints(max_length=255)] | None = None
    raw_details: Annotated[str, StringConstraints(max_length=65_536)] | None = None

    @model_validator(mode="after")
    def _columns_fit(self) -> NewAnnotation:
        if self.end_line < self.start_line:
            raise ValueError("end_line is before start_line")
        has_columns = self.start_column is not None or self.end_column is not None
        if has_columns and self.start_line != self.end_line:
            raise ValueError("columns are for annotations of one line")
        return self

    @property
    def record(self) -> Annotation:
        return Annotation(**self.model_dump())


class Output(Body):
    title: str | None = None
    summary: Long
    text: Long | None = None
    annotations: list[NewAnnotation] = Field(default_factory=list)


class Action(Body):
    label: Short
    description: Annotated[str, StringConstraints(max_length=40)]
    identifier: Short


class RunEdit(Body):
    name: str | None = None
    details_url: str | None = None
    external_id: str | None = None
    status: CheckStatus | None = None
    conclusion: Ended | None = None
    started_at: Moment | None = None
    completed_at: Moment | None = None
    output: Output | None = None
    actions: list[Action] | None = None

    @property
    def change(self) -> RunChange:
        """Raises:
        ApiError: 422 for too many annotations or actions and for an end without a conclusion.
        """
        output = self.output
        annotations = [] if output is None else output.annotations
        _at_most(MAX_ANNOTATIONS, len(annotations))
        _at_most(MAX_ACTIONS, len(self.actions or ()))
        if self.conclusion is None and (self.status == "completed" or self.completed_at):
            raise ApiError(422, "Invalid request.\n\nA completed check run needs a conclusion.")
        return RunChange(
            name=self.name,
            details_url=self.details_url,
            external_id=self.external_id,
            status=self.status,
            conclusion=self.conclusion,
            started_at=self.started_at,
            completed_at=self.completed_at,
            title=None if output is None else output.title,
            summary=None if output is None else output.summary,
            text=None if output is None else output.text,
            annotations=[annotation.record for annotation in annotations],
            actions=None
            if self.actions is None
            else [CheckAction(**action.model_dump()) for action in self.actions],
        )


class NewRun(RunEdit):
    name: Annotated[str, StringConstraints(min_length=1)]
    head_sha: str


def _at_most(limit: int, number: int) -> None:
    if number > limit:
        raise ApiError(
            422,
            f"Invalid request.\n\nNo more than {limit} items are allowed; {number} were supplied.",
        )


@router.post(RUNS)
async def create_check_run(here: AtRepository, body: NewRun) -> Response:
    require_app(here)
    if body.output is not None and body.output.title is None:
        raise ApiError(422, 'Invalid request.\n\n"title" wasn\'t supplied.')
    run = await create_run(
        here.world, here.caller, here.repository, body.name, body.head_sha, body.change
    )
    return created(check_run_view(here.world, run))


@router.get(RUNS + "/{check_run_id}")
async def get_check_run(here: AtRepository, check_run_id: int) -> Response:
    return reply(check_run_view(here.world, run_at(here, check_run_id)))


@router.patch(RUNS + "/{check_run_id}")
async def update_check_run(here: AtRepository, check_run_id: int, body: RunEdit) -> Response:
    app = require_app(here)
    run = run_at(here, check_run_id)
    _check_owner(run, app.id)
    update_run(here.world, here.caller, here.repository, run, body.change)
    return reply(check_run_view(here.world, run))


def _check_owner(run: CheckRun, app_id: int) -> None:
    if run.app_id != app_id:
        raise ApiError(
            403,
            f"Invalid app_id `{app_id}` - check run can only be modified by the GitHub App that"
            " created it.",
        )


@router.get(RUNS + "/{check_run_id}/annotations")
async def list_annotations(here: AtRepository, check_run_id: int) -> Response:
    run = run_at(here, check_run_id)
    return paginate(
        here.request, run.annotations, lambda each: annotation_view(here.world, run, each)
    )


@router.post(RUNS + "/{check_run_id}/rerequest")
async def rerequest_check_run(here: AtRepository, check_run_id: int) -> Response:
    here.require("checks", "write")
    rerequest_run(here.world, here.caller, here.repository, run_at(here, check_run_id))
    return reply({}, 201)


@router.get(REPO + "/commits/{ref:path}/check-runs")
async def list_runs_for_ref(here: AtRepository, ref: str) -> Response:
    here.require("checks", "read")
    sha = await commit_named(here, ref)
    return listed_runs(here, here.tables.check_runs.where("sha", (here.repository.id, sha)))
