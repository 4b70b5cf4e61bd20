"""Where `init/1` sends a message to itself, and whether a continue can take its place."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import grammar, nodes
from bot.elixir.fixes import gen_server
from bot.elixir.fixes.base import Declined, Params
from bot.elixir.fixes.direct_calls import called_directly
from bot.elixir.fixes.gen_server import Return
from bot.elixir.fixes.messages import may_take, tag
from bot.elixir.fixes.places import (
    clause_like,
    find_module,
    line_end,
    line_start,
    normal,
)
from bot.elixir.fixes.self_send_handler import Handler, handler_of
from bot.elixir.module import Clause, Module
from bot.elixir.project import Project
from bot.elixir.self_sends import SelfSend, self_sends


@dataclass(frozen=True, eq=False)
class Place:
    """The send, what `init/1` returns after it, and the clause that handles the message."""

    module: Module
    init: Clause
    send: SelfSend
    endings: list[Return]
    handler: Handler


def find_place(project: Project, params: Params) -> Place | Declined:
    """The place the parameters name, where the invariant holds."""
    module = find_module(project, params["module"])
    init = (
        clause_like(module.functions.get(("init", 1)), params["clause"])
        if module is not None
        else None
    )
    if module is None or init is None or not gen_server.is_gen_server(module):
        return Declined("this `init/1` clause is gone")
    sends = self_sends(init)
    send = next((s for s in sends if normal(s.message) == params["message"]), None)
    if send is None:
        return Declined(f"`init/1` does not send `{params['message']}` to itself")
    if called_directly(project, module, ("init", 1)):
        return Declined("`init/1` is also called directly, by code that expects `{:ok, state}`")
    refusal = _refusal(init, send, sends, module)
    if refusal:
        return Declined(refusal)
    endings = gen_server.returns(init)
    handler = handler_of(project, module, send, endings)
    if handler is None:
        return Declined("no `handle_info/2` clause handles the message")
    return Place(module, init, send, endings, handler)


def _refusal(init: Clause, send: SelfSend, sends: list[SelfSend], module: Module) -> str:
    endings = gen_server.returns(init)
    if send.call.start != sends[0].call.start:
        return "another message is sent first: continuing with this one would swap their order"
    if not any(s.id == send.call.statement.id for s in init.statements()):
        return "the message is sent under a condition or inside another expression"
    if any(c.name == "receive" for c in init.calls):
        return "`init/1` receives messages itself"
    if any(e.tag == "ok" and (e.state is None or e.state.type == "keywords") for e in endings):
        return "`init/1` already returns a timeout, `:hibernate` or a continue"
    if any(e.tag not in ("ok", "stop", "ignore") for e in endings) or not any(
        e.state for e in endings
    ):
        return "what `init/1` returns is not written out as `{:ok, state}`"
    if may_take(module.functions.get(("handle_continue", 2)), send.message):
        return "`handle_continue/2` already has a clause for this term"
    if tag(send.message) is None and ("handle_continue", 2) in module.functions:
        return "`handle_continue/2` has clauses already, and what the message is is not written out"
    if not _whole_lines(module.source.data, send.call.statement):
        return "the send shares its line with other code"
    return _rebinding(init, send, endings)


def _whole_lines(data: bytes, statement: Node) -> bool:
    before = data[line_start(data, statement.start_byte) : statement.start_byte]
    after = data[statement.end_byte : line_end(data, statement.end_byte)].strip()
    return not before.strip() and (not after or after.startswith(b"#"))


def _rebinding(init: Clause, send: SelfSend, endings: list[Return]) -> str:
    names = nodes.identifiers(send.message) - {"__MODULE__"}
    if not names:
        return ""
    if grammar.captures("(call) @n", send.message):
        return "the message is computed by a call, which would run later"
    later = [s for s in init.statements() if s.start_byte > send.call.statement.end_byte]
    bound = {name for s in later if nodes.operator(s) == "=" for name in _left_names(s)}
    if names & bound or endings[0].node.id != init.statements()[-1].id:
        return "a variable of the message may be bound anew before `init/1` returns"
    return ""


def _left_names(match: Node) -> set[str]:
    left = match.child_by_field_name("left")
    return nodes.identifiers(left) if left is not None else set()
