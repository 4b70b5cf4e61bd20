"""Assertions in processes whose failure no test sees."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.captured import captured
from bot.elixir.expressions import operations
from bot.elixir.named_calls import calls_named
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span

_UNLINKED = frozenset({"Kernel.spawn", ":erlang.spawn", "Process.spawn", "Task.start"})
_WATCHED_OPTIONS = (":link", ":monitor")
_ASSERTIONS = ("assert", "refute", "flunk")
_REPORTS = frozenset(
    {"Kernel.send", "Process.send", ":erlang.send", "Agent.update", "Agent.cast", "GenServer.cast",
     "GenServer.call", "GenServer.reply", ":ets.insert", "Process.link"}
)  # fmt: skip
"""By which a process tells the test how far it came."""


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every assertion in a function given to an unlinked process."""
    for call in calls_named(module, ("spawn", "start")):
        if call.full in _UNLINKED and not call.captured and not call.in_quote:
            function = next((a for a in call.args if a.type == "anonymous_function"), None)
            asserts = _assertion(function, module) if function is not None else None
            if function is not None and asserts is not None and not _by_option(call):
                yield _judge(call, function, asserts)


def _assertion(function: Node, module: Module) -> Call | None:
    found = (c for c in calls_in(function, module) if c.local and not c.captured)
    return next((c for c in found if c.name.split("_")[0] in _ASSERTIONS), None)


def _by_option(call: Call) -> bool:
    return call.full == "Process.spawn" and any(o in text(call.args[-1]) for o in _WATCHED_OPTIONS)


def _judge(call: Call, function: Node, asserts: Call) -> Site | Exempt:
    span = Span.of(call.owner, call.node)
    if _is_monitored(call):
        return Exempt(span, "monitored")
    if any(c.full in _REPORTS and c.start > asserts.start for c in calls_in(function, call.owner)):
        return Exempt(span, "reports-back")
    helper = _ends_seen_by(call)
    note = "no link or monitor tells the test"
    if helper is not None:
        note = f"`{helper.name}`, which monitors it, takes any reason of that"
    return Site(
        span,
        f"`{asserts.name}` runs in a process that the test is not linked to",
        because=(
            Because(
                Span.of(call.owner, asserts.node),
                f"when this fails its own process ends, and {note}",
            ),
        ),
        severity="info" if _waits_for_its_effect(call, function) else None,
        confidence="medium" if _asserts_itself(call) else None,
    )


def _asserts_itself(call: Call) -> bool:
    """Whether the test goes on to assert something, which may fail where the process did."""
    test = next((a for a in nodes.ancestors(call.node) if nodes.is_call_to(a, "test")), None)
    if test is None:
        return False
    later = (c for c in calls_in(test, call.owner) if c.start >= call.node.end_byte)
    return any(c.local and c.name.split("_")[0] in _ASSERTIONS for c in later)


def _waits_for_its_effect(call: Call, function: Node) -> bool:
    """Whether the test goes on to wait for a message of something that the process works on: that
    may not come where the assertion failed.
    """
    test = next((a for a in nodes.ancestors(call.node) if nodes.is_call_to(a, "test")), None)
    later = calls_in(test, call.owner) if test is not None else []
    shared = {variable.name for variable in captured(function)}
    return any(
        shared & {text(n).removeprefix("^") for n in nodes.of_type(c.args[0], "unary_operator")}
        for c in later
        if c.name == "assert_receive" and c.args and c.start >= call.node.end_byte
    )


def _is_monitored(call: Call) -> bool:
    """Whether the process, or the variable that holds it, is monitored or linked after all."""
    return any(map(_watches, _calls_with(call)))


def _ends_seen_by(call: Call) -> Call | None:
    """The call of a helper that monitors the process, and does not look at the reason."""
    for found in _calls_with(call):
        helper = found.owner.local(found.name, found.arity) if found.local else None
        if helper is not None and any(c.full in _WATCHES for c in helper.calls):
            return found
    return None


