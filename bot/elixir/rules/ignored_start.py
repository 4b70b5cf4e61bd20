"""A child that was perhaps never started, and nobody looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.child_specs import spec_options
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.expressions import Expression, value_of
from bot.elixir.facts import StartFacts
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import is_server
from bot.elixir.results import results
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.unused import unused
from bot.elixir.runners import callers
from bot.elixir.started_child import started_by
from bot.elixir.starters import is_nameless
from bot.elixir.ways import ways

_STARTS = frozenset(
    {
        "DynamicSupervisor.start_child",
        "Supervisor.start_child",
        ":supervisor.start_child",
        "Horde.DynamicSupervisor.start_child",
    }
)
_IDEMPOTENT = ("ensure", "maybe_start", "start_if", "start_once", "start_unless")


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every `start_child` whose result is thrown away, there or by who calls the function."""
    paths = {s.path: None for f in project.facts if f.role == "lib" for s in f.starts if _is(s)}
    modules = [module for path in paths for module in project.modules_in(path)]
    starters: dict[str, Starter] = {}
    for module in modules:
        for clause in module.clauses_with(b"start_child"):
            for call in clause.calls:
                if call.full in _STARTS:
                    yield from _judge(call, clause, None, project)
                    if any(r.id == call.statement.id for r in results(clause)):
                        starter = Starter(clause.function, call)
                        starters.setdefault(starter.function.name, starter)
    yield from _callers(starters, project)


@dataclass(frozen=True, eq=False)
class Starter:
    """A function that returns what `start_child` returns."""

    function: Function
    call: Call


def _is(start: StartFacts) -> bool:
    return start.call in _STARTS


def _callers(starters: dict[str, Starter], project: Project) -> Iterator[Site | Exempt]:
    for starter in starters.values():
        for _, call in callers(starter.function, project):
            clause = call.owner.clause_at(call.start)
            if clause is not None and not call.captured:
                yield from _judge(call, clause, starter, project)


def _judge(
    call: Call, clause: Clause, starter: Starter | None, project: Project
) -> Iterator[Site | Exempt]:
    module = clause.function.module
    if call.in_quote or call.next_in_pipe is not None or call.runs_in or is_platform(module):
        return
    span = Span.of(module, call.node)
    if _discarded(call.statement):
        yield Exempt(span, "discarded")
    elif unused(call.statement, module):
        if is_test_support(module):
            yield Exempt(span, "test-support")
        elif any(name.startswith(_IDEMPOTENT) for name in (clause.function.name, call.name)):
            yield Exempt(span, "idempotent")
        else:
            yield _of_child(call, clause, span, starter, project)


def _of_child(
    call: Call, clause: Clause, span: Span, starter: Starter | None, project: Project
) -> Site | Exempt:
    start = starter.call if starter is not None else call
    where = clause if starter is None else start.owner.clause_at(start.start)
    name = _child(start, where, project)
    target = project.module(name) if name in project.modules else None
    named = _named(target) if target is not None else _given_name(start, where)
    if named:
        return Exempt(span, "once-per-name")
    if name == "Task":
        return _site(call, span, starter, _TASK)
    return _site(call, span, starter, _SURE if _always_starts(target, project) else "")


def _site(call: Call, span: Span, starter: Starter | None, sure: str) -> Site:
    """`sure`: why little can go wrong; empty where that is not known."""
    what = f"{call.module}.{call.name}"
    because = [Because(span, sure or _UNSEEN)]
    if starter is not None:
        inner = Span.of(starter.function.module, starter.call.node)
        note = f"where `{what}` gets here, it returns what this returns, errors too"
        because.append(Because(inner, note))
    return Site(
        span,
        f"nobody looks at what `{what}` returns",
        because=tuple(because),
        severity="info" if sure else None,
        confidence="low" if sure else None,
        data={"call": call.full},
    )


_UNSEEN = "where it gives `{:error, reason}` or `:ignore`, that goes by here unseen"
_SURE = (
    "the child takes no name and each way through its `init/1` gives `{:ok, state}`: it is missing "
    "only where that raises, or the supervisor refuses one more child"
)
_TASK = "a task starts in any case: it is missing only where the supervisor refuses one more child"


def _child(start: Call, clause: Clause | None, project: Project) -> str:
    """The module that is started, as far as the code shows it."""
    if len(start.args) < 2 or clause is None:
        return ""
    return started_by(Expression(start.args[1], clause), project)


