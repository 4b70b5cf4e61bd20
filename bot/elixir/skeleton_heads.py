"""One line for all clauses of a function: its name and the clearest name of each argument."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.module import Function
from bot.elixir.nodes import text
from bot.elixir.skeleton_clip import clip

_MAX_ARGUMENT, _MAX_HEAD, _CLAUSES_LOOKED_AT = 40, 160, 8
_PREFIX = {
    "defmacro": "macro ",
    "defguard": "guard ",
}


def head_of(function: Function) -> str:
    """`name(argument, ...)`; several clauses are merged."""
    clauses = [c.params for c in function.clauses[:_CLAUSES_LOOKED_AT]]
    count = len(clauses[0]) if clauses else 0
    arguments = (_argument([c[i] for c in clauses if i < len(c)]) for i in range(count))
    head = f"{function.name}({', '.join(arguments)})"
    return clip(_PREFIX.get(function.kind, "") + head + _target(function), _MAX_HEAD)


def _argument(written: list[Node]) -> str:
    """A plain name that some clause gives the argument; else how the first one writes it."""
    if len(written) == 1:
        return clip(written[0].text or b"", _MAX_ARGUMENT)
    for node in written:
        if nodes.operator(node) == "\\\\":
            return clip(node.text or b"", _MAX_ARGUMENT)
    names = [text(n) for n in written if n.type == "identifier"]
    named = [n for n in names if not n.startswith("_")]
    if named:
        return named[0]
    shown = names[0].lstrip("_") if names else ""
    return shown or clip(written[0].text or b"", _MAX_ARGUMENT)


def _target(function: Function) -> str:
    """Where a `defdelegate` leads."""
    if function.kind != "defdelegate":
        return ""
    to = nodes.call_keywords(function.clauses[0].node).get("to")
    return f" to {function.module.scope.resolve(to)}" if to is not None else ""
