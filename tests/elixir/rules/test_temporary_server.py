"""Servers that never come back: only those of a fixed list, which do not end by design."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "temporary-server"
TREE = """\
defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([CHILD], strategy: :one_for_one)
end
"""


def said(child: str, use: str = "use GenServer", extra: str = "") -> list[str]:
    server = f"defmodule Shop.S do\n  {use}\n  def init(s), do: {{:ok, s}}\n  {extra}\nend\n"
    return outcome(RULE, {"lib/tree.ex": TREE.replace("CHILD", child), "lib/s.ex": server})


@pytest.mark.parametrize(
    ("child", "use", "words"),
    [
        ("Shop.S", "use GenServer, restart: :temporary", ["info"]),
        ("{Shop.S, 1}", "use GenServer, restart: :temporary", ["info"]),
        ("Shop.S", "use GenServer, restart: :transient", []),
        ("Shop.S", "use GenServer", []),
        ("Supervisor.child_spec(Shop.S, restart: :temporary)", "use GenServer", ["info"]),
        (
            "Supervisor.child_spec(Shop.S, restart: :permanent)",
            "use GenServer, restart: :temporary",
            [],
        ),
        (
            "%{id: 1, start: {Shop.S, :start_link, [1]}, restart: :temporary}",
            "use GenServer",
            ["info"],
        ),
        ("%{id: 1, start: {Shop.S, :start_link, [1]}}", "use GenServer, restart: :temporary", []),
        ("Shop.S", "use Task, restart: :temporary", []),
    ],
)
def test_specifications(child: str, use: str, words: list[str]) -> None:
    assert said(child, use) == words


@pytest.mark.parametrize(
    "extra",
    [
        "def handle_info(:end, s), do: {:stop, :normal, s}",
        "def handle_info(:end, s), do: leave(s)\n  defp leave(s), do: {:stop, :shutdown, s}",
        "def handle_info(:end, _), do: exit(:normal)",
    ],
)
def test_server_that_ends_by_itself(extra: str) -> None:
    assert said("Shop.S", "use GenServer, restart: :temporary", extra) == ["~ends-by-itself"]


def test_its_own_specification_says_how_it_is_restarted() -> None:
    spec = "def child_spec(x), do: %{id: x, start: {__MODULE__, :start_link, [x]}}"
    assert said("Shop.S", "use GenServer, restart: :temporary", spec) == []
