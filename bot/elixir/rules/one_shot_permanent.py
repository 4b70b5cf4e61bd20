"""A child that ends when its work is done, and is started again as if it had failed."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.child_specs import ChildFacts
from bot.elixir.context import is_test_support
from bot.elixir.guarded import runs_foreign_code
from bot.elixir.nodes import text
from bot.elixir.outline import Function, Module
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Rule, Sample, Site, Span
from bot.elixir.rules.parts.normal_end import stops_at_once
from bot.elixir.rules.parts.written_specs import WrittenSpec, written_specs

_FINITE = frozenset(
    "Enum Map List Keyword String Integer Float File Path Logger Application System IO Jason "
    "Code MapSet Kernel DateTime Date Time NaiveDateTime URI Base Regex".split()
)
"""Modules whose functions come back; of others nobody here knows."""
_STARTS_TASK = ("Task.start_link", "Task.start")
_MOST_STEPS = 100


def check(project: Project) -> Iterator[Site]:
    """Every permanent child whose work is seen to end."""
    for spec in written_specs(project, b"restart:", b"{Task,"):
        if _permanent(spec) and not is_test_support(spec.where):
            yield from _of_task(spec, project)
    for facts in project.facts:
        for listing in facts.child_lists if facts.role == "lib" else ():
            for child in listing.children:
                yield from _of_server(child, listing.path, project)


def _permanent(spec: WrittenSpec) -> bool:
    return spec.word("restart") == ":permanent" or (spec.whole and "restart" not in spec.options)


def _of_task(spec: WrittenSpec, project: Project) -> Iterator[Site]:
    work = _work(spec, project)
    if work is None:
        return
    module, body = work
    if not _Work().ends(body, module):
        return
    span = Span.of(spec.where, spec.node)
    told = "says so" if "restart" in spec.options else "is the default of a map"
    yield Site(
        span,
        "a task that ends is started again, however it ended",
        because=(
            Because(Span.of(module, body), "this is all the work: no loop is seen in it"),
            Because(span, f"`restart: :permanent` {told}: a normal end is followed by a start too"),
        ),
        data={"module": spec.target},
    )


def _work(spec: WrittenSpec, project: Project) -> tuple[Module, Node] | None:
    """What the task runs, and where: a function written there, or one of the task's module."""
    if spec.target == "Task":
        node = _closure(spec)
        return (spec.where, node) if node is not None else None
    facts = project.modules.get(spec.target)
    if facts is None or not facts.implements("Task"):
        return None
    module = project.module(spec.target)
    calls = [c for f in module.named("start_link") for c in f.calls if c.full in _STARTS_TASK]
    body = _body(calls[0]) if len(calls) == 1 else None
    return (module, body) if body is not None else None


def _closure(spec: WrittenSpec) -> Node | None:
    """The one anonymous function of the specification."""
    found = nodes.of_type(spec.node, "anonymous_function")
    return found[0] if found else None


def _body(start: Call) -> Node | None:
    if start.args and start.args[0].type == "anonymous_function":
        return start.args[0]
    if start.arity != 3 or text(start.args[0]) != "__MODULE__" or start.args[2].type != "list":
        return None
    name, arity = text(start.args[1]).removeprefix(":"), len(start.args[2].named_children)
    function = start.owner.local(name, arity)
    if function is None or len(function.clauses) != 1:
        return None
    return function.clauses[0].body


class _Work:
    """Follows what a task runs; knows what it has seen, so that recursion is a loop."""

    def __init__(self) -> None:
        self._above: list[Function] = []
        self._steps = 0

    def ends(self, body: Node, module: Module) -> bool:
        """Whether everything it calls is seen to come back."""
        if nodes.of_type(body, "ERROR") or runs_foreign_code([body], module):
            return False
        return all(self._returns(call, module) for call in calls_in(body, module))

    def _returns(self, call: Call, module: Module) -> bool:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            return False
        if call.module == module.name:
            function = module.local(call.name, call.arity)
            return function is not None and self._function_returns(function)
        if not call.module:
            return call.local and call.name in _SYNTAX
        if call.module == "Enum" and call.args and call.args[0].type == "identifier":
            # It can be a stream, which need not end.
            return False
        return call.module in _FINITE or call.module.rpartition(".")[2] == "Repo"

    def _function_returns(self, function: Function) -> bool:
        if function in self._above:
            return False
        self._above.append(function)
        bodies = [c.body for c in function.clauses if c.body is not None]
        ended = all(self.ends(body, function.module) for body in bodies)
        self._above.pop()
        return ended


