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
