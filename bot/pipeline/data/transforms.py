"""Carries out the operations of data_transform. Data is never changed, only made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.pipeline.data.grouping import aggregated, grouped, joined
from bot.pipeline.expressions import datapath
from bot.pipeline.expressions.datapath import value_at, with_value
from bot.pipeline.expressions.expr import (
    ExpressionError,
    condition_expression,
    evaluate,
    item_expression,
)
from bot.pipeline.expressions.functions.call import items_of
from bot.pipeline.expressions.functions.lists import distinct, ordered
from bot.pipeline.expressions.values import as_text, shown
from bot.pipeline.expressions.work import Work
from bot.pipeline.language.transform_operations import (
    AggregateOperation,
    ExtractOperation,
    FilterOperation,
    FlattenOperation,
    GroupOperation,
    JoinOperation,
    LimitOperation,
    MapOperation,
    Operation,
    OperationBase,
    RenameOperation,
    SelectOperation,
    SortOperation,
    UniqueOperation,
)

MAX_ITEMS = 100_000
"""Of a list an operation works on or makes."""


def transformed(data: Any, operations: Sequence[Operation], names: Mapping[str, Any]) -> Any:
    """The data after all operations; raises `ExpressionError` that names the one that failed."""
    for number, operation in enumerate(operations, 1):
        try:
            data = _carried_out(operation, data, names)
        except ExpressionError as error:
            where = f"operation {number} ({operation.operation})"
            raise ExpressionError(f"{where}: {error.message}", hint=error.hint) from error
    return data


@dataclass(frozen=True)
class _Subject:
    """What one operation works on, and what it knows around."""

    value: Any
    about: str
    """The field of the items that `field` names, where the data is a list."""
    names: Mapping[str, Any]
    work: Work

    def items(self) -> list[Any]:
        """The list; raises `ExpressionError` for anything else."""
        if not isinstance(self.value, list | tuple):
            hint = "name the list in it with 'field'" if isinstance(self.value, Mapping) else ""
            raise ExpressionError(f"needs a list, got {shown(self.value)}", hint=hint)
        return list(self.value)

    def entries(self) -> list[Any]:
        """The list, or a map's entries as `key` and `value`."""
        return items_of(self.value, "") if isinstance(self.value, Mapping) else self.items()

    def field(self, own: str, name: str) -> str:
        """The field of the items an operation is about: its own key for it, or `field`."""
        if own and self.about:
            raise ExpressionError(
                f"the data is a list, so 'field: {self.about}' leads nowhere", hint=f"keep {name!r}"
            )
        return own or self.about


def _carried_out(operation: Operation, data: Any, names: Mapping[str, Any]) -> Any:
    field = operation.field or getattr(operation, "left_field", "")
    inside = isinstance(data, Mapping) and bool(field)
    value = value_at(data, field) if inside else data
    if inside and value is None:
        known = ", ".join(sorted(map(str, data))[:12])
        raise ExpressionError(f"there is nothing at {field!r}; there are: {known or 'no fields'}")
    if isinstance(value, list | tuple | Mapping) and len(value) > MAX_ITEMS:
        raise ExpressionError(f"{len(value)} items are more than {MAX_ITEMS}")
    subject = _Subject(value, "" if inside else field, names, Work())
    result = _OPERATIONS[type(operation)](operation, subject)
    if isinstance(result, list) and len(result) > MAX_ITEMS:
        raise ExpressionError(f"the result has more than {MAX_ITEMS} items")
    where = operation.result_field or (field if inside else "")
    if not where:
        return result
    if not isinstance(data, Mapping):
        raise ExpressionError("'as' needs a map to put the result into, and the data is a list")
    return with_value(data, where, result)


def _filter(operation: FilterOperation, subject: _Subject) -> Any:
    items = subject.entries()
    keep = _picked(subject)(condition_expression(operation.condition), items)
    kept = [item for item, wanted in zip(items, keep, strict=True) if wanted]
    if isinstance(subject.value, Mapping):
        return {entry["key"]: entry["value"] for entry in kept}
    return kept


def _picked(subject: _Subject) -> datapath.Picks:
    return lambda condition, items: item_expression(condition).tests(
        items, subject.names, subject.work
    )


