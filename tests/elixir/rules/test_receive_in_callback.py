"""A server that reads its own mailbox past OTP."""

from __future__ import annotations

import pytest

from bot.elixir.rules.receive_in_callback import RULE as RULE_OF_IT
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

RULE = "receive-in-callback"
OPEN = "receive do\n {:got, x} -> x\n end"
LIMITED = "receive do\n {:got, x} -> x\n after\n 100 -> nil\n end"
PINNED = "receive do\n {^ref, x} -> x\n after\n 100 -> nil\n end"
GUARDED = "receive do\n {r, x} when r == ref -> x\n after\n 100 -> nil\n end"
GONE = "receive do\n {:DOWN, ^ref, _, _, _} -> x\n after\n 100 -> nil\n end"
GONE_SOME_TIME = "receive do\n {:DOWN, ^ref, _, _, _} -> x\n end"
ANY_GONE = "receive do\n {:DOWN, _, _, _, _} -> x\n after\n 100 -> nil\n end"
GONE_OR_DONE = (
    "receive do\n {:DOWN, ^ref, _, _, _} -> x\n {:done, ^ref} -> x\n after\n 9 -> nil\n end"
)
MIXED = "receive do\n {^ref, x} -> x\n :stop -> nil\n end"
FLUSH = "receive do\n {:got, x} -> x\n after\n 0 -> nil\n end"


def server(head: str, body: str, rest: str = "") -> list[str]:
    code = f"""\
defmodule Shop.Till do
  use GenServer
  def init(state), do: {{:ok, state}}
  def {head} do
    ref = make_ref()
    {body}
    {{:noreply, [ref | state]}}
  end
  {rest}
end
"""
    return outcome(RULE, {"lib/till.ex": code})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (OPEN, ["warning"]),
        (LIMITED, ["warning"]),
        (PINNED, ["info"]),
        (GUARDED, ["info"]),
        (MIXED, ["warning"]),
        (FLUSH, ["~flush"]),
        (GONE, ["~end-of-a-process"]),
        (GONE_SOME_TIME, ["info"]),
        (ANY_GONE, ["warning"]),
        (GONE_OR_DONE, ["~as-a-call"]),
        (GONE_OR_DONE.replace("after\n 9 -> nil\n ", ""), ["info"]),
        (GONE_OR_DONE.replace("9", ":infinity"), ["info"]),
        (GONE_OR_DONE.replace("^ref, _, _, _", "^pid, _, _, _"), ["info"]),
        (f"spawn_link(fn -> send(state, 1) end)\n {OPEN}", ["info"]),
        (f"{OPEN}\n spawn_link(fn -> send(state, 1) end)", ["warning"]),
        (f"if Process.cancel_timer(state) == false do\n {OPEN}\n end", ["~flush"]),
        (f"if Shop.open?(state) do\n {OPEN}\n end", ["warning"]),
        (f"Enum.each([1], fn _ ->\n {OPEN}\n end)", ["warning"]),
        (f"Task.start(fn ->\n {OPEN}\n end)", []),
        (f"Shop.later(fn ->\n {OPEN}\n end)", []),
        ("receive(state)", []),
        ("Shop.receive(state)", []),
    ],
)
def test_shapes(body: str, words: list[str]) -> None:
    assert server("handle_cast(:go, state)", body) == words


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("handle_call(:go, _from, state)", ["warning"]),
        ("handle_info(:go, state)", ["warning"]),
        ("handle_continue(:go, state)", ["~continue"]),
        ("terminate(_reason, state)", []),
        ("client(state)", []),
    ],
)
def test_callbacks(head: str, words: list[str]) -> None:
    assert server(head, OPEN) == words


def test_own_functions_are_followed() -> None:
    helper = f"defp await do\n {OPEN}\n end"
    assert server("handle_cast(:go, state)", "await()", helper) == ["warning"]
    assert server("handle_cast(:go, state)", ":ok", helper) == []
    assert server("handle_cast(:go, state)", "Task.start(fn -> await() end)", helper) == []


@pytest.mark.parametrize(
    ("flag", "made", "limit", "said"),
    [
        ("true", "Task.start_link(fn -> state end)", "after\n 9 -> nil", "~end-of-a-process"),
        ("true", "{:ok, spawn_link(fn -> state end)}", "after\n 9 -> nil", "~end-of-a-process"),
        ("true", "Task.start_link(fn -> state end)", "", "info"),
        ("false", "Task.start_link(fn -> state end)", "after\n 9 -> nil", "info"),
        ("true", "Shop.find(state)", "after\n 9 -> nil", "info"),
    ],
)
def test_the_end_of_a_link_it_has_made(flag: str, made: str, limit: str, said: str) -> None:
    code = f"""\
defmodule Shop.Till do
  use GenServer
  def init(state) do
    Process.flag(:trap_exit, {flag})
    {{:ok, state}}
  end

  def handle_cast(:go, state) do
    {{:ok, pid}} = {made}

    receive do
      {{:EXIT, ^pid, reason}} -> {{:noreply, reason}}
    {limit}
    end
  end
end
"""
    assert outcome(RULE, {"lib/till.ex": code}) == [said]


