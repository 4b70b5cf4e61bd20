"""A child that its supervisor starts without a link, and so never watches."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir import nodes
from bot.elixir.child_specs import ChildFacts
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.results import results
from bot.elixir.rules.base import Because, Rule, Sample, Site, Span

_UNLINKED = frozenset(
    f"{module}.start"
    for module in ("GenServer", "GenStage", "Agent", "GenStateMachine", ":gen_server",
                   ":gen_statem", "Task")
) | {"Kernel.spawn", ":proc_lib.spawn"}  # fmt: skip


def check(project: Project) -> Iterator[Site]:
    """Every child of a list whose `start_link` returns a process it did not link."""
    for facts in project.facts:
        for listing in facts.child_lists if facts.role == "lib" else ():
            for child in listing.children:
                known = project.modules.get(child.module)
                if known is not None and b".start(" in project.texts[known.path]:
                    yield from _judge(child, listing.path, project.module(child.module))


def _judge(child: ChildFacts, path: str, module: Module) -> Iterator[Site]:
    starts = module.named("start_link")
    clauses = [clause for function in starts for clause in function.clauses]
    if not clauses or "start:" in child.code or is_test_support(module) or is_platform(module):
        return
    if ("child_spec", 1) in module.functions or _links(module):
        return
    unlinked = [_unlinked(clause) for clause in clauses]
    first = unlinked[0]
    if first is None or any(site is None for site in unlinked):
        return
    span = Span(path, child.start, child.end)
    yield Site(
        span,
        f"its supervisor does not hear of the end of `{child.module}`",
        because=(Because(first, "its `start_link` starts it without a link"),),
        data={"module": child.module},
    )


def _links(module: Module) -> bool:
    """Whether the process may link itself to the one that starts it."""
    return any(c.name == "link" for clause in module.clauses_with(b"link(") for c in clause.calls)


def _unlinked(clause: Clause) -> Span | None:
    """Where the clause starts what it returns, if that is without a link."""
    ends = list(results(clause))
    if len(ends) != 1:
        return None
    (end,) = ends
    piped = end.child_by_field_name("right") if nodes.operator(end) == "|>" else None
    value = {end.id} if piped is None else {end.id, piped.id}
    for call in clause.calls:
        if call.full in _UNLINKED and call.node.id in value:
            return Span.of(clause.function.module, call.node)
    return None


RULE = Rule(
    id="unlinked-child",
    title="Child without a link to its supervisor",
    category="supervision",
    stage=1,
    severity="error",
    confidence="high",
    fix="advice",
    explanation=(
        "A module in a list of children has a `start_link` that starts its process with `start`."
    ),
    harm=(
        "A supervisor learns of the end of a child by the link alone. Without one a crash goes "
        "unseen and nothing is restarted, while the supervisor goes on listing a dead process; "
        "and if the supervisor itself is killed, the process stays behind, with its name."
    ),
    remedy="Start it with `start_link`, as the name of the function says.",
    triggers=(b".start(",),
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Stock do
  use GenServer
  def start_link(opts), do: GenServer.start(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, opts}
end

defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Stock], strategy: :one_for_one)
end
"""),
        Sample("""\
defmodule Shop.Totals do
  use Agent

  def start_link(first) do
    Agent.start(fn -> first end, name: __MODULE__)
  end
end

defmodule Shop.Tree do
  use Supervisor

  def init(_) do
    children = [{Shop.Totals, 0}]
    Supervisor.init(children, strategy: :one_for_one)
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Stock do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def start(opts), do: GenServer.start(__MODULE__, opts)
  def init(opts), do: {:ok, opts}
end

defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Stock], strategy: :one_for_one)
end
"""),
        Sample("""\
defmodule Shop.Race do
  use GenServer

  def start_link(opts) do
    with {:error, {:already_started, pid}} <- GenServer.start(__MODULE__, opts, name: Shop.Race) do
      Process.link(pid)
      {:ok, pid}
    end
  end

  def init(opts), do: {:ok, opts}
end

defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Race], strategy: :one_for_one)
end
"""),
    ),
)
