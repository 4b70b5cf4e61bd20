"""Reading workflows, runs and jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlette.responses import Response

from bot.simulator.errors import invalid
from bot.simulator.records.actions import Job, Run
from bot.simulator.rest.actions.finding import attempt_of, job_of, run_of, workflow_of
from bot.simulator.rest.replies import paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.actions import job_view, run_view, workflow_view

router = router_for("actions")

ACTIONS = "/repos/{owner}/{repo}/actions"

_FILTERS: dict[str, Callable[[Here, Run, str], bool]] = {
    "actor": lambda here, run, value: (
        here.tables.accounts[run.actor_id].login.lower() == value.lower()
    ),
    "branch": lambda _, run, value: run.head_branch == value,
    "event": lambda _, run, value: run.event == value,
    "status": lambda _, run, value: value in (run.latest.status, run.latest.conclusion),
    "head_sha": lambda _, run, value: run.head_sha == value,
    "check_suite_id": lambda _, run, value: str(run.suite_id) == value,
    "created": lambda _, run, value: _created(run, value),
}
"""What `?name=value` keeps of a list of runs."""


@router.get(f"{ACTIONS}/workflows")
async def list_workflows(here: AtRepository) -> Response:
    here.require("actions", "read")
    rows = here.tables.workflows.where("repository", here.repository.id)
    shown = [row for row in rows if row.state != "deleted"]
    return paginate(
        here.request, shown, lambda row: workflow_view(here.world, row), envelope="workflows"
    )


@router.get(f"{ACTIONS}/workflows/{{workflow_id}}")
async def get_workflow(here: AtRepository, workflow_id: str) -> Response:
    here.require("actions", "read")
    return reply(workflow_view(here.world, workflow_of(here, workflow_id)))


@router.get(f"{ACTIONS}/workflows/{{workflow_id}}/runs")
async def list_workflow_runs(here: AtRepository, workflow_id: str) -> Response:
    here.require("actions", "read")
    workflow = workflow_of(here, workflow_id)
    return _runs(here, here.tables.runs.where("workflow", workflow.id))


@router.get(f"{ACTIONS}/runs")
async def list_runs(here: AtRepository) -> Response:
    here.require("actions", "read")
    return _runs(here, here.tables.runs.where("repository", here.repository.id))


@router.get(f"{ACTIONS}/runs/{{run_id}}")
async def get_run(here: AtRepository, run_id: int) -> Response:
    here.require("actions", "read")
    return reply(run_view(here.world, run_of(here, run_id)))


@router.get(f"{ACTIONS}/runs/{{run_id}}/attempts/{{attempt_number}}")
async def get_attempt(here: AtRepository, run_id: int, attempt_number: int) -> Response:
    here.require("actions", "read")
    run = run_of(here, run_id)
    return reply(run_view(here.world, run, attempt_of(run, attempt_number)))


@router.get(f"{ACTIONS}/runs/{{run_id}}/attempts/{{attempt_number}}/jobs")
async def list_attempt_jobs(here: AtRepository, run_id: int, attempt_number: int) -> Response:
    here.require("actions", "read")
    run = run_of(here, run_id)
    attempt = attempt_of(run, attempt_number)
    return _jobs(here, here.tables.jobs.where("attempt", (run.id, attempt.number)))


@router.get(f"{ACTIONS}/runs/{{run_id}}/jobs")
async def list_jobs(here: AtRepository, run_id: int, filter: str = "latest") -> Response:
    here.require("actions", "read")
    run = run_of(here, run_id)
    if filter not in ("latest", "all"):
        raise invalid("WorkflowRun", "filter")
    rows = here.tables.jobs.where("run", run.id)
    return _jobs(here, rows if filter == "all" else latest_jobs(rows))


@router.get(f"{ACTIONS}/jobs/{{job_id}}")
async def get_job(here: AtRepository, job_id: int) -> Response:
    here.require("actions", "read")
    return reply(job_view(here.world, job_of(here, job_id)))


def latest_jobs(rows: Iterable[Job]) -> list[Job]:
    """Of each job the last attempt in which it ran."""
    latest: dict[str, Job] = {}
    for row in sorted(rows, key=lambda job: (job.attempt, job.id)):
        latest[row.key] = row
    return list(latest.values())


def _runs(here: Here, rows: Iterable[Run]) -> Response:
    query = here.request.query_params
    wanted = {name: query[name] for name in _FILTERS if query.get(name)}
    shown = [r for r in rows if all(_FILTERS[n](here, r, v) for n, v in wanted.items())]
    shown.sort(key=lambda run: run.id, reverse=True)
    bare = query.get("exclude_pull_requests") == "true"

    def view(run: Run) -> dict[str, object]:
        seen = run_view(here.world, run)
        return seen | {"pull_requests": []} if bare else seen

    return paginate(here.request, shown, view, envelope="workflow_runs")


def _jobs(here: Here, rows: Iterable[Job]) -> Response:
    return paginate(
        here.request, list(rows), lambda row: job_view(here.world, row), envelope="jobs"
    )


def _created(run: Run, value: str) -> bool:
    """Search syntax for dates: `2026-11-25`, `>=2026-11-25`, `2026-11-01..2026-11-25`."""
    day = run.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    first, between, last = value.partition("..")
    if between:
        return (first in ("", "*") or first <= day) and (
            last in ("", "*") or day[: len(last)] <= last
        )
    for sign, holds in _ORDERS.items():
        if value.startswith(sign):
            bound = value.removeprefix(sign)
            return holds(day[: len(bound)], bound)
    return day.startswith(value)


_ORDERS: dict[str, Callable[[str, str], bool]] = {
    ">=": lambda day, bound: day >= bound,
    "<=": lambda day, bound: day <= bound,
    ">": lambda day, bound: day > bound,
    "<": lambda day, bound: day < bound,
}
"""The longer signs first."""
