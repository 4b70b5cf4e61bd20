"""Two children of one application that register the same name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.elixir.branching import is_conditional
from bot.elixir.child_specs import ChildFacts
from bot.elixir.children import ChildListFacts
from bot.elixir.context import is_test_support
from bot.elixir.mixfile import App
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Rule, Sample, Site, Span
from bot.elixir.rules.duplicate_child_id import element

_REGISTER_THEIR_NAME = frozenset(
    {"DynamicSupervisor", "Task.Supervisor", "PartitionSupervisor", "Registry"}
)
_STARTS = frozenset(
    f"{module}.start_link" for module in ("GenServer", "GenStage", "Agent", "Supervisor",
                                          "DynamicSupervisor", "GenStateMachine")
)  # fmt: skip
_STATIC = ("Supervisor.start_link", "Supervisor.init")


@dataclass(frozen=True, eq=False)
class Named:
    """A child that is always started, and the name it takes."""

    name: str
    span: Span
    because: tuple[Because, ...]
    """Where its module fixes the name; empty where the child says so itself."""
    module: str


def check(project: Project) -> Iterator[Site]:
    """Every child whose name another child of the application has taken before it."""
    for app in project.apps:
        if app.callback in project.modules:
            seen: dict[str, Named] = {}
            for named in _of_app(app, project):
                first = seen.setdefault(named.name, named)
                if first is not named and first.span != named.span:
                    yield _site(first, named)


def _site(first: Named, second: Named) -> Site:
    return Site(
        second.span,
        f"a second child registers the name `{second.name}`",
        because=(
            Because(first.span, "this child takes the name, too"),
            *second.because,
        ),
        data={"name": second.name, "module": second.module},
    )


def _of_app(app: App, project: Project) -> Iterator[Named]:
    """Names taken when the application starts, in no branch, from its root downwards."""
    done: set[str] = set()
    todo = [(app.callback, "start/2")]
    while todo:
        name, function = todo.pop(0)
        facts = project.modules.get(name)
        if facts is None or name in done or is_test_support(facts):
            continue
        done.add(name)
        listings = [listing for listing in facts.child_lists if listing.call in _STATIC]
        for listing in listings if len(listings) == 1 else ():
            if listing.function != function or not _only_clause(listing, name, project):
                continue
            for child in listing.children:
                if _always(child, listing, project):
                    yield from _named(child, listing, project)
                    todo.append((child.module, "init/1"))


def _only_clause(listing: ChildListFacts, name: str, project: Project) -> bool:
    module = project.module(name)
    functions = [f for f in module.functions.values() if f.label == listing.function]
    return all(len(function.clauses) == 1 for function in functions)


def _always(child: ChildFacts, listing: ChildListFacts, project: Project) -> bool:
    """Whether it stands in no branch of the function that starts the supervisor."""
    node = element(child, listing.path, project)
    module = project.module_at(listing.path, child.start)
    if node is None or module is None:
        return False
    clauses = module.all_clauses()
    clause = next((c for c in clauses if c.function.label == listing.function), None)
    if clause is None or clause.body is None:
        return False
    if not clause.body.start_byte <= child.start < clause.body.end_byte:
        return False
    return not is_conditional(node, clause.body)


def _named(child: ChildFacts, listing: ChildListFacts, project: Project) -> Iterator[Named]:
    span = Span(listing.path, child.start, child.end)
    if child.module in _REGISTER_THEIR_NAME and child.name:
        yield Named(child.name, span, (), child.module)
    elif child.module in project.modules and not child.name:
        fixed = _fixed_name(child.module, project)
        if fixed is not None:
            yield Named(fixed[0], span, (fixed[1],), child.module)


def _fixed_name(name: str, project: Project) -> tuple[str, Because] | None:
    """The one name a module's only way to start always registers."""
    facts = project.modules[name]
    if len(facts.names) != 1 or facts.has("child_spec", 1):
        return None
    module = project.module(name)
    starts = module.named("start_link")
    if len(starts) != 1 or len(starts[0].clauses) != 1:
        return None
    clause = starts[0].clauses[0]
    for call in clause.calls:
        if clause.body is None or is_conditional(call.node, clause.body):
            return None
        given = call.keywords().get("name") if call.full in _STARTS else None
        if given is not None and module.scope.resolve(module.value(given)) == facts.names[0]:
            note = f"its `start_link` always takes the name `{text(given)}`"
            return facts.names[0], Because(Span.of(module, call.node), note)
    return None


RULE = Rule(
    id="duplicate-name",
    title="Two children with one name",
    category="supervision",
    stage=1,
    severity="error",
    confidence="high",
    fix="advice",
    explanation=(
        "Two children that the application always starts register the same name: the same "
        "`name:`, or one module listed twice whose `start_link` fixes its name."
    ),
    harm=(
        "A name belongs to one process. The second start returns "
        "`{:error, {:already_started, pid}}`, its supervisor fails, and the application does not "
        "boot. Another `id` does not help: ids are the supervisor's, names are the node's."
    ),
    remedy="Let the module take its name as an option, and give each child its own.",
    triggers=(b"name:",),
    check_project=check,
    bad=(
        Sample(
            files={
                "mix.exs": """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop]
  def application, do: [mod: {Shop.Application, []}]
end
""",
                "lib/application.ex": """\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    children = [
      {Shop.Desk, 1},
      Supervisor.child_spec({Shop.Desk, 2}, id: :second)
    ]

    Supervisor.start_link(children, strategy: :one_for_one)
  end
end
""",
                "lib/desk.ex": """\
defmodule Shop.Desk do
  use GenServer
  def start_link(number), do: GenServer.start_link(__MODULE__, number, name: __MODULE__)
  def init(number), do: {:ok, number}
end
""",
            }
        ),
        Sample(
            files={
                "mix.exs": """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop]
  def application, do: [mod: {Shop.Application, []}]
end
""",
                "lib/application.ex": """\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    children = [{Task.Supervisor, name: Shop.Tasks}, Shop.Tree]
    Supervisor.start_link(children, strategy: :one_for_one)
  end
end
""",
                "lib/tree.ex": """\
defmodule Shop.Tree do
  use Supervisor
  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg)

  def init(_) do
    Supervisor.init([{Task.Supervisor, name: Shop.Tasks}], strategy: :one_for_one)
  end
end
""",
            }
        ),
    ),
    good=(
        Sample(
            files={
                "mix.exs": """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop]
  def application, do: [mod: {Shop.Application, []}]
end
""",
                "lib/application.ex": """\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    children = [
      {Task.Supervisor, name: Shop.Tasks},
      {DynamicSupervisor, name: Shop.Desks},
      Shop.Stock
    ]

    Supervisor.start_link(children, strategy: :one_for_one)
  end
end
""",
                "lib/stock.ex": """\
defmodule Shop.Stock do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def init(arg), do: {:ok, arg}
end
""",
            }
        ),
        Sample(
            files={
                "mix.exs": """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop]
  def application, do: [mod: {Shop.Application, []}]
end
""",
                "lib/application.ex": """\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    slow = {Task.Supervisor, name: Shop.Tasks, max_children: 1}
    fast = {Task.Supervisor, name: Shop.Tasks}
    children = [if(Shop.slow?(), do: slow, else: fast)]
    Supervisor.start_link(children, strategy: :one_for_one)
  end
end
""",
            }
        ),
    ),
)
