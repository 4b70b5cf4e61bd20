"""Faults and the clock."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from bot.simulator.errors import ApiError
from bot.simulator.faults.plan import KINDS, MEANINGS, READS, Fault, FaultPlan
from bot.simulator.pages.control.access import at_this_machine
from bot.simulator.pages.forms import Fields, Form
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.rendering import page
from bot.simulator.rest.scope import Calling

router = pages_router(at_this_machine)

HERE = "/_simulator/switches"
NUMBERS = ("probability", "count", "skip", "seconds", "status")
WORDS = ("event", "agent", "method", "path", "target", "when", "name")


@router.get(HERE)
async def switches(call: Calling) -> Response:
    faults = call.world.faults
    return page(
        call.request,
        "control/switches.html",
        plan=faults.plan,
        log=list(faults.log)[:-201:-1],
        kinds=KINDS,
        meanings=MEANINGS,
        reads=READS,
        as_json=faults.plan.model_dump_json(exclude_defaults=True),
    )


@router.post(HERE + "/add")
async def add_fault(call: Calling, form: Form) -> Response:
    """Fields which the chosen kind does not go by must be empty."""
    plan = call.world.faults.plan
    given = _given(form)
    try:
        faults = (*plan.faults, Fault.model_validate(given))
        changed = FaultPlan.model_validate({"seed": plan.seed, "faults": faults})
    except ValidationError as error:
        raise _refused(error, "This is no fault.") from error
    call.world.faults.set(changed)
    return RedirectResponse(HERE, 303)


def _given(form: Fields) -> dict[str, Any]:
    """What was filled in; `when` and `target` count where the kind goes by them."""
    kind = form.choice("kind", KINDS, "There is no such fault.")
    given: dict[str, Any] = {"kind": kind}
    for name in (*NUMBERS, *WORDS):
        value = form.text(name).strip()
        if value and not (name in ("when", "target") and name not in READS[kind]):
            given[name] = value
    return given


def _refused(error: ValidationError, message: str) -> ApiError:
    """422 saying what is wrong with which field."""
    said = [f"{'.'.join(map(str, e['loc'])) or 'plan'}: {e['msg']}" for e in error.errors()]
    return ApiError(422, message, said[:20])


@router.post(HERE + "/remove")
async def remove_fault(call: Calling, form: Form) -> Response:
    plan, place = call.world.faults.plan, form.number("place")
    kept = tuple(fault for at, fault in enumerate(plan.faults) if at != place)
    call.world.faults.set(FaultPlan(seed=plan.seed, faults=kept))
    return RedirectResponse(HERE, 303)


@router.post(HERE + "/plan")
async def set_plan(call: Calling, form: Form) -> Response:
    """The whole plan as JSON; it begins anew."""
    try:
        plan = FaultPlan.model_validate_json(form.text("plan") or "{}")
    except ValidationError as error:
        raise _refused(error, "This is no plan.") from error
    call.world.faults.set(plan)
    return RedirectResponse(HERE, 303)


@router.post(HERE + "/clock")
async def advance(call: Calling, form: Form) -> Response:
    """Forward, in minutes."""
    minutes = form.number("minutes")
    try:
        call.world.clock.advance(minutes * 60)
    except ValueError as error:
        raise ApiError(422, str(error)) from error
    return RedirectResponse(HERE, 303)
