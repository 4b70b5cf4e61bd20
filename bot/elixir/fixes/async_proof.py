"""The test of an unlinked job, where the job itself comes with the message, and its cosmetic
fixes.
"""

from __future__ import annotations

from tree_sitter import Node

from bot.core.plan import Change
from bot.elixir import nodes
from bot.elixir.edit import Edit, apply, indentation
from bot.elixir.fixes import instances
from bot.elixir.fixes.base import Declined, GeneratedTest, Params
from bot.elixir.fixes.locate import Place, find
from bot.elixir.fixes.places import variables
from bot.elixir.fixes.render import render
from bot.elixir.fixes.test_files import test_file
from bot.elixir.module import Clause
from bot.elixir.nodes import text
from bot.elixir.project import Project

_TRIGGERS = {
    "handle_call": "GenServer.call(server, {})",
    "handle_cast": "GenServer.cast(server, {})",
    "handle_info": "send(server, {})",
}


def test(project: Project, place: Place, field: str) -> GeneratedTest | Declined:
    """Behavioural where a message can bring the job along; declined otherwise.

    `field` tells of jobs where the callback changes the rest of the state; else it is empty.
    """
    init, app = place.module.functions[("init", 1)], project.app_of(place.path)
    argument = instances.argument(project, init.clauses[0])
    job, arity = _injected(place)
    message = _message(place.clause, job)
    trigger = _TRIGGERS.get(place.clause.function.name)
    if argument is None or len(init.clauses) != 1 or app is None:
        return Declined("the argument `init/1` needs cannot be made up in a test")
    if instances.claims_names(init.clauses[0]):
        return Declined("`init/1` takes a name of its own, which the application's instance holds")
    if not job or message is None or trigger is None:
        return Declined(
            "the job cannot be passed in by a message: only re-detection shows the link gone"
        )
    file = test_file(project, app, place.module.name, place.clause.function.name, "job")
    code = render(
        "async_nolink",
        test_module=file.module,
        module=place.module.name,
        argument=argument,
        job_params=f" {', '.join('_' * arity)}" if arity else "",
        trigger=trigger.format(message),
        field=field,
        known=f"Map.get(:sys.get_state(server), :{field})" if field else ":sys.get_state(server)",
        left="what it knows of jobs" if field else "its state",
    )
    return GeneratedTest(
        path=file.path,
        code=code,
        proof="behavioural",
        red=r"Unexpectedly received message \{:trace, #PID<[\d.]+>, :link,",
        note=(
            "Shows how the server and a job stand to each other; says nothing about real jobs"
            + (f", nor what becomes of the state beside `{field}`." if field else ".")
        ),
    )


def _injected(place: Place) -> tuple[str, int]:
    """(variable, arity) of the function that is the job, or all the job calls; empty if none."""
    at = 0 if place.call.full == "Task.async" else 1
    wanted = 1 if at == 0 else 2
    if len(place.call.args) != wanted:
        return "", 0
    argument, names = place.call.args[at], variables(place.clause.params[0])
    if argument.type == "identifier":
        return (text(argument), 0) if text(argument) in names else ("", 0)
    stabs = nodes.clauses(argument) if argument.type == "anonymous_function" else []
    body = nodes.statements(nodes.clause_body(stabs[0])) if len(stabs) == 1 else []
    target = (
        body[-1].child_by_field_name("target")
        if len(body) == 1 and body[0].type == "call"
        else None
    )
    left = (
        target.child_by_field_name("left") if target is not None and target.type == "dot" else None
    )
    if target is None or left is None or target.child_by_field_name("right") is not None:
        return "", 0
    return (text(left), len(nodes.arguments(body[0]))) if text(left) in names else ("", 0)


def _message(clause: Clause, job: str) -> str | None:
    """The message the clause takes, with the job in its place; `None` where it is not plain."""
    pattern = clause.params[0]
    if clause.guard is not None and not text(clause.guard).startswith(f"is_function({job}"):
        return None
    if not all(
        n.type in ("tuple", "atom", "identifier", "integer", "string", "quoted_content")
        for n in nodes.walk(pattern)
    ):
        return None
    return _filled(pattern, job)


def _filled(node: Node, job: str) -> str:
    if node.type == "tuple":
        return "{" + ", ".join(_filled(c, job) for c in node.named_children) + "}"
    if node.type == "identifier":
        return "job" if text(node) == job else ":genesis"
    return text(node)


def _place(project: Project, params: Params) -> Place:
    place = find(project, params)
    assert place is not None
    return place


def _unlinked(project: Project, params: Params) -> tuple[Change, ...]:
    """Unlink right after the start: the link was there, and nobody knows the job."""
    place = _place(project, params)
    start, end = place.call.node.start_byte, place.call.node.end_byte
    after = ", fn task -> if Process.unlink(task.pid), do: task end)"
    return apply(
        project.files, [Edit(place.path, start, start, "then("), Edit(place.path, end, end, after)]
    )


def _traps(project: Project, params: Params) -> tuple[Change, ...]:
    """Trap exits and let the default `handle_info/2` swallow them."""
    place = _place(project, params)
    at = place.clause.statements()[0].start_byte
    indent = indentation(place.data, at)
    edit = Edit(place.path, at, at, f"Process.flag(:trap_exit, true)\n{indent}")
    return apply(project.files, [edit])


def _started(project: Project, params: Params) -> tuple[Change, ...]:
    """Start the job and forget it."""
    place = _place(project, params)
    target = place.call.node.child_by_field_name("target")
    assert target is not None
    name = "Task.start" if place.call.full == "Task.async" else "Task.Supervisor.start_child"
    return apply(project.files, [Edit(place.path, target.start_byte, target.end_byte, name)])


MUTANTS = {"unlinked": _unlinked, "traps-exits": _traps, "started-only": _started}
