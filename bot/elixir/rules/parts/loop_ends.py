"""Whether a message ends a loop that receives, and the process with it."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.outline import Function
from bot.elixir.reach import reached
from bot.elixir.rules.parts.again import is_call_of
from bot.elixir.waiting import is_receive


def is_ended(function: Function, receive: Node) -> bool:
    """Whether a message that it takes makes it end."""
    block = nodes.do_block(receive)
    again = [c.node for k in function.clauses for c in k.calls if is_call_of(c, function)]
    within = all(nodes.contains(receive, node) for node in again)
    again += [c.node for k in function.clauses for c in k.calls if _goes_over(c, function)]
    return within and any(
        not any(nodes.contains(stab, node) for node in again) for stab in nodes.clauses(block)
    )


def _goes_over(call: Call, function: Function) -> bool:
    """Whether it calls another function of the module that comes to a `receive`."""
    module = function.module
    other = module.local(call.name, call.arity) if call.module == module.name else None
    return other is not None and any(
        is_receive(inner) for step in reached([other]) for inner in step.clause.calls
    )


def resumes(run_by: set[Function]) -> bool:
    """Whether a function that the process runs starts over when the loop has ended."""
    return any(
        is_call_of(call, run)
        for run in run_by
        for clause in run.clauses
        if not clause.mentions(b"receive")
        for call in clause.calls
    )
