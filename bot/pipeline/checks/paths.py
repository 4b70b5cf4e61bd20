"""The places an expression looks at: `steps.verify.status`, with what is sure about each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jinja2 import nodes

_SEGMENT = re.compile(r"\.?([^.\[\]]+)|\[(-?\d+|\*)\]")

_EXISTS = ("defined", "exists")
"""Tests that are true of nothing that is not there."""

Key = str | int
Trail = tuple[Key, ...]


@dataclass(frozen=True)
class Path:
    """A name and the constant keys that follow it."""

    name: str
    keys: Trail = ()
    guarded: bool = False
    """The expression copes with its absence: `exists`, `default`, or a test for it before."""
    line: int = 1
    """Counted within the text."""

    def __str__(self) -> str:
        return spelled((self.name, *self.keys))


def spelled(trail: Iterable[Key]) -> str:
    """`a.b[0].c`"""
    pieces = [f"[{key}]" if isinstance(key, int) else f".{key}" for key in trail]
    return "".join(pieces).removeprefix(".")


def paths(node: nodes.Node, names: frozenset[str]) -> Iterator[Path]:
    """Every path in the expression or template that begins with one of `names`."""
    return _paths(node, names, frozenset(), guarded=False)


def path_of(node: nodes.Node) -> Path | None:
    """The path that `node` is as a whole; None when it is anything else, or has computed keys."""
    base, keys, computed = _unwound(node)
    return None if base is None or computed else Path(base, keys, line=node.lineno)


def _paths(
    node: nodes.Node, names: frozenset[str], sure: frozenset[Trail], *, guarded: bool
) -> Iterator[Path]:
    base, keys, computed = _unwound(node)
    if base is not None:
        if base in names:
            trail = (base, *keys)
            known = guarded or any(_along(trail, other) for other in sure)
            yield Path(base, keys, known, node.lineno)
        for inner in computed:
            yield from _paths(inner, names, sure, guarded=False)
        return
    for inner, more, copes in _parts(node):
        yield from _paths(inner, names, sure | more, guarded=guarded or copes)


def _parts(node: nodes.Node) -> Iterator[tuple[nodes.Node, frozenset[Trail], bool]]:
    """The nodes inside, what is sure to exist when they are looked at, and who copes."""
    nothing: frozenset[Trail] = frozenset()
    if isinstance(node, nodes.CondExpr):
        yield node.test, nothing, False
        yield node.expr1, _asserted(node.test), False
        if node.expr2 is not None:
            yield node.expr2, nothing, False
    elif isinstance(node, nodes.And):
        yield node.left, nothing, False
        yield node.right, _asserted(node.left), False
    elif isinstance(node, nodes.If):
        yield node.test, nothing, False
        yield from ((inner, _asserted(node.test), False) for inner in node.body)
        yield from ((inner, nothing, False) for inner in (*node.elif_, *node.else_))
    else:
        copes = _copes(node)
        for inner in node.iter_child_nodes():
            yield inner, nothing, copes and inner is getattr(node, "node", None)


def _copes(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Filter):
        return node.name in ("default", "d")
    return isinstance(node, nodes.Test) and node.name in ("undefined", *_EXISTS)


def _asserted(test: nodes.Node) -> frozenset[Trail]:
    """What exists wherever the test is true."""
    if isinstance(test, nodes.And):
        return _asserted(test.left) | _asserted(test.right)
    if isinstance(test, nodes.Test) and test.name in _EXISTS:
        base, keys, _ = _unwound(test.node)
        return frozenset({(base, *keys)}) if base is not None else frozenset()
    return frozenset()


def _along(one: Trail, other: Trail) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _unwound(node: nodes.Node) -> tuple[str | None, Trail, list[nodes.Node]]:
    """The name a chain of `.key` and `[key]` begins with, its constant keys, its computed ones."""
    keys: list[Key] = []
    computed: list[nodes.Node] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getattr):
            keys.append(node.attr)
        elif (key := _constant(node.arg)) is not None:
            keys.append(key)
        else:
            # What follows a computed key stands anywhere.
            keys, computed = [], [*computed, node.arg]
        node = node.node
    if not isinstance(node, nodes.Name):
        return None, (), []
    return node.name, tuple(reversed(keys)), computed


def _constant(node: nodes.Node) -> Key | None:
    value = node.value if isinstance(node, nodes.Const) else None
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def trail_of(text: str) -> Trail:
    """The keys of `a.b[0].c` or `a[*].c`; raises `ValueError` for what does not read as such."""
    found = _SEGMENT.findall(text)
    spelt = "".join(f"[{index}]" if index else f".{key}" for key, index in found)
    if spelt.removeprefix(".") != text:
        raise ValueError(f"{text!r} is not of the form a.b[0].c or a[*].b")
    return tuple(int(index.replace("*", "0")) if index else key for key, index in found)
