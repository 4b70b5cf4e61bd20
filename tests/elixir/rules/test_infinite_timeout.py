"""Endless waits: which arguments are timeouts, and whose process waits."""

from __future__ import annotations

import pytest

from bot.elixir.rules import rule
from tests.elixir.rules.support import in_function, outcome
from tests.elixir.support import analysed

RULE = "infinite-timeout"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("GenServer.call(x, :go, :infinity)", ["info"]),
        ("x |> GenServer.call(:go, :infinity)", ["info"]),
        ("x |> Task.await(:infinity)", ["info"]),
        ("GenServer.call(x, :infinity)", []),
        ("GenServer.call(x, {:ttl, :infinity}, 5_000)", []),
        ("Process.sleep(:infinity)", []),
        ("Task.async_stream(x, & &1, timeout: :infinity)", []),
        ("GenServer.stop(x, :normal, :infinity)", []),
        ("GenServer.call(x, :go, :infinity) # the user can cancel", ["~stated-reason"]),
        ("# far above the call\n    y = x\n    y\n    GenServer.call(y, :go, :infinity)", ["info"]),
    ],
)
def test_sites(body: str, said: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == said


@pytest.mark.parametrize("value", [":infinity", "5_000"])
def test_attribute_is_looked_up(value: str) -> None:
    code = f"defmodule A do\n  @wait {value}\n  def go(p), do: GenServer.call(p, :x, @wait)\nend\n"
    assert outcome(RULE, {"lib/a.ex": code}) == (["info"] if value == ":infinity" else [])


@pytest.mark.parametrize(
    ("work", "said"), [("wait(p)", ["warning"]), ("Task.async(fn -> wait(p) end)", ["info"])]
)
def test_server_that_waits_is_a_warning(work: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.A do
  use GenServer
  def init(s), do: {{:ok, s}}
  def handle_cast({{:go, p}}, s) do
    {work}
    {{:noreply, s}}
  end
  defp wait(p), do: GenServer.call(p, :x, :infinity)
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == said


ABOVE = "# a cold shelf is filled for minutes, and so the caller waits for it"


@pytest.mark.parametrize(
    ("above", "said"),
    [
        (ABOVE, ["~stated-reason"]),
        (f"{ABOVE}\n  @doc false", ["~stated-reason"]),
        (f"{ABOVE}\n  def go(:none), do: nil\n", ["~stated-reason"]),
        ("# waits", ["info"]),
        ("# what is on the shelf, by the name of the shop it is in", ["info"]),
        (f"{ABOVE}\n  def other(p), do: p\n", ["info"]),
    ],
)
def test_a_reason_above_the_function(above: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.A do
  {above}
  def go(p), do: GenServer.call(p, :x, :infinity)
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == said


def test_a_reason_above_the_attribute() -> None:
    code = f"""\
defmodule Shop.A do
  {ABOVE}
  @wait :infinity

  def go(p), do: GenServer.call(p, :x, @wait)
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == ["~stated-reason"]


@pytest.mark.parametrize(
    ("reply", "asked", "said"),
    [
        ("{:noreply, [from | s]}", "pid", ["~late-reply"]),
        ("if s == [], do: {:noreply, [from]}, else: {:reply, from, s}", "pid", ["~late-reply"]),
        ("{:reply, from, s}", "pid", ["info"]),
        ("{:noreply, [from | s]}", "Shop.Desk", ["info"]),
        ("{:noreply, [from | s]}", "__MODULE__", ["~late-reply"]),
    ],
)
def test_a_server_that_replies_later(reply: str, asked: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Queue do
  use GenServer
  def next(pid), do: {{GenServer.call({asked}, {{:next, 1}}, :infinity), pid}}
  def init(s), do: {{:ok, s}}
  def handle_call({{:next, _n}}, from, s), do: {reply}
  def handle_call(:other, from, s), do: {{:noreply, [from | s]}}
end
"""
    assert outcome(RULE, {"lib/queue.ex": code}) == said


def test_a_module_that_always_waits_is_told_once() -> None:
    code = """\
defmodule Shop.Client do
  def a(p), do: GenServer.call(p, :a, :infinity)
  def b(p), do: GenServer.call(p, :b, :infinity)
  def c(p), do: GenServer.call(p, :c, 5_000)
end
"""
    (finding,) = analysed(rule(RULE), code).findings
    assert (finding.line, [e.line for e in finding.evidence]) == (2, [2, 3])
