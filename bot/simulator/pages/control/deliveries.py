"""What was sent to webhooks, and what came back."""

from __future__ import annotations

import json
from contextlib import suppress

from starlette.responses import RedirectResponse, Response

from bot.simulator.domain.apps.hooks import apply_config, ping, save_hook
from bot.simulator.errors import not_found
from bot.simulator.pages.control.access import at_this_machine
from bot.simulator.pages.forms import Form
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.paging import page_of
from bot.simulator.pages.rendering import page
from bot.simulator.records.apps import Delivery, Hook
from bot.simulator.rest.scope import Call, Calling

router = pages_router(at_this_machine)

SHOWN_TEXT = 200_000


@router.get("/_simulator")
@router.get("/_simulator/deliveries")
async def deliveries(call: Calling) -> Response:
    """`?part=1` gives only the list, for keeping it fresh."""
    asked = call.request.query_params
    wanted, state = asked.get("event", ""), asked.get("state", "")
    rows = [
        row
        for row in call.tables.deliveries
        if (not wanted or row.event == wanted) and (not state or row.state == state)
    ]
    found = page_of(call.request, rows[::-1], 50)
    return page(
        call.request,
        "control/deliveries_part.html" if asked.get("part") else "control/deliveries.html",
        found=found,
        hooks=list(call.tables.hooks),
        events=sorted({row.event for row in call.tables.deliveries}),
        hook_name=lambda hook: hook_name(call, hook),
    )


def hook_name(call: Call, hook: Hook | None) -> str:
    if hook is None:
        return "a hook that is gone"
    app = call.tables.apps.get(hook.app_id)
    if app is not None:
        return f"App {app.slug}"
    repository = call.tables.repositories.get(hook.repository_id)
    return "a hook" if repository is None else f"hook of {call.world.full_name(repository)}"


@router.get("/_simulator/deliveries/{id:int}")
async def delivery(call: Calling, id: int) -> Response:
    row, hook = _found(call, id)
    attempts = [d for d in call.tables.deliveries.where("guid", row.guid) if d.id != row.id]
    return page(
        call.request,
        "control/delivery.html",
        row=row,
        hook=hook,
        name=hook_name(call, hook),
        attempts=attempts,
        payload=indented(row.payload),
        answer=indented(row.response_body),
    )


def _found(call: Call, id: int) -> tuple[Delivery, Hook | None]:
    row = call.tables.deliveries.get(id)
    if row is None:
        raise not_found()
    return row, call.tables.hooks.get(row.hook_id)


def indented(text: str) -> str:
    """JSON for people; anything else as it is."""
    with suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text if len(text) <= SHOWN_TEXT else text[:SHOWN_TEXT] + "\n…"


@router.post("/_simulator/deliveries/{id:int}")
async def redeliver(call: Calling, id: int) -> Response:
    row, hook = _found(call, id)
    if hook is None:
        raise not_found()
    made = call.world.outbox.redeliver(hook, row)
    return RedirectResponse(f"/_simulator/deliveries/{made.id}", 303)


@router.post("/_simulator/hooks/{id:int}")
async def point_hook(call: Calling, id: int, form: Form) -> Response:
    """Gives a hook another address, or none, and pings it."""
    hook = call.tables.hooks.get(id)
    if hook is None:
        raise not_found()
    if form.text("url"):
        apply_config(hook, {"url": form.text("url").strip()})
        hook.active = True
    else:
        hook.url, hook.active = "", False
    save_hook(call.world, hook)
    ping(call.world, call.caller, hook)
    return RedirectResponse("/_simulator", 303)
