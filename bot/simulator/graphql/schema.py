"""The schema with its resolvers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)

from bot.simulator.graphql.conversations import COMMENT, ISSUE, PULL
from bot.simulator.graphql.mutations import CHANGES, changed
from bot.simulator.graphql.objects import ACCOUNT, BOT, COMMIT, LABEL, REF, REPOSITORY, CommitRow
from bot.simulator.graphql.queries import QUERY
from bot.simulator.graphql.reviews import REVIEW, REVIEW_COMMENT, THREAD
from bot.simulator.graphql.scope import Scope, scope_of, type_name

Read = Callable[[Scope, Any, dict[str, Any]], Any]

FIELDS: Mapping[str, Mapping[str, Read]] = {
    "Query": QUERY,
    "User": ACCOUNT,
    "Bot": BOT,
    "Organization": ACCOUNT,
    "Repository": REPOSITORY,
    "Ref": REF,
    "Commit": COMMIT,
    "Label": LABEL,
    "Issue": ISSUE,
    "IssueComment": COMMENT,
    "PullRequest": PULL,
    "PullRequestReview": REVIEW,
    "PullRequestReviewThread": THREAD,
    "PullRequestReviewComment": REVIEW_COMMENT,
}
"""How the fields are read that are no attribute of the record by the same name."""


@cache
def schema() -> GraphQLSchema:
    text = files("bot.simulator.graphql").joinpath("schema.graphql").read_text()
    built = build_schema(text)
    for kind in built.type_map.values():
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            kind.resolve_type = _resolve_type
        elif isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            reads = FIELDS.get(kind.name, {})
            for name, field in kind.fields.items():
                if kind.name != "Mutation":
                    field.resolve = _reading(reads[name]) if name in reads else _attribute
                else:
                    _mutate(name, field)
    return built


def _reading(read: Read) -> Callable[..., Any]:
    def resolve(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        return read(scope_of(info), source, arguments)

    return resolve


def _attribute(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    if isinstance(source, dict):
        return source.get(info.field_name)
    return getattr(source, re.sub(r"(?<!^)(?=[A-Z])", "_", info.field_name).lower())


def _mutate(name: str, field: GraphQLField) -> None:
    assert name in CHANGES

    async def resolve(source: Any, info: GraphQLResolveInfo, *, input: dict[str, Any]) -> Any:
        return await changed(name, scope_of(info), input)

    field.resolve = resolve


def _resolve_type(row: Any, info: GraphQLResolveInfo, kind: GraphQLAbstractType) -> str:
    if isinstance(row, CommitRow):
        return "Commit"
    return type_name(row)
