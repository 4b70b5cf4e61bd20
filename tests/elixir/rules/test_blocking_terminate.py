"""Waits in `terminate`: only where a shutdown runs it, and gives it no more than the default."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "blocking-terminate"


def said(end: str, use: str = "GenServer", more: str = "", flag: str = "true") -> list[str]:
    code = f"""\
defmodule Shop.A do
  use {use}
  def init(x) do
    Process.flag(:trap_exit, {flag})
    {{:ok, x}}
  end
  def terminate(_reason, state) do
    {end}
  end
  {more}
end
"""
    return outcome(RULE, {"lib/a.ex": code})


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("Shop.Repo.insert(state)", ["info"]),
        ("Req.post(state)", ["info"]),
        ("GenServer.call(state, :bye)", ["info"]),
        ("GenServer.call(state, :bye, 4_000)", ["info"]),
        ("GenServer.call(state, :bye, 9_000)", ["warning"]),
        ("GenServer.call(state, 9_000)", ["info"]),
        ("Task.await(state, :infinity)", ["warning"]),
        ("Process.sleep(6000)", ["warning"]),
        ("Process.sleep(50)", ["~short"]),
        ("GenServer.call(state, :bye, 1_000)", ["~short"]),
        ("away(state)", ["info"]),
        ("GenServer.cast(state, :bye)", []),
        ("Task.start(fn -> Shop.Repo.insert(state) end)", ["~other-process"]),
    ],
)
def test_waits(end: str, words: list[str]) -> None:
    assert said(end, more="defp away(state), do: Shop.Repo.delete(state)") == words


def test_one_clause_is_one_finding() -> None:
    assert said("Process.sleep(4000)\nShop.Repo.insert(state)") == ["info"]


def test_without_the_flag_a_shutdown_does_not_come_here() -> None:
    assert said("Shop.Repo.insert(state)", flag="false") == ["~no-trap"]


@pytest.mark.parametrize(
    ("use", "more"),
    [
        ("GenServer, shutdown: 60_000", ""),
        ("GenServer", "def child_spec(x), do: %{id: x, shutdown: 60_000}"),
        ("GenServer", "def child_spec(x), do: Supervisor.child_spec(x, shutdown: 60_000)"),
    ],
)
def test_more_time_can_be_given(use: str, more: str) -> None:
    assert said("Shop.Repo.insert(state)", use=use, more=more) == ["~given-time"]


AWAY = """\
defp away(state) do
    if state.later?, do: wait(state), else: state
  end
  defp wait(state), do: Shop.Repo.delete(state)
"""


@pytest.mark.parametrize(
    ("end", "old", "new", "words"),
    [
        ("away(%{state | later?: false})", "", "", []),
        ("state |> Map.put(:later?, nil) |> Map.put(:n, 1) |> away()", "", "", []),
        ("away(%{state | later?: true})", "", "", ["info"]),
        ("away(%{state | other?: false})", "", "", ["info"]),
        ("state |> Map.put(:later?, false) |> Map.put(:later?, true) |> away()", "", "", ["info"]),
        ("away(%{state | later?: false})", "if state", "unless state", ["info"]),
        ("away(%{state | later?: true})", "if state", "unless state", []),
        (
            "away(%{state | later?: true})",
            ": wait(state), else: state",
            ": state, else: wait(state)",
            [],
        ),
        (
            "away(%{state | later?: false})",
            ": wait(state), else: state",
            ": state, else: wait(state)",
            ["info"],
        ),
        (
            "away(%{state | later?: false})",
            "if state.later?",
            "%{later?: late} = state\n    if late",
            [],
        ),
        (
            "away(%{state | later?: false})",
            "if state.later?",
            "late = Shop.late?()\n    %{later?: late} = state\n    if late",
            ["info"],
        ),
        ("away(%{state | later?: false})", "(state) do", "(%{later?: late} = state) do", []),
        (
            "away(%{state | later?: false})",
            "(state) do\n    if state.later?",
            "(%{later?: late}) do\n    if late",
            [],
        ),
        (
            "away(%{state | later?: false})",
            "if state",
            "state = Shop.fresh(state)\n    if state",
            ["info"],
        ),
    ],
)
def test_a_branch_that_the_way_has_decided(end: str, old: str, new: str, words: list[str]) -> None:
    assert said(end, more=AWAY.replace(old, new, 1) if old else AWAY) == words
