"""`POST /api/graphql`."""

from __future__ import annotations

from typing import Any

from graphql import ExecutionResult, GraphQLError, execute, validate
from pydantic_core import to_json
from starlette.responses import Response

from bot.simulator.errors import ApiError
from bot.simulator.graphql.bounds import parsed
from bot.simulator.graphql.refusals import as_told
from bot.simulator.graphql.schema import schema
from bot.simulator.graphql.scope import Scope
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import Calling

router = router_for("graphql")

DOCUMENTATION = "https://docs.github.com/graphql"
MOST_ERRORS = 20


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
    return reply(await answer(Scope(call.world, call.caller), body))


async def answer(scope: Scope, body: Query) -> dict[str, Any]:
    """The JSON of the answer: data, errors, or both."""
    try:
        document = parsed(body.query or "")
    except GraphQLError as error:
        return {"errors": [as_told(error)]}
    wrong = validate(schema(), document, max_errors=MOST_ERRORS)
    if wrong:
        return {"errors": [as_told(error) for error in wrong]}
    outcome = execute(
        schema(),
        document,
        context_value=scope,
        variable_values=body.variables or {},
        operation_name=body.operationName,
    )
    result = outcome if isinstance(outcome, ExecutionResult) else await outcome
    told: dict[str, Any] = {"data": result.data}
    if result.errors:
        told["errors"] = [as_told(error) for error in result.errors]
    return told
