"""The test of a supervised start: which public function reaches it, with which arguments.

Behavioural where the job itself can be passed in: the test looks at where the running job
stands in the tree. Traced where it cannot, but any plain term will do as argument: the test
watches who starts what. Otherwise declined: made-up arguments only test the error they cause.
"""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import STARTS_PROCESS, Call, calls_in
from bot.elixir.fixes.base import Declined, GeneratedTest, Params
from bot.elixir.fixes.delegates import Delegate, delegating, parameter
from bot.elixir.fixes.jobs import CallGraph, job_calls
from bot.elixir.fixes.locate import Place
from bot.elixir.fixes.render import render
from bot.elixir.fixes.test_files import test_file
from bot.elixir.outline import Clause, Function
from bot.elixir.project import Project

_QUIET = frozenset(
    {"Kernel.self", "Kernel.node", "Kernel.make_ref", "if", "unless", "alias", "require"}
)
_OUTSIDE = frozenset(
    {"System", "File", "Port", "Node", ":os", ":init", ":file", ":gen_tcp", ":httpc", "Mix"}
)
_TERM = ":genesis"


@dataclass(frozen=True)
class _Entry:
    """How the test calls the function."""

    arguments: tuple[str, ...]
    arity: int = -1
    """Of the injected function; -1: none is injected, -2: module, function and arguments are."""
    through: Function | None = None
    """The public function to call where the spawn's own is private."""


def generate(project: Project, place: Place, params: Params) -> GeneratedTest | Declined:
    """The generated test for a spawn site, or why there is none."""
    app = project.app_of(place.path)
    entry = _entry(project, place)
    if isinstance(entry, Declined) or app is None:
        return (
            entry if isinstance(entry, Declined) else Declined("the file belongs to no application")
        )
    function = entry.through or place.clause.function
    file = test_file(project, app, place.module.name, function.name, "supervision")
    call = f"{place.module.name}.{function.name}({', '.join(entry.arguments)})"
    values = {
        "test_module": file.module,
        "label": f"{place.module.name}.{function.label}",
        "call": call,
    }
    if entry.arity == -1:
        return GeneratedTest(
            path=file.path,
            code=render("spawn_traced", supervisor=params["supervisor"], **values),
            proof="traced",
            red=r"Unexpectedly received message \{:trace, #PID<[\d.]+>, :spawn,",
            note="Shows who starts the job; says nothing about what the job does.",
        )
    holes = ", ".join("_" * entry.arity)
    code = render(
        "spawn_injected", mfa=entry.arity == -2, job_params=f" {holes}" if holes else "", **values
    )
    return GeneratedTest(
        path=file.path,
        code=code,
        proof="behavioural",
        red="no supervisor lists the job among its children",
        note=(
            "Shows that the running job is a supervisor's child; says nothing about what real "
            "jobs do."
        ),
    )


def _entry(project: Project, place: Place) -> _Entry | Declined:
    clause, function = place.clause, place.clause.function
    delegate = delegating(function) if function.kind == "defp" else None
    if len(function.clauses) != 1 or (function.kind != "def" and delegate is None):
        return Declined("no public function of one clause holds the call")
    names = [parameter(p) for p in clause.params]
    if not all(names):
        return Declined("the function takes its arguments apart: made-up ones would not match")
    if not _unconditional(place):
        return Declined(
            "the call is made only under conditions the test cannot bring about honestly"
        )
    if not all(_quiet(s, place) for s in clause.statements()):
        return Declined(
            "the function does other work around the call, which made-up arguments would break"
        )
    entry = _injected(place, names)
    if delegate is not None:
        return _delegated(delegate, entry)
    if entry is not None:
        return entry
    if clause.guard is not None:
        return Declined("a guard asks for arguments the test cannot make up honestly")
    return _traced(project, place, names)


def _delegated(delegate: Delegate, entry: _Entry | None) -> _Entry | Declined:
    """The public function's call that brings the same arguments to the private one."""
    caller = Place(delegate.clause, delegate.call)
    clear = _unconditional(caller) and all(_quiet(s, caller) for s in delegate.clause.statements())
    if entry is None or not clear or delegate.clause.guard is not None:
        return Declined("no public function passes a job on to the private one that starts it")
    given = delegate.arguments(entry.arguments, _TERM)
    if given is None:
        return Declined("the public function makes up what it passes on to the private one")
    return _Entry(given, entry.arity, delegate.clause.function)


