"""Calls without an answer: every way of a clause is looked at by itself."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "unanswered-call"


def said(head: str, body: str, more: str = "", module: str = "Shop.Desk") -> list[str]:
    code = f"""\
defmodule {module} do
  use GenServer
  def init(s), do: {{:ok, s}}
  def handle_call({head}) do
    {body}
  end
  {more}
end
"""
    return outcome(RULE, {"lib/a.ex": code})


@pytest.mark.parametrize(
    ("head", "body", "words"),
    [
        (":x, _from, s", "{:noreply, s}", ["error"]),
        (":x, _, s", "{:noreply, s, {:continue, :go}}", ["error"]),
        (":x, from, s", "{:noreply, s}", ["error"]),
        ("_, {pid, _}, s", "if s, do: {:reply, 1, s}, else: {:noreply, s}", ["error"]),
        (":x, _from, s", "try do\n {:reply, 1, s}\n rescue\n _ -> {:noreply, s}\n end", ["error"]),
        (":x, from, s", "with {:ok, _} <- f(), do: {:noreply, s}", ["error"]),
        (":x, _from, s", "{:reply, :ok, s}", []),
        (":x, from, s", "{:noreply, [from | s]}", []),
        (":x, from, s", "answer(from)\n{:noreply, s}", []),
        (":x, from, s", "if s, do: GenServer.reply(from, 1)\n{:noreply, s}", []),
        (":x, from, s", "Task.start(fn -> GenServer.reply(from, 1) end)\n{:noreply, s}", []),
        (":x, {pid, tag}, s", "send(pid, {tag, 1})\n{:noreply, s}", []),
        (":x, from, s", "with :ok <- kept(from), do: {:noreply, s}", []),
        (":x, from, s", "later(from, s)", []),
        (":x, _from, s", "elsewhere(s)", []),
        (":x, _from, s", "{:stop, :normal, s}", ["~stops"]),
        (":x, _from, s", "{:stop, :normal, :ok, s}", []),
        (":x, _from, s", "try do\n {:reply, f(), s}\n after\n {:noreply, s}\n end", []),
        (":x, _from, s", "receive do\n :y -> {:reply, 1, s}\n after\n 9 -> {:noreply, s}\n end",
         ["error"]),
    ],
)  # fmt: skip
def test_ways(head: str, body: str, words: list[str]) -> None:
    assert said(head, body) == words


@pytest.mark.parametrize(
    ("body", "helper", "words"),
    [
        ("silent(s)", "defp silent(s), do: {:noreply, s}", ["error"]),
        ("s |> silent()", "defp silent(s), do: {:noreply, s}", ["error"]),
        ("both(s)", "defp both(s), do: if(s, do: {:noreply, s}, else: {:reply, 1, s})", []),
        ("silent(from, s)", "defp silent(_, s), do: {:noreply, s}", []),
    ],
)
def test_own_functions_are_followed_once(body: str, helper: str, words: list[str]) -> None:
    assert said(":x, from, s", body, helper) == words


def test_one_finding_per_clause() -> None:
    body = "case s do\n 1 -> {:noreply, s}\n 2 -> {:noreply, s}\n _ -> {:reply, 1, s}\n end"
    assert said(":x, _from, s", body) == ["error"]


def test_only_servers_are_asked() -> None:
    code = "defmodule A do\n  def handle_call(:x, _from, s), do: {:noreply, s}\nend\n"
    assert outcome(RULE, {"lib/a.ex": code}) == []


def test_servers_for_tests_may_be_silent() -> None:
    assert said(":x, _from, s", "{:noreply, s}", module="Shop.Testing.Desk") == ["~test-support"]


@pytest.mark.parametrize("cut", [40, 75, 100, 120])
def test_a_file_cut_anywhere_is_no_crash(cut: int) -> None:
    code = (
        "defmodule A do\n  use GenServer\n  def handle_call(:x, _from, s) do\n {:noreply, s}\n end"
    )
    assert outcome(RULE, {"lib/a.ex": code[:cut]}) in ([], ["error"])
