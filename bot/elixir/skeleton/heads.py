"""One line for all clauses of a function: its name and the clearest name of each argument."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.definition import plain_parameters
from bot.elixir.module import Function
from bot.elixir.nodes import text
from bot.elixir.skeleton.clip import ELLIPSIS, clip, shorten

_MAX_ARGUMENT, _MAX_HEAD, _CLAUSES_LOOKED_AT = 40, 160, 8
_PREFIX = {"defmacro": "macro ", "defguard": "guard "}


def head_of(function: Function) -> str:
    """`name(argument, ...)`; several clauses are merged."""
    name = clip(function.name, _MAX_HEAD)
    head = f"{_PREFIX.get(function.kind, '')}{name}({', '.join(_arguments(function))})"
    return shorten(head + _target(function), _MAX_HEAD)


def _arguments(function: Function) -> list[str]:
    first = function.clauses[0]
    plain = plain_parameters(function.module.source.data, first.node.start_byte)
    if plain is not None and (len(function.clauses) == 1 or all(map(_is_clear, plain))):
        return plain
    clauses = [c.params for c in function.clauses[:_CLAUSES_LOOKED_AT]]
    return [_argument([c[i] for c in clauses if i < len(c)]) for i in range(len(first.params))]


def _is_clear(word: str) -> bool:
    """Whether it is the name of a variable that is used."""
    return word[0].islower() and word not in ("nil", "true", "false")


def _argument(written: list[Node]) -> str:
    """A plain name that some clause gives the argument; else how the first one writes it."""
    if len(written) == 1:
        return clip(written[0].text, _MAX_ARGUMENT)
    names = []
    for node in written:
        symbol = nodes.operator(node)
        if symbol == "\\\\":
            return clip(node.text, _MAX_ARGUMENT)
        if symbol == "=":
            names += [text(side) for side in node.named_children if side.type == "identifier"]
        elif node.type == "identifier":
            names.append(text(node))
    clear = [name for name in names if _is_clear(name)]
    if names:
        return clip(clear[0] if clear else names[0].lstrip("_") or "_", _MAX_ARGUMENT)
    first = clip(written[0].text, _MAX_ARGUMENT)
    return first if all(n.text == written[0].text for n in written) else f"{first} | {ELLIPSIS}"


def _target(function: Function) -> str:
    """Where a `defdelegate` leads."""
    if function.kind != "defdelegate":
        return ""
    to = nodes.call_keywords(function.clauses[0].node).get("to")
    return f" to {clip(function.module.scope.resolve(to), _MAX_HEAD)}" if to is not None else ""
