"""Runs one GraphQL document."""

from __future__ import annotations

from typing import Any

from graphql import ExecutionResult, GraphQLError, execute, validate

from bot.simulator.graphql.bounds import parsed
from bot.simulator.graphql.refusals import as_told
from bot.simulator.graphql.schema import schema
from bot.simulator.graphql.scope import Scope

MOST_ERRORS = 20


async def answer(
    scope: Scope, query: str, variables: dict[str, Any] | None, operation: str | None
) -> dict[str, Any]:
    """The JSON of the answer: data, errors, or both."""
    try:
        document = parsed(query, variables or {})
    except GraphQLError as error:
        return {"errors": [as_told(error)]}
    wrong = validate(schema(), document, max_errors=MOST_ERRORS)
    if wrong:
        return {"errors": [as_told(error) for error in wrong]}
    outcome = execute(
        schema(),
        document,
        context_value=scope,
        variable_values=variables or {},
        operation_name=operation,
    )
    result = outcome if isinstance(outcome, ExecutionResult) else await outcome
    told: dict[str, Any] = {"data": result.data}
    if result.errors:
        told["errors"] = [as_told(error) for error in result.errors]
    return told
