"""Equal names: what registers one, and which children always start."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "duplicate-name"
MIX = """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop]
  def application, do: [mod: {Shop.Application, []}]
end
"""
TASKS = "{Task.Supervisor, name: Shop.Tasks}"


def said(
    children: str,
    start: str = "def start_link(n), do: GenServer.start_link(__MODULE__, n, name: __MODULE__)",
    tree: str = "[]",
) -> list[str]:
    files = {
        "mix.exs": MIX,
        "lib/application.ex": f"""\
defmodule Shop.Application do
  use Application
  def start(_type, x) do
    children = {children}
    Supervisor.start_link(children, strategy: :one_for_one)
  end
end
""",
        "lib/desk.ex": f"""\
defmodule Shop.Desk do
  use GenServer
  {start}
  def init(n), do: {{:ok, n}}
end
""",
        "lib/tree.ex": f"""\
defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init({tree}, strategy: :one_for_one)
end
""",
    }
    return outcome(RULE, files)


@pytest.mark.parametrize(
    ("children", "words"),
    [
        (f"[{TASKS}, {TASKS}]", ["error"]),
        ("[{Task.Supervisor, name: Shop.A}, {Registry, keys: :unique, name: Shop.A}]", ["error"]),
        ("[{Task.Supervisor, name: Shop.A}, {Task.Supervisor, name: Shop.B}]", []),
        ("[{Foreign, name: Shop.A}, {Other, name: Shop.A}]", []),
        ("[{Task.Supervisor, name: x}, {Task.Supervisor, name: x}]", []),
        (f"[{TASKS}] ++ if(x, do: [{TASKS}], else: [])", []),
        (f"if x, do: [{TASKS}], else: [{TASKS}]", []),
        ("[Shop.Desk, Supervisor.child_spec(Shop.Desk, id: 2)]", ["error"]),
        (f"[{TASKS}", []),
    ],
)
def test_lists(children: str, words: list[str]) -> None:
    assert said(children) == words


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("def start_link(n), do: GenServer.start_link(__MODULE__, n, name: :desk)", ["error"]),
        ("def start_link(n), do: GenServer.start_link(__MODULE__, n)", []),
        ("def start_link(n), do: GenServer.start_link(__MODULE__, n, name: n)", []),
        (
            "def start_link(n), do: GenServer.start_link(__MODULE__, n, name: __MODULE__)\n"
            "  def child_spec(n), do: %{id: n, start: {__MODULE__, :other, [n]}}",
            [],
        ),
    ],
)
def test_fixed_names(start: str, words: list[str]) -> None:
    assert said("[{Shop.Desk, 1}, Supervisor.child_spec({Shop.Desk, 2}, id: 2)]", start) == words


def test_supervisors_below_are_looked_into() -> None:
    assert said(f"[Shop.Tree, {TASKS}]", tree=f"[{TASKS}]") == ["error"]
    assert said(f"[{TASKS}]", tree=f"[{TASKS}]") == []
    assert said(f"[{TASKS}] ++ if(x, do: [Shop.Tree], else: [])", tree=f"[{TASKS}]") == []


def test_a_start_that_takes_the_name_only_sometimes() -> None:
    start = """\
def start_link(n) do
    if n == 1 do
      GenServer.start_link(__MODULE__, n, name: __MODULE__)
    else
      GenServer.start_link(__MODULE__, n)
    end
  end"""
    assert said("[{Shop.Desk, 1}, Supervisor.child_spec({Shop.Desk, 2}, id: :b)]", start) == []
