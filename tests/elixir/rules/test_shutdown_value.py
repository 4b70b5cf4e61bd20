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
