"""Looking whether a process is there, then asking it."""

from __future__ import annotations

import pytest

from bot.elixir.rules import rule
from tests.elixir.rules.support import in_function, outcome
from tests.elixir.support import analysed

RULE = "alive-check"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("if Process.alive?(x), do: GenServer.call(x, :a)", ["info"]),
        ("if x != nil and Process.alive?(x), do: GenServer.stop(x)", ["info"]),
        ("if Process.alive?(x) do\n :ok\n else\n GenServer.call(x, :a)\n end", []),
        ("if not Process.alive?(x), do: GenServer.call(x, :a)", []),
        ("unless Process.alive?(x), do: GenServer.call(x, :a)", []),
        ("if Process.alive?(x) or x.old, do: GenServer.call(x, :a)", []),
        ("if Process.alive?(x), do: GenServer.call(Shop.Log, :a)", []),
        ("if Process.alive?(x), do: Shop.Till.close(x)", []),
        ("if Process.alive?(x), do: Process.exit(x, :kill)", ["info"]),
        ("if Process.alive?(x), do: send(x, :a)", ["info"]),
        ("if Process.alive?(x), do: send(x, :a), else: :gone", []),
        ("if Process.alive?(x) do\n send(x, :a)\n else\n :gone\n end", []),
        ("if Process.alive?(x) do\n send(x, :a)\n Shop.wait()\n end", []),
        ("with true <- Process.alive?(x) do\n send(x, :a)\n end", []),
        ("if Process.alive?(x), do: Process.monitor(x)", []),
        ("Process.alive?(x) and GenServer.cast(x, :a)", ["info"]),
        ("Process.alive?(x) && Shop.fine?(x)", []),
        ("Process.alive?(x)", []),
        ("x |> Process.alive?() && GenServer.stop(x)", ["info"]),
        ("with true <- Process.alive?(x) do\n GenServer.call(x, :a)\n end", ["info"]),
        ("Enum.filter(x, &Process.alive?/1)", []),
        ("if Process.alive?(x), do: Task.start(fn -> GenServer.call(x, :a) end)", []),
        ("if pid = Process.whereis(x), do: GenServer.call(pid, :a)", ["info"]),
        ("if Process.whereis(x), do: GenServer.call(x, :a)", ["info"]),
        ("if Process.whereis(x) == nil, do: GenServer.call(x, :a)", []),
        ("if pid = GenServer.whereis(x), do: send(pid, :a)", []),
        (
            "with pid when is_pid(pid) <- Process.whereis(x) do\n GenServer.stop(pid)\n end",
            ["info"],
        ),
        (
            "if Process.alive?(x) do\n try do\n GenServer.stop(x)\n catch\n _, _ -> 1\n end\n end",
            ["~exits-caught"],
        ),
    ],
)
def test_sites(body: str, words: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == words


def test_tests_may_look() -> None:
    code = in_function("if Process.alive?(x), do: GenServer.stop(x)")["lib/a.ex"]
    assert outcome(RULE, {"test/support/a.ex": code}) == []


ASKS = "if Process.alive?(x), do: GenServer.stop(x)"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"Task.Supervisor.async_nolink(T, fn -> {ASKS} end)", ["~own-job"]),
        (f"spawn(fn -> {ASKS} end)", ["~own-job"]),
        (f"Task.start_link(fn -> {ASKS} end)", ["info"]),
        (f"Task.start(fn ->\n{ASKS}\nShop.go()\nend)", ["info"]),
        (f"Task.Supervisor.async_nolink(T, fn -> {ASKS} end) |> Task.await()", ["info"]),
        ("Task.start(fn -> Process.alive?(x) && send(x, 1) end)", ["info"]),
    ],
)
def test_a_job_that_only_asks(body: str, words: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == words


DESK = """\
defmodule Shop.Desk do
  use GenServer
  def init(s), do: {:ok, s}

  def handle_call(:open, _from, s) do
    {:ok, pid} = Shop.Till.start_link([])
    {:reply, pid, %{s | till: pid, count: 1}}
  end

  def handle_call(:close, _from, %{till: till} = s) do
    if Process.alive?(till), do: GenServer.stop(till)
    {:reply, :ok, %{s | till: nil}}
  end
end
"""


@pytest.mark.parametrize(
    ("old", "new", "confidence", "places"),
    [
        ("", "", "low", [11, 6]),
        ("init(s), do:", "init(s), do: Process.flag(:trap_exit, true) &&", "medium", [11]),
        ("Shop.Till.start_link", "Shop.Till.start", "medium", [11]),
        ("till: nil", "till: s.old", "medium", [11]),
        ("use GenServer", "", "medium", [11]),
        ("Shop.Till.start_link([])", "Task.await(Task.async(fn -> 1 end))", "medium", [11]),
    ],
)
def test_a_crash_of_what_it_is_linked_to_ends_the_server_too(
    old: str, new: str, confidence: str, places: list[int]
) -> None:
    code = DESK.replace(old, new) if old else DESK
    code = code.replace("def init", "def start") if old == "use GenServer" else code
    (finding,) = analysed(rule(RULE), code).findings
    assert (finding.confidence, [e.line for e in finding.evidence]) == (confidence, places)


TILLS = """\
defmodule Shop.Desk do
  use GenServer
  def init(_), do: {:ok, %{tills: %{}}}

  def handle_call({:open, place}, _from, s) do
    {:ok, till} = Shop.Till.start_link([])
    {:reply, till, %{s | tills: put(s.tills, place, till)}}
  end

  def handle_call({:close, place}, _from, s) do
    case s.tills[place] do
      nil -> :ok
      till -> if Process.alive?(till), do: GenServer.stop(till)
    end

    {:reply, :ok, %{s | tills: Map.delete(s.tills, place)}}
  end

  defp put(tills, place, till) do
    case Map.get(tills, place) do
      nil -> :ok
      old -> if Process.alive?(old), do: GenServer.stop(old)
    end

    Map.put(tills, place, till)
  end
end
"""


@pytest.mark.parametrize(
    ("old", "new", "confidence"),
    [
        ("", "", "low"),
        ("%{tills: %{}}", "(Process.flag(:trap_exit, true); %{tills: %{}})", "medium"),
        ("Shop.Till.start_link", "Shop.Till.start", "medium"),
        ("%{tills: %{}}", "%{tills: Shop.Tills.all()}", "medium"),
        ("put(s.tills, place, till)", "put(s.tills, place, s.till)", "medium"),
        ("Map.put(tills, place, till)", "Map.update!(tills, place, &till/1)", "medium"),
    ],
)
def test_processes_kept_in_a_map_of_the_state(old: str, new: str, confidence: str) -> None:
    found = analysed(rule(RULE), TILLS.replace(old, new) if old else TILLS).findings
    assert [f.confidence for f in found] == [confidence] * 2
