"""A finding that only changed its clothes is not gone."""

from __future__ import annotations

import pytest

from bot.core.plan import Change
from bot.elixir.analyze import survey
from bot.elixir.redetect import still_there
from bot.elixir.tree import MemoryTree

BEFORE = """\
defmodule Mail do
  def go(fun) do
    spawn(fun)
    :ok
  end

  def rest(x), do: x
end
"""


def complaints(after: str) -> tuple[str, ...]:
    found = survey(MemoryTree.of({"lib/mail.ex": BEFORE}), jobs=1)
    change = Change(path="lib/mail.ex", before=BEFORE, after=after)
    return still_there(found.project, [change], found.analysis.findings)


def test_a_real_fix_passes() -> None:
    assert complaints(BEFORE.replace("spawn(fun)", "Task.Supervisor.start_child(Jobs, fun)")) == ()


@pytest.mark.parametrize(
    "cosmetic",
    ["Task.start(fun)", "spawn_link(fun)", ":erlang.spawn(fun)", "spawn(fn -> fun.() end)"],
)
def test_cosmetic_fixes_are_seen(cosmetic: str) -> None:
    assert "still has the problem" in complaints(BEFORE.replace("spawn(fun)", cosmetic))[0]


@pytest.mark.parametrize(
    "comment",
    ["# genesis:ignore unsupervised-spawn -- made right\n    spawn(fun)", "spawn(fun) # all right"],
)
def test_a_comment_is_no_fix(comment: str) -> None:
    assert "still has the problem" in complaints(BEFORE.replace("spawn(fun)", comment))[0]


def test_moving_the_problem_elsewhere_is_seen() -> None:
    moved = BEFORE.replace("    spawn(fun)\n", "    rest(fun)\n").replace(
        "def rest(x), do: x", "def rest(x), do: spawn(x)"
    )
    assert "new finding" in complaints(moved)[0]


STOCK = """\
defmodule Stock do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)

  def init(arg) do
    items = Repo.all(Item)
    {:ok, %{arg: arg, items: items}}
  end

  def handle_call(:items, _from, state), do: {:reply, state.items, state}
end
"""
_LOAD = "    items = Repo.all(Item)\n    {:ok, %{arg: arg, items: items}}"
_RETURN = "{:ok, %{arg: arg, items: []}, {:continue, :load}}"
_CONTINUE = "  def handle_continue(:load, state), do: {:noreply, BODY}\n\n  def handle_call"


def _told(after: str) -> tuple[str, ...]:
    found = survey(MemoryTree.of({"lib/stock.ex": STOCK}), jobs=1)
    assert [f.rule for f in found.analysis.findings] == ["blocking-init"]
    change = Change(path="lib/stock.ex", before=STOCK, after=after)
    return still_there(found.project, [change], found.analysis.findings)


def _continued(body: str) -> str:
    moved = STOCK.replace(_LOAD, f"    {_RETURN}")
    return moved.replace("  def handle_call", _CONTINUE.replace("BODY", body))


def test_work_that_moves_is_a_fix() -> None:
    assert _told(_continued("%{state | items: Repo.all(Item)}")) == ()
    assert _told(_continued("%{state | items: Repo.all!(Item)}")) == ()


def test_a_continue_that_never_loads_is_none() -> None:
    assert "`Repo.all` is called nowhere" in _told(_continued("state"))[0]
    assert "`Repo.all` is called nowhere" in _told(_continued("state # Repo.all(Item)"))[0]
