"""Expressions about each item of a list: `filter(issues, 'severity == "high"')`.

A bare name is a field of the item, `item` (or `@`) the item itself, `index` its position. Names
from around the list are written with where they live: `inputs.limit`, `steps.scan.count`,
`vars.seen`. What stands in the pipeline decides which of the two a name is, never the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from bot.pipeline.expressions.functions import FUNCTIONS
from bot.pipeline.expressions.syntax import names_of
from bot.pipeline.expressions.values import explained, short
from bot.pipeline.expressions.work import NAME, Work
from bot.pipeline.scope import RESERVED

if TYPE_CHECKING:
    from bot.pipeline.expressions.sandbox import Compiled, Sandbox

_ITEM_COST, _NODE_COST = 300, 50
"""Units of work for one item, and for each node of the expression on top."""


class ItemExpression:
    """One expression, evaluated for item after item."""

    def __init__(self, environment: Sandbox, source: str) -> None:
        self.source = source
        self.parsed = environment.parse_expression(source)
        self._environment = environment
        names = names_of(self.parsed)
        own = names & _bases(self.parsed) & frozenset(RESERVED)
        self._fields = names - own - {"item", "index"}
        inner = [item.outer for item in inner_items(environment, self.parsed)]
        self.outer: frozenset[str] = own.union(*inner)
        """Names that lead out of the item."""
        nodes_of_it = sum(1 for _ in self.parsed.find_all(nodes.Node))
        self._cost = _ITEM_COST + _NODE_COST * nodes_of_it

    def values(self, items: list[Any], names: Mapping[str, Any], work: Work) -> list[Any]:
        """The value for each item."""
        return self._run(self._value, items, names, work)

    def tests(self, items: list[Any], names: Mapping[str, Any], work: Work) -> list[bool]:
        """Whether it holds, for each item."""
        return self._run(self._condition, items, names, work)

    @cached_property
    def _value(self) -> Compiled:
        return self._environment.expression(self.source)

    @cached_property
    def _condition(self) -> Compiled:
        return self._environment.expression(self.source, condition=True)

    def _run(
        self, compiled: Compiled, items: list[Any], names: Mapping[str, Any], work: Work
    ) -> list[Any]:
        around = {
            name: value for name, value in names.items() if name in self.outer or name[:2] == "__"
        }
        around[NAME] = work
        where, results = f"{short(self.source)}, item ", []
        for index, item in enumerate(items):
            work.charge(self._cost)
            with explained(f"{where}{index}"):
                results.append(compiled({**self._inside(item, index), **around}))
        return results

    def _inside(self, item: Any, index: int) -> dict[str, Any]:
        inside = {"item": item, "index": index}
        for name in self._fields:
            inside[name] = self._environment.getattr(item, name)
        return inside


def inner_items(environment: Sandbox, parsed: nodes.Template) -> list[ItemExpression]:
    """What the functions in an expression ask of each item of their lists."""
    found = []
    for call in parsed.find_all(nodes.Filter):
        called = call.name.endswith("()") and FUNCTIONS[call.name.removesuffix("()")].condition
        if called and call.args:
            condition = call.args[0]
            assert isinstance(condition, nodes.Const)
            found.append(environment.item(condition.value))
    return found


def _bases(parsed: nodes.Template) -> frozenset[str]:
    """Names that something is taken from: `steps` in `steps.scan`."""
    found = parsed.find_all((nodes.Getattr, nodes.Getitem))
    return frozenset(
        base.name for node in found if isinstance(base := getattr(node, "node", None), nodes.Name)
    )
