"""Judges GraphQL against GitHub's published schema: what is offered, asked and answered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    validate,
)
from graphql.utilities import find_breaking_changes

from tests.simulator.judges.answers import check_error, check_headers
from tests.simulator.judges.exchanges import Exchange, NotJson
from tests.simulator.judges.library import PACKAGES

PUBLISHED = PACKAGES / "@octokit/graphql-schema" / "schema.graphql"


class GraphJudge:
    """Holds a schema, and exchanges, to GitHub's."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema

    @classmethod
    def load(cls) -> GraphJudge:
        """Takes some two seconds: GitHub has 1,600 types."""
        text = PUBLISHED.read_text()
        return cls(build_schema(text, assume_valid=True, assume_valid_sdl=True, no_location=True))

    def offered(self, schema: GraphQLSchema) -> Sequence[str]:
        """Why a query that fits this schema would not fit GitHub's."""
        return [change.description for change in find_breaking_changes(schema, self.schema)]

    def judge(self, exchange: Exchange) -> Iterator[str]:
        """What is wrong with the envelope, else with what is inside."""
        found = list(envelope(exchange))
        yield from found or self.problems(exchange)

    def problems(self, exchange: Exchange) -> Iterator[str]:
        """What is wrong with a request that was answered by data, or with the data."""
        try:
            asked, answered = exchange.request_json(), exchange.response_json()
            document = parse(asked["query"])
        except (NotJson, GraphQLError, KeyError, TypeError):
            return
        if not isinstance(answered, dict) or not isinstance(answered.get("data"), dict):
            return
        invalid = validate(self.schema, document)
        yield from (f"request: {error.message}" for error in invalid)
        if invalid:
            return
        replayed = execute_sync(
            self.schema,
            document,
            root_value=answered["data"],
            variable_values=asked.get("variables"),
            field_resolver=_answered,
            type_resolver=_named,
        )
        refused = {json.dumps(error.get("path")) for error in answered.get("errors", ())}
        for error in replayed.errors or ():
            # Where the server said itself that it had nothing, there is nothing to hold it to.
            if json.dumps(error.path) not in refused:
                where = "/".join(map(str, error.path or ()))
                yield f"response /data/{where}: {error.message}"


def envelope(exchange: Exchange) -> Iterator[str]:
    """The headers are those of REST, refusals too; all else is answered by 200."""
    yield from check_headers(exchange)
    try:
        body = exchange.response_json()
    except NotJson as error:
        yield f"response is not JSON: {error}"
        return
    if not isinstance(body, dict):
        yield "response is no object"
    elif exchange.status != 200:
        yield from check_error(body, exchange.status)
    elif not isinstance(body.get("data", {}), dict | NoneType):
        yield "response has data that is no object"
    elif not {"data", "errors"} & body.keys():
        yield "response has neither data nor errors"
    elif any(not isinstance(e.get("message"), str) for e in body.get("errors", ())):
        yield "response has an error without a message"


def _answered(source: Any, info: GraphQLResolveInfo, **_: Any) -> Any:
    """The value that the server gave for this field, by the name under which it was asked."""
    if not isinstance(source, Mapping):
        return None
    if info.path.key not in source:
        raise GraphQLError("is missing")
    return source[str(info.path.key)]


def _named(value: Any, info: GraphQLResolveInfo, kind: GraphQLAbstractType) -> str:
    """The type that the server named; else one that has all that it gave."""
    if isinstance(value, Mapping) and isinstance(value.get("__typename"), str):
        return str(value["__typename"])
    for each in info.schema.get_possible_types(kind):
        if set(value) <= set(each.fields):
            return each.name
    return next(each.name for each in info.schema.get_possible_types(kind))
