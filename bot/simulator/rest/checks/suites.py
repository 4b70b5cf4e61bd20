"""Check suites."""

from __future__ import annotations

from pydantic import Field
from starlette.responses import Response

from bot.simulator.domain.checks.suites import rerequest_suite, suite_for, tell_suite
from bot.simulator.errors import ApiError
from bot.simulator.git import UnknownObject
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.checks.scope import listed_runs, require_app, suite_at
from bot.simulator.rest.replies import created, paginate, reply
from bot.simulator.rest.repository.revisions import commit_named
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository
from bot.simulator.views.checks import check_suite_view
from bot.simulator.views.repositories import minimal_repository_view

router = router_for("checks")

REPO = "/repos/{owner}/{repo}"
SUITES = REPO + "/check-suites"


class NewSuite(Body):
    head_sha: str


@router.post(SUITES)
async def create_check_suite(here: AtRepository, body: NewSuite) -> Response:
    """200 for the one that is there already."""
    app = require_app(here)
    try:
        suite, made = await suite_for(here.world, here.repository, app.id, body.head_sha)
    except UnknownObject as error:
        raise ApiError(422, f"No commit found for SHA: {body.head_sha[:60]}") from error
    if not made:
        return reply(check_suite_view(here.world, suite))
    tell_suite(
        here.world, "requested", here.caller, here.repository, suite, here.caller.installation
    )
    return created(check_suite_view(here.world, suite))


class AutoTrigger(Body):
    app_id: int
    setting: bool = True


class Preferences(Body):
    auto_trigger_checks: list[AutoTrigger] = Field(default_factory=list)


@router.patch(SUITES + "/preferences")
async def set_preferences(here: AtRepository, body: Preferences) -> Response:
    """Which Apps get a suite with each push."""
    here.require("administration", "write", role="admin")
    repository = here.repository
    for choice in body.auto_trigger_checks:
        if here.tables.apps.get(choice.app_id) is None:
            raise ApiError(422, f"There is no App {choice.app_id}.")
        repository.auto_suites[choice.app_id] = choice.setting
    here.tables.repositories.save(repository)
    choices = [{"app_id": id, "setting": on} for id, on in repository.auto_suites.items()]
    return reply(
        {
            "preferences": {"auto_trigger_checks": choices},
            "repository": minimal_repository_view(here.world, repository),
        }
    )


@router.get(SUITES + "/{check_suite_id}")
async def get_check_suite(here: AtRepository, check_suite_id: int) -> Response:
    return reply(check_suite_view(here.world, suite_at(here, check_suite_id)))


@router.get(SUITES + "/{check_suite_id}/check-runs")
async def list_runs_of_suite(here: AtRepository, check_suite_id: int) -> Response:
    suite = suite_at(here, check_suite_id)
    return listed_runs(here, here.tables.check_runs.where("suite", suite.id))


@router.post(SUITES + "/{check_suite_id}/rerequest")
async def rerequest_check_suite(here: AtRepository, check_suite_id: int) -> Response:
    here.require("checks", "write")
    rerequest_suite(here.world, here.caller, here.repository, suite_at(here, check_suite_id))
    return reply({}, 201)


@router.get(REPO + "/commits/{ref:path}/check-suites")
async def list_suites_for_ref(here: AtRepository, ref: str) -> Response:
    here.require("checks", "read")
    sha = await commit_named(here, ref)
    suites = here.tables.suites.where("sha", (here.repository.id, sha))
    asked = here.request.query_params
    if "app_id" in asked:
        suites = [suite for suite in suites if str(suite.app_id) == asked["app_id"]]
    if "check_name" in asked:
        named = {
            run.suite_id
            for run in here.tables.check_runs.where("sha", (here.repository.id, sha))
            if run.name == asked["check_name"]
        }
        suites = [suite for suite in suites if suite.id in named]
    return paginate(
        here.request,
        suites,
        lambda suite: check_suite_view(here.world, suite),
        envelope="check_suites",
    )
