"""`send(self(), message)` in init becomes `{:continue, message}`: nothing can come before it any
more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from bot.core.finding import Finding
from bot.core.plan import Change
from bot.elixir.edit import Edit, EditConflict, apply, indentation
from bot.elixir.fixes import gen_server, instances
from bot.elixir.fixes.base import Codemod, Declined, GeneratedTest, Params, Proposal
from bot.elixir.fixes.places import (
    alone,
    clause_at,
    cut,
    dedent,
    find_module,
    head_text,
    lead_start,
    leads,
    line_end,
    normal,
)  # fmt: skip
from bot.elixir.fixes.render import render
from bot.elixir.fixes.requirement import continue_decision
from bot.elixir.fixes.self_send_handler import taken
from bot.elixir.fixes.self_send_place import Place, find_place
from bot.elixir.fixes.test_files import test_file
from bot.elixir.module import Clause
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.self_sends import self_sends


def _propose(project: Project, finding: Finding) -> Proposal | Declined:
    module = find_module(project, finding.module)
    clause = clause_at(module, finding.start_byte) if module is not None else None
    if module is None or clause is None:
        return Declined("the code has changed since it was analysed")
    sends = [s for s in self_sends(clause) if _holds(s.call.statement, finding.start_byte)]
    message = normal(sends[0].message) if sends else ""
    params = {"module": module.name, "clause": head_text(clause), "message": message}
    place = find_place(project, params)
    if isinstance(place, Declined):
        return place
    decision = continue_decision(project, module)
    return Proposal(
        title=f"Continue with `{message}` in `{module.name}.init/1`",
        params=params,
        fix="assisted" if decision else "automatic",
        decision=decision,
        notes=tuple(_notes(place)),
    )


def _holds(node: Node, byte: int) -> bool:
    return node.start_byte <= byte < node.end_byte


def _notes(place: Place) -> Iterator[str]:
    message = normal(place.send.message)
    yield (
        f"`{message}` is now handled before any other message, also before those that came in "
        "during `init/1`."
    )
    if place.handler.stays:
        yield f"The `handle_info/2` clause stays and is called: {place.handler.stays}."
    elif len(place.handler.clause.function.clauses) == 1:
        yield (
            "No `handle_info/2` clause is left, so the default of `use GenServer` logs stray "
            "messages; "
            "before, any other message crashed the server."
        )


def _apply(project: Project, params: Params) -> tuple[Change, ...] | Declined:
    place = find_place(project, params)
    if isinstance(place, Declined):
        return place
    handler = place.handler.clause
    moved = [_delegation(place)] if place.handler.stays else _renamed(place, handler)
    try:
        return apply(project.files, [*_init_edits(place), *moved])
    except EditConflict as conflict:
        return Declined(str(conflict))


def _init_edits(place: Place) -> list[Edit]:
    term = text(place.send.message)
    endings = [gen_server.with_continue(e, place.init, term) for e in place.endings if e.state]
    return [_removal(place), *endings]


def _removal(place: Place) -> Edit:
    source, statement = place.module.source, place.send.call.statement
    if alone(source.data, statement):
        return cut(source.path, source.data, statement.start_byte, statement.end_byte)
    rest = source.data[statement.end_byte : line_end(source.data, statement.end_byte)]
    return Edit(
        source.path, statement.start_byte, statement.end_byte + len(rest) - len(rest.lstrip()), ""
    )


def _delegation(place: Place) -> Edit:
    pattern, term = taken(place.send, place.handler.clause)
    return _placed(place, f"def handle_continue({pattern}, state), do: handle_info({term}, state)")


def _placed(place: Place, body: str) -> Edit:
    existing = place.module.functions.get(("handle_continue", 2))
    if existing is not None:
        return gen_server.insert_before(existing, place.init, body)
    return gen_server.insert_after(place.init.function.clauses[-1], place.init, body)


def _renamed(place: Place, handler: Clause) -> list[Edit]:
    """The handler as `handle_continue`: in place where it has no siblings, else moved out of
    their group.
    """
    source, group = place.module.source, handler.function.clauses
    name = handler.head.child_by_field_name("target")
    assert name is not None
    if ("handle_continue", 2) not in place.module.functions and len(group) == 1:
        return [Edit(source.path, name.start_byte, name.end_byte, "handle_continue")]
    start, data = handler.node.start_byte, source.data
    indent = indentation(data, start)
    raw = (
        data[start : name.start_byte]
        + b"handle_continue"
        + data[name.end_byte : handler.node.end_byte]
    )
    above = list(leads(handler.node))[::-1]
    comments = "".join(f"{text(lead)}\n" for lead in above if lead.type == "comment")
    keeps = handler is group[0] and len(group) > 1 and not gen_server.own_impl(group[1])
    kept = [lead for lead in above if lead.type != "comment"] if keeps else []
    gone = cut(source.path, data, lead_start(handler.node), handler.node.end_byte)
    left = "".join(f"{indent}{text(lead)}\n" for lead in kept)
    moved = comments + dedent(raw.decode(), indent)
    return [replace(gone, text=left), _placed(place, moved)]


def _test(project: Project, params: Params) -> GeneratedTest | Declined:
    place = find_place(project, params)
    if isinstance(place, Declined):
        return place
    reason = _untestable(place)
    argument = instances.argument(project, place.init)
    if reason or argument is None:
        return Declined(reason or "the argument `init/1` needs cannot be made up in a test")
    module, app = place.module.name, project.app_of(place.module.source.path)
    if app is None:
        return Declined("the file belongs to no application")
    file = test_file(project, app, module, "self_send")
    code = render("self_send", test_module=file.module, module=module, argument=argument)
    return GeneratedTest(
        path=file.path,
        code=code,
        proof="behavioural",
        red="the queued message was handled before the work",
        note="A request queued before `init/1` runs sees the state as it is after the work.",
    )


def _untestable(place: Place) -> str:
    if instances.claims_names(place.init):
        return "`init/1` takes a name of its own, which the application's instance holds already"
    handler = place.handler.clause
    states = [e.state for e in gen_server.returns(handler)]
    kept = all(s is not None and text(s) == text(handler.params[1]) for s in states)
    if kept:
        return "the put-off work leaves the state as it is: nothing a test could see in it"
    return ""


def _mutant(project: Project, params: Params, *, resends: bool) -> tuple[Change, ...]:
    """A continue that does no work, or puts it off once more; the handler stays where it was."""
    place = find_place(project, params)
    assert isinstance(place, Place), place.reason
    pattern, term = taken(place.send, place.handler.clause)
    work = f"  send(self(), {term})\n" if resends else ""
    body = f"def handle_continue({pattern}, state) do\n{work}  {{:noreply, state}}\nend"
    return apply(project.files, [*_init_edits(place), _placed(place, body)])


def _resends(project: Project, params: Params) -> tuple[Change, ...]:
    return _mutant(project, params, resends=True)


def _never_works(project: Project, params: Params) -> tuple[Change, ...]:
    return _mutant(project, params, resends=False)


def _timer(project: Project, params: Params) -> tuple[Change, ...]:
    place = find_place(project, params)
    assert isinstance(place, Place), place.reason
    at, message = place.send.call.statement, params["message"]
    edit = Edit(
        place.module.source.path,
        at.start_byte,
        at.end_byte,
        f"Process.send_after(self(), {message}, 0)",
    )
    return apply(project.files, [edit])


CODEMOD = Codemod(
    name="self_send_to_continue",
    rules=("self-send-in-init",),
    fix="automatic",
    summary="`send(self(), message)` in `init/1` becomes `{:ok, state, {:continue, message}}`.",
    invariant=(
        "The same code runs with the same state, once, right after `init/1`; now certainly "
        "before the first message, "
        "whereas a message that came in during `init/1` used to go first. Start-up neither waits "
        "longer nor fails "
        "differently. The `handle_info/2` clause stays wherever anything else in the project "
        "names its message, or another clause could take its place. "
        "Automatic where every `{:ok, state}` of the clause is written out, the send is an "
        "unconditional statement "
        "and the first message `init/1` sends to itself, and where no Elixir before 1.7 is "
        "promised."
    ),
    steps=(
        "Remove the `send(self(), ...)` from `init/1`.",
        "Return `{:ok, state, {:continue, message}}`.",
        "Handle the term in `handle_continue/2`.",
    ),
    how_to_test=(
        "Queue a request for the server while `init/1` still runs: it must be answered from the "
        "state as it is after "
        "the work that `init/1` puts off."
    ),
    done_when=(
        "`init/1` sends no message to itself.",
        "No message can be handled before the work `init/1` puts off.",
    ),
    propose=_propose,
    apply=_apply,
    test=_test,
    mutants={"resends": _resends, "never-works": _never_works, "timer": _timer},
)
