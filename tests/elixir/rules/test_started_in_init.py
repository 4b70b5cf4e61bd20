"""Supervisors inside servers: started in a callback, by whatever way."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "started-in-init"
TREE = """\
defmodule Shop.Tree do
  use Supervisor
  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg)
  def init(_), do: Supervisor.init([Shop.A], strategy: :one_for_one)
end
"""


@pytest.mark.parametrize(
    ("work", "said"),
    [
        ("Supervisor.start_link([], strategy: :one_for_one)", ["info"]),
        ("Task.Supervisor.start_link()", ["info"]),
        ("Shop.Tree.start_link(s)", ["info"]),
        ("help(s)", ["info"]),
        ("GenServer.start_link(Shop.Other, s)", []),
        ("Shop.Other.start_link(s)", []),
        ("DynamicSupervisor.start_child(Shop.Tree, Shop.Other)", []),
        ("# Supervisor.start_link([], [])", []),
    ],
)
@pytest.mark.parametrize("callback", ["init(s)", "handle_continue(_, s)"])
def test_callbacks(work: str, said: list[str], callback: str) -> None:
    code = f"""\
defmodule Shop.A do
  use GenServer
  def {callback} do
    {work}
    {{:ok, s}}
  end
  def unused, do: help(1)
  defp help(s), do: {"DynamicSupervisor.start_link(s)" if work == "help(s)" else "s"}
end
"""
    assert outcome(RULE, {"lib/a.ex": code, "lib/tree.ex": TREE}) == said


def test_server_of_no_list() -> None:
    code = """\
defmodule Shop.B do
  use GenServer
  def init(s), do: Task.Supervisor.start_link(s)
end
"""
    assert outcome(RULE, {"lib/b.ex": code, "lib/tree.ex": TREE}) == ["~one-of-many"]


def test_supervisor_that_starts_itself() -> None:
    assert outcome(RULE, {"lib/tree.ex": TREE}) == []


def test_the_same_start_at_several_places_is_told_once() -> None:
    code = """\
defmodule Shop.A do
  use GenServer
  def init(s), do: {:ok, Shop.Tree.start_link(s)}
  def handle_cast(:again, s), do: {:noreply, Shop.Tree.start_link(s)}
  def handle_info(:jobs, s), do: {:noreply, [Task.Supervisor.start_link() | s]}
end
"""
    assert outcome(RULE, {"lib/a.ex": code, "lib/tree.ex": TREE}) == ["info", "info"]
