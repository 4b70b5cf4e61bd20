"""`spawn` and `Task.start` to `Task.Supervisor.start_child`."""

from __future__ import annotations

from bot.core.finding import Finding
from bot.core.plan import Change
from bot.elixir.edit import apply as apply_edits
from bot.elixir.fixes import spawn_mutants, spawn_proof
from bot.elixir.fixes.add_task_supervisor import propose_requirement
from bot.elixir.fixes.base import Codemod, Declined, GeneratedTest, Params, Proposal
from bot.elixir.fixes.endings import endless
from bot.elixir.fixes.entries import foreign_callbacks, without_supervisors
from bot.elixir.fixes.jobs import CallGraph, key_of
from bot.elixir.fixes.locate import Place, find, find_all, params_of, place_of
from bot.elixir.fixes.spawn_rewrite import rewrite
from bot.elixir.fixes.task_supervisors import Tasks, tasks_for
from bot.elixir.project import Project

SPAWNS = {"Kernel.spawn": (1, 3), ":erlang.spawn": (1, 3), "Task.start": (1, 3)}


def propose(project: Project, finding: Finding) -> Proposal | Declined:
    """Automatic where the job is one-off work and its result is unused or can be adapted."""
    place = place_of(project, finding)
    if place is None:
        return Declined("the call stands in no function")
    problem = _unfit(project, place)
    if problem:
        return Declined(problem)
    app = project.app_of(place.path)
    if app is None:
        return Declined("the file belongs to no application")
    if finding.fix == "advice":
        return Declined("it runs while a supervisor starts: there it belongs into the child list")
    tasks = tasks_for(project, app, place.module.name)
    if isinstance(tasks, Declined):
        return tasks
    params = {**params_of(place), "supervisor": tasks.name, "app": app.name}
    edits = rewrite(project, place, tasks.name)
    if isinstance(edits, Declined):
        return edits
    return _proposal(project, place, tasks, params)


def _proposal(project: Project, place: Place, tasks: Tasks, params: Params) -> Proposal | Declined:
    decision = _decision(project, place)
    for requirement in tasks.requires:
        needed = propose_requirement(project, dict(requirement.params))
        if isinstance(needed, Declined):
            return needed
        decision = " ".join(question for question in (decision, needed.decision) if question)
    call = place.call
    return Proposal(
        title=f"Supervise the job of `{place.module.name}.{place.clause.function.label}`",
        params=params,
        fix="assisted" if decision else "automatic",
        decision=decision,
        requires=tasks.requires,
        notes=(
            f"`{call.name}/{call.arity}` became `Task.Supervisor.start_child`: the job is listed "
            "in the tree, and its crash is reported with its callers.",
            "At the application's stop a running job ends with the supervisor: at once, unless it "
            "traps exits (then it has 5 s). Before, it was killed once the tree was down, or ran "
            "on where it was started from outside the application.",
            "The job's group leader is now the supervisor's: what it prints no longer goes to "
            "its caller's device.",
            "While the application is not running, the call exits with `:noproc` instead of "
            "starting the job.",
        ),
    )


def _decision(project: Project, place: Place) -> str:
    """What to ask where others run the code, or where the application is published: its users get
    the process too.
    """
    callback = foreign_callbacks(CallGraph(project), project).get(key_of(place.clause.function))
    if callback:
        return (
            f"{callback}, which a process of another application may call. Can that happen while "
            "the own supervisors are down, before or after their time? The call then exits with "
            "`:noproc` in that process, and the job does not run."
        )
    app = project.app_of(place.path)
    if app is None or not app.package:
        return ""
    return (
        f"`{app.name}` is a package that brings its own application. Should its jobs run under its "
        "own Task.Supervisor, or under one that its user passes in?"
    )


def _unfit(project: Project, place: Place) -> str:
    """Why the call must not be turned into a supervised task; empty if it may."""
    call, function = place.call, place.clause.function
    if ".async" in call.full:
        return f"`{call.full}` answers its caller: a job nobody waits for is something else"
    if call.arity not in SPAWNS.get(call.full, ()):
        return (
            f"`{call.name}/{call.arity}` ties the processes together or names a node; a person "
            "must say what the tie is for"
        )
    if function.kind.startswith("defmacro") or call.in_quote:
        return "the call is code for other modules"
    graph = CallGraph(project)
    loop = endless(call, graph)
    if loop:
        return (
            f"the process is no one-off job ({loop}): it needs a module of its own and a "
            "restarting child"
        )
    key = (place.module.name, function.name, function.arity)
    entry = without_supervisors(graph, project).get(key)
    if entry:
        return f"it can run from `{entry}`, where the application's supervisors may not be running"
    return ""


def apply(project: Project, params: Params) -> tuple[Change, ...] | Declined:
    """The file with the call rewritten."""
    reason = f"`{params['code']}` no longer stands in `{params['module']}.{params['function']}`"
    for place in find_all(project, params):
        edits = rewrite(project, place, params["supervisor"])
        if not isinstance(edits, Declined):
            return apply_edits(project.files, edits)
        reason = edits.reason
    return Declined(reason)


def test(project: Project, params: Params) -> GeneratedTest | Declined:
    """A test of the job's place in the tree, where a public function honestly reaches it."""
    place = find(project, params)
    if place is None:
        return Declined("the call is gone")
    return spawn_proof.generate(project, place, params)


CODEMOD = Codemod(
    name="supervise_spawn",
    rules=("unsupervised-spawn", "unsupervised-task"),
    fix="automatic",
    summary=(
        "Starts one-off work by `Task.Supervisor.start_child` instead of `spawn` or `Task.start`."
    ),
    invariant=(
        "The same function runs once, unlinked from its caller, and is not restarted. Automatic "
        "for `spawn/1`, "
        "`spawn/3` and `Task.start` whose result is unused or can be adapted to `{:ok, pid}`; "
        "never for linked, "
        "monitored or lasting processes, nor for code that runs while the application does not."
    ),
    steps=(
        "Replace the call by `Task.Supervisor.start_child` with the application's Task.Supervisor.",
        "Where the pid is used, take it out of `{:ok, pid}`.",
    ),
    how_to_test=(
        "Start the job through the public function: its first ancestor is a supervisor that "
        "lists it. Where the job "
        "cannot be passed in: trace the caller, it spawns nothing itself while the supervisor does."
    ),
    done_when=(
        "No raw `spawn` or `Task.start` is left at the place.",
        "The job is a child of the Task.Supervisor while it runs.",
    ),
    propose=propose,
    apply=apply,
    test=test,
    mutants={**spawn_mutants.MUTANTS},
)
