"""Helpers of tests that look again and again, for ever."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.reach import reached
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.again import changes
from bot.elixir.rules.parts.giving_up import gives_up, is_told_to
from bot.elixir.rules.parts.other_process import runs_elsewhere
from bot.elixir.rules.parts.time_limits import ends_by_a_tag

_SLEEPS = frozenset({"Process.sleep", ":timer.sleep"})
_CLOCKS = frozenset(
    {
        "System.monotonic_time", "System.os_time", "System.system_time", "DateTime.utc_now",
        "NaiveDateTime.utc_now", "Time.utc_now", ":erlang.monotonic_time", ":erlang.system_time",
        ":calendar.universal_time", ":calendar.local_time", ":os.perf_counter", "Date.utc_today",
        "DateTime.now", "DateTime.now!", "NaiveDateTime.local_now", ":erlang.universaltime",
        ":erlang.localtime", ":os.system_time", ":erlang.timestamp", ":os.timestamp", ":erlang.now",
        ":timer.exit_after", ":timer.kill_after", "Process.send_after", "Process.read_timer",
    }
)  # fmt: skip
"""Calls by which a loop can know how long it has been at it."""
_LOOKS = frozenset(
    {
        "Process.alive?", "Process.whereis", "Process.info", "Process.list", "GenServer.whereis",
        "Registry.lookup", "Registry.count", "Node.list", "Node.ping",
    }
)  # fmt: skip
"""Questions whose answer only another process can change."""
_BRANCHES = ("stab_clause", "else_block", "do_block", "rescue_block", "catch_block", "after_block")
_DECIDE = ("if", "unless", "case", "cond", "with", "try", "receive")


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every function that looks, and calls itself with the same arguments until it sees it."""
    for clause in module.clauses_with(b"sleep", b"receive", b"Process.", b"Registry.", b"Node."):
        again = _again(clause)
        if again is not None and _ends_on_a_condition(clause):
            yield _judge(again, clause)


def _again(clause: Clause) -> Call | None:
    """The call by which the clause starts over, with nothing changed, to look again."""
    function = clause.function
    if not _names_itself(clause):
        return None
    everywhere = [(c, other) for other in function.clauses for c in other.calls]
    repeats = [(c, other) for c, other in everywhere if _calls_itself(c, function)]
    if any(changes(call, other) for call, other in repeats):
        return None
    pauses = [c.node for c in clause.calls if c.full in _SLEEPS and not c.runs_in and c.args]
    looks = any(c.full in _LOOKS for c in clause.calls)
    for call, _ in (pair for pair in repeats if pair[1] is clause):
        paused = any(_follows(call.node, pause) for pause in pauses)
        if paused or _after_a_timeout(call.node) or (looks and not clause.mentions(b"receive")):
            return call
    return None


def _names_itself(clause: Clause) -> bool:
    """A sieve: its name stands in it a second time."""
    data, name = clause.function.module.source.data, clause.function.name.encode()
    return data.count(name, clause.node.start_byte, clause.node.end_byte) > 1


def _calls_itself(call: Call, function: Function) -> bool:
    module = function.module
    return (
        call.module == module.name
        and not call.captured
        and not call.runs_in
        and module.local(call.name, call.arity) is function
    )


def _follows(call: Node, pause: Node) -> bool:
    """Whether the call comes after the pause on the same branch."""
    branch = next((a for a in nodes.ancestors(pause) if a.type in _BRANCHES), None)
    return branch is not None and pause.start_byte < call.start_byte <= branch.end_byte


def _after_a_timeout(call: Node) -> bool:
    """Whether it stands in the `after` of a `receive`."""
    block = next((a for a in nodes.ancestors(call) if a.type == "after_block"), None)
    around = block.parent.parent if block is not None and block.parent is not None else None
    if block is None or around is None or not nodes.is_call_to(around, "receive"):
        return False
    return any(
        text(p) != ":infinity" for s in nodes.clauses(block) for p in nodes.clause_patterns(s)
    )


def _ends_on_a_condition(clause: Clause) -> bool:
    """Whether some way through the function does not start over: else it is a worker's loop."""
    if len(clause.function.clauses) > 1:
        return True
    found = nodes.of_type(clause.node, "call", "binary_operator")
    return any(
        nodes.is_call_to(n, *_DECIDE) or nodes.operator(n) in ("||", "&&", "or", "and")
        for n in found
    )


def _judge(again: Call, clause: Clause) -> Site | Exempt:
    function, module = clause.function, clause.function.module
    span = Span.of(module, again.node)
    if any(c.full in _CLOCKS for step in reached([function]) for c in step.clause.calls):
        return Exempt(span, "deadline")
    if gives_up(again, clause):
        return Exempt(span, "gives-up")
    if is_told_to(again):
        return Exempt(span, "told-to")
    elsewhere = runs_elsewhere(function)
    if elsewhere:
        return Exempt(span, elsewhere)
    if ends_by_a_tag(function):
        return Exempt(span, "tagged")
    spins = not clause.mentions(b"sleep", b"receive")
    how = "with the same arguments and without a pause" if spins else "with the same arguments"
    return Site(
        span,
        f"`{function.label}` waits without a deadline of its own",
        because=(Because(span, f"it starts over {how}, and the module reads no clock for it"),),
    )


