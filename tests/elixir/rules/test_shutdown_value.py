"""Shutdown values: supervisors, servers that clean up, and all others."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import in_function, outcome

RULE = "shutdown-value"
BRANCH = "defmodule Shop.Branch do\n  use Supervisor\n  def init(_), do: :ignore\nend\n"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("%{id: 1, start: {Shop.Branch, :start_link, [x]}}", ["warning"]),
        ("%{id: 1, start: {Shop.Branch, :start_link, [x]}, type: :worker}", ["warning"]),
        ("%{id: 1, start: {Shop.Branch, :start_link, [x]}, type: :supervisor}", []),
        ("%{id: 1, start: {Shop.Branch, :start_link, [x]}, shutdown: :infinity}", []),
        (
            "%{id: 1, start: {Shop.Branch, :start_link, [x]}, type: :supervisor, shutdown: 5_000}",
            ["warning"],
        ),
        ("%{id: 1, start: {Shop.Branch, :start_link, [x]}, shutdown: :brutal_kill}", ["warning"]),
        ("%{id: 1, start: {Shop.Branch, :start_link, [x]}, shutdown: x}", []),
        ("%{id: 1, start: {Shop.Branch, :warm_up, [x]}}", []),
        ("%{id: 1, start: {DynamicSupervisor, :start_link, [x]}}", ["warning"]),
        ("%{id: 1, start: {Shop.Other, :start_link, [x]}}", []),
        ("Supervisor.child_spec(Shop.Branch, shutdown: 1_000)", ["warning"]),
        ("Supervisor.child_spec(Shop.Branch, id: 1)", []),
        ("quote do: %{id: 1, start: {Shop.Branch, :start_link, [x]}}", []),
        ("# start: {Shop.Branch, :start_link, [x]}\n    x", []),
        ("%{id: 1, start: {", []),
    ],
)
def test_supervisors(spec: str, said: list[str]) -> None:
    assert outcome(RULE, {**in_function(spec), "lib/branch.ex": BRANCH}) == said


@pytest.mark.parametrize(
    ("shutdown", "ending", "said"),
    [
        (":brutal_kill", "def terminate(_, s), do: File.write!(s, s)", ["warning"]),
        (
            ":brutal_kill",
            "def terminate(_, s), do: save(s)\n  defp save(s), do: File.rm!(s)",
            ["warning"],
        ),
        (":brutal_kill", "def terminate(_, s), do: Logger.info(s)", []),
        (":brutal_kill", "def terminate(_, s), do: s", []),
        (":brutal_kill", "", []),
        (":infinity", "", ["info"]),
        (":infinity", "def terminate(_, s), do: File.write!(s, s)", ["~finishes-work"]),
        ("5_000", "def terminate(_, s), do: File.write!(s, s)", []),
    ],
)
def test_servers(shutdown: str, ending: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.S do
  use GenServer, shutdown: {shutdown}
  def init(s), do: {{:ok, s}}
  {ending}
end
"""
    assert outcome(RULE, {"lib/s.ex": code}) == said


BELOW = """\
defmodule Shop.Branch do
  use Supervisor
  def child_spec(x), do: %{{id: x, start: {{__MODULE__, :start_link, [x]}}}}
  def start_link(x), do: Supervisor.start_link(__MODULE__, x)
  def init(x) do
    desks = Enum.map(x, &{{Shop.Desk, &1}})
    others = Keyword.get(x, :others, desks)
    Supervisor.init({children}, strategy: :one_for_one)
  end
end

defmodule Shop.Desk do
  use GenServer
  {more}
  def init(x), do: {{:ok, x}}
end

defmodule Shop.Floor do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Desk], strategy: :one_for_one)
end

defmodule Shop.Rooms do
  use DynamicSupervisor
  def init(_), do: DynamicSupervisor.init(strategy: :one_for_one)
end

defmodule Shop.Kept do
  defmacro __using__(_), do: quote(do: def(terminate(_, s), do: s))
end
"""


@pytest.mark.parametrize(
    ("children", "more", "severity"),
    [
        ("[{Shop.Desk, x}]", "", "info"),
        ("[{Shop.Desk, x}, Shop.Floor, {Registry, keys: :unique}]", "", "info"),
        ("Enum.map(1..x, fn n -> {Shop.Desk, n} end)", "", "info"),
        ("[{Shop.Desk, x}]", "def terminate(_, s), do: s", "warning"),
        ("[{Shop.Floor, x}]", "def terminate(_, s), do: s", "warning"),
        ("[{Shop.Desk, x}]", "use Shop.Kept", "warning"),
        ("[{Shop.Desk, x}]", "use Other.Library", "warning"),
        ("[{Shop.Desk, x}, {Broadway, x}]", "", "warning"),
        ("[{Shop.Desk, x}, {x.module, x}]", "", "warning"),
        ("List.flatten([Shop.Floor, desks])", "", "info"),
        ("List.flatten([Shop.Floor, x])", "", "warning"),
        ("List.flatten([Shop.Floor, others])", "", "warning"),
        ("[{Shop.Desk, x}, Shop.Rooms]", "", "warning"),
        ("x", "", "warning"),
        ("[]", "", "warning"),
    ],
)
def test_what_a_branch_needs_to_end(children: str, more: str, severity: str) -> None:
    code = BELOW.format(children=children, more=more)
    assert outcome(RULE, {"lib/branch.ex": code}) == [severity]
