"""Children that ask, from `init/1`, a supervisor that waits for them."""

from __future__ import annotations

import pytest

from bot.elixir.rules.call_to_own_supervisor import RULE
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

TREE = """\
defmodule Shop.Application do
  use Application
  def start(_, _) do
    opts = [strategy: :one_for_one, name: Shop.Root]
    Supervisor.start_link([Shop.Supervisor, Shop.Aside], opts)
  end
end

defmodule Shop.Supervisor do
  use Supervisor
  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg, name: :desks)
  def init(_), do: Supervisor.init([Shop.Desk], strategy: :one_for_one)
  def desks, do: Supervisor.which_children(:desks)
end

defmodule Shop.Aside do
  use DynamicSupervisor
  def start_link(arg), do: DynamicSupervisor.start_link(__MODULE__, arg, name: __MODULE__)
  def init(_), do: DynamicSupervisor.init(strategy: :one_for_one)
  def open, do: DynamicSupervisor.start_child(__MODULE__, {Shop.Till, []})
end
"""
CHILD = """\
defmodule Shop.NAME do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def CALLBACK do
    CALL
    {:ok, arg}
  end
end
"""


def files(call: str, name: str, callback: str) -> dict[str, str]:
    child = CHILD.replace("NAME", name).replace("CALLBACK", callback).replace("CALL", call)
    return {"lib/tree.ex": TREE, "lib/child.ex": child}


def said(call: str, name: str = "Desk", callback: str = "init(arg)") -> list[str]:
    return outcome(RULE.id, files(call, name, callback))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("Supervisor.which_children(:desks)", ["error"]),
        ("Supervisor.which_children(Shop.Root)", ["error"]),
        ("Shop.Supervisor.desks()", ["error"]),
        ("Supervisor.start_child(:desks, arg)", ["error"]),
        ("Supervisor.which_children(arg)", []),
        ("Shop.Aside.open()", []),
        ("DynamicSupervisor.count_children(Shop.Aside)", []),
        ("Task.start(fn -> Shop.Supervisor.desks() end)", []),
        ("Task.await(Task.async(fn -> Shop.Supervisor.desks() end))", ["error"]),
        ("GenServer.cast(:desks, :go)", []),
    ],
)
def test_children_of_a_list(call: str, words: list[str]) -> None:
    assert said(call) == words


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("Shop.Aside.open()", ["error"]),
        ("Supervisor.which_children(:desks)", []),
        ("Supervisor.which_children(Shop.Root)", []),
    ],
)
def test_children_on_demand(call: str, words: list[str]) -> None:
    assert said(call, name="Till") == words


def test_later_callbacks_may_ask() -> None:
    asks = "Shop.Supervisor.desks()"
    assert said(asks, callback="handle_continue(arg, _)") == ["~started"]
    assert said(asks, callback="desks(arg)") == []


def test_where_the_child_is_started_is_evidence() -> None:
    (finding,) = analysed(RULE, files("Shop.Supervisor.desks()", "Desk", "init(arg)")).findings
    assert [e.note for e in finding.evidence] == [
        "`init/1` calls `Shop.Supervisor.desks`",
        "this waits for `:desks` without a limit of time",
        "`:desks` starts `Shop.Desk` here, and waits until `init/1` returns",
    ]
