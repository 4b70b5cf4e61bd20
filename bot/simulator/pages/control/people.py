"""The people of the simulator: their roles and tokens, and new ones."""

from __future__ import annotations

from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from bot.simulator.errors import ApiError
from bot.simulator.identity.rights import role_of
from bot.simulator.pages import acting
from bot.simulator.pages.control.access import at_this_machine
from bot.simulator.pages.forms import Form
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.rendering import page
from bot.simulator.records.repositories import ROLES
from bot.simulator.rest import control
from bot.simulator.rest.scope import Calling

router = pages_router(at_this_machine)


@router.get("/_simulator/people")
async def people(call: Calling) -> Response:
    repositories = list(call.tables.repositories)
    return page(
        call.request,
        "control/people.html",
        repositories=repositories,
        roles=ROLES,
        rows=[
            (
                person,
                call.tables.tokens.one("account", person.id),
                {r.id: role_of(call.tables, person.id, r) for r in repositories},
            )
            for person in acting.people(call.world)
        ],
    )


@router.post("/_simulator/people")
async def add_person(call: Calling, form: Form) -> Response:
    """A new person, or another role for one there is."""
    roles = {}
    if form.text("role") and form.text("repository"):
        roles = {form.text("repository"): form.text("role")}
    try:
        wanted = control.Person.model_validate({"login": form.text("login"), "roles": roles})
    except ValidationError as error:
        raise ApiError(422, "That is no name and role of a person.") from error
    await control.add_user(call.request, wanted)
    return RedirectResponse("/_simulator/people", 303)