def _map(operation: MapOperation, subject: _Subject) -> list[Any]:
    items = subject.entries()
    if operation.expression:
        made = item_expression(operation.expression).values(items, subject.names, subject.work)
        subject.work.weigh(made)
        return made
    by = subject.field(operation.by, "by")
    if not by:
        return [{**_fields(item), **operation.mapping} for item in items]
    return [_translated(_fields(item), by, operation.mapping) for item in items]


def _translated(item: Mapping[str, Any], by: str, mapping: Mapping[str, Any]) -> dict[str, Any]:
    old = value_at(item, by)
    return with_value(item, by, mapping.get(as_text(old), old))


def _fields(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise ExpressionError(f"needs a list of maps, and it holds {shown(item)}")
    return item


def _aggregate(operation: AggregateOperation, subject: _Subject) -> Any:
    path = subject.field(operation.value_field, "value_field")
    return aggregated(subject.items(), operation.function, path, operation.group_by)


def _group(operation: GroupOperation, subject: _Subject) -> dict[str, Any]:
    key = subject.field(operation.key, "key")
    if not key:
        raise ExpressionError("'group_by' needs a 'key'")
    return grouped(subject.items(), key, operation.aggregate)


def _join(operation: JoinOperation, subject: _Subject) -> list[Any]:
    right = evaluate(operation.right_source, subject.names)
    if not isinstance(right, list | tuple) or len(right) > MAX_ITEMS:
        raise ExpressionError(f"'right_source' must give a list of at most {MAX_ITEMS} items")
    for item in (*subject.items(), *right):
        _fields(item)
    key = operation.join_key
    return joined(
        subject.items(), right, (subject.about or key, key), operation.join_type, MAX_ITEMS
    )


def _sort(operation: SortOperation, subject: _Subject) -> list[Any]:
    items = subject.items()
    keys = operation.keys()
    by = subject.field("given" if keys else "", "by")
    if not keys:
        values = [value_at(item, by) for item in items] if by else items
        return ordered(items, values, descending=operation.order == "desc")
    for path, descending in reversed(keys):
        items = ordered(items, [value_at(item, path) for item in items], descending=descending)
    return items


def _unique(operation: UniqueOperation, subject: _Subject) -> list[Any]:
    items = subject.items()
    by = subject.field(operation.by, "by")
    return distinct(items, [value_at(item, by) for item in items] if by else items)


def _flatten(operation: FlattenOperation, subject: _Subject) -> list[Any]:
    items = subject.items()
    if subject.about:
        items = [value_at(item, subject.about) for item in items]
        wrong = next((item for item in items if not isinstance(item, list | tuple)), None)
        if wrong is not None or None in items:
            raise ExpressionError(
                f"{subject.about!r} must be a list in every item, got {shown(wrong)}"
            )
    for _ in range(operation.depth):
        items = [
            inner
            for item in items
            for inner in (item if isinstance(item, list | tuple) else [item])
        ]
        if len(items) > MAX_ITEMS:
            break
    return items


def _limit(operation: LimitOperation, subject: _Subject) -> list[Any]:
    return subject.items()[operation.offset : operation.offset + operation.count]


def _select(operation: SelectOperation, subject: _Subject) -> list[Any]:
    wanted = operation.fields
    return [
        {name: item[name] for name in wanted if name in item}
        for item in map(_fields, subject.items())
    ]


def _rename(operation: RenameOperation, subject: _Subject) -> list[Any]:
    return [
        {operation.fields.get(name, name): value for name, value in item.items()}
        for item in map(_fields, subject.items())
    ]


def _extract(operation: ExtractOperation, subject: _Subject) -> Any:
    path = datapath.parse_path(operation.expression)
    found = datapath.find(subject.value, path, _picked(subject))
    if not datapath.is_single(path):
        return found
    if not found:
        raise ExpressionError(f"there is nothing at {operation.expression!r}")
    return found[0]


_OPERATIONS: dict[type[OperationBase], Callable[..., Any]] = {
    FilterOperation: _filter,
    MapOperation: _map,
    AggregateOperation: _aggregate,
    JoinOperation: _join,
    GroupOperation: _group,
    SortOperation: _sort,
    UniqueOperation: _unique,
    FlattenOperation: _flatten,
    LimitOperation: _limit,
    SelectOperation: _select,
    RenameOperation: _rename,
    ExtractOperation: _extract,
}
