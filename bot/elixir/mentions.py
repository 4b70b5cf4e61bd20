"""Modules that stand where a child specification could be written."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.child_specs import is_module
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text

HOLDERS = ("list", "tuple", "pair")
"""Types of the nodes that can hold a specification."""

_TAKES_SPEC = frozenset(
    {"child_spec", "worker", "supervisor", "start_child", "start_supervised", "start_supervised!"}
)
_SPEC_WORDS = (b"upervis", b"child", b"worker", b"start:", b" spec", b"_spec")
"""`spec` only where it begins a word: much code inspects something."""
_SUPERVISING_USES = ("Supervisor", "Application", "DynamicSupervisor", "ConsumerSupervisor")


def mentions(module: Module) -> frozenset[str]:
    """Modules written where a child specification could be: in a list, a tuple or an option, or
    given to what takes one. Generous on purpose: a module found here is taken to be supervised."""
    return frozenset(_mentions(module))


def _mentions(module: Module) -> Iterator[str]:
    source, start, end = module.source, module.node.start_byte, module.node.end_byte
    whole = any(module.implements(name) for name in _SUPERVISING_USES)
    if not whole and not source.says(_SPEC_WORDS, start, end):
        return
    for clause in module.all_clauses():
        if whole or source.says(_SPEC_WORDS, clause.node.start_byte, clause.node.end_byte):
            yield from _in_code(clause.node, module)
            yield from _given(clause)
    for node in (*module.loose, *module.attributes.values()):
        if source.says(_SPEC_WORDS, node.start_byte, node.end_byte):
            yield from _in_code(node, module)


def _in_code(node: Node, module: Module) -> Iterator[str]:
    for holder in nodes.of_type(node, *HOLDERS):
        for named in _where_specified(holder):
            if named.type == "alias":
                yield module.scope.resolve(named)
            elif named.type == "identifier" and text(named) == "__MODULE__":
                yield module.name


def _where_specified(holder: Node) -> list[Node]:
    if holder.type == "list":
        return holder.named_children
    if holder.type == "tuple":
        return holder.named_children[:1]
    value = holder.child_by_field_name("value")
    return [value] if value is not None and value.type == "alias" else []


def _given(clause: Clause) -> Iterator[str]:
    if not clause.mentions(
        b"child_spec", b"start_child", b"worker(", b"supervisor(", b"start_supervised"
    ):
        return
    for call in clause.calls:
        if call.name == "child_spec" and call.receiver and call.module != "Supervisor":
            yield call.module
        elif call.name in _TAKES_SPEC:
            yield from (
                clause.function.module.scope.resolve(a) for a in call.args[:2] if is_module(a)
            )
