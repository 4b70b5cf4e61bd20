"""Groups, aggregates and joins of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.pipeline.expressions.datapath import value_at
from bot.pipeline.expressions.functions.aggregates import AGGREGATES
from bot.pipeline.expressions.functions.lists import canonical, identity
from bot.pipeline.expressions.values import ExpressionError, as_text, shown

_NO_FIELD_NEEDED = frozenset({"count", "first", "last", "unique", "count_distinct"})


def aggregated(items: list[Any], function: str, path: str, group_by: str) -> Any:
    """One value, or one per group; nothing that is null or missing counts."""
    if not path and function not in _NO_FIELD_NEEDED and any(isinstance(i, Mapping) for i in items):
        raise ExpressionError(f"{function!r} of maps needs a 'value_field'")
    if not group_by:
        return AGGREGATES[function](_values(items, path))
    groups = grouped(items, group_by, {})
    return {key: AGGREGATES[function](_values(group, path)) for key, group in groups.items()}


def _values(items: list[Any], path: str) -> list[Any]:
    found = [value_at(item, path) for item in items] if path else items
    return [value for value in found if value is not None]


def grouped(items: list[Any], key: str, aggregate: Mapping[str, str]) -> dict[str, Any]:
    """Items by what stands at `key`, groups in the order they are first met.

    The keys of the result are texts; two values that make the same text cannot be told apart.
    """
    groups: dict[str, list[Any]] = {}
    values: dict[str, Any] = {}
    for item in items:
        value = value_at(item, key)
        name = as_text(canonical(value))
        if identity(values.setdefault(name, value)) != identity(value):
            raise ExpressionError(f"{shown(values[name])} and {shown(value)} make the same key")
        groups.setdefault(name, []).append(item)
    if not aggregate:
        return groups
    return {
        name: {to: _called(group, call) for to, call in aggregate.items()}
        for name, group in groups.items()
    }


def _called(items: list[Any], call: str) -> Any:
    function, _, path = call.strip().removesuffix(")").partition("(")
    return aggregated(items, function.strip(), path.strip(), "")


def joined(
    left: list[Any], right: Sequence[Any], keys: tuple[str, str], kind: str, limit: int
) -> list[Any]:
    """One item per pair with equal keys; what has no partner stands alone where `kind` keeps it.

    Left items keep their order, partners theirs; lonely right items follow. Null matches nothing.
    """
    partners: dict[str, list[int]] = {}
    for position, item in enumerate(right):
        if (value := value_at(item, keys[1])) is not None:
            partners.setdefault(identity(value), []).append(position)
    rows: list[Any] = []
    met: set[int] = set()
    for item in left:
        value = value_at(item, keys[0])
        found = partners.get(identity(value), []) if value is not None else []
        met.update(found)
        rows += [{**item, **right[position]} for position in found]
        if not found and kind in ("left", "full", "outer"):
            rows.append(dict(item))
        if len(rows) > limit:
            raise ExpressionError(f"the join has more than {limit} items")
    if kind in ("right", "full", "outer"):
        rows += [dict(item) for position, item in enumerate(right) if position not in met]
    return rows
