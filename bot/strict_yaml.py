"""YAML without surprises: what is written is what is read, and hostile input is refused early."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.errors import ConfigError

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # a PyYAML built without libyaml reads the same, slower
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]  # same interface

MAX_BYTES = 1_000_000
MAX_EVENTS = 200_000
MAX_DEPTH = 60
MAX_ALIASES = 100
MAX_EXPANDED = 200_000
"""Values after aliases are expanded; a billion laughs stops here."""

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?\Z")
_WORDS: Mapping[str, bool | None] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
}

_QUOTED = frozenset("'\"|>")
_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in "map seq str int float bool null timestamp merge value".split()
)
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A parsed file: its plain value, and where each part of it stands."""

    path: str
    value: Any
    root: yaml.Node | None
    repeated: tuple[ConfigError, ...] = ()
    """Keys given twice, if they were to be collected; the first value is the one in `value`."""
    _index: dict[int, dict[str, tuple[yaml.Node, yaml.Mark]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def error(self, message: str, at: Path_ = (), *, hint: str = "") -> ConfigError:
        """A `ConfigError` at the value `at` leads to (or at the nearest one above it)."""
        line, column = self.position(at)
        return ConfigError(message, path=self.path, line=line, column=column, hint=hint)

    def position(self, at: Path_, *, line: int = 0) -> tuple[int, int]:
        """Line and column of a value's key; `line` counts within a text of several lines."""
        node = self.root
        if node is None:
            return 0, 0
        mark = node.start_mark
        for key in at:
            found = self._child(node, key)
            if found is None:
                break
            node, mark = found
        if line and isinstance(node, yaml.ScalarNode) and node.style == "|":
            return node.start_mark.line + 1 + line, 1
        return mark.line + 1, mark.column + 1

    def _child(self, node: yaml.Node, key: str | int) -> tuple[yaml.Node, yaml.Mark] | None:
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            inside = 0 <= key < len(node.value)
            return (node.value[key], node.value[key].start_mark) if inside else None
        if not isinstance(node, yaml.MappingNode):
            return None
        if id(node) not in self._index:
            self._index[id(node)] = {
                name.value: (value, name.start_mark) for name, value in reversed(node.value)
            }
        return self._index[id(node)].get(str(key))


def read(path: Path, *, shown: str = "", collect: bool = False) -> Document:
    """Read one YAML file; raises `ConfigError` for anything that is not plain, small YAML."""
    name = shown or str(path)
    return parse(read_text(path, shown=name), path=name, collect=collect)


def read_text(path: Path, *, shown: str = "", most: int = MAX_BYTES) -> str:
    """The text of a small UTF-8 file of ours; raises `ConfigError`."""
    name = shown or str(path)
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):
            raise ConfigError("is not a regular file", path=name)
        if kind.st_size > most:
            raise ConfigError(f"larger than {most // 1000} kB", path=name)
        with path.open(encoding="utf-8") as file:
            # A file may have grown since, or not know its size.
            return file.read(most + 1)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or error}", path=name) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8", path=name) from error


def parse(text: str, *, path: str, collect: bool = False) -> Document:
    """The same for text that is already here; `collect` keeps repeated keys as problems."""
    if len(text) > MAX_BYTES:
        raise ConfigError(f"larger than {MAX_BYTES // 1000} kB", path=path)
    try:
        _require_modest(text, path)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        reason, hint = _reason(error, text)
        raise ConfigError(
            f"not valid YAML: {reason}", path=path, line=where[0], column=where[1], hint=hint
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"not valid YAML: {error}", path=path) from error
    plain = _Plain(path)
    value = plain.value(root) if root is not None else None
    if plain.repeated and not collect:
        raise plain.repeated[0]
    return Document(path, value, root, tuple(plain.repeated))


def _reason(error: yaml.MarkedYAMLError, text: str) -> tuple[str, str]:
    """The parser's words, plainer where they are known to puzzle, and what to do."""
    problem = str(error.problem)
    index = error.problem_mark.index if error.problem_mark else len(text)
    if text[index : index + 1] == "\t" or "tab character" in problem:
        return "a tab indents this line", "YAML takes spaces only"
    if "cannot start any token" in problem:
        return f"{text[index : index + 1]!r} cannot begin a value", "put the text in quotes"
    if "mapping values are not allowed" in problem:
        return problem, "a text with a colon in it has to stand in quotes"
    return problem, ""


def _require_modest(text: str, path: str) -> None:
    depth = aliases = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            depth += 1
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        if depth > MAX_DEPTH or aliases > MAX_ALIASES or count > MAX_EVENTS:
            what = "nested too deeply" if depth > MAX_DEPTH else "too many aliases or values"
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise ConfigError(what, path=path, line=line)


class _Plain:
    """Turns nodes into plain values, with a budget."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._count = 0
        self._open: set[int] = set()
        self.repeated: list[ConfigError] = []

    def value(self, node: yaml.Node) -> Any:
        self._count += 1
        if self._count > MAX_EXPANDED:
            raise self._error(node, "aliases expand to too much")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            raise self._error(node, "an alias refers to what contains it")
        self._require_tag(node)
        self._open.add(id(node))
        try:
            return (
                self._sequence(node) if isinstance(node, yaml.SequenceNode) else self._mapping(node)
            )
        finally:
            self._open.discard(id(node))

    def _sequence(self, node: yaml.SequenceNode) -> list[Any]:
        return [self.value(child) for child in node.value]

    def _mapping(self, node: yaml.Node) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if isinstance(key_node, yaml.MappingNode) and key_node.flow_style:
                raise self._error(key_node, "a value that begins with '{{' has to stand in quotes")
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, "a key must be plain text")
            if key_node.tag == "tag:yaml.org,2002:merge":
                raise self._error(key_node, "merge keys are not supported; write the keys out")
            if key_node.value in result:
                self.repeated.append(
                    self._error(key_node, f"key {key_node.value!r} is given twice")
                )
                continue
            result[key_node.value] = self.value(value_node)
        return result

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text: str = node.value
        if node.style in _QUOTED or node.tag == "tag:yaml.org,2002:str":
            self._require_tag(node)
            return text
        if text in _WORDS:
            return _WORDS[text]
        self._require_tag(node)
        if len(text) <= 30 and _INT.match(text):
            return int(text)
        if len(text) <= 30 and _FLOAT.match(text):
            return float(text)
        return text

    def _require_tag(self, node: yaml.Node) -> None:
        if node.tag not in _TAGS:
            raise self._error(node, f"tag {node.tag!r} is not supported")

    def _error(self, node: yaml.Node, message: str) -> ConfigError:
        mark = node.start_mark
        return ConfigError(message, path=self._path, line=mark.line + 1, column=mark.column + 1)
