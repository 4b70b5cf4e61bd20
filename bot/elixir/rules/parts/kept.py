"""What a server keeps of its callers: handles of processes, or data; and in which field."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.module import Module
from bot.elixir.nodes import text
from bot.elixir.rules.parts.specs import parameter_types
from bot.elixir.rules.parts.state_use import Write

_HANDLE = re.compile(
    r"(?:^|[_.])(?:pids?|refs?|from|sockets?|port|fun|callback|caller|monitor|opts|options)$"
)
_HANDLE_TYPE = re.compile(
    r"(?:^|::\s*)(?:pid|port|reference|GenServer\.from|:gen_tcp\.socket|:inet\.socket|:ssl\.sslsocket"
    r"|Port\.t|(?:\([^)]*\)\s*->.*))(?:\(\))?$"
)


def is_handle(write: Write) -> bool:
    """Whether it keeps handles: things that mean nothing once their process or socket ended.

    A handle as the key is enough: what is filed under a process is about that process.
    """
    if write.node.type != "call":
        left = write.node.child_by_field_name("left")
        return left is not None and _all_handles(left, write)
    args = nodes.arguments(write.node)
    key = args[-2] if len(args) > 1 else None
    if key is not None and key.type in ("identifier", "call", "dot") and _names_handle(key, write):
        return True
    return bool(args) and _all_handles(args[-1], write)


def field_written(write: Write) -> str:
    """The field of the state it is kept in; empty where it is the state itself, or unknown."""
    for node in (write.node, *nodes.ancestors(write.node)):
        if node.start_byte < write.clause.node.start_byte:
            break
        if node.type == "pair" and node.parent is not None and _in_map(node):
            return nodes.text_of(node, "key").strip().rstrip(":")
        if node.type == "call":
            field = _field_of_call(node, write.clause.function.module)
            if field:
                return field
    return _field_set_to(write)


def _field_set_to(write: Write) -> str:
    """The field that a variable goes into, where the result is given a name first."""
    body, names = write.clause.body, set[str]()
    for around in nodes.ancestors(write.node):
        if nodes.operator(around) == "=" and nodes.text_of(around, "left").isidentifier():
            names.add(nodes.text_of(around, "left"))
        if body is None or around.id == body.id:
            break
    pairs = nodes.of_type(body, "pair") if body is not None and names else []
    set_to = [p for p in pairs if p.start_byte > write.node.end_byte and _in_map(p)]
    found = [p for p in set_to if nodes.text_of(p, "value") in names]
    return nodes.text_of(found[0], "key").strip().rstrip(":") if found else ""


def _in_map(pair: Node) -> bool:
    holders = ("map", "tuple", "list", "call")
    return next((a.type for a in nodes.ancestors(pair) if a.type in holders), "") == "map"


def _field_of_call(node: Node, module: Module) -> str:
    call = resolve(node, module)
    args = call.args if call is not None else ()
    if not args or nodes.is_call_to(node, "handle_call", "handle_cast"):
        return ""
    path = text(args[0])
    if (found := re.match(r"[a-z_]\w*\.([a-z_]\w*)", path)) is not None:
        return found.group(1)
    in_map = nodes.text_of(node, "target").startswith("Map.")
    return text(args[1])[1:] if in_map and len(args) > 1 and args[1].type == "atom" else ""


def _all_handles(node: Node, write: Write) -> bool:
    given = {n for param in write.clause.params for n in nodes.identifiers(param)}
    kept = [n for n in nodes.of_type(node, "identifier") if text(n) in given]
    return bool(kept) and all(_names_handle(n, write) for n in kept)


def _names_handle(node: Node, write: Write) -> bool:
    if _HANDLE.search(text(node)) is not None:
        return True
    return _HANDLE_TYPE.search(parameter_types(write.clause).get(text(node), "")) is not None


_PUTS = ("Map.put", "Keyword.put", ":maps.put")


def is_setting(write: Write) -> bool:
    """Whether one value under a fixed name takes the place of another."""
    call = resolve(write.node, write.clause.function.module) if write.node.type == "call" else None
    if call is None or call.full not in _PUTS or len(call.args) < 3:
        return False
    holder, key, value = _put(call)
    made_of_it = bool(nodes.identifiers(value) & nodes.identifiers(holder))
    return key.type == "atom" and not made_of_it


def _put(call: Call) -> tuple[Node, Node, Node]:
    """Where something is put, under what key, and what."""
    first, second, third = call.args[:3]
    return (third, first, second) if call.full == ":maps.put" else (first, second, third)
