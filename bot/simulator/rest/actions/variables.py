"""Variables, and what Actions may do in a repository."""

from __future__ import annotations

import re
from typing import Literal

from starlette.responses import Response

from bot.simulator.errors import ApiError, not_found
from bot.simulator.records.actions import Variable
from bot.simulator.rest.actions.runs import ACTIONS
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.actions import variable_view

router = router_for("actions")

NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*\Z")
MAX_VALUE = 48 * 1024
MAX_VARIABLES = 500
VARIABLES_PER_PAGE = 10


class NewVariable(Body):
    name: str
    value: str


class VariableChange(Body):
    name: str | None = None
    value: str | None = None


class WorkflowPermissions(Body):
    default_workflow_permissions: Literal["read", "write"] | None = None
    can_approve_pull_request_reviews: bool | None = None


class Permissions(Body):
    enabled: bool
    allowed_actions: Literal["all", "local_only", "selected"] | None = None


@router.get(f"{ACTIONS}/variables")
async def list_variables(here: AtRepository) -> Response:
    here.require("actions_variables", "read", role="write")
    rows = here.tables.variables.where("repository", here.repository.id)
    return paginate(
        here.request, rows, variable_view, envelope="variables", per_page=VARIABLES_PER_PAGE
    )


@router.get(f"{ACTIONS}/variables/{{name}}")
async def get_variable(here: AtRepository, name: str) -> Response:
    here.require("actions_variables", "read", role="write")
    return reply(variable_view(_variable(here, name)))


@router.post(f"{ACTIONS}/variables")
async def create_variable(here: AtRepository, body: NewVariable) -> Response:
    here.require("actions_variables", "write")
    name = _checked(body.name, body.value)
    if here.tables.variables.one("name", (here.repository.id, name)) is not None:
        raise ApiError(409, "Already exists - Variable already exists")
    if here.tables.variables.count("repository", here.repository.id) >= MAX_VARIABLES:
        raise ApiError(422, f"A repository has at most {MAX_VARIABLES} variables.")
    now = here.world.clock.now()
    here.tables.variables.add(
        Variable(
            id=here.tables.next_id(),
            repository_id=here.repository.id,
            name=name,
            value=body.value,
            created_at=now,
            updated_at=now,
        )
    )
    return reply({}, 201)


@router.patch(f"{ACTIONS}/variables/{{name}}")
async def change_variable(here: AtRepository, name: str, body: VariableChange) -> Response:
    here.require("actions_variables", "write")
    row = _variable(here, name)
    new = _checked(body.name or row.name, body.value or "")
    other = here.tables.variables.one("name", (here.repository.id, new))
    if other is not None and other is not row:
        raise ApiError(409, "Already exists - Variable already exists")
    row.name = new
    row.value = row.value if body.value is None else body.value
    row.updated_at = here.world.clock.now()
    here.tables.variables.save(row)
    return no_content()


@router.delete(f"{ACTIONS}/variables/{{name}}")
async def delete_variable(here: AtRepository, name: str) -> Response:
    here.require("actions_variables", "write")
    here.tables.variables.remove(_variable(here, name))
    return no_content()


@router.get(f"{ACTIONS}/permissions")
async def get_permissions(here: AtRepository) -> Response:
    here.require("administration", "read", role="admin")
    enabled = here.repository.actions_enabled
    return reply({"enabled": enabled, "allowed_actions": "all", "sha_pinning_required": False})


@router.put(f"{ACTIONS}/permissions")
async def set_permissions(here: AtRepository, body: Permissions) -> Response:
    here.require("administration", "write", role="admin")
    if body.allowed_actions not in (None, "all"):
        raise ApiError(422, "The simulator allows all actions that it knows.")
    here.repository.actions_enabled = body.enabled
    here.tables.repositories.save(here.repository)
    return no_content()


@router.get(f"{ACTIONS}/permissions/workflow")
async def get_workflow_permissions(here: AtRepository) -> Response:
    here.require("administration", "read", role="admin")
    repository = here.repository
    return reply(
        {
            "default_workflow_permissions": repository.workflow_permissions,
            "can_approve_pull_request_reviews": repository.workflows_approve_pulls,
        }
    )


@router.put(f"{ACTIONS}/permissions/workflow")
async def set_workflow_permissions(here: AtRepository, body: WorkflowPermissions) -> Response:
    here.require("administration", "write", role="admin")
    repository = here.repository
    if body.default_workflow_permissions is not None:
        repository.workflow_permissions = body.default_workflow_permissions
    if body.can_approve_pull_request_reviews is not None:
        repository.workflows_approve_pulls = body.can_approve_pull_request_reviews
    here.tables.repositories.save(repository)
    return no_content()


def _variable(here: Here, name: str) -> Variable:
    found = here.tables.variables.one("name", (here.repository.id, name.upper()))
    if found is None:
        raise not_found()
    return found


def _checked(name: str, value: str) -> str:
    """The name as GitHub keeps it, in capitals. Raises ApiError 422."""
    upper = name.upper()
    if not NAME.match(upper) or len(upper) > 255:
        raise ApiError(
            422,
            "Variable name is invalid: it can hold letters, digits and underscores, must not"
            " start with a digit or with GITHUB_",
        )
    if len(value.encode()) > MAX_VALUE:
        raise ApiError(422, "Value is too large: the maximum size of a variable is 48 KB")
    return upper
