"""The check runs and suites of an address, and who may write them."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.domain.checks.results import latest_runs
from bot.simulator.errors import ApiError, not_found
from bot.simulator.records.apps import App
from bot.simulator.records.checks import CheckRun, CheckSuite
from bot.simulator.rest.replies import paginate
from bot.simulator.rest.scope import Here
from bot.simulator.views.checks import check_run_view


def run_at(here: Here, id: int) -> CheckRun:
    """Raises:
    ApiError: 404.
    """
    here.require("checks", "read")
    run = here.tables.check_runs.get(id)
    if run is None or run.repository_id != here.repository.id:
        raise not_found()
    return run


def suite_at(here: Here, id: int) -> CheckSuite:
    """Raises:
    ApiError: 404.
    """
    here.require("checks", "read")
    suite = here.tables.suites.get(id)
    if suite is None or suite.repository_id != here.repository.id:
        raise not_found()
    return suite


def require_app(here: Here) -> App:
    """Only Apps with `checks: write` report checks.

    Raises:
        ApiError: 403.
    """
    here.actor()
    if here.caller.app is None:
        raise ApiError(403, "You must authenticate via a GitHub App.")
    here.require("checks", "write")
    return here.caller.app


def listed_runs(here: Here, runs: Iterable[CheckRun]) -> Response:
    """A page of the runs that the query asks for."""
    return paginate(
        here.request,
        _wanted(here.request, runs),
        lambda run: check_run_view(here.world, run),
        envelope="check_runs",
    )


def _wanted(request: Request, runs: Iterable[CheckRun]) -> list[CheckRun]:
    """As the query asks, the newest first."""
    asked = request.query_params
    found = list(runs) if asked.get("filter") == "all" else latest_runs(runs)
    for name, field in (("check_name", "name"), ("status", "status"), ("app_id", "app_id")):
        if name in asked:
            found = [run for run in found if str(getattr(run, field)) == asked[name]]
    return sorted(found, key=lambda run: -run.id)