@pytest.mark.parametrize(
    ("heads", "limit", "notes"),
    [
        (["{:weight, x}"], "", ["no pattern holds a reference", "until such a message comes"]),
        (["{:weight, x}", "{:lost, ^ref}"], "", ["`{:weight, x}` holds no reference", "until"]),
        (
            ["{:weight, x}", "{:DOWN, ^ref, _, _, x}"],
            "",
            ["`{:weight, x}` holds no reference", "or until the process it monitors is gone"],
        ),
        (["{:weight, ^ref, x}", "{:DOWN, ^ref, _, _, x}"], "", ["the process it monitors is gone"]),
        (["{:DOWN, _, _, _, x}"], "", ["no pattern holds", "until such a message comes"]),
        (["{:weight, ^ref, x}"], "after\n 9 -> nil", ["until then the server answers nobody"]),
    ],
)
def test_what_is_said_of_the_wait(heads: list[str], limit: str, notes: list[str]) -> None:
    clauses = "\n".join(f"{head} -> {{:noreply, x}}" for head in heads)
    code = f"""\
defmodule Shop.Till do
  use GenServer
  def init(state), do: {{:ok, state}}

  def handle_cast(:go, state) do
    ref = Process.monitor(state)

    receive do
      {clauses}
    {limit}
    end
  end
end
"""
    (finding,) = analysed(RULE_OF_IT, code).findings
    said = [e.note for e in finding.evidence]
    assert len(said) == len(notes)
    assert all(part in note for part, note in zip(notes, said, strict=True))


@pytest.mark.parametrize(
    ("taken", "down", "said"),
    [
        ("{:EXIT, ^pid, _}", "{:DOWN, ^ref, :process, ^pid, _}", ["~end-of-a-process", "~flush"]),
        ("{:EXIT, _, _}", "{:DOWN, ^ref, :process, ^pid, _}", ["info", "~flush"]),
        ("{:gone, ^pid, _}", "{:DOWN, ^ref, :process, ^pid, _}", ["info", "~flush"]),
        ("{:EXIT, ^pid, _}", "{:DOWN, ^ref, :process, ^other, _}", ["info", "~flush"]),
        ("{:EXIT, ^pid, _}", "{:sold, ^ref, :process, ^pid, _}", ["info", "~flush"]),
    ],
)
def test_the_monitor_of_a_process_that_has_ended(taken: str, down: str, said: list[str]) -> None:
    body = f"""\
receive do
      {taken} ->
        receive do
          {down} -> :gone
        end
    after
      0 -> :ok
    end"""
    assert sorted(server("handle_cast({:go, pid, other}, state)", body)) == sorted(said)


def test_receives_of_one_function_are_told_once() -> None:
    code = """\
defmodule Shop.Till do
  use GenServer
  def init(state), do: {:ok, state}
  def handle_cast({:go, count}, state) do
    await(count)
    await(:all)
    {:noreply, state}
  end
  defp await(:all) do
    receive do
      :sold -> :ok
    end
  end
  defp await(count) do
    receive do
      :sold -> count
    end
  end
end
"""
    assert outcome(RULE, {"lib/till.ex": code}) == ["warning"]


def test_a_timer_may_end_the_wait() -> None:
    body = "receive do\n {:sold, _} -> x\n {:timeout, ^timer, _} -> nil\n end"
    code = f"""\
defmodule Shop.Till do
  use GenServer
  def init(state), do: {{:ok, state}}
  def handle_cast({{:go, timer}}, state) do
    {body}
    {{:noreply, state}}
  end
end
"""
    (found,) = analysed(RULE_OF_IT, code).findings
    assert any("until its timer has run out" in e.note for e in found.evidence)


@pytest.mark.parametrize(
    ("body", "limit", "said"),
    [
        ("handle_info(m, state)", "50", ["info"]),
        ("handle_info(m, state)", "5_000", ["warning"]),
        ("Shop.handle_info(m, state)", "50", ["warning"]),
        ("m", "50", ["warning"]),
    ],
)
def test_what_the_own_handler_is_given_at_once_is_a_remark(
    body: str, limit: str, said: list[str]
) -> None:
    wait = f"receive do\n {{:got, _}} = m -> {body}\n after\n {limit} -> nil\n end"
    taker = "def handle_info({:got, _}, state), do: {:noreply, state}"
    assert server("handle_cast(:go, state)", wait, taker) == said
