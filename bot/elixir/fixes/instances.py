"""Whether a test can start an instance of its own of a server, and with which argument."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import grammar, nodes
from bot.elixir.calls import Call
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.project import Project

_CLAIMS = frozenset(
    {"Process.register", "Registry.register", ":global.register_name", ":erlang.register"}
)
_OPTIONAL = frozenset(
    {"Keyword.get", "Keyword.get_lazy", "Keyword.pop", "Keyword.take", "Access.get"}
)
_PLAIN = frozenset(
    """
    list tuple map map_content keywords pair keyword atom integer float string quoted_content
    boolean nil alias char charlist
    """.split()
)


def claims_names(init: Clause) -> bool:
    """Whether the clause takes a name that the application's own instance holds already."""
    return any(
        call.full in _CLAIMS or (call.full == ":ets.new" and "named_table" in text(call.node))
        for call in init.calls
    )


def argument(project: Project, init: Clause) -> str | None:
    """Source of an argument `init/1` can be called with; `None` where only a person can tell.

    Taken from the supervisor's child list where it is a literal there; else made up where
    `init/1` does not look
    at it, or only at optional keys.
    """
    return (
        _literal_pattern(init.params[0])
        or _from_child_list(project, init.function.module)
        or _made_up(init)
    )


def _literal_pattern(param: Node) -> str | None:
    return text(param) if is_literal(param) else None


def is_literal(node: Node) -> bool:
    """Whether the node is a literal without variables, calls or interpolation."""
    return all(n.type in _PLAIN for n in nodes.walk(node)) and "#{" not in text(node)


def _from_child_list(project: Project, module: Module) -> str | None:
    if not _passes_through(module):
        return None
    for facts in project.facts:
        for listing in facts.child_lists if facts.role == "lib" else ():
            for child in listing.children:
                if child.module == module.name:
                    found = _literal_option(child.code)
                    if found is not None:
                        return found
    return None


def _literal_option(code: str) -> str | None:
    root = nodes.parse(code.encode()).root_node
    node = root.named_children[0] if root.named_children else root
    if node.type == "alias":
        return "[]"
    if node.type != "tuple" or len(node.named_children) != 2:
        return None
    value = node.named_children[1]
    if not is_literal(value) or grammar.captures("(alias) @n", value):
        return None
    return f"[{text(value)}]" if value.type == "keywords" else text(value)


def _passes_through(module: Module) -> bool:
    """Whether `start_link/1` hands its argument to `init/1` as it is."""
    start = module.local("start_link", 1)
    if start is None or len(start.clauses) != 1 or len(start.clauses[0].params) != 1:
        return False
    param = start.clauses[0].params[0]
    return any(
        call.full == "GenServer.start_link"
        and len(call.args) > 1
        and text(call.args[1]) == text(param)
        for call in start.clauses[0].calls
    )


def _made_up(init: Clause) -> str | None:
    return "[]" if only_optional(init) else None


def only_optional(init: Clause, except_key: str = "") -> bool:
    """Whether the clause looks at its argument not at all or only for keys that may be missing.

    `except_key` is a key that will be there.
    """
    param = init.params[0]
    if param.type != "identifier" or init.guard is not None or init.body is None:
        return False
    uses = [n for n in grammar.captures("(identifier) @n", init.body) if text(n) == text(param)]
    return all(_optional(use, init, except_key) for use in uses)


def _optional(use: Node, init: Clause, key: str) -> bool:
    parent = use.parent
    if parent is not None and parent.type == "access_call":
        return True
    return any(_reads(call, use, key) for call in init.calls)


def _reads(call: Call, use: Node, key: str) -> bool:
    if call.full == "struct" and len(call.args) == 2 and call.args[1].id == use.id:
        return True
    if not call.args or call.args[0].id != use.id:
        return False
    given = call.full == "Keyword.fetch!" and len(call.args) > 1 and text(call.args[1]) == f":{key}"
    return call.full in _OPTIONAL or given
