"""Assertions in unlinked processes: only those of which the test hears nothing."""

from __future__ import annotations

import pytest

from bot.elixir.analyze import survey
from bot.elixir.rules import rule
from bot.elixir.tree import MemoryTree
from tests.elixir.rules.support import outcome

RULE = "spawn-in-tests"


def said(body: str, path: str = "test/a_test.exs") -> list[str]:
    code = f"""\
defmodule Shop.ATest do
  use ExUnit.Case
  test "works" do
    {body}
  end
end
"""
    return outcome(RULE, {path: code})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("spawn(fn -> assert x == 1 end)", ["warning"]),
        ("spawn fn -> assert x == 1 end", ["warning"]),
        ("pid = spawn(fn -> refute_receive :x end)\nProcess.exit(pid, :kill)", ["warning"]),
        ("Task.start(fn -> if x, do: flunk(x) end)", ["warning"]),
        (":erlang.spawn(fn -> assert x == 1 end)", ["warning"]),
        ("Process.spawn(fn -> assert x == 1 end, [:min_heap_size])", ["warning"]),
        ("spawn(fn ->\nsend(t, :on)\nassert x == 1\nend)", ["warning"]),
        ("Process.spawn(fn -> assert x == 1 end, [:link])", []),
        ("spawn_link(fn -> assert x == 1 end)", []),
        ("spawn_monitor(fn -> assert x == 1 end)", []),
        ("Task.async(fn -> assert x == 1 end)", []),
        ("spawn(fn -> Process.sleep(:infinity) end)", []),
        ("spawn(fn -> Shop.assert(x) end)", []),
        ("spawn(Shop.Stock, :assert, [x])", []),
        ('eval("spawn(fn -> assert x == 1 end)")', []),
        ("spawn(fn ->\nassert x == 1\nsend(t, :done)\nend)", ["~reports-back"]),
        ("Process.monitor(spawn(fn -> assert x == 1 end))", ["~monitored"]),
        ("pid = spawn(fn -> assert x == 1 end)\nProcess.link(pid)", ["~monitored"]),
        ("{:ok, pid} = Task.start(fn -> assert x == 1 end)\nProcess.monitor(pid)", ["~monitored"]),
        ("pid = spawn(fn -> assert x == 1 end)\nProcess.monitor(other)", ["warning"]),
    ],
)
def test_sites(body: str, words: list[str]) -> None:
    assert said(body) == words


def test_code_of_the_application() -> None:
    assert said("spawn(fn -> assert x == 1 end)", path="lib/a.ex") == []


@pytest.mark.parametrize(("reason", "words"), [(":normal", ["~monitored"]), ("_", ["warning"])])
def test_helper_that_waits_for_the_end(reason: str, words: list[str]) -> None:
    code = f"""\
defmodule Shop.ATest do
  use ExUnit.Case
  test "works" do
    pid = spawn(fn -> assert x == 1 end)
    ended(pid)
  end

  defp ended(pid) do
    ref = Process.monitor(pid)
    assert_receive {{:DOWN, ^ref, :process, _, {reason}}}
  end
end
"""
    assert outcome(RULE, {"test/a_test.exs": code}) == words


@pytest.mark.parametrize(
    ("more", "confidence"), [("refute Shop.open?()", "medium"), ("ended(pid)", "high")]
)
def test_less_sure_where_the_test_asserts_too(more: str, confidence: str) -> None:
    code = f"""\
defmodule Shop.ATest do
  use ExUnit.Case
  test "works" do
    assert Shop.open?()
    pid = spawn(fn -> assert x == 1 end)
    {more}
  end
end
"""
    tree = MemoryTree.of({"test/a_test.exs": code})
    (found,) = survey(tree, jobs=1, rules=(rule(RULE),)).analysis.findings
    assert found.confidence == confidence


@pytest.mark.parametrize(
    ("message", "severity"),
    [("{:EXIT, ^pool, _}", "info"), ("{:EXIT, ^other, _}", "warning"), (":done", "warning")],
)
def test_a_message_of_what_the_process_works_on(message: str, severity: str) -> None:
    code = f"""\
defmodule Shop.PoolTest do
  use ExUnit.Case
  test "ends" do
    Task.start(fn -> assert Shop.take(pool) end)
    assert_receive {message}
  end
end
"""
    assert outcome("spawn-in-tests", {"test/pool_test.exs": code}) == [severity]


@pytest.mark.parametrize(
    ("taken", "note"),
    [
        ("Process.monitor(pid)\nassert_receive {:DOWN, _, _, _, _}",
         "when this fails its own process ends, and `ended`, which monitors it, takes any reason "
         "of that"),
        ("assert_receive :x",
         "when this fails its own process ends, and no link or monitor tells the test"),
    ],
)  # fmt: skip
def test_a_helper_that_takes_any_reason(taken: str, note: str) -> None:
    code = f"""\
defmodule Shop.ATest do
  use ExUnit.Case
  test "works" do
    pid = spawn(fn -> assert x() == 1 end)
    ended(pid)
  end

  defp ended(pid) do
    {taken}
  end
end
"""
    files = MemoryTree.of({"test/a_test.exs": code})
    (finding,) = survey(files, jobs=1, rules=(rule(RULE),)).analysis.findings
    assert (finding.severity, finding.evidence[0].note) == ("warning", note)
