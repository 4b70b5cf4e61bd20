"""What a `rescue` or `catch` guards: a request to another process, or code handed in."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in, resolve
from bot.elixir.expressions import operations
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.server_requests import WAITING

_MAY_EXIT = frozenset({"call", "await", "await_many", "multi_call", "stop", "exit", "apply"})
"""Functions of any module that exit, or whose name says that they ask another process."""


def asks_another_process(guarded: list[Node], module: Module) -> bool:
    """Whether all that exits in it is a call of a process that is gone, as far as it shows."""
    guarded = [node for node in guarded if _does_more_than_log(node, module)]
    calls = [c for node in guarded for c in calls_in(node, module)]
    if len(guarded) <= 2:
        return any(not c.local or c.module not in ("", "Kernel") for c in calls)
    rest = guarded[1:]
    return _asks_first(guarded[0], module) and not (
        runs_foreign_code(rest, module)
        or any(
            c.name in _MAY_EXIT or c.full in WAITING or c.module == module.name or _module_called(c)
            for node in rest
            for c in calls_in(node, module)
        )
    )


def _does_more_than_log(statement: Node, module: Module) -> bool:
    """Whether it is neither a line for the log nor a value that is written out."""
    calls = calls_in(statement, module)
    if calls:
        return any(call.module != "Logger" for call in calls)
    return nodes.operator(statement) != "="


def _asks_first(statement: Node, module: Module) -> bool:
    """Whether it is `GenServer.call(...)` or `x = GenServer.call(...)`."""
    right = statement.child_by_field_name("right") if nodes.operator(statement) == "=" else None
    call = resolve(statement if right is None else right, module)
    return call is not None and call.full in WAITING


def runs_foreign_code(guarded: list[Node], module: Module) -> bool:
    """Whether it guards code handed in from elsewhere: `fun.()`, `apply(...)`, evaluation."""
    values = (call for node in guarded for call in nodes.of_type(node, "call"))
    calls = (call for node in guarded for call in calls_in(node, module))
    return any(map(_calls_a_value, values)) or any(map(_runs_what_it_is_given, calls))


def _calls_a_value(call: Node) -> bool:
    called = call.child_by_field_name("target")
    return called is not None and called.type == "dot" and not nodes.text_of(called, "right")


def _runs_what_it_is_given(call: Call) -> bool:
    """Also where it measures a function that a variable or a field holds."""
    held = call.full == ":timer.tc" and call.args and call.args[0].type in _HOLDS
    return bool(held) or call.name == "apply" or call.full.startswith(_EVALUATES)


_HOLDS = ("identifier", "call", "access_call")
_EVALUATES = ("Code.eval", ":erl_eval", "EEx.eval")
_FOLLOWED = 2
"""Private functions that call each other, on the way to the code handed in."""


def runs_given_code(guarded: list[Node], clause: Clause, left: int = _FOLLOWED) -> bool:
    """Whether it guards code handed in: as `runs_foreign_code`, by a private function that does so,
    or by a module that the caller names: `worker.perform(job)`.
    """
    module = clause.function.module
    if runs_foreign_code(guarded, module):
        return True
    given = _handed_in(clause)
    for call in (c for node in guarded for c in calls_in(node, module)):
        if _module_called(call) in given:
            return True
        own = module.local(call.name, call.arity) if call.module == module.name else None
        inner = own.clauses if left and own is not None and own.kind == "defp" else ()
        if any(runs_given_code(c.statements(), c, left - 1) for c in inner):
            return True
    return False


def _handed_in(clause: Clause) -> set[str]:
    """Variables set by the parameters, also those matched out of one in the body."""
    given = {name for param in clause.params for name in nodes.identifiers(param)}
    for match in operations(clause.node, "="):
        left = match.child_by_field_name("left")
        if left is not None and nodes.text_of(match, "right") in given:
            given |= nodes.identifiers(left)
    return given


def _module_called(call: Call) -> str:
    """The variable of `variable.name(...)`, also of `variable.field.name(...)`; or empty."""
    target = call.node.child_by_field_name("target")
    owner = target.child_by_field_name("left") if target is not None else None
    if call.module or not any(child.type == "arguments" for child in call.node.named_children):
        return ""
    while owner is not None and owner.type in ("call", "dot"):
        owner = owner.child_by_field_name("target") or owner.child_by_field_name("left")
    return text(owner) if owner is not None and owner.type == "identifier" else ""