def _unconditional(place: Place) -> bool:
    node = place.call.statement
    if node.parent is not None and nodes.operator(node.parent) == "=":
        node = node.parent
    body = place.clause.body
    return body is not None and (
        body.id == node.id or any(s.id == node.id for s in place.clause.statements())
    )


def _quiet(statement: Node, place: Place) -> bool:
    """Whether nothing in the statement but the call itself can fail or act on any argument."""
    own = place.call.statement
    for call in calls_in(statement, place.module):
        inside = nodes.contains(own, call.node) and place.call.full in STARTS_PROCESS
        inside = inside or call.start == place.call.start
        if not inside and call.module != "Logger" and call.full not in _QUIET:
            return False
    return True


def _injected(place: Place, names: list[str]) -> _Entry | None:
    call, clause = place.call, place.clause
    terms = dict.fromkeys(names, _TERM)
    if call.arity == 3:
        wanted = [nodes.text(a) for a in call.args]
        if len(set(wanted)) < 3 or not set(wanted) <= set(names) or clause.guard is not None:
            return None
        terms.update(zip(wanted, ("__MODULE__", ":job", "[self()]"), strict=True))
        return _Entry(tuple(terms[n] for n in names), -2)
    job, arity = _parameter_run(call.args[0], names)
    if not job or not _allows(clause, job, arity):
        return None
    terms[job] = "job"
    return _Entry(tuple(terms[n] for n in names), arity)


def _parameter_run(argument: Node, names: list[str]) -> tuple[str, int]:
    """(parameter, arity) where the job is a parameter, or only calls one; otherwise empty."""
    if argument.type == "identifier" and nodes.text(argument) in names:
        return nodes.text(argument), 0
    stabs = nodes.clauses(argument) if argument.type == "anonymous_function" else []
    body = nodes.statements(nodes.clause_body(stabs[0])) if len(stabs) == 1 else []
    if len(body) != 1 or body[0].type != "call":
        return "", 0
    target = body[0].child_by_field_name("target")
    left = (
        target.child_by_field_name("left") if target is not None and target.type == "dot" else None
    )
    if target is None or left is None or target.child_by_field_name("right") is not None:
        return "", 0
    given = nodes.arguments(body[0])
    simple = ("identifier", "atom", "integer", "string", "boolean", "nil")
    if nodes.text(left) not in names or any(a.type not in simple for a in given):
        return "", 0
    return nodes.text(left), len(given)


def _allows(clause: Clause, job: str, arity: int) -> bool:
    """Whether there is no guard, or one that only asks for the function the test passes."""
    if clause.guard is None:
        return True
    return nodes.text(clause.guard).replace(" ", "") in (
        f"is_function({job},{arity})",
        f"is_function({job})",
    )


def _traced(project: Project, place: Place, names: list[str]) -> _Entry | Declined:
    graph = CallGraph(project)
    started = [c for c in place.clause.calls if c.full in STARTS_PROCESS and not c.runs_in]
    if len(started) != 1:
        return Declined("the function starts several processes: a trace could not tell them apart")
    direct = job_calls(place.call, graph)
    if place.call.args[0].type == "identifier":
        return Declined("what the job runs is known only at run time")
    for call in [*direct, *(c for f in graph.functions(direct) for c in f.calls)]:
        if _acts_outside(call, project):
            return Declined(
                f"the job calls `{call.full}`, which the test must not do with made-up arguments"
            )
    return _Entry(tuple(_TERM for _ in names))


def _acts_outside(call: Call, project: Project) -> bool:
    """Whether the call may reach files, programs, other machines or a database."""
    if (
        not call.module
        or call.module in ("Kernel", "Logger", "IO", "Process")
        or call.module in project.modules
    ):
        return call.module in ("Process",) and call.name in ("exit", "register")
    root = call.module.partition(".")[0]
    return root in _OUTSIDE or root not in _STANDARD


_STANDARD = frozenset(
    "Enum Map List String Keyword MapSet Stream Integer Float Regex DateTime Date Time Access "
    "NaiveDateTime Tuple Range Base Bitwise Function Inspect URI Version "
    ":lists :maps :math :binary :timer :erlang".split()
)
"""Roots whose functions only compute; nothing else is called with made-up arguments."""
