"""Names that the code itself bounds: those of a build, of compiled files, of fields with atoms."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import resolve
from bot.elixir.expressions import Expression, value_of
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module

_OF_A_BUILD = frozenset({"Mix.env", "Mix.target", "Mix.Project.get", "Mix.Project.get!"})
_CONFIGURATION = "Mix.Project.config"
_READS = frozenset(
    f"{owner}.{name}" for owner in ("Keyword", "Access") for name in ("get", "fetch!")
)
_COMPILED = ('".beam"', "'.beam'", '~c".beam"')
_CUTS = frozenset(
    {
        "Path.basename", "Path.rootname", "String.trim_trailing", "String.replace_suffix",
        ":filename.basename", ":filename.rootname",
    }
)  # fmt: skip
_FILTERS = ("for", "if", "with")
_ATOM = re.compile(r"(?:atom|module|node)(?:\(\))?")


def known_name(value: Node, clause: Clause) -> bool:
    """Whether there are few of them, or the atom is there already."""
    if value.type == "identifier":
        return _of_a_compiled_file(value)
    if value.type == "access_call":
        key = value.child_by_field_name("key")
        within = value.child_by_field_name("target")
        literal = key is not None and key.type == "atom"
        return literal and within is not None and _is_configuration(within, clause)
    if value.type != "call":
        return False
    call = resolve(value, clause.function.module)
    if call is None:
        return False
    if call.full in _READS and len(call.args) > 1 and call.args[1].type == "atom":
        return _is_configuration(call.args[0], clause)
    cut = call.full in _CUTS and any(text(arg) in _COMPILED for arg in call.args[1:2])
    return cut or call.full in _OF_A_BUILD or _holds_an_atom(value, clause.function.module)


def _is_configuration(node: Node, clause: Clause) -> bool:
    """Whether it is what mix.exs says of the project: one for each application."""
    known = value_of(Expression(node, clause)) or Expression(node, clause)
    module = known.clause.function.module
    call = resolve(known.node, module) if known.node.type == "call" else None
    return call is not None and call.full == _CONFIGURATION


def _of_a_compiled_file(use: Node) -> bool:
    """Whether only names that end in `.beam` come to the place: they are those of modules."""
    asked = f"String.ends_with?({text(use)},"
    for around in nodes.ancestors(use):
        if nodes.is_call_to(around, *_FILTERS):
            for condition in nodes.arguments(around):
                said = text(condition).replace(" ", "")
                before = condition.end_byte <= use.start_byte and said.startswith(asked)
                if before and said.removeprefix(asked)[:-1] in _COMPILED:
                    return True
    return False


def _holds_an_atom(node: Node, module: Module) -> bool:
    """Whether it is `state.field` of a struct of this file whose `@type` says that it is an atom.

    Every struct of the file that has the field agrees.
    """
    dot = node.child_by_field_name("target")
    field = nodes.text_of(dot, "right") if dot is not None and dot.type == "dot" else ""
    owner = dot.child_by_field_name("left") if dot is not None else None
    if not field or owner is None or owner.type != "identifier" or nodes.arguments(node):
        return False
    types = _field_types(module).get(field, set())
    return bool(types) and all(_ATOM.fullmatch(said) for said in types)


def _field_types(module: Module) -> dict[str, set[str]]:
    """The types of fields in the struct types that the file writes down."""
    memo = module.memo
    if _field_types not in memo:
        found: dict[str, set[str]] = {}
        for at in module.source.places(b"@type"):
            node = module.source.root.descendant_for_byte_range(at, at + len(b"@type"))
            while node is not None and nodes.operator(node) != "@":
                node = node.parent
            for pair in nodes.of_type(node, "pair") if node is not None else ():
                key = nodes.text_of(pair, "key").strip().rstrip(":")
                found.setdefault(key, set()).add(nodes.text_of(pair, "value"))
        memo[_field_types] = found
    result: dict[str, set[str]] = memo[_field_types]
    return result
