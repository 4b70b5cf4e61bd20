"""One source file in memory: bytes, lines, role in the project, and its tree."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Literal

from tree_sitter import Node, Tree

from bot.elixir import nodes

Role = Literal["lib", "test", "script", "config", "mix"]

_SCRIPT_SEGMENTS = frozenset(
    {
        "priv",
        "bench",
        "benchs",
        "benchmark",
        "benchmarks",
        "examples",
        "example",
        "guides",
        "scripts",
        "rel",
    }
)

_TESTS = frozenset({"test", "integration_test", "tests"})
_FOR_TESTS = re.compile(r"tests?_.|.+_tests?$")
_OF_A_PROJECT = frozenset({"lib", "config", "priv", "rel", "mix.exs"})
"""What stands at the root of a Mix project."""


def belongs_to_tests(path: str) -> bool:
    """Whether it is for tests by its folders: below one named for them, or of a project that is.

    A project may be named for tests and ship; one that lies in such a folder does not.
    """
    parts = path.split("/")
    if _TESTS & set(parts[:-1]):
        return True
    root = next((at for at, part in enumerate(parts) if part in _OF_A_PROJECT), 0)
    return any(map(_FOR_TESTS.match, parts[: max(root - 1, 0)]))


def role_of(path: str) -> Role:
    """What a file is for, by path segment and name (never by substring)."""
    *folders, name = path.split("/")
    if name in ("mix.exs", ".formatter.exs", ".credo.exs"):
        return "mix"
    if name.endswith("_test.exs") or belongs_to_tests(path):
        return "test"
    if "config" in folders and "lib" not in folders:
        return "config"
    if "lib" not in folders and (name.endswith(".exs") or _SCRIPT_SEGMENTS & set(folders)):
        return "script"
    return "lib"


_WORD = re.compile(rb"\w+[?!]?")

MOST_DEEP, _BETWEEN_LOOKS = 500, 1_000
"""Nodes within nodes; code that people write stays below a hundred."""


@dataclass(eq=False)
class Source:
    """A file's path (relative, forward slashes) and bytes."""

    path: str
    data: bytes
    _seen: dict[bytes, bool] = field(default_factory=dict, repr=False)
    _places: dict[object, tuple[int, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def role(self) -> Role:
        return role_of(self.path)

    @cached_property
    def tree(self) -> Tree:
        return nodes.parse(self.data)

    @property
    def root(self) -> Node:
        return self.tree.root_node

    @cached_property
    def line_starts(self) -> list[int]:
        lengths = (len(line) + 1 for line in self.data.split(b"\n")[:-1])
        return list(accumulate(lengths, initial=0))

    def holds(self, words: Iterable[bytes]) -> bool:
        """Whether one of the words is in the file; each word is looked for once."""
        seen = self._seen
        for word in words:
            if word not in seen:
                seen[word] = word in self.data
            if seen[word]:
                return True
        return False

    def places(self, *words: bytes) -> tuple[int, ...]:
        """Offsets of all words, in code or not, ascending; looked for once."""
        if words not in self._places:
            found = [at for word in words for at in _offsets(self.data, word)]
            self._places[words] = tuple(sorted(found) if len(words) > 1 else found)
        return self._places[words]

    def matches(self, pattern: re.Pattern[bytes], start: int, end: int) -> bool:
        """Whether a match of the pattern begins in a byte range, outside comments.

        Matches are looked for once.
        """
        if pattern not in self._places:
            self._places[pattern] = tuple(m.start() for m in pattern.finditer(self.data))
        return self._begins(self._places[pattern], start, end)

    def _begins(self, places: Sequence[int], start: int, end: int) -> bool:
        first, after = bisect_left(places, start), bisect_left(places, end)
        return any(not self.in_comment(place) for place in places[first:after])

    def says(self, words: tuple[bytes, ...], start: int, end: int) -> bool:
        """Whether one of the words stands in a byte range, outside comments; looked for once."""
        return self._begins(self.places(*words), start, end)

    def mentions(self, words: Iterable[bytes], start: int, end: int) -> bool:
        """Whether one of the words stands in a byte range, outside comments."""
        return any(
            not self.in_comment(at)
            for word in words
            for at in _offsets(self.data, word, start, end)
        )

    def words(self, start: int, end: int) -> set[bytes]:
        """The words of a byte range outside comments."""
        found: set[bytes] = set()
        data = self.data[start:end]
        if b"#" not in data:
            return set(_WORD.findall(data))
        at = start
        for line in data.splitlines(keepends=True):
            if b"#" in line:
                for match in _WORD.finditer(line):
                    found |= set() if self.in_comment(at + match.start()) else {match[0]}
            else:
                found.update(_WORD.findall(line))
            at += len(line)
        return found

    def in_comment(self, byte: int) -> bool:
        """Whether a byte belongs to a comment."""
        if self.data.rfind(b"#", self.data.rfind(b"\n", 0, byte) + 1, byte + 1) < 0:
            return False
        node = self.root.descendant_for_byte_range(byte, byte + 1)
        return node is not None and node.type == "comment"

    @cached_property
    def aliases(self) -> list[Node]:
        """Every written module name, in source order."""
        return nodes.of_type(self.root, "alias")

    @cached_property
    def deep(self) -> bool:
        """Whether it is nested more deeply than anybody writes.

        Asking a node for its parent takes the longer the deeper it stands, so that a file made for
        it would take hours. Looked at every thousand bytes: less cannot hold much.
        """
        cursor = self.tree.walk()
        for at in range(_BETWEEN_LOOKS, len(self.data), _BETWEEN_LOOKS):
            cursor.reset(self.root)
            depth = 0
            while cursor.goto_first_child_for_byte(at) is not None:
                depth += 1
                if depth > MOST_DEEP:
                    return True
        return False

    def line(self, byte: int) -> int:
        """1-based line of a byte offset."""
        return bisect_right(self.line_starts, byte)

    def last_line(self, node: Node) -> int:
        """1-based last line of a node."""
        return self.line(max(node.start_byte, node.end_byte - 1))

    def column(self, byte: int) -> int:
        """1-based column of a byte offset, in characters."""
        start = self.line_starts[self.line(byte) - 1]
        return len(self.data[start:byte].decode("utf-8", "replace")) + 1

    def quote(self, first: int, last: int) -> str:
        """Lines `first` to `last` without their final line break."""
        begin = self.line_starts[first - 1]
        end = self.line_starts[last] if last < len(self.line_starts) else len(self.data)
        return self.data[begin:end].decode("utf-8", "replace").rstrip("\r\n")

    def first_error(self) -> Node | None:
        """The first ERROR or MISSING node, `None` where the file parses."""
        if not self.root.has_error:
            return None
        node = self.root
        while not (node.type == "ERROR" or node.is_missing):
            broken = next((c for c in node.children if c.has_error or c.is_missing), None)
            if broken is None:
                return node
            node = broken
        return node


def falls_in(places: Sequence[int], start: int, end: int) -> bool:
    """Whether one of the ascending offsets lies in a byte range."""
    at = bisect_left(places, start)
    return at < len(places) and places[at] < end


def _offsets(data: bytes, word: bytes, start: int = 0, end: int | None = None) -> Iterator[int]:
    stop = len(data) if end is None else end
    at = data.find(word, start, stop)
    while at != -1:
        yield at
        at = data.find(word, at + 1, stop)
