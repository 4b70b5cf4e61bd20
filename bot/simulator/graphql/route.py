"""`POST /api/graphql`."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from bot.simulator.errors import ApiError
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import Calling

router = router_for("graphql")

DOCUMENTATION = "https://docs.github.com/graphql"


class Query(Body):
    query: str | None = None
    variables: dict[str, Any] | None = None
    operationName: str | None = None


@router.post("/graphql")
async def graphql(call: Calling, body: Query) -> Response:
    """200 also for what is refused, as the answer says which fields were."""
    if call.caller.actor is None or call.caller.is_app_itself:
        raise ApiError(
            401,
            "This endpoint requires you to be authenticated.",
            documentation=f"{DOCUMENTATION}/guides/forming-calls-with-graphql#authenticating",
        )
    if body.query is None or not body.query.strip():
        message = "A query attribute must be specified and must be a string."
        return reply({"errors": [{"message": message}]})
    try:
        # JSON can hold halves of characters, which no answer could repeat.
        to_json(body.variables)
    except ValueError as error:
        raise ApiError(400, "Problems parsing JSON") from error
    # Here, as GraphQL takes a twentieth of the start, and most runs never ask with it.
    from bot.simulator.graphql.answering import answer
    from bot.simulator.graphql.scope import Scope

    scope = Scope(call.world, call.caller)
    return reply(await answer(scope, body.query, body.variables, body.operationName))
