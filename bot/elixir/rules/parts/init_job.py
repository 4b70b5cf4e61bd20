"""Jobs that the start of a server or of a supervisor starts: who starts them again."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.matching import can_match
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function
from bot.elixir.reach import is_server, reached, reached_from
from bot.elixir.results import results
from bot.elixir.trapping import trap_flags

_MONITORS = frozenset({"Process.monitor", ":erlang.monitor"})
_UNLINKS = frozenset({"Process.unlink", ":erlang.unlink"})


def starts_again(clause: Clause) -> bool:
    """Whether a linked job's crash ends its server, whose next start runs the job once more."""
    module = clause.function.module
    if not is_server(module) or next(trap_flags(module), None) is not None:
        return False
    restarts = (use.options.get("restart") for use in module.uses)
    temporary = any(option is not None and text(option) == ":temporary" for option in restarts)
    return not temporary and (_runs_in_init(clause) or _runs_right_after(clause))


def belongs_in_child_list(clause: Clause) -> bool:
    """Whether a supervisor's `init/1` starts the job, which could be a child of it."""
    module = clause.function.module
    supervises = any(module.implements(name) for name in ("Supervisor", "DynamicSupervisor"))
    return supervises and _runs_in_init(clause)


def _runs_in_init(clause: Clause) -> bool:
    init = clause.function.module.functions.get(("init", 1))
    return init is not None and any(step.clause is clause for step in reached([init]))


def _runs_right_after(clause: Clause) -> bool:
    """Whether the clauses of `handle_continue/2` run it that each start goes on with."""
    module = clause.function.module
    after, init = (module.functions.get(k) for k in (("handle_continue", 2), ("init", 1)))
    terms = list(_continued(init)) if init is not None else []
    if after is None or not terms or not all(terms):
        return False
    taking = [
        c
        for c in after.clauses
        if all(t is not None and can_match(c.params[0], t, module) for t in terms)
    ]
    return any(step.clause is clause for step in reached_from(after, taking))


def _continued(init: Function) -> Iterator[Node | None]:
    """What each start of the server goes on with; `None` for one that does not."""
    for clause in init.clauses:
        for result in results(clause):
            parts = result.named_children if result.type == "tuple" else []
            if (parts and text(parts[0]) == ":stop") or text(result) == ":ignore":
                continue
            last = parts[-1].named_children if len(parts) > 2 and parts[-1].type == "tuple" else []
            yield last[1] if len(last) == 2 and text(last[0]) == ":continue" else None


def lets_go_at_the_end(call: Call, clause: Clause) -> bool:
    """Whether a linked job takes its link away whatever happens, before a crash of it can tell, and
    its starter monitors it.
    """
    watches = any(c.full in _MONITORS and c.start > call.start for c in clause.calls)
    return watches and any(
        inner.full in _UNLINKS
        and any(around.type == "after_block" for around in nodes.ancestors(inner.node))
        for inner in _work(call)
    )


def _work(call: Call) -> Iterator[Call]:
    """The calls of the function that a job is given, and of the own functions it calls."""
    for inner in calls_in(call.node, call.owner):
        yield inner
        own = call.owner.local(inner.name, inner.arity)
        if own is not None and inner.module == call.owner.name:
            yield from (c for taken in own.clauses for c in taken.calls)