def _calls_with(call: Call) -> Iterator[Call]:
    """The calls beside it that are given the process, or the variable that holds it."""
    block = next((a for a in nodes.ancestors(call.node) if a.type in ("do_block", "body")), None)
    if block is None:
        return
    names = {
        name
        for match in operations(block, "=")
        if nodes.contains(match, call.node)
        for name in nodes.identifiers(match.child_by_field_name("left") or match)
    }
    for other in calls_in(block, call.owner):
        given = other.args[0] if other.args else None
        if given is not None and (nodes.contains(given, call.node) or text(given) in names):
            yield other


def _watches(call: Call) -> bool:
    """Whether it monitors or links its argument, or is a helper that asks for a normal end."""
    helper = call.owner.local(call.name, call.arity) if call.local else None
    if helper is None:
        return call.full in _WATCHES
    asks = any(clause.mentions(b":normal") for clause in helper.clauses)
    return asks and any(c.full in _WATCHES for c in helper.calls)


_WATCHES = frozenset({"Process.monitor", "Process.link", ":erlang.monitor"})

RULE = Rule(
    id="spawn-in-tests",
    title="Assertions in unlinked processes",
    category="tests",
    stage=4,
    severity="warning",
    confidence="high",
    fix="advice",
    explanation=(
        "A test starts a process by `spawn` or `Task.start` and asserts something in it. The "
        "process is not linked to the test, and tells it nothing."
    ),
    harm=(
        "A failed assertion raises in the process that runs it. The test is not linked to it: it "
        "can pass all the same, or end before the assertion was made."
    ),
    remedy=(
        "Use `Task.async/1` and `Task.await/1`, which fail with the test. Or send what was seen "
        "to the test and assert there, with `assert_receive`."
    ),
    triggers=(b"spawn", b"Task.start"),
    roles=("test",),
    check=check,
    bad=(
        Sample(
            """\
defmodule Shop.StockTest do
  use ExUnit.Case

  test "two takers" do
    for _ <- 1..2, do: spawn(fn -> assert Shop.Stock.take(:tea) == :ok end)
    assert Shop.Stock.open?()
  end
end
""",
            path="test/stock_test.exs",
        ),
        Sample(
            """\
defmodule Shop.NewsTest do
  use ExUnit.Case

  test "tells all" do
    Task.start(fn ->
      Shop.News.subscribe()
      assert_receive :sale
    end)

    Shop.News.publish(:sale)
  end
end
""",
            path="test/news_test.exs",
        ),
    ),
    good=(
        Sample(
            """\
defmodule Shop.StockTest do
  use ExUnit.Case

  test "two takers" do
    tasks = for _ <- 1..2, do: Task.async(fn -> assert Shop.Stock.take(:tea) == :ok end)
    Task.await_many(tasks)
  end
end
""",
            path="test/stock_test.exs",
        ),
        Sample(
            """\
defmodule Shop.HoldTest do
  use ExUnit.Case

  test "forgets dead holders" do
    pid = spawn(fn -> Process.sleep(:infinity) end)
    spawn_link(fn -> assert Shop.Stock.held_by(pid) == [] end)
    Process.exit(pid, :kill)
  end
end
""",
            path="test/hold_test.exs",
        ),
    ),
    exemptions=(
        Exemption(
            "reports-back",
            "it sends something after the assertion, for which the test can wait",
            Sample(
                """\
defmodule Shop.NewsTest do
  use ExUnit.Case

  test "tells all" do
    test = self()

    spawn(fn ->
      assert_receive :sale
      send(test, :seen)
    end)

    assert_receive :seen
  end
end
""",
                path="test/news_test.exs",
            ),
        ),
        Exemption(
            "monitored",
            "the test monitors or links the process, and so can see how it ended",
            Sample(
                """\
defmodule Shop.NewsTest do
  use ExUnit.Case

  test "tells all" do
    pid = spawn(fn -> assert_receive :sale end)
    ref = Process.monitor(pid)
    assert_receive {:DOWN, ^ref, :process, ^pid, :normal}
  end
end
""",
                path="test/news_test.exs",
            ),
        ),
    ),
)
