"""Slow work in `init/1` moves to `handle_continue/2`: the supervisor goes on, no message comes
before it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.core.finding import Finding
from bot.core.plan import Change
from bot.elixir import nodes
from bot.elixir.blocking import blocking
from bot.elixir.calls import calls_in
from bot.elixir.edit import Edit, EditConflict, apply
from bot.elixir.fixes import gen_server, init_proof
from bot.elixir.fixes.base import Codemod, Declined, GeneratedTest, Params, Proposal
from bot.elixir.fixes.direct_calls import called_directly
from bot.elixir.fixes.effects import effect
from bot.elixir.fixes.init_flow import Flow, flow_of
from bot.elixir.fixes.init_rewrite import continue_edit, init_edits, term_of, whole_lines
from bot.elixir.fixes.places import (
    clause_at,
    clause_like,
    find_module,
    head_text,
    normal,
    statement_like,
    statement_of,
)
from bot.elixir.fixes.requirement import continue_decision
from bot.elixir.module import Clause, Module
from bot.elixir.project import Project
from bot.elixir.reach import reached


def _propose(project: Project, finding: Finding) -> Proposal | Declined:
    module = find_module(project, finding.module)
    where = _statement(module, finding.start_byte) if module is not None else None
    if module is None or where is None:
        return Declined("no statement of `init/1` leads to this call")
    init, slow = where
    slow = _first_that_moves(init, slow)
    params = {"module": module.name, "clause": head_text(init), "statement": normal(slow)}
    flow = _flow(project, params)
    if isinstance(flow, Declined):
        return flow
    questions = list(_questions(flow, slow))
    if finding.fix != "automatic" and not questions:
        questions = ["May processes that start after this one run before the work is done?"]
    if older := continue_decision(project, module):
        questions.append(older)
    return Proposal(
        title=f"Move slow work out of `{module.name}.init/1`",
        params=params,
        fix="assisted" if questions else "automatic",
        decision=" ".join(questions),
        notes=(
            "An error in the work no longer fails the start of the supervisor: the server "
            "crashes after its start "
            "and is restarted within the supervisor's limits.",
            "A call that comes in meanwhile waits for the end of the work, up to the caller's "
            "own timeout.",
        ),
    )


def _first_that_moves(init: Clause, slow: Node) -> Node:
    """The earliest waiting statement that takes this one along: both findings are one action."""
    for statement in init.statements():
        if statement.id == slow.id or not _waits(statement, init.function.module):
            continue
        flow = flow_of(init, statement) if statement.start_byte < slow.start_byte else None
        if isinstance(flow, Flow):
            away = (*flow.moved, *(value for _, value in flow.fields))
            if any(nodes.contains(slow, node) for node in away):
                return statement
    return slow


def _statement(module: Module, byte: int) -> tuple[Clause, Node] | None:
    """The `init/1` clause and the statement in it from which the code at `byte` is reached."""
    clause, init = clause_at(module, byte), module.functions.get(("init", 1))
    if clause is None or init is None:
        return None
    if clause.function is init:
        found = statement_of(clause, byte)
        return (clause, found) if found is not None else None
    for step in reached([init]):
        if step.clause.node.id == clause.node.id and step.path:
            start = step.path[0].start
            origin = clause_at(module, start)
            found = statement_of(origin, start) if origin is not None else None
            return (origin, found) if origin is not None and found is not None else None
    return None


def _flow(project: Project, params: Params) -> Flow | Declined:
    module = find_module(project, params["module"])
    function = module.functions.get(("init", 1)) if module is not None else None
    init = clause_like(function, params["clause"])
    slow = statement_like(init, params["statement"]) if init is not None else None
    if module is None or init is None or slow is None:
        return Declined("this statement of `init/1` is gone")
    if not gen_server.is_gen_server(module):
        return Declined(
            f"`{module.name}` is no GenServer; only a GenServer has `handle_continue/2`"
        )
    if called_directly(project, module, ("init", 1)):
        return Declined("`init/1` is also called directly, by code that expects `{:ok, state}`")
    if any(c.name == "receive" for c in init.calls):
        return Declined("`init/1` receives messages itself")
    if not _waits(slow, module):
        return Declined("this statement of `init/1` waits for nothing")
    flow = flow_of(init, slow)
    if isinstance(flow, Declined):
        return flow
    last = init.statements()[-1]
    if not all(whole_lines(module, s) for s in flow.moved if s.id != last.id):
        return Declined("the slow statement shares its line with other code")
    return flow


def _waits(slow: Node, module: Module) -> bool:
    if any(blocking(call) is not None for call in calls_in(slow, module)):
        return True
    return effect(slow, module) in ("waits", "timer", "unknown")


def _questions(flow: Flow, slow: Node) -> Iterator[str]:
    module = flow.init.function.module
    waits = [b for c in calls_in(slow, module) if (b := blocking(c)) is not None]
    if flow.stops:
        yield (
            "`{:stop, reason}` in `init/1` fails the supervisor's start at once; from "
            "`handle_continue/2` it becomes "
            "a restart loop that ends in the supervisor's own shutdown. Is that right here?"
        )
    away = (*flow.moved, *(value for _, value in flow.fields))
    for_its_effect = flow.mode == "effect" and any(b.kind != "sleep" for b in waits)
    if for_its_effect or any(effect(node, module) == "unknown" for node in away):
        yield "Does anything that starts after this server rely on what the work leaves behind?"
    if any(b.kind == "process" for b in waits):
        yield "May processes that start after this one run before it has its answer?"
    if ("terminate", 2) in module.functions:
        yield "`terminate/2` can now run before the work is done. Does it cope with that state?"


def _edits(flow: Flow, body: list[str] | None = None) -> list[Edit]:
    term = term_of(flow)
    return [*init_edits(flow, term), continue_edit(flow, term, body)]


def _apply(project: Project, params: Params) -> tuple[Change, ...] | Declined:
    flow = _flow(project, params)
    if isinstance(flow, Declined):
        return flow
    try:
        return apply(project.files, _edits(flow))
    except EditConflict as conflict:
        return Declined(str(conflict))


def _test(project: Project, params: Params) -> GeneratedTest | Declined:
    flow = _flow(project, params)
    return flow if isinstance(flow, Declined) else init_proof.test(project, flow)


def _certain(project: Project, params: Params) -> Flow:
    flow = _flow(project, params)
    assert isinstance(flow, Flow), flow.reason
    return flow


def _never_loads(project: Project, params: Params) -> tuple[Change, ...]:
    flow = _certain(project, params)
    term = term_of(flow)
    ignored = "{" + ", ".join([":load", *("_" + name for name in flow.carried)]) + "}"
    edit = continue_edit(flow, ignored if flow.carried else term, ["{:noreply, state}"])
    if flow.before != "nil":
        edit = continue_edit(
            flow, ignored if flow.carried else term, [f"{{:noreply, {flow.before}}}"]
        )
    return apply(project.files, [*init_edits(flow, term), edit])


def _wrapped(project: Project, params: Params, before: str, after: str) -> tuple[Change, ...]:
    flow = _certain(project, params)
    module = flow.init.function.module
    slow = statement_like(flow.init, params["statement"])
    assert slow is not None
    call = next(c for c in calls_in(slow, module) if blocking(c) is not None)
    at = call.statement
    path = module.source.path
    start, end = (
        Edit(path, at.start_byte, at.start_byte, before),
        Edit(path, at.end_byte, at.end_byte, after),
    )
    return apply(project.files, [start, end])


def _awaited_task(project: Project, params: Params) -> tuple[Change, ...]:
    return _wrapped(project, params, "Task.await(Task.async(fn -> ", " end), :infinity)")


def _loose_task(project: Project, params: Params) -> tuple[Change, ...]:
    return _wrapped(project, params, "Task.start(fn -> ", " end)")


CODEMOD = Codemod(
    name="init_to_continue",
    rules=("blocking-init",),
    fix="automatic",
    summary="Slow work in `init/1` moves to `handle_continue/2`; `init/1` returns at once.",
    invariant=(
        "The work runs once, in the same process, right after `init/1` and before any message: "
        "no client can see the "
        "state without it. Only work whose value flows into the state is moved; creating tables, "
        "registering, "
        "subscribing and whatever else processes started later could look for stay in `init/1`. "
        "Automatic where the "
        "returns are written out, none is `:ignore` or `{:stop, _}`, and everything moved is "
        "known to do nothing but "
        "wait and compute, and where no Elixir before 1.7 is promised."
    ),
    steps=(
        "Return `{:ok, state, {:continue, term}}` with the variables the work needs in the term.",
        "Do the work in `handle_continue/2` and put its value into the state there.",
    ),
    how_to_test=(
        "Hold back what `init/1` waits for: the start must return all the same. Let it go: the "
        "value must be in the "
        "state before the first message is answered."
    ),
    done_when=(
        "`init/1` waits for nothing.",
        "The server's first answer is given from the loaded state.",
    ),
    propose=_propose,
    apply=_apply,
    test=_test,
    risk="medium",
    mutants={"never-loads": _never_loads, "awaited-task": _awaited_task, "loose-task": _loose_task},
)
