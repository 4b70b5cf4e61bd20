"""YAML as GitHub reads it: 1.2 scalars, no tags, bounded, and every node knows its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_BYTES = 500 * 1024
"""GitHub's limit on a workflow file."""
MAX_DEPTH = 50
MAX_NODES = 50_000
"""Counted after aliases are followed, so that no few lines become millions of nodes."""

INTEGER = re.compile(r"[-+]?\d+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?")
WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


class WorkflowError(ValueError):
    """A file GitHub would refuse; the text names file, line and column."""

    def __init__(self, message: str, path: str, line: int = 0, column: int = 0) -> None:
        place = f" (Line: {line}, Col: {column})" if line else ""
        super().__init__(f"{path}{place}: {message}")
        self.message = message
        self.path = path
        self.line = line
        self.column = column


@dataclass(frozen=True)
class Place:
    path: str
    line: int
    column: int

    def error(self, message: str) -> WorkflowError:
        return WorkflowError(message, self.path, self.line, self.column)


@dataclass(frozen=True)
class Scalar:
    value: str | bool | int | float | None
    text: str
    """As written, which is what a text-typed key takes."""
    place: Place


@dataclass(frozen=True)
class Sequence:
    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True)
class Mapping:
    entries: dict[str, Node]
    keys: dict[str, Place]
    place: Place


Node = Scalar | Sequence | Mapping


def read(content: bytes, path: str) -> Node:
    """The one document of a file."""
    if len(content) > MAX_BYTES:
        raise WorkflowError(f"The file is larger than {MAX_BYTES // 1024} KB", path)
    try:
        text = content.decode()
        events = iter(yaml.parse(text, Loader=yaml.CSafeLoader))
        return _Composer(path, events).document()
    except UnicodeDecodeError as error:
        raise WorkflowError("The file is not UTF-8 text", path) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise WorkflowError(f"{error.problem or error.context}", path, line, column) from error
    except yaml.YAMLError as error:
        raise WorkflowError(str(error).splitlines()[0], path) from error


def plain(node: Node) -> Any:
    """The data without its places."""
    match node:
        case Scalar(value):
            return value
        case Sequence(items):
            return [plain(item) for item in items]
        case Mapping(entries):
            return {key: plain(value) for key, value in entries.items()}


@dataclass
class _Composer:
    path: str
    events: Iterator[Any]
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    nodes: int = 0

    def document(self) -> Node:
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise WorkflowError("The file is empty", self.path)
        root = self.node(next(self.events), 1)
        next(self.events)
        extra = next(self.events)
        if not isinstance(extra, yaml.StreamEndEvent):
            raise self.place(extra).error("Only one document is allowed in a file")
        return root

    def node(self, event: Any, depth: int) -> Node:
        place = self.place(event)
        if depth > MAX_DEPTH:
            raise place.error(f"Maximum object depth {MAX_DEPTH} exceeded")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, place)
        before = self.nodes
        self.count(1, place)
        node = self.fresh(event, place, depth)
        if event.anchor:
            self.anchors[event.anchor] = (node, self.nodes - before)
        return node

    def fresh(self, event: Any, place: Place, depth: int) -> Node:
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            raise place.error(f"The tag {event.tag!r} is not supported")
        match event:
            case yaml.ScalarEvent():
                literal = event.tag is not None or not event.implicit[0]
                return Scalar(event.value if literal else resolve(event.value), event.value, place)
            case yaml.SequenceStartEvent():
                return Sequence(tuple(self.items(depth)), place)
            case _:
                return self.mapping(place, depth)

    def items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            yield self.node(event, depth + 1)

    def mapping(self, place: Place, depth: int) -> Mapping:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise key.place.error("A mapping key must be a scalar")
            if key.text in entries:
                raise key.place.error(f"'{key.text}' is already defined")
            keys[key.text] = key.place
            entries[key.text] = self.node(next(self.events), depth + 1)
        return Mapping(entries, keys, place)

    def alias(self, event: Any, place: Place) -> Node:
        if event.anchor not in self.anchors:
            raise place.error(f"The anchor {event.anchor!r} does not exist")
        node, size = self.anchors[event.anchor]
        self.count(size, place)
        return node

    def count(self, more: int, place: Place) -> None:
        self.nodes += more
        if self.nodes > MAX_NODES:
            raise place.error(f"The file has more than {MAX_NODES:,} nodes, aliases counted")

    def place(self, event: Any) -> Place:
        return Place(self.path, event.start_mark.line + 1, event.start_mark.column + 1)


def resolve(text: str) -> str | bool | int | float | None:
    """A plain scalar by the core schema of YAML 1.2: `on`, `yes` and dates are texts."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text) and len(text) <= 40:
        return int(text, 10 if text.lstrip("+-").isdigit() else 0)
    if FLOAT.fullmatch(text):
        return float(text)
    return text
