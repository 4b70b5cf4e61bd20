"""The static supervision tree: visible children, their defaults, and the drawing."""

from __future__ import annotations

from inline_snapshot import snapshot

from bot.core.finding import SupervisionTree
from bot.elixir.analyze import survey
from bot.elixir.supervision import mermaid
from bot.elixir.tree import MemoryTree

MIX = """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop]
  def application, do: [mod: {Shop.Application, []}]
end
"""


def tree_of(application: str, **more: str) -> SupervisionTree:
    """The tree of an application whose callback module has the given body."""
    code = f"defmodule Shop.Application do\n  use Application\n{application}\nend\n"
    files = {"mix.exs": MIX, "lib/application.ex": code}
    files |= {f"lib/{name}.ex": source for name, source in more.items()}
    return survey(MemoryTree.of(files), jobs=1, rules=()).analysis.trees[0]


def children(tree: SupervisionTree) -> list[tuple[str, str]]:
    """(id, restart) of the root's children."""
    return [(c.id, c.restart) for c in tree.supervisors[0].children]


def test_drawing_of_nested_supervisors() -> None:
    tree = tree_of(
        """\
  @impl true
  def start(_, _) do
    children = [Shop.Repo, {Registry, keys: :unique, name: Shop.Names}, Shop.Orders.Supervisor]
    opts = [strategy: :rest_for_one, name: Shop.Supervisor]
    Supervisor.start_link(children, opts)
  end
""",
        orders="""\
defmodule Shop.Orders.Supervisor do
  use Supervisor
  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg, name: __MODULE__)
  def init(_), do: Supervisor.init([{Task, fn -> :ok end}], strategy: :one_for_all)
end
""",
    )
    assert mermaid(tree) == snapshot("""\
graph TD
  n0{{"Shop.Application<br/>rest_for_one"}}
  n1["Shop.Repo<br/>permanent"]
  n0 -->|1| n1
  n2["Shop.Names<br/>Registry, permanent"]
  n0 -->|2| n2
  n3{{"Shop.Orders.Supervisor<br/>one_for_all"}}
  n0 -->|3| n3
  n4["Task<br/>temporary"]
  n3 -->|1| n4\
""")


def test_application_that_is_its_own_worker_is_no_loop() -> None:
    tree = tree_of("""\
  use GenServer
  def start(_type, _args) do
    import Supervisor.Spec, warn: false
    Supervisor.start_link([worker(__MODULE__, [])], strategy: :one_for_one)
  end
  def start_link, do: GenServer.start_link(__MODULE__, [], name: __MODULE__)
  def init(arg), do: {:ok, arg}
""")
    assert mermaid(tree) == snapshot("""\
graph TD
  n0{{"Shop.Application<br/>one_for_one"}}
  n1["Shop.Application<br/>permanent"]
  n0 -->|1| n1\
""")


def test_list_built_by_code_shows_what_can_be_seen_in_order() -> None:
    tree = tree_of("""\
  def start(_, _) do
    base = [Shop.Repo, if(server?(), do: Shop.Endpoint)]
    children = [Shop.First | base] |> Enum.reject(&is_nil/1)
    children = children ++ extra() ++ unknown
    Supervisor.start_link(children ++ [Shop.Last], strategy: :one_for_one)
  end
  defp extra do
    case mode() do
      :full ->
        tick = %{id: :tick, start: {Shop.Tick, :start_link, []}, restart: :transient}
        [{Shop.Jobs, []}, tick]

      _ -> []
    end
  end
""")
    assert children(tree) == [
        ("Shop.First", "permanent"),
        ("Shop.Repo", "permanent"),
        ("Shop.Endpoint", "permanent"),
        ("Shop.Jobs", "permanent"),
        (":tick", "transient"),
        ("Shop.Last", "permanent"),
    ]
    assert not tree.supervisors[0].literal


def test_a_list_shown_on_two_branches_is_shown_once() -> None:
    tree = tree_of("""\
  def start(_, _) do
    children = [Shop.Repo]
    children = if prod?(), do: children ++ [Shop.Metrics], else: children
    Supervisor.start_link(children, strategy: :one_for_one)
  end
""")
    assert [name for name, _ in children(tree)] == ["Shop.Repo", "Shop.Metrics"]


def test_plain_list_with_a_condition_inside_is_literal() -> None:
    tree = tree_of("""\
  def start(_, _) do
    Supervisor.start_link([Shop.Repo, Shop.Endpoint], strategy: :one_for_one)
  end
""")
    assert tree.supervisors[0].literal


def test_restart_comes_from_the_place_that_decides_it() -> None:
    tree = tree_of(
        """\
  def start(_, _) do
    children = [
      Shop.Used,
      {Shop.Used, restart: :temporary},
      Supervisor.child_spec({Shop.Used, []}, id: :again, restart: :permanent),
      %{id: :map, start: {Shop.Used, :start_link, []}},
      Shop.Own,
      Shop.Job
    ]

    Supervisor.start_link(children, strategy: :one_for_one)
  end
""",
        used="defmodule Shop.Used do\n  use GenServer, restart: :transient\nend\n",
        own="""\
defmodule Shop.Own do
  def child_spec(arg), do: %{id: __MODULE__, start: {__MODULE__, :go, [arg]}, restart: :temporary}
end
""",
        job="defmodule Shop.Job do\n  use Task\nend\n",
    )
    assert children(tree) == [
        ("Shop.Used", "transient"),
        ("Shop.Used", "temporary"),
        (":again", "permanent"),
        (":map", "permanent"),
        ("Shop.Own", "temporary"),
        ("Shop.Job", "temporary"),
    ]


def test_dynamic_supervisor_has_no_list_and_is_whole() -> None:
    tree = tree_of(
        "  def start(_, _), do: Supervisor.start_link([Shop.Sessions], strategy: :one_for_one)",
        sessions="""\
defmodule Shop.Sessions do
  use DynamicSupervisor
  def start_link(arg), do: DynamicSupervisor.start_link(__MODULE__, arg, name: __MODULE__)
  def init(_), do: DynamicSupervisor.init(strategy: :one_for_one)
end
""",
    )
    sessions = next(s for s in tree.supervisors if s.module == "Shop.Sessions")
    assert (sessions.strategy, sessions.children, sessions.literal) == ("one_for_one", (), True)


def test_library_has_no_supervisor() -> None:
    files = {"mix.exs": MIX.replace("mod: {Shop.Application, []}", "")}
    tree = survey(MemoryTree.of(files), jobs=1, rules=()).analysis.trees[0]
    assert mermaid(tree) == 'graph TD\n  n0["shop: no supervisor"]'


def test_umbrella_has_a_tree_for_each_application() -> None:
    def app(name: str, module: str) -> dict[str, str]:
        return {
            f"apps/{name}/mix.exs": MIX.replace(":shop", f":{name}").replace("Shop.", f"{module}."),
            f"apps/{name}/lib/application.ex": f"""\
defmodule {module}.Application do
  use Application
  def start(_, _), do: Supervisor.start_link([{module}.Worker], strategy: :one_for_one)
end
""",
        }

    root = MIX.replace("app: :shop", 'apps_path: "apps"').replace("mod: {Shop.Application, []}", "")
    files = {"mix.exs": root, **app("web", "Web"), **app("core", "Core")}
    trees = survey(MemoryTree.of(files), jobs=1, rules=()).analysis.trees
    assert [(t.app, t.root, [s.module for s in t.supervisors]) for t in trees] == [
        ("core", "Core.Application", ["Core.Application"]),
        ("web", "Web.Application", ["Web.Application"]),
    ]