RULE = Rule(
    id="unbounded-polling",
    title="Polling without a deadline",
    category="tests",
    stage=4,
    severity="info",
    confidence="medium",
    fix="advice",
    explanation=(
        "A helper of tests looks whether a condition holds and calls itself until it does, with "
        "neither a deadline nor a number of tries."
    ),
    harm=(
        "When the condition never comes true the test hangs until ExUnit ends it, after 60 "
        "seconds by default. The failure then shows where the helper slept, not what it waited "
        "for or what it saw."
    ),
    remedy=(
        "Take a number of tries or a deadline as an argument, and at its end call `flunk/1` with "
        "what was last seen. Where a message or a monitor can tell, wait for that instead."
    ),
    triggers=(b"sleep", b"receive", b"Process.", b"Registry.", b"Node."),
    roles=("test",),
    check=check,
    bad=(
        Sample(
            """\
defmodule Shop.StockTest do
  use ExUnit.Case

  test "is filled" do
    wait_until_filled(Shop.Stock)
    assert Shop.Stock.count() == 3
  end

  defp wait_until_filled(stock) do
    if stock.count() < 3 do
      Process.sleep(10)
      wait_until_filled(stock)
    end
  end
end
""",
            path="test/stock_test.exs",
        ),
        Sample(
            """\
defmodule Shop.Await do
  def until(check) do
    unless check.() do
      receive do
      after
        20 -> until(check)
      end
    end
  end
end
""",
            path="test/support/await.ex",
        ),
    ),
    good=(
        Sample(
            """\
defmodule Shop.StockTest do
  use ExUnit.Case

  defp wait_until_filled(stock, tries \\\\ 50)
  defp wait_until_filled(stock, 0), do: flunk("still at #{stock.count()}")

  defp wait_until_filled(stock, tries) do
    if stock.count() < 3 do
      Process.sleep(10)
      wait_until_filled(stock, tries - 1)
    end
  end
end
""",
            path="test/stock_test.exs",
        ),
        Sample(
            """\
defmodule Shop.MailTest do
  use ExUnit.Case

  defp flush do
    receive do
      _ -> flush()
    after
      10 -> :ok
    end
  end
end
""",
            path="test/mail_test.exs",
        ),
    ),
    exemptions=(
        Exemption(
            "deadline",
            "it looks at a clock, and so can know when to give up",
            Sample(
                """\
defmodule Shop.Await do
  def until(check, deadline) do
    cond do
      check.() -> :ok
      System.monotonic_time(:millisecond) > deadline -> raise "not in time"
      true -> pause(check, deadline)
    end
  end

  defp pause(check, deadline) do
    if System.monotonic_time(:millisecond) < deadline do
      Process.sleep(10)
      pause(check, deadline)
    else
      until(check, deadline)
    end
  end
end
""",
                path="test/support/await.ex",
            ),
        ),
        Exemption(
            "gives-up",
            "it compares an argument with something else, and fails where that has passed it",
            Sample(
                """\
defmodule Shop.Await do
  def filled(stock, until) do
    if until > Shop.Clock.now() do
      Process.sleep(10)
      stock.full?() || filled(stock, until)
    else
      raise "not filled in time"
    end
  end
end
""",
                path="test/support/await.ex",
            ),
        ),
        Exemption(
            "told-to",
            "between two looks it takes a message that makes it fail: a timer can be its deadline",
            Sample(
                """\
defmodule Shop.Await do
  def filled(stock) do
    stock.count() > 3
  rescue
    error ->
      receive do
        :too_late -> reraise error, __STACKTRACE__
      after
        5 -> filled(stock)
      end
  end
end
""",
                path="test/support/await.ex",
            ),
        ),
        Exemption(
            "worker",
            "it is the loop of a process that the test starts, not a wait of the test",
            Sample(
                """\
defmodule Shop.LoadTest do
  use ExUnit.Case

  test "bears load" do
    pid = spawn_link(fn -> hammer(Shop.Stock) end)
    assert Process.alive?(pid)
  end

  defp hammer(stock) do
    if stock.open?() do
      Process.sleep(1)
      hammer(stock)
    end
  end
end
""",
                path="test/load_test.exs",
            ),
        ),
        Exemption(
            "awaited",
            "it runs in a task that its starter waits for no longer than a time limit",
            Sample(
                """\
defmodule Shop.Await do
  def filled(stock, timeout \\\\ 5_000) do
    fn -> look(stock) end
    |> Task.async()
    |> Task.await(timeout)
  end

  defp look(stock) do
    if stock.count() < 3 do
      Process.sleep(10)
      look(stock)
    end
  end
end
""",
                path="test/support/await.ex",
            ),
        ),
        Exemption(
            "tagged",
            "every test that calls it says by `@tag timeout:` how long it may take",
            Sample(
                """\
defmodule Shop.StockTest do
  use ExUnit.Case

  @tag timeout: 2_000
  test "is filled" do
    wait_until_filled(Shop.Stock)
  end

  defp wait_until_filled(stock) do
    if stock.count() < 3 do
      Process.sleep(10)
      wait_until_filled(stock)
    end
  end
end
""",
                path="test/stock_test.exs",
            ),
        ),
    ),
)
