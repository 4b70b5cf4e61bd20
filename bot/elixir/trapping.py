"""Which code makes its process trap exits."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.calls import Call
from bot.elixir.expressions import Expression, value_of
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text

_FLAGS = frozenset({"Process.flag", ":erlang.process_flag"})


def trap_flags(module: Module) -> Iterator[tuple[Call, Clause]]:
    """Every call that makes its process trap exits, with its clause; what a function is for that
    another process runs has no say.
    """
    for clause in module.clauses_with(b"trap_exit"):
        for call in clause.calls:
            if is_trap_flag(call) and not call.runs_in:
                yield call, clause


def is_trap_flag(call: Call) -> bool:
    """Whether the call sets `:trap_exit`, to `true` or to something only run time knows."""
    if call.full not in _FLAGS or call.captured or len(call.args) < 2:
        return False
    return text(call.args[-2]) == ":trap_exit" and text(call.args[-1]) != "false"


def is_self(node: Expression) -> bool:
    """Whether an expression is `self()`, or a variable that was last set to it."""
    if text(node.node) in ("self()", "self", "Kernel.self()", ":erlang.self()"):
        return True
    value = value_of(node) if node.node.type == "identifier" else None
    return value is not None and text(value.node) in ("self()", "Kernel.self()", ":erlang.self()")
