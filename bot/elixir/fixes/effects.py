"""What a piece of code does beside its value: nothing, something others see, or something
unknown.
"""

from __future__ import annotations

from typing import Literal

from tree_sitter import Node

from bot.elixir import grammar
from bot.elixir.blocking import blocking
from bot.elixir.calls import Call, calls_in
from bot.elixir.module import Module

Effect = Literal["none", "waits", "timer", "unknown", "publishes"]
"""From the mildest: no effect, waits for something, sets up the own process, anything, seen by
other processes.
"""

_ORDER: tuple[Effect, ...] = ("none", "waits", "timer", "unknown", "publishes")
_PURE = frozenset(
    """
    Map Keyword Enum List String MapSet Tuple Integer Float Date DateTime NaiveDateTime Time Access
    Range Regex Atom Bitwise Base URI Version Path Stream Function :maps :lists :queue :math
    :gb_trees :gb_sets
    """.split()
)
_PURE_KERNEL = frozenset(
    """
    if unless case cond with for length map_size hd tl elem tuple_size max min abs round trunc not
    is_nil is_list is_map is_atom is_binary is_integer put_in get_in update_in struct struct!
    to_string div rem byte_size self make_ref node inspect raise
    """.split()
)
_READS = frozenset(
    """
    all get get_by one aggregate exists? preload reload find find_one sleep cmd shell call await
    await_many yield yield_many lookup gethostbyname getaddr head options multi_call block_call
    multicall connect_node
    """.split()
)
"""Blocking calls made for their value; a server's reply counts as one, its state is its own
affair.
"""
_OWN_PROCESS = frozenset(
    {
        "Process.flag",
        "Process.send_after",
        ":erlang.send_after",
        ":timer.send_after",
        ":timer.send_interval",
    }
)
_SHARED_MODULES = frozenset(
    {
        ":ets",
        ":dets",
        ":persistent_term",
        "Registry",
        ":global",
        ":pg",
        ":mnesia",
        "Supervisor",
        "DynamicSupervisor",
    }
)
_SHARED_NAMES = frozenset(
    "subscribe register register_name put_env start_link start_child start attach attach_many "
    "migrate run_migrations "
    "link monitor".split()
)


def effect(node: Node, module: Module) -> Effect:
    """The strongest effect of any call within the code, own functions looked into."""
    return _effect(node, module, frozenset())


def _effect(node: Node, module: Module, above: frozenset[str]) -> Effect:
    found: Effect = "none"
    for call in calls_in(node, module):
        found = max(found, _of_call(call, module, above), key=_ORDER.index)
    if any(_anonymous(n) for n in grammar.captures("(call) @n", node)):
        found = max(found, "unknown", key=_ORDER.index)
    return found


def _anonymous(call: Node) -> bool:
    target = call.child_by_field_name("target")
    return (
        target is not None and target.type == "dot" and target.child_by_field_name("right") is None
    )


def _writes(call: Call) -> bool:
    return call.name.rstrip("!") not in _READS


def _of_call(call: Call, module: Module, above: frozenset[str]) -> Effect:
    own = module.local(call.name, call.arity) if call.module == module.name else None
    if own is not None:
        if own.label in above:
            return "none"
        bodies = [c.body for c in own.clauses if c.body is not None]
        inner = [_effect(b, module, above | {own.label}) for b in bodies]
        return max(inner, key=_ORDER.index, default="none")
    if blocking(call) is not None:
        return "unknown" if _writes(call) else "waits"
    if call.full in _OWN_PROCESS or call.module == "Logger":
        return "timer"
    if call.module in _SHARED_MODULES or (call.name in _SHARED_NAMES and not call.local):
        return "publishes"
    if call.module in _PURE or (call.local and call.name in _PURE_KERNEL):
        return "none"
    field = (
        not call.local
        and not call.module
        and call.arity == 0
        and call.node.child_by_field_name("arguments") is None
    )
    return "none" if field and call.receiver.islower() else "unknown"
