"""The operations of the data_transform step, as written in YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from bot.core.model import Record
from bot.pipeline.expressions.datapath import Where, dotted, parse_path
from bot.pipeline.expressions.expr import ExpressionError, condition_expression
from bot.pipeline.expressions.functions.aggregates import AGGREGATES
from bot.pipeline.language.field_types import Expression, Path, Source, check_items
from bot.pipeline.language.step_base import Condition, Name


class OperationBase(Record):
    """What every operation may say.

    Where the data is a map, `field` leads to the list to work on, and the result takes its place.
    Where the data is a list, `field` names the field of its items the operation is about.
    """

    field: Path = ""
    result_field: Path = Field(default="", alias="as")
    """Put the result here and leave the list as it is."""

    def about_items(self) -> Iterator[str]:
        """Its expressions about items."""
        yield from ()

    def about_data(self) -> Iterator[str]:
        """Its expressions about everything around."""
        yield from ()


class FilterOperation(OperationBase):
    """Keep the items a condition holds for."""

    operation: Literal["filter"]
    condition: Condition

    @field_validator("condition")
    @classmethod
    def _parses(cls, condition: Any) -> Any:
        try:
            check_items(condition_expression(condition))
        except ExpressionError as error:
            raise ValueError(str(error)) from error
        return condition

    def about_items(self) -> Iterator[str]:
        """The condition."""
        yield condition_expression(self.condition)


class MapOperation(OperationBase):
    """Make something of each item."""

    operation: Literal["map"]
    expression: Expression = ""
    """The new item."""
    mapping: dict[str, Any] = Field(default_factory=dict)
    """New values by old ones for the field `by`, others stay; without `by`, fields to add."""
    by: Path = ""

    @model_validator(mode="after")
    def _one_way(self) -> MapOperation:
        if bool(self.expression) == bool(self.mapping):
            raise ValueError("'map' takes exactly one of 'expression' and 'mapping'")
        if self.expression in ("uppercase", "lowercase"):
            function = self.expression.removesuffix("case")
            raise ValueError(f"write merge(item, {{'name': {function}(name)}}) instead")
        return self

    def about_items(self) -> Iterator[str]:
        """The expression, if any."""
        if self.expression:
            yield self.expression


AggregateFunction = Literal[
    "sum", "average", "count", "min", "max", "first", "last", "unique", "count_distinct",
    "std_dev", "variance", "median",
]  # fmt: skip


class AggregateOperation(OperationBase):
    """One value of many, for all items or per group. Null and missing values do not count."""

    operation: Literal["aggregate"]
    function: AggregateFunction = "sum"
    value_field: Path = ""
    group_by: Path = ""


class JoinOperation(OperationBase):
    """Put together what has the same key; null is nobody's key. Fields of the right side win."""

    operation: Literal["join"]
    left_field: Path = ""
    """As `field`: the way to the left list, or in a list the field that holds the key."""
    right_source: Source
    join_key: Path = Field(min_length=1)
    join_type: Literal["inner", "left", "right", "full", "outer"] = "left"

    @model_validator(mode="after")
    def _one_field(self) -> JoinOperation:
        if self.field and self.left_field:
            raise ValueError("'field' and 'left_field' mean the same here; give one of them")
        return self

    def about_data(self) -> Iterator[str]:
        """The right side."""
        yield self.right_source


_AGGREGATE_CALL = re.compile(r"(\w+)(?:\(([^()]*)\))?\Z")


class GroupOperation(OperationBase):
    """A map of lists by what the items have in common."""

    operation: Literal["group_by"]
    key: Path = ""
    aggregate: dict[Name, str] = Field(default_factory=dict)
    """Instead of the items: `{total: sum(price), number: count}`."""

    @field_validator("aggregate")
    @classmethod
    def _known(cls, aggregate: dict[str, str]) -> dict[str, str]:
        for call in aggregate.values():
            name, path = aggregate_call(call)
            if name not in AGGREGATES:
                raise ValueError(f"there is no {name!r}; there are: {', '.join(AGGREGATES)}")
            dotted(path)
        return aggregate


def aggregate_call(call: str) -> tuple[str, str]:
    """`sum(price)` as its function and its field."""
    found = _AGGREGATE_CALL.match(call.strip())
    if found is None:
        raise ValueError(f"{call!r} is no call such as 'count' or 'sum(price)'")
    return found[1], (found[2] or "").strip()


class SortOperation(OperationBase):
    """Order the items; missing values come last, values that cannot be compared are an error."""

    operation: Literal["sort"]
    by: str | tuple[str, ...] = ()
    """Fields, the most important first, each with `asc` or `desc` if it differs from `order`."""
    order: Literal["asc", "desc"] = "asc"

    def keys(self) -> tuple[tuple[str, bool], ...]:
        """Each field, and whether it is ordered downwards."""
        parts = self.by.split(",") if isinstance(self.by, str) else self.by
        return tuple(self._key(part) for part in parts if part.strip())

    def _key(self, part: str) -> tuple[str, bool]:
        path, _, order = part.strip().partition(" ")
        if order.strip() not in ("", "asc", "desc"):
            raise ValueError(f"{part!r} is no field with 'asc' or 'desc'")
        return dotted(path), (order.strip() or self.order) == "desc"

    @model_validator(mode="after")
    def _good_keys(self) -> SortOperation:
        self.keys()
        return self


class UniqueOperation(OperationBase):
    """The first item of each kind: equal ones, or those with the same `by`."""

    operation: Literal["unique"]
    by: Path = ""


class FlattenOperation(OperationBase):
    """One list of the lists in a list."""

    operation: Literal["flatten"]
    depth: int = Field(default=1, ge=1, le=20)


class LimitOperation(OperationBase):
    """Some of the items, from the start or after `offset`."""

    operation: Literal["limit"]
    count: int = Field(ge=0)
    offset: int = Field(default=0, ge=0)


class SelectOperation(OperationBase):
    """Of each item only these fields; those it does not have are left out."""

    operation: Literal["select"]
    fields: tuple[str, ...] = Field(min_length=1)


class RenameOperation(OperationBase):
    """Other names for fields: new ones by old ones."""

    operation: Literal["rename"]
    fields: dict[str, str] = Field(min_length=1)


class ExtractOperation(OperationBase):
    """Pick values out of the data: `$.suites[*].tests[?(@.status == 'failed')].name`."""

    operation: Literal["extract"]
    expression: str

    @field_validator("expression")
    @classmethod
    def _parses(cls, expression: str) -> str:
        for segment in parse_path(expression):
            if isinstance(segment, Where):
                check_items(segment.condition)
        return expression

    def about_items(self) -> Iterator[str]:
        """The conditions on the way."""
        for segment in parse_path(self.expression):
            if isinstance(segment, Where):
                yield segment.condition


Operation = Annotated[
    FilterOperation | MapOperation | AggregateOperation | JoinOperation | GroupOperation
    | SortOperation | UniqueOperation | FlattenOperation | LimitOperation | SelectOperation
    | RenameOperation | ExtractOperation,
    Field(discriminator="operation"),
]  # fmt: skip
