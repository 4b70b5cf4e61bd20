"""Where a piece of code runs: here and now, in another process, elsewhere, or nobody knows."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import STARTS_PROCESS, resolve
from bot.elixir.module import Module

_RUNS_AT_ONCE = frozenset(
    {
        "Enum", "Stream", "Map", "Keyword", "List", "MapSet", "Access", "Kernel", "Registry",
        "Logger",
        ":lists", ":maps", ":ets",
    }
)  # fmt: skip
"""Modules whose functions run the function they are given at once, in the same process."""
_RUN_AT_ONCE_TOO = frozenset({":telemetry.span", ":timer.tc"})
"""Of modules whose other functions keep what they are given: handlers of events, timers."""
_KEEPS = frozenset({"put", "put_new", "replace", "replace!", "insert_at", "replace_at", "register"})
"""Functions that put what they are given into a collection as it is."""

_RUNS_AT_ONCE_LOCALLY = frozenset({"then", "tap", "update_in", "get_and_update_in", "for", "with"})


def _up_to(node: Node, top: Node) -> Iterator[Node]:
    for ancestor in nodes.ancestors(node):
        if ancestor.id == top.id:
            return
        yield ancestor


def in_quote(node: Node, module: Module) -> bool:
    """Whether a node stands in a `quote` block of the module: code for elsewhere.

    What an `unquote` holds runs here, and makes the code: it belongs to the nearest quote around
    it. Where that one quotes `unquote` too, it does not.
    """
    taken_out = 0
    for around in _up_to(node, module.node):
        if nodes.is_call_to(around, "unquote", "unquote_splicing") and around.id != node.id:
            taken_out += 1
        elif nodes.is_call_to(around, "quote") and around.id != node.id:
            if not taken_out or _keeps_unquote(around):
                return True
            taken_out -= 1
    return False


def _keeps_unquote(quote: Node) -> bool:
    """Whether its `unquote` is itself code for elsewhere."""
    options = nodes.call_keywords(quote)
    disabled = options.get("unquote")
    return "bind_quoted" in options or (disabled is not None and nodes.text(disabled) == "false")


def runs_in(node: Node, module: Module) -> str:
    """What runs the function that holds the node, where that is another process; else empty."""
    inside_function = False
    for ancestor in _up_to(node, module.node):
        if _is_function(ancestor):
            inside_function = True
            piped = _piped_into(ancestor, module)
            if piped in STARTS_PROCESS:
                return piped
        elif not inside_function:
            continue
        elif ancestor.type == "call":
            outer = resolve(ancestor, module)
            if outer is not None and outer.full in STARTS_PROCESS:
                return outer.full
        elif (
            ancestor.type == "tuple" and module.scope.resolve(ancestor.named_children[0]) == "Task"
        ):
            return "Task"
    return ""


def _piped_into(function: Node, module: Module) -> str:
    """The call that a function value is piped into; else empty."""
    node, parent = function, function.parent
    while parent is not None and parent.type == "block":
        node, parent = parent, parent.parent
    if parent is None or nodes.operator(parent) != "|>":
        return ""
    left, right = parent.child_by_field_name("left"), parent.child_by_field_name("right")
    if left is None or left.id != node.id or right is None or right.type != "call":
        return ""
    taker = resolve(right, module)
    return taker.full if taker is not None else ""


def deferred(node: Node, module: Module) -> bool:
    """Whether it stands in a function value that is kept, or that other code may run later."""
    return any(_is_function(a) and not _at_once(a, module) for a in _up_to(node, module.node))


def _is_function(node: Node) -> bool:
    if node.type == "anonymous_function":
        return True
    # `&1` is a parameter, not a function.
    operand = node.child_by_field_name("operand")
    return nodes.operator(node) == "&" and operand is not None and operand.type != "integer"


def _at_once(function: Node, module: Module) -> bool:
    """Whether a function value is an argument of a call known to run it before it returns."""
    arguments = function.parent
    call = arguments.parent if arguments is not None and arguments.type == "arguments" else None
    if call is None or call.type != "call":
        return False
    taker = resolve(call, module)
    if taker is None:
        return False
    if taker.local:
        return taker.name in _RUNS_AT_ONCE_LOCALLY and taker.module in ("", "Kernel")
    if taker.full in _RUN_AT_ONCE_TOO or taker.module.split(".")[-1] == "Repo":
        return True
    return taker.module in _RUNS_AT_ONCE and taker.name not in _KEEPS
