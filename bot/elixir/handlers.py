"""`rescue` and `catch` clauses that take anything: what they catch and what they guard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text

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
