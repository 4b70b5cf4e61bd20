"""Timers that requests start: only those that go on by themselves and that nobody can cancel."""

from __future__ import annotations

import pytest

from bot.elixir.rules import rule
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

RULE = "stale-timer"


def said(request: str, tick: str = "arm()", head: str = "handle_cast(:go, s)") -> list[str]:
    return outcome(RULE, {"lib/a.ex": shop(request, tick, head)})


def shop(request: str, tick: str, head: str = "handle_cast(:go, s)") -> str:
    return f"""\
defmodule Shop.A do
  use GenServer
  def init(s) do
    arm()
    {{:ok, s}}
  end
  def {head} do
    {request}
  end
  def handle_info(:tick, s) do
    {tick}
    {{:noreply, s}}
  end
  defp arm, do: Process.send_after(self(), :tick, 10)
  defp arm_all(s) do
    arm()
    s
  end
end
"""


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ("arm()\n{:noreply, s}", ["warning"]),
        ("{:noreply, arm_all(s)}", ["warning"]),
        ("_ = arm()\n{:noreply, s}", ["warning"]),
        ("self() |> Process.send_after(:tick, 0)\n{:noreply, s}", ["warning"]),
        (":timer.send_interval(10, :other)\n{:noreply, s}", ["warning"]),
        (":timer.send_interval(10, s, :other)\n{:noreply, s}", []),
        ("{:noreply, %{s | timer: arm()}}", []),
        ("timer = arm()\n{:noreply, {s, timer}}", []),
        ("Process.send_after(s, :tick, 0)\n{:noreply, s}", []),
        ("Process.send_after(self(), :once, 0)\n{:noreply, s}", []),
        ("spawn(fn -> arm() end)\n{:noreply, s}", []),
        ("if s.idle, do: arm()\n{:noreply, s}", ["~guarded"]),
    ],
)
def test_requests(request_: str, words: list[str]) -> None:
    assert said(request_) == words


@pytest.mark.parametrize(
    ("helper", "words"),
    [
        ("defp go_on(s), do: arm_all(s)", ["warning"]),
        ("defp go_on(s) when s == [], do: arm_all(s)\n  defp go_on(s), do: s", ["~guarded"]),
        ("defp go_on(%{open: false} = s), do: s\n  defp go_on(s), do: arm_all(s)", ["~guarded"]),
        ("defp go_on(%{} = s), do: arm_all(s)\n  defp go_on(s), do: arm_all(s)", ["warning"]),
    ],
)
def test_a_clause_on_the_way_can_ask_the_state(helper: str, words: list[str]) -> None:
    request = "{:noreply, go_on(s)}\n  end\n  " + helper + "\n  defp other(s) do\n    s"
    assert said(request) == words


@pytest.mark.parametrize(
    ("request_", "tick", "message", "note"),
    [
        ("arm()", "arm()", "which its message can start again", "where the message"),
        (
            ":timer.send_interval(10, :other)",
            ":ok",
            "which sends it again and again",
            "this sends the message until the server ends",
        ),
    ],
)
def test_it_says_how_the_timer_goes_on(request_: str, tick: str, message: str, note: str) -> None:
    (finding,) = analysed(rule(RULE), shop(f"{request_}\n{{:noreply, s}}", tick)).findings
    assert finding.message.endswith(message)
    assert finding.evidence[-1].note.startswith(note)


def test_a_message_that_does_not_start_the_next_one_is_a_delay() -> None:
    assert said("arm()\n{:noreply, s}", tick=":ok") == []


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("handle_call(:go, _from, s)", ["warning"]),
        ("handle_cast(:go, %{timer: nil} = s)", ["~guarded"]),
        ("handle_cast(:go, s) when s == []", ["~guarded"]),
        ("handle_info(:go, s)", []),
        ("handle_continue(:go, s)", []),
        ("go(s)", []),
    ],
)
def test_who_starts_it(head: str, words: list[str]) -> None:
    assert said("arm()\n{:noreply, s}", head=head) == words


def test_a_key_in_the_message_tells_its_timers_apart() -> None:
    request = "Process.send_after(self(), {:tick, s}, 10)\n{:noreply, s}"
    code = f"""\
defmodule A do
  use GenServer
  def init(s), do: {{:ok, s}}
  def handle_cast(:go, s) do
    {request}
  end
  def handle_info({{:tick, s}}, _) do
    {request}
  end
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == ["~carries-data"]


@pytest.mark.parametrize(
    ("said", "words"),
    [("# test-only function", "~test-support"), ("# for tests", "~test-support"), ("", "warning")],
)
def test_a_request_of_tests_alone(said: str, words: str) -> None:
    code = f"""\
defmodule Shop.Keys do
  use GenServer
  {said}
  def update!, do: GenServer.call(__MODULE__, :update!)
  def init(s), do: {{:ok, s}}
  def handle_call(:update!, _from, s) do
    Process.send_after(self(), :tick, 900)
    {{:reply, :ok, s}}
  end
  def handle_info(:tick, s) do
    Process.send_after(self(), :tick, 900)
    {{:noreply, s}}
  end
end
"""
    assert outcome("stale-timer", {"lib/keys.ex": code}) == [words]


@pytest.mark.parametrize(
    ("init", "more", "words"),
    [
        ("GenServer.cast(self(), :go)", "", ["~at-start"]),
        ("GenServer.cast(pid, :go)", "", ["warning"]),
        ("GenServer.cast(self(), :go)", "def go, do: GenServer.cast(A, :go)", ["warning"]),
        ("spawn(fn -> GenServer.cast(self(), :go) end)", "", ["warning"]),
    ],
)
def test_a_request_that_the_server_makes_of_itself_as_it_starts(
    init: str, more: str, words: list[str]
) -> None:
    code = shop("arm_all(s)\n    {:noreply, s}", "arm()")
    code = code.replace(
        "    arm()\n    {:ok, s}\n  end\n", f"    {init}\n    {{:ok, s}}\n  end\n  {more}\n", 1
    )
    assert outcome(RULE, {"lib/a.ex": code}) == words
