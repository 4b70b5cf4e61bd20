"""Numbers that a server reckons itself, filed under what its callers name."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import resolve
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import is_callback
from bot.elixir.rules.parts.senders import sent_messages
from bot.elixir.rules.parts.state_use import AGENT_WRITES, Write
from bot.elixir.ways import ways

_PLACES = {"Map.put": 2, ":maps.put": 1, "put_in": 1, "Kernel.put_in": 1}
"""Which argument is what is put in."""
_RECKONS = frozenset(("+", "-", "*", "<<<", ">>>"))
_PICKS = frozenset({"min", "max", "rem", "div", "abs"})
_ANSWERS = (("handle_call", 3), ("handle_cast", 2))


def is_tally(found: list[Write], module: Module) -> bool:
    """Whether only numbers are kept that the module reckons from what it holds, and callers can
    let it forget all of them: to begin anew is an everyday thing.
    """
    return all(map(_is_reckoned, found)) and _can_forget(module)


def _is_reckoned(write: Write) -> bool:
    call = resolve(write.node, write.clause.function.module) if write.node.type == "call" else None
    place = _PLACES.get(call.full, -1) if call is not None else -1
    if call is None or not 0 <= place < len(call.args):
        return False
    values = list(_brought(call.args[place], write.clause))
    return bool(values) and all(_is_number(value, clause) for value, clause in values)


def _brought(value: Node, clause: Clause) -> Iterator[tuple[Node, Clause]]:
    """The value itself; where a message brings it, what private functions send of the kind."""
    message = clause.params[0] if is_callback(clause.function) else None
    parts = message.named_children if message is not None and message.type == "tuple" else []
    at = next((i for i, part in enumerate(parts) if text(part) == text(value)), -1)
    if at < 0:
        yield value, clause
        return
    for sent, sender in sent_messages(parts, clause.function.module):
        yield from _given(sent.named_children[at], sender)


def _given(value: Node, sender: Clause) -> Iterator[tuple[Node, Clause]]:
    """What a function sends; of a parameter of a private one, what its callers give."""
    place = next((i for i, param in enumerate(sender.params) if text(param) == text(value)), -1)
    if place < 0 or sender.function.public:
        yield value, sender
        return
    function = sender.function
    for clause in function.module.clauses_with(function.name.encode()):
        for call in clause.calls:
            own = call.module == function.module.name and call.name == function.name
            if own and len(call.args) == function.arity:
                yield call.args[place], clause


def _is_number(value: Node, clause: Clause) -> bool:
    """Whether it is a number as written, or reckoned with nothing that a caller passed."""
    return value.type != "identifier" and _is_part(value, clause)


def _is_part(node: Node, clause: Clause) -> bool:
    if node.type in ("integer", "float"):
        return True
    if node.type == "identifier":
        return text(node) not in {n for param in clause.params for n in nodes.identifiers(param)}
    if nodes.operator(node) in _RECKONS:
        sides = [node.child_by_field_name(side) for side in ("left", "right")]
        return all(side is not None and _is_part(side, clause) for side in sides)
    call = resolve(node, clause.function.module) if node.type == "call" else None
    if call is None or not call.local:
        return False
    # A function of the module without arguments is a setting of it.
    if call.module == clause.function.module.name:
        return call.arity == 0
    return call.name in _PICKS and all(_is_part(arg, clause) for arg in call.args)


def _can_forget(module: Module) -> bool:
    """Whether a request of callers puts something fixed in the place of the whole state."""
    for key in _ANSWERS:
        function = module.functions.get(key)
        for clause in function.clauses if function is not None else ():
            if text(clause.params[-1]).startswith("_") and any(map(_is_fixed, _states(clause))):
                return True
    return any(
        call.full in AGENT_WRITES and len(call.args) > 1 and _forgets(call.args[1])
        for clause in module.clauses_with(b"Agent.")
        for call in clause.calls
    )


def _states(clause: Clause) -> Iterator[Node]:
    for way in ways(clause):
        if way.tag in (":reply", ":noreply"):
            yield way.result.named_children[2 if way.tag == ":reply" else 1]


def _forgets(function: Node) -> bool:
    stabs = nodes.clauses(function) if function.type == "anonymous_function" else []
    bodies = [nodes.clause_body(stab) for stab in stabs]
    ignored = [text(p).startswith("_") for stab in stabs for p in nodes.clause_patterns(stab)]
    return ignored == [True] and bodies[0] is not None and _is_fixed(bodies[0])


def _is_fixed(state: Node) -> bool:
    """Whether it is an empty collection."""
    return "".join(text(state).split()) in ("%{}", "[]", "Map.new()", "Map.new", "Keyword.new()")
