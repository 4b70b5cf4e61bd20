"""One source file in memory: bytes, lines, role in the project, and its tree."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
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


def role_of(path: str) -> Role:
    """What a file is for, by path segment and name (never by substring)."""
    *folders, name = path.split("/")
    if name in ("mix.exs", ".formatter.exs", ".credo.exs"):
        return "mix"
    if name.endswith("_test.exs") or {"test", "integration_test", "tests"} & set(folders):
        return "test"
    if "config" in folders and "lib" not in folders:
        return "config"
    if "lib" not in folders and (name.endswith(".exs") or _SCRIPT_SEGMENTS & set(folders)):
        return "script"
    return "lib"


@dataclass(eq=False)
class Source:
    """A file's path (relative, forward slashes) and bytes."""

    path: str
    data: bytes

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
        starts = [0]
        at = self.data.find(b"\n")
        while at != -1:
            starts.append(at + 1)
            at = self.data.find(b"\n", at + 1)
        return starts

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
