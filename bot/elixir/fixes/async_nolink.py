"""A server's linked task becomes one it monitors: its crash is an event, no longer the server's
end.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.core.finding import Finding
from bot.core.plan import Change
from bot.elixir.edit import Edit, EditConflict, apply, indentation
from bot.elixir.expressions import assignments
from bot.elixir.fixes import async_proof, gen_server, task_handlers
from bot.elixir.fixes.add_task_supervisor import propose_requirement
from bot.elixir.fixes.base import Codemod, Declined, GeneratedTest, Params, Proposal, Requirement
from bot.elixir.fixes.direct_calls import called_directly
from bot.elixir.fixes.locate import find, params_of, place_of
from bot.elixir.fixes.places import variables
from bot.elixir.fixes.server_job import Job, job_of
from bot.elixir.fixes.server_state import always_updated
from bot.elixir.fixes.task_handlers import FIELD
from bot.elixir.fixes.task_supervisors import tasks_for
from bot.elixir.nodes import text
from bot.elixir.project import Project

_HANDLERS = (("handle_call", 3), ("handle_cast", 2), ("handle_info", 2), ("handle_continue", 2))


def _propose(project: Project, finding: Finding) -> Proposal | Declined:
    place = place_of(project, finding)
    job = job_of(place)
    if isinstance(job, Declined):
        return job
    params = params_of(job.place)
    questions = list(_questions(job))
    if called_directly(project, job.module, *_HANDLERS):
        questions.append(f"Do the direct calls of callbacks pass a state with the field `{FIELD}`?")
    requires: tuple[Requirement, ...] = ()
    if job.call.full == "Task.async":
        app = project.app_of(job.place.path)
        tasks = tasks_for(project, app, job.module.name) if app is not None else None
        if tasks is None or isinstance(tasks, Declined):
            return tasks or Declined("the file belongs to no application")
        params["supervisor"], requires = tasks.name, tasks.requires
        needed = [propose_requirement(project, dict(r.params)) for r in requires]
        declined = next((n for n in needed if isinstance(n, Declined)), None)
        if declined is not None:
            return declined
        questions += [n.decision for n in needed if isinstance(n, Proposal) and n.decision]
    if finding.fix != "automatic" and not questions:
        questions = ["Should the server live on when this job fails?"]
    return Proposal(
        title=f"Unlink the job of `{job.module.name}.{job.place.clause.function.label}`",
        params=params,
        fix="assisted" if questions else "automatic",
        decision=" ".join(questions),
        requires=requires,
        notes=(
            "A job that fails no longer takes the server down; it is logged and forgotten.",
            "A job now outlives a crash of the server that started it; nobody gets its result "
            "then.",
        ),
    )


def _questions(job: Job) -> Iterator[str]:
    clause = job.place.clause
    if not always_updated(job.shape):
        yield f"Does every callback keep the field `{FIELD}` of the state it was given?"
    if not _plain(job):
        yield (
            "The callback also changes the state for the job. The crash used to reset it; what "
            "of it has to be "
            "undone in the `:DOWN` clause?"
        )
    if clause.function.name == "handle_call" and _mentions(job.call.node, clause.params[1]):
        yield "The job answers the caller. What is the caller told when the job dies?"
    if not task_handlers.settles_down(job.module):
        yield (
            "The `:DOWN` clause saw the end of every job so far, now only of others. Is it needed "
            "for jobs?"
        )


def _mentions(node: Node, pattern: Node) -> bool:
    return bool(set(variables(node)) & set(variables(pattern)))


def _states(job: Job) -> list[Node] | None:
    """The state in each return of the callback, where all of them are the state as it was given."""
    found = []
    for ending in gen_server.returns(job.place.clause):
        at = 1 if ending.tag == "reply" else 0
        if ending.tag not in ("noreply", "reply") or len(ending.rest) <= at:
            return None
        found.append(ending.rest[at])
    same = all(text(node) == job.state for node in found)
    return found if same and not assignments(job.state, job.place.clause) else None


def _plain(job: Job) -> bool:
    return _states(job) is not None


def call_edits(job: Job, supervisor: str) -> list[Edit]:
    """`async` as `async_nolink`, bound to a variable."""
    path, target = job.place.path, job.call.node.child_by_field_name("target")
    assert target is not None
    edits = []
    if job.call.full == "Task.async":
        at = job.call.args[0].start_byte
        edits.append(Edit(path, target.start_byte, target.end_byte, "Task.Supervisor.async_nolink"))
        edits.append(Edit(path, at, at, f"{supervisor}, "))
    else:
        edits.append(Edit(path, target.end_byte, target.end_byte, "_nolink"))
    if job.statement.id == job.call.node.id:
        start = job.statement.start_byte
        edits.insert(0, Edit(path, start, start, f"{job.variable} = "))
    return edits


def _kept_edits(job: Job) -> list[Edit]:
    s, task, path = job.state, job.variable, job.place.path
    kept = f"%{{{s} | {FIELD}: Map.put({s}.{FIELD}, {task}.ref, {task}.pid)}}"
    states = _states(job)
    if states is not None:
        return [Edit(path, node.start_byte, node.end_byte, kept) for node in states]
    indent, at = indentation(job.place.data, job.statement.start_byte), job.statement.end_byte
    return [Edit(path, at, at, f"\n{indent}{s} = {kept}")]


def _apply(project: Project, params: Params) -> tuple[Change, ...] | Declined:
    job = job_of(find(project, params))
    if isinstance(job, Declined):
        return job
    edits = [*call_edits(job, params.get("supervisor", "")), *_kept_edits(job)]
    if not task_handlers.present(job.module):
        edits += [*job.shape.with_field(FIELD), *task_handlers.edits(job.module, job.place.clause)]
    try:
        return apply(project.files, edits)
    except EditConflict as conflict:
        return Declined(str(conflict))


def _test(project: Project, params: Params) -> GeneratedTest | Declined:
    place = find(project, params)
    job = job_of(place)
    if isinstance(job, Declined) or place is None:
        return job if isinstance(job, Declined) else Declined("the call is gone")
    return async_proof.test(project, place, "" if _plain(job) else FIELD)


def _untracked(project: Project, params: Params) -> tuple[Change, ...]:
    job = job_of(find(project, params))
    assert isinstance(job, Job), job.reason
    edits = call_edits(job, params.get("supervisor", ""))
    return apply(project.files, [e for e in edits if not e.text.endswith(" = ")])


CODEMOD = Codemod(
    name="async_nolink",
    rules=("linked-supervised-async", "unsupervised-task"),
    fix="automatic",
    summary=(
        "A server's linked task becomes `Task.Supervisor.async_nolink`, its reference kept in the "
        "state."
    ),
    invariant=(
        "The same job runs once, and its result reaches the same clause as before. New clauses "
        "match kept "
        "references only and stand before all others; a server without `handle_info/2` also gets "
        "a logging "
        "catch-all, as the default of `use GenServer` no longer applies. Automatic where the "
        "state is a map or struct "
        "that is written out and handed on by every callback, and the callback changes nothing "
        "else in it; never for "
        "servers that trap exits or wait for tasks."
    ),
    steps=(
        "Start the job by `Task.Supervisor.async_nolink` and keep its reference in the state.",
        "Take `{ref, result}` and `:DOWN` of kept references, and forget them there.",
    ),
    how_to_test=(
        "Kill a running job: the server answers, and its state is what it was before the job. "
        "Let one finish: "
        "the same."
    ),
    done_when=(
        "The job is a child of a Task.Supervisor, monitored by the server and never linked to it.",
        "After the job's end, however it ends, the server's state holds nothing of it.",
    ),
    propose=_propose,
    apply=_apply,
    test=_test,
    risk="medium",
    mutants={**async_proof.MUTANTS, "untracked": _untracked},
)