def _given_name(start: Call, clause: Clause | None) -> bool:
    """Whether the specification of another's module, as a `Registry`, holds a name."""
    if len(start.args) < 2 or clause is None:
        return False
    given = Expression(start.args[1], clause)
    value = value_of(given) if given.node.type == "identifier" else given
    return value is not None and value.node.type == "tuple" and "name" in spec_options(value.node)


def _always_starts(child: Module | None, project: Project) -> bool:
    """Whether it takes no name, and its `init/1` neither refuses nor ignores a start."""
    init = child.functions.get(("init", 1)) if child is not None else None
    if child is None or init is None or not is_server(child) or not is_nameless(child, project):
        return False
    return all(way.tag == ":ok" for clause in init.clauses for way in ways(clause))


def _named(child: Module) -> bool:
    """Whether the child registers a name: a second one is refused, as is meant."""
    return any(
        "name" in call.keywords()
        for function in child.named("start_link")
        for clause in function.clauses
        for call in clause.calls
        if call.name in ("start_link", "start")
    )


def _discarded(statement: Node) -> bool:
    """`_ = ...`: seen, and said not to matter."""
    parent = statement.parent
    return (
        parent is not None
        and nodes.operator(parent) == "="
        and nodes.text_of(parent, "left").startswith("_")
    )


RULE = Rule(
    id="ignored-start",
    title="Start of a child nobody looks at",
    category="supervision",
    stage=1,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation="A child is started with `start_child`, and the result is thrown away.",
    harm=(
        "A failure comes back as a value: an `init/1` that refuses, a limit that is reached, a "
        "name that is taken. Thrown away, the child is missing and nothing here says so."
    ),
    remedy=(
        "Match on it: `{:ok, pid} = ...` where a failure is a bug, a `case` where "
        "`{:error, {:already_started, pid}}` is as good. Where it really does not matter, write "
        "`_ = ...`."
    ),
    triggers=(b"start_child",),
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Orders do
  def open(id) do
    DynamicSupervisor.start_child(Shop.OrderSupervisor, {Shop.Order, id})
    Shop.Order.total(id)
  end
end
"""),
        Sample("""\
defmodule Shop.Desks do
  def open(ids) do
    Enum.each(ids, &DynamicSupervisor.start_child(Shop.DeskSupervisor, {Shop.Desk, &1}))
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Orders do
  def open(id), do: DynamicSupervisor.start_child(Shop.OrderSupervisor, {Shop.Order, id})

  def total(id) do
    {:ok, pid} = DynamicSupervisor.start_child(Shop.OrderSupervisor, {Shop.Order, id})
    Shop.Order.total(pid)
  end
end
"""),
        Sample("""\
defmodule Shop.Mail do
  def send(mail) do
    Task.Supervisor.start_child(Shop.Tasks, fn -> Shop.Smtp.deliver(mail) end)
    :ok
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "discarded",
            "`_ =` says that it was thought of",
            Sample("""\
defmodule Shop.Orders do
  def open(id) do
    _ = DynamicSupervisor.start_child(Shop.OrderSupervisor, {Shop.Order, id})
    :ok
  end
end
"""),
        ),
        Exemption(
            "idempotent",
            "the function makes sure that something runs, and by its name it may run already",
            Sample("""\
defmodule Shop.Orders do
  def ensure_open(id) do
    DynamicSupervisor.start_child(Shop.OrderSupervisor, {Shop.Order, id})
    id
  end
end
"""),
        ),
        Exemption(
            "once-per-name",
            "the child registers a name: one that runs already is as good",
            Sample("""\
defmodule Shop.Counter do
  use GenServer
  def start_link(id), do: GenServer.start_link(__MODULE__, id, name: {:via, Registry, {Shop, id}})
  def init(id), do: {:ok, id}

  def count(id) do
    DynamicSupervisor.start_child(Shop.Counters, {__MODULE__, id})
    GenServer.call({:via, Registry, {Shop, id}}, :count)
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests: the test fails without the child",
            Sample("""\
defmodule Shop.DataCase do
  def open(id) do
    DynamicSupervisor.start_child(Shop.OrderSupervisor, {Shop.Order, id})
    id
  end
end
"""),
        ),
    ),
)