_SYNTAX = frozenset("if unless case cond with for to_string inspect is_nil length".split())


def _of_server(child: ChildFacts, path: str, project: Project) -> Iterator[Site]:
    """A server that stops itself in the `handle_continue/2` its `init/1` asks for."""
    facts = project.modules.get(child.module)
    if facts is None or not facts.implements("GenServer") or not facts.has("handle_continue", 2):
        return
    module = project.module(child.module)
    if not child.restart and ("child_spec", 1) in module.functions:
        return
    use = module.use("GenServer")
    own = use.options.get("restart") if use is not None else None
    restart = child.restart or (text(own).removeprefix(":") if own is not None else "permanent")
    stop = stops_at_once(module) if restart == "permanent" else None
    if stop is not None and not is_test_support(module):
        span = Span(path, child.start, child.end)
        yield Site(
            span,
            f"`{child.module}` ends when its work is done, and is started again",
            because=(
                Because(Span.of(module, stop), "every way through `handle_continue/2` ends so"),
                Because(span, "a permanent child is started again after a normal end as well"),
            ),
            data={"module": child.module},
        )


RULE = Rule(
    id="one-shot-permanent",
    title="One job, started again and again",
    category="supervision",
    stage=1,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "A child that does one job and ends is `:permanent`: a task, or a server that stops "
        "itself in its first `handle_continue/2`."
    ),
    harm=(
        "A permanent child is started again whenever it ends, also when all went well. The job "
        "runs over and over; where it ends more often than the supervisor's `max_restarts` allows "
        "(3 in 5 seconds by default), that one gives up and takes its other children down."
    ),
    remedy=(
        "Say `restart: :temporary` for one try, `:transient` to try again after a crash. "
        "`{Task, fun}` is temporary by itself; a map without `restart` is permanent."
    ),
    triggers=(b"restart:", b"{Task,", b"handle_continue"),
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Tree do
  use Supervisor

  def init(_) do
    warm = %{id: :warm, start: {Task, :start_link, [fn -> Shop.Repo.all(Shop.Item) end]}}
    Supervisor.init([Shop.Stock, warm], strategy: :one_for_one)
  end
end
"""),
        Sample("""\
defmodule Shop.Warm do
  use Task, restart: :permanent
  def start_link(root), do: Task.start_link(__MODULE__, :run, [root])
  def run(root), do: Enum.each(["in", "out"], &File.mkdir_p!(Path.join(root, &1)))
end
"""),
        Sample("""\
defmodule Shop.Load do
  use GenServer
  def init(opts), do: {:ok, opts, {:continue, :load}}

  def handle_continue(:load, opts) do
    Shop.Repo.insert_all(Shop.Item, opts)
    {:stop, :normal, opts}
  end
end

defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Load], strategy: :one_for_one)
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Tree do
  use Supervisor

  def init(_) do
    children = [{Task, fn -> Shop.Repo.all(Shop.Item) end}]
    Supervisor.init(children, strategy: :one_for_one)
  end
end
"""),
        Sample("""\
defmodule Shop.Poll do
  use Task, restart: :permanent
  def start_link(every), do: Task.start_link(__MODULE__, :run, [every])

  def run(every) do
    receive do
    after
      every -> run(every)
    end
  end
end
"""),
        Sample("""\
defmodule Shop.Listen do
  use Task, restart: :permanent
  def start_link(port), do: Task.start_link(fn -> Shop.Socket.serve(port) end)
end
"""),
    ),
)
