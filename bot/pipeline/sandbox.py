"""The one expression language: Jinja2, in a sandbox that neither escapes nor allocates at will.

Pipelines are written by people we half trust; the data they look at by nobody we trust. So:
calls go to listed functions only, text is not multiplied, and data is never a template.
"""

from __future__ import annotations

import json
import math
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.pipeline.operators import InfixOperators

MAX_TEXT = 20_000_000
MAX_NUMBER = 1e15
MAX_SUBJECT = 200_000
"""Characters of a text a regular expression is tried on."""

_FILTERS = (
    "abs capitalize default d dictsort e escape first float groupby int items join last length "
    "list lower map max min reject rejectattr replace reverse round select selectattr sort string "
    "sum title tojson trim truncate unique upper"
).split()
_TESTS = (
    "boolean defined divisibleby eq equalto even false float ge greaterthan gt in integer iterable "
    "le lessthan lower lt mapping ne none number odd sequence string true undefined upper == != "
    "> < >= <="
).split()
_LOOP_FIELDS = frozenset({"index", "index0", "first", "last", "length"})
_REFUSED_NODES = (
    nodes.Macro, nodes.CallBlock, nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends,
    nodes.Block, nodes.Assign, nodes.AssignBlock, nodes.With, nodes.FilterBlock,
)  # fmt: skip


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment every expression and template is compiled in."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            extensions=[InfixOperators],
            finalize=as_text,
            autoescape=False,
            keep_trailing_newline=True,
        )
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.filters["tojson"] = _to_json
        self.filters["replace"] = _replace
        self.filters["round"] = _round
        self.tests = {name: self.tests[name] for name in _TESTS} | _OWN_TESTS
        self.globals = dict(FUNCTIONS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Fields of maps are their keys; nothing has methods."""
        if isinstance(obj, Undefined):
            return obj
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, LoopContext) and attribute in _LOOP_FIELDS:
            return getattr(obj, attribute)
        return self.undefined(_no_field(obj, attribute), obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Keys of maps, positions of lists and texts."""
        try:
            return obj[argument]
        except (LookupError, TypeError):
            return self.undefined(_no_field(obj, argument), obj=obj, name=argument)

    def is_safe_callable(self, obj: Any) -> bool:
        return any(obj is function for function in FUNCTIONS.values())

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers; `+` also joins two texts or two lists."""
        if operator == "+" and type(left) is type(right) and isinstance(left, str | list):
            if len(left) + len(right) > MAX_TEXT:
                raise SecurityError("the text grows too large")
            return left + right
        for operand in (left, right):
            if isinstance(operand, Undefined):
                str(operand)
            if isinstance(operand, bool) or not isinstance(operand, int | float):
                raise SecurityError(f"'{operator}' needs numbers, got {kind_of(operand)}")
        if operator == "**":
            raise SecurityError("'**' is not supported")
        result = super().call_binop(context, operator, left, right)
        if abs(result) > MAX_NUMBER:
            raise SecurityError("a number grows too large")
        return result

    def checked(self, source: str) -> nodes.Template:
        """The parsed template; raises `TemplateSyntaxError` for what is not supported."""
        with warnings.catch_warnings():
            # '\\.' in a pattern is meant as written; Python's own decoder warns about it.
            warnings.simplefilter("ignore", DeprecationWarning)
            parsed = self.parse(source)
        for node in parsed.find_all(_REFUSED_NODES):
            raise TemplateSyntaxError(
                f"{type(node).__name__.lower()!r} is not supported; use if and for", node.lineno
            )
        if _loop_depth(parsed) > 3:
            raise TemplateSyntaxError("loops are nested more than three deep", 1)
        return parsed


def as_text(value: Any) -> Any:
    """How a value stands in a text: maps, lists, booleans and null as JSON."""
    if value is None or isinstance(value, bool | list | tuple | Mapping):
        return _to_json(value)
    return value


def kind_of(value: Any) -> str:
    """The value's kind in the words of the language."""
    if value is None:
        return "null"
    for types, name in (
        (bool, "a boolean"),
        (str, "text"),
        ((int, float), "a number"),
        (Mapping, "a map"),
    ):
        if isinstance(value, types):
            return name
    return "a list" if isinstance(value, list | tuple) else "something undefined"


def _no_field(obj: Any, attribute: Any) -> str:
    missing = getattr(obj, "missing_field", None)
    if callable(missing):
        return str(missing(attribute))
    if isinstance(obj, Mapping):
        known = ", ".join(sorted(map(str, obj))[:12])
        return f"there is no field {attribute!r}; there are: {known or 'none'}"
    return f"{kind_of(obj)} has no field {attribute!r}"


def _loop_depth(node: nodes.Node) -> int:
    below = max(map(_loop_depth, node.iter_child_nodes()), default=0)
    if isinstance(node, nodes.For):
        return below + (100 if node.recursive else 1)
    return below


def _to_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(
        value, ensure_ascii=False, indent=min(indent, 8) if indent else None, default=dict
    )


def _replace(value: Any, old: str, new: str) -> str:
    text = str(as_text(value))
    if len(text) + text.count(old) * max(len(new) - len(old), 0) > MAX_TEXT:
        raise SecurityError("the text grows too large")
    return text.replace(old, new)


def _round(value: Any, precision: int = 0) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(precision) > 15:
        raise SecurityError(f"'round' needs a number and at most 15 places, got {kind_of(value)}")
    return round(value, precision)


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, str):
        return str(as_text(wanted)) in value
    if isinstance(value, Mapping | list | tuple):
        return wanted in value
    raise SecurityError(f"'contains' needs text, a list or a map, got {kind_of(value)}")


def _matches(value: Any, pattern: str) -> bool:
    if not isinstance(value, str) or not isinstance(pattern, str):
        raise SecurityError(
            f"'matches' needs two texts, got {kind_of(value)} and {kind_of(pattern)}"
        )
    try:
        return re.search(pattern, value[:MAX_SUBJECT]) is not None
    except re.error as error:
        raise SecurityError(f"bad pattern {pattern!r}: {error}") from error


def _between(value: Any, low: Any, high: Any) -> bool:
    return bool(low <= value <= high)


def _starts_with(value: str, start: str) -> bool:
    return value.startswith(start)


def _ends_with(value: str, end: str) -> bool:
    return value.endswith(end)


_OWN_TESTS: dict[str, Callable[..., bool]] = {
    "contains": _contains,
    "matches": _matches,
    "between": _between,
    "starts_with": _starts_with,
    "ends_with": _ends_with,
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "length": len,
    "count": len,
    "sum": sum,
    "min": min,
    "max": max,
    "round": _round,
    "floor": math.floor,
    "ceil": math.ceil,
    "any": any,
    "all": all,
}
