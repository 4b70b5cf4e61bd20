"""Takes the keys of one mapping, each as the kind it must have; what is left over is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping as Map
from typing import Any

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.template import (
    check,
    condition_expression,
    has_expression,
)
from bot.simulator.actions.workflow.document import (
    Mapping,
    Node,
    Place,
    Scalar,
    Sequence,
    plain,
)
from bot.simulator.actions.workflow.places import CONSTANT, Names

UNSUPPORTED = frozenset({"container", "services", "snapshot", "background", "queue"})
"""Keys GitHub knows and this simulator does not: told apart from mere mistakes."""


class Fields:
    """The entries of a mapping. Every method removes what it reads; `finish` closes."""

    def __init__(self, node: Node) -> None:
        if not isinstance(node, Mapping):
            raise node.place.error("A mapping was expected")
        self.place = node.place
        self.keys = node.keys
        self.left = dict(node.entries)

    def take(self, key: str) -> Node | None:
        return self.left.pop(key, None)

    def need(self, key: str) -> Node:
        node = self.take(key)
        if node is None:
            raise self.place.error(f"Required property is missing: {key}")
        return node

    def text(self, key: str, names: Names = CONSTANT, default: str = "") -> str:
        node = self.take(key)
        return default if node is None else text(node, names)

    def maybe(self, key: str, names: Names = CONSTANT) -> str | None:
        node = self.take(key)
        return None if node is None else text(node, names)

    def condition(self, names: Names) -> str | None:
        node = self.take("if")
        return None if node is None else condition(node, names)

    def flag(self, key: str, names: Names = CONSTANT, default: bool = False) -> bool | str:
        node = self.take(key)
        return default if node is None else flag(node, names)

    def number(self, key: str, names: Names = CONSTANT) -> float | str | None:
        node = self.take(key)
        return None if node is None else number(node, names)

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A text or a list of texts; None where the key is absent."""
        node = self.take(key)
        return None if node is None else texts(node)

    def mapping(self, key: str, names: Names) -> dict[str, str]:
        node = self.take(key)
        return {} if node is None or is_null(node) else text_mapping(node, names)

    def data(self, key: str, names: Names) -> Any:
        node = self.take(key)
        return None if node is None else data(node, names)

    def finish(self) -> None:
        for key in self.left:
            if key in UNSUPPORTED:
                raise self.keys[key].error(f"'{key}' is not supported by this simulator")
            raise self.keys[key].error(f"Unexpected value '{key}'")


def is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def text(node: Node, names: Names = CONSTANT) -> str:
    if not isinstance(node, Scalar):
        kind = "sequence" if isinstance(node, Sequence) else "mapping"
        raise node.place.error(f"A {kind} was not expected")
    check_text(node.text, names, node.place)
    return "" if node.value is None else node.text


def condition(node: Node, names: Names) -> str:
    written = text(node, names)
    try:
        check("${{" + condition_expression(written) + "}}", names.contexts, names.functions)
    except ExpressionError as error:
        raise node.place.error(str(error)) from error
    return written


def flag(node: Node, names: Names) -> bool | str:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    return _expression(node, names, "boolean")


def number(node: Node, names: Names) -> float | str:
    if (
        isinstance(node, Scalar)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
        and math.isfinite(node.value)
    ):
        return node.value
    return _expression(node, names, "number")


def _expression(node: Node, names: Names, kind: str) -> str:
    written = text(node, names)
    if not has_expression(written):
        raise node.place.error(f"Unexpected value '{written[:200]}': a {kind} was expected")
    return written


def texts(node: Node) -> tuple[str, ...]:
    if isinstance(node, Sequence):
        return tuple(text(item) for item in node.items)
    return () if is_null(node) else (text(node),)


def text_mapping(node: Node, names: Names) -> dict[str, str]:
    if not isinstance(node, Mapping):
        raise node.place.error("A mapping was expected")
    return {key: text(value, names) for key, value in node.entries.items()}


def data(node: Node, names: Names) -> Any:
    """Plain data; every text in it checked for the names it may use."""
    todo: list[Node] = [node]
    while todo:
        match todo.pop():
            case Scalar(_, written, place):
                check_text(written, names, place)
            case Sequence(items):
                todo.extend(items)
            case Mapping(entries, keys, _):
                for key in entries:
                    check_text(key, names, keys[key])
                todo.extend(entries.values())
    return plain(node)


def check_text(written: str, names: Names, place: Place) -> None:
    try:
        check(written, names.contexts, names.functions)
    except ExpressionError as error:
        raise place.error(str(error)) from error


def one_of(value: str, allowed: Map[str, Any] | frozenset[str], place: Place) -> str:
    if value not in allowed:
        raise place.error(f"Unexpected value '{value[:200]}'")
    return value
