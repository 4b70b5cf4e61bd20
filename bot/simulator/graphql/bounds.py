"""How large a query may be, and the pages of its lists."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    Node,
    SelectionSetNode,
    parse,
    value_from_ast_untyped,
)

from bot.simulator.graphql.refusals import Refused

Variables = dict[str, Any]

MAX_CHARACTERS = 200_000
MAX_TOKENS = 5_000
MAX_DEPTH = 25
MAX_FIELDS = 1_000
"""With fragments written out as often as they are used. To compare them with each other, as the
validation does, takes the square of it."""
MAX_NODES = 500_000
"""If every list were full; as on GitHub."""
MOST = 100


def parsed(query: str, variables: Variables) -> DocumentNode:
    """Raises GraphQLError for what is no query and for one out of bounds."""
    if len(query) > MAX_CHARACTERS:
        raise GraphQLError("The query is too long.")
    try:
        document = parse(query, max_tokens=MAX_TOKENS)
    except RecursionError as error:
        raise GraphQLError("The query is nested too deeply.") from error
    _Measure(document, variables).check()
    return document


class _Measure:
    """Walks a document, with its fragments in their places."""

    def __init__(self, document: DocumentNode, variables: Variables) -> None:
        self.document = document
        self.variables = variables
        self.fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self.fields = 0
        self.nodes = 0

    def check(self) -> None:
        for definition in self.document.definitions:
            self._walk(getattr(definition, "selection_set", None), 0, (), 1)
        if self.nodes > MAX_NODES:
            refused = Refused(
                "MAX_NODE_LIMIT_EXCEEDED",
                f"This query requests up to {self.nodes:,} possible nodes which exceeds the"
                f" maximum limit of {MAX_NODES:,}.",
            )
            raise GraphQLError(refused.message, original_error=refused)

    def _walk(
        self,
        selections: SelectionSetNode | None,
        depth: int,
        inside: tuple[str, ...],
        times: int,
    ) -> None:
        """`times`: so many objects may have these fields."""
        if depth > MAX_DEPTH:
            raise GraphQLError(f"The query is nested deeper than {MAX_DEPTH} levels.")
        for node in _selections(selections):
            self.fields += 1
            if self.fields > MAX_FIELDS:
                raise GraphQLError(f"The query asks for more than {MAX_FIELDS} fields.")
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                fragment = self.fragments.get(name)
                # A fragment within itself is for the validation to refuse.
                if fragment is not None and name not in inside:
                    self._walk(fragment.selection_set, depth + 1, (*inside, name), times)
            elif isinstance(node, FieldNode):
                rows = _rows(node, self.variables)
                self.nodes += times * rows if rows is not None else 0
                self._walk(node.selection_set, depth + 1, inside, times * (rows or 1))
            else:
                self._walk(getattr(node, "selection_set", None), depth, inside, times)


def _selections(selections: SelectionSetNode | None) -> Iterable[Node]:
    return () if selections is None else selections.selections


def _rows(node: FieldNode, variables: Variables) -> int | None:
    """At most so many does a list give; None for what is no list."""
    for argument in node.arguments:
        if argument.name.value in ("first", "last", "ids"):
            asked = value_from_ast_untyped(argument.value, variables)
            count = len(asked) if isinstance(asked, list) else asked
            if count is not None:
                return min(max(count, 0), MOST) if isinstance(count, int) else MOST
    return None


def connection(field: str, rows: Sequence[Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """One page of `rows` as `first`, `after`, `last` and `before` ask.

    Raises:
        Refused: where they ask for no page, for too large a one, or behind no cursor of ours.
    """
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        raise Refused(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{field}`"
            " connection.",
        )
    for name, wanted in (("first", first), ("last", last)):
        if wanted is not None and not 0 <= wanted <= MOST:
            raise Refused(
                "EXCESSIVE_PAGINATION",
                f"Requesting {wanted} records on the `{field}` connection exceeds the `{name}`"
                f" limit of {MOST} records.",
            )
    start = _index(arguments.get("after"), -1) + 1
    end = min(_index(arguments.get("before"), len(rows)), len(rows))
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    shown = list(enumerate(rows))[start : max(start, end)]
    return {
        "nodes": [row for _, row in shown],
        "edges": [{"cursor": _cursor(index), "node": row} for index, row in shown],
        "totalCount": len(rows),
        "pageInfo": {
            "hasNextPage": end < len(rows),
            "hasPreviousPage": start > 0,
            "startCursor": _cursor(shown[0][0]) if shown else None,
            "endCursor": _cursor(shown[-1][0]) if shown else None,
        },
    }


def _cursor(index: int) -> str:
    return b64encode(f"cursor:v2:{index}".encode()).decode()


def _index(cursor: str | None, default: int) -> int:
    if cursor is None:
        return default
    try:
        text = b64decode(cursor, validate=True).decode()
    except ValueError:
        text = ""
    prefix, _, number = text.rpartition(":")
    if prefix != "cursor:v2" or not number.isdecimal() or len(number) > 9:
        raise Refused(
            "INVALID_CURSOR_ARGUMENTS",
            f"`{cursor[:100]}` does not appear to be a valid cursor.",
        )
    return int(number)
