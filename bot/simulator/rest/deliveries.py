"""The log of a hook's deliveries, of Apps and of repositories alike."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.errors import ApiError, not_found
from bot.simulator.records.apps import Delivery, Hook
from bot.simulator.rest.numbers import whole_number
from bot.simulator.rest.replies import MAX_PER_PAGE, PER_PAGE, number_in, reply
from bot.simulator.rest.scope import Call
from bot.simulator.views.hooks import delivery_view, full_delivery_view

PREFIX = "v1_"
"""Of cursors; the rest is the id of the page's first delivery."""
STATES = {"success": "delivered", "failure": "failed"}


def list_deliveries(call: Call, hook: Hook) -> Response:
    """A page, newest first; the next one begins at the cursor that the `Link` header gives."""
    request = call.request
    rows = _settled(call, hook)
    size = min(max(number_in(request, "per_page", PER_PAGE), 1), MAX_PER_PAGE)
    begin = _begin(request, rows)
    shown = rows[begin : begin + size]
    links = []
    if begin + size < len(rows):
        links.append(_link(request, rows[begin + size], "next"))
    if begin > 0:
        links.append(_link(request, rows[max(0, begin - size)], "prev"))
    headers = {"link": ", ".join(links)} if links else None
    return reply([delivery_view(row) for row in shown], headers=headers)


def show_delivery(call: Call, hook: Hook, id: int) -> Response:
    return reply(full_delivery_view(_delivery(call, hook, id)))


def attempt_again(call: Call, hook: Hook, id: int) -> Response:
    """202: the attempt shows up in the log once it was made."""
    call.world.outbox.redeliver(hook, _delivery(call, hook, id))
    return reply({}, 202)


def _delivery(call: Call, hook: Hook, id: int) -> Delivery:
    """Raises ApiError 404 for what is not there, another hook's, or still under way."""
    row = call.tables.deliveries.get(id)
    if row is None or row.hook_id != hook.id or row.state == "pending":
        raise not_found()
    return row


def _settled(call: Call, hook: Hook) -> list[Delivery]:
    call.world.outbox.prune()
    status = call.request.query_params.get("status")
    if status is not None and status not in STATES:
        raise ApiError(422, 'Invalid request.\n\n"status" is neither success nor failure.')
    rows = [
        row
        for row in call.tables.deliveries.where("hook", hook.id)
        if row.state != "pending" and (status is None or row.state == STATES[status])
    ]
    return sorted(rows, key=lambda row: -row.id)


def _begin(request: Request, rows: list[Delivery]) -> int:
    cursor = request.query_params.get("cursor", "")
    if not cursor:
        return 0
    first = whole_number(cursor.removeprefix(PREFIX))
    if first is None:
        raise ApiError(422, "Invalid cursor.")
    return next((place for place, row in enumerate(rows) if row.id <= first), len(rows))


def _link(request: Request, row: Delivery, name: str) -> str:
    base = f"{request.app.state.world.urls.base}{request.url.path}"
    others = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
    query = urlencode([*others, ("cursor", f"{PREFIX}{row.id}")])
    return f'<{base}?{query}>; rel="{name}"'
