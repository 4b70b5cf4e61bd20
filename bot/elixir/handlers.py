"""`rescue` and `catch` clauses that take anything: what they catch and what they guard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in, resolve
from bot.elixir.expressions import operations
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.server_requests import WAITING

Kind = Literal["rescue", "catch", "exit", "error"]
"""`rescue`: any exception; `catch`: anything at all; `exit`, `error`: any reason of that kind."""

_NAMED_KINDS: dict[str, Kind] = {":exit": "exit", ":error": "error"}


_FAILS = frozenset(
    {
        f"{owner}.{name}"
        for owner in ("Kernel", ":erlang")
        for name in ("raise", "reraise", "exit", "throw", "error")
    }
    | {
        "System.halt",
        "System.stop",
        ":erlang.halt",
        ":init.stop",
        "Mix.raise",
        "ExUnit.Assertions.flunk",
    }
)


_LOGS = re.compile(r"Logger\.|@\w*logger\.")
"""A logger by its name, or by a module attribute that holds it."""

_TRACES = ("__STACKTRACE__", "System.stacktrace", ":erlang.get_stacktrace")
"""Where the code failed; the last two are how older versions tell it."""

_FAIL_BY_NAME = frozenset({"raise", "raise!", "reraise", "reraise!"})
"""Functions of any module that say they raise, as `Plug.Conn.WrapperError.reraise/4` does."""

_MAY_EXIT = frozenset({"call", "await", "await_many", "multi_call", "stop", "exit", "apply"})
"""Functions of any module that exit, or whose name says that they ask another process."""


@dataclass(frozen=True, eq=False)
class Handler:
    """One clause that catches without looking at what it catches."""

    node: Node
    kind: Kind
    pattern: str
    """As written, left of the arrow."""
    names: frozenset[str]
    """Variables that hold what was caught; none for `_`."""
    body: Node | None
    guarded: list[Node]
    """Statements whose failure it takes."""
    owner: int
    """The same for all handlers of one `try`."""


def handlers_in(clause: Clause) -> Iterator[Handler]:
    """Catch-all handlers of a clause, its own and those of the `try` blocks within."""
    for block in nodes.of_type(clause.node, "rescue_block", "catch_block"):
        guarded = nodes.statements(block.parent)
        for stab in nodes.clauses(block):
            kind = _rescues(stab) if block.type == "rescue_block" else _catches(stab)
            if kind is not None:
                patterns = nodes.clause_patterns(stab)
                left = stab.child_by_field_name("left")
                yield Handler(
                    stab,
                    kind,
                    text(left) if left is not None else "",
                    frozenset(
                        text(p) for p in patterns if _is_variable(p) and not text(p).startswith("_")
                    ),
                    nodes.clause_body(stab),
                    guarded,
                    block.parent.id if block.parent is not None else block.id,
                )


def _rescues(stab: Node) -> Kind | None:
    patterns = nodes.clause_patterns(stab)
    if len(patterns) != 1:
        return None
    pattern = patterns[0]
    if nodes.operator(pattern) == "in" and nodes.text_of(pattern, "right") == "_":
        return "rescue"
    return "rescue" if _is_variable(pattern) else None


def _catches(stab: Node) -> Kind | None:
    left = stab.child_by_field_name("left")
    patterns = nodes.clause_patterns(stab)
    if (
        left is None
        or nodes.operator(left) == "when"
        or not patterns
        or not _is_variable(patterns[-1])
    ):
        return None
    if len(patterns) == 1:
        # A lone pattern catches throws only, which are values sent on purpose.
        return None
    if _is_variable(patterns[0]):
        return "catch"
    return _NAMED_KINDS.get(text(patterns[0]))


def _is_variable(node: Node) -> bool:
    return node.type == "identifier"


def told(handler: Handler) -> bool:
    """Whether the body uses what it caught, or logs: somebody can learn of the crash."""
    if handler.body is None:
        return False
    names = nodes.identifiers(handler.body)
    return (
        bool(names & handler.names)
        or _tells_where(handler.body)
        or _LOGS.search(nodes.code(handler.body)) is not None
    )


def keeps_failure(handler: Handler) -> bool:
    """Whether what it answers or logs holds the failure and where it came from."""
    names = nodes.identifiers(handler.body) if handler.body is not None else set()
    return bool(names & handler.names) and handler.body is not None and _tells_where(handler.body)


def _tells_where(body: Node) -> bool:
    return any(name in nodes.code(body) for name in _TRACES)


def fails_again(handler: Handler, module: Module) -> bool:
    """Whether what it caught, or its own failure, is passed on."""
    if handler.body is None:
        return False
    return any(
        call.full in _FAILS or call.name in _FAIL_BY_NAME or _always_fails(call, module)
        for call in calls_in(handler.body, module)
    )


def _always_fails(call: Call, module: Module) -> bool:
    """Whether it is an own function that fails in each of its clauses."""
    helper = module.local(call.name, call.arity) if call.module == module.name else None
    return helper is not None and all(
        any(c.full in _FAILS or c.name in _FAIL_BY_NAME for c in clause.calls)
        for clause in helper.clauses
    )


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
