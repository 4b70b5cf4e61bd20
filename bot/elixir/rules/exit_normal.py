"""`Process.exit(pid, :normal)`: an exit signal that ends nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.expressions import Expression
from bot.elixir.loose import outermost, own_calls
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.reach import BUSY, reached_from_callbacks
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.own_links import own_starts
from bot.elixir.rules.parts.own_start import by_its_parent, is_unknown, start_of, traps
from bot.elixir.rules.parts.standing import above
from bot.elixir.source import role_of
from bot.elixir.trapping import is_self, is_trap_flag

_EXITS = frozenset({"Process.exit", ":erlang.exit"})
_EXIT = b".exit"
_ENDS = ("exit", "stop", "kill", "terminate_child", "shutdown")
"""Names of calls that end the process they are given."""
_FAILURES = ("flunk", "raise", "reraise", "exit", "throw")
"""Calls with which a test goes no further."""


def starts(project: Project) -> Iterator[str]:
    """Files of code and tests that send an exit signal."""
    for path in project.texts.holding(_EXIT):
        if role_of(path) in ("lib", "test") and b":normal" in project.texts[path]:
            yield path


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Every exit signal `:normal` to a process other than the sender."""
    for module in project.modules_in(path):
        yield from _in_module(module, project)


def _in_module(module: Module, project: Project) -> Iterator[Site | Exempt]:
    for clause in module.clauses_with(_EXIT):
        for call in clause.calls if clause.mentions(b":normal") else ():
            if _sends_normal(call) and not is_self(Expression(call.args[0], clause)):
                yield _judge(call, clause.node, clause, project)
    for node in outermost(module) if module.source.role == "test" else ():
        if b":normal" in (node.text or b""):
            for call in own_calls(node, module):
                if _sends_normal(call) and not text(call.args[0]).startswith("self"):
                    yield _judge(call, _test_around(call, node), None, project)


def _test_around(call: Call, statement: Node) -> Node:
    return next((a for a in above(call) if nodes.is_call_to(a, "test")), statement)


def _sends_normal(call: Call) -> bool:
    if call.full not in _EXITS or call.captured or call.in_quote or len(call.args) != 2:
        return False
    return text(call.args[1]) == ":normal"


def _judge(call: Call, around: Node, clause: Clause | None, project: Project) -> Site | Exempt:
    span = Span.of(call.owner, call.node)
    start = start_of(call, around)
    if start is not None and traps(start, call, project):
        return Exempt(span, "traps-exits")
    kept = own_starts(call, clause) if clause is not None and start is None else []
    if kept and all(traps(begun, call, project) for begun in kept):
        return Exempt(span, "traps-exits")
    if clause is not None and _may_be_itself(call, clause):
        return Exempt(span, "own-server")
    if _in_test(call) and _found_alive(call, around):
        return Exempt(span, "shown-alive")
    if _in_test(call) and _found_dead(call, around):
        return Exempt(span, "shown-dead")
    begun = kept if start is None else [start]
    open_ends = not begun or any(is_unknown(one, project) for one in begun)
    # A server that traps exits ends by the signal of its parent.
    may_end = open_ends and any(by_its_parent(one, call) for one in begun)
    return Site(
        span,
        f"the exit signal `:normal` does not end `{_target(call)}`"
        + (", unless that traps exits and then ends itself" if open_ends else ""),
        because=(
            Because(
                span,
                "a process that does not trap exits ignores this signal, and one that does gets "
                "it as a message",
            ),
        ),
        severity="info" if may_end or _in_test(call) else None,
        data={"call": call.full},
    )


def _target(call: Call) -> str:
    """The process as written, with all of the pipe that leads to it."""
    pipe = call.node.parent if call.piped else None
    left = pipe.child_by_field_name("left") if pipe is not None else None
    return " ".join(text(left or call.args[0]).split())


def _in_test(call: Call) -> bool:
    """Whether the process is only left over from a test."""
    return call.owner.source.role == "test"


def _found_alive(call: Call, around: Node) -> bool:
    """Whether the test goes on to show that the process lives."""
    return any(
        later.full == "Process.alive?" and later.args and text(later.args[0]) == text(call.args[0])
        for later in calls_in(around, call.owner)
        if later.start > call.start
        and not any(nodes.is_call_to(a, "refute") for a in nodes.ancestors(later.node))
    )


def _found_dead(call: Call, around: Node) -> bool:
    """Whether nothing but this signal ends what the test monitors, and it waits for the end."""
    found, mine = calls_in(around, call.owner), text(call.args[0])
    watched = any(
        c.full == "Process.monitor" and c.args and text(c.args[0]) == mine
        for c in found
        if c.start < call.start
    )
    wait = next((c for c in found if c.start > call.start and _waits_for_down(c)), None)
    return (
        watched
        and wait is not None
        and not any(
            c.name in _ENDS and c.args and text(c.args[0]) == mine
            for c in found
            if call.start < c.start < wait.start
        )
    )


def _waits_for_down(call: Call) -> bool:
    """Whether it takes `:DOWN`, and does not go on without it."""
    if call.name == "assert_receive":
        return bool(call.args) and ":DOWN" in text(call.args[0])
    block = nodes.do_block(call.node) if nodes.is_call_to(call.node, "receive") else None
    if block is None or not all(map(_fails, _after(block))):
        return False
    taken = [p for stab in nodes.clauses(block) for p in nodes.clause_patterns(stab)]
    return bool(taken) and all(":DOWN" in text(pattern) for pattern in taken)


def _after(block: Node) -> Iterator[Node]:
    """The last expression of each branch that goes on without a message."""
    for part in block.named_children:
        for stab in nodes.clauses(part) if part.type == "after_block" else ():
            yield (nodes.statements(nodes.clause_body(stab)) or [stab])[-1]


def _fails(last: Node) -> bool:
    if nodes.is_call_to(last, *_FAILURES):
        return True
    said = [text(argument) for argument in nodes.arguments(last)[:1]]
    return nodes.is_call_to(last, "assert") and said == ["false"]


def _may_be_itself(call: Call, clause: Clause) -> bool:
    """Whether the module's processes trap exits, and a client function signals one of them."""
    module = clause.function.module
    # Also one that is spawned: what it does with its exits is written in the function it is given.
    holding = module.clauses_with(b"trap_exit")
    if not any(is_trap_flag(c) for holder in holding for c in holder.calls):
        return False
    return all(step.clause is not clause for step in reached_from_callbacks(module, BUSY))


RULE = Rule(
    id="exit-normal",
    title="Exit signal that ends nothing",
    category="messaging",
    stage=1,
    severity="warning",
    confidence="high",
    fix="advice",
    explanation="`Process.exit(pid, :normal)` is sent to another process.",
    harm=(
        "The documentation of `Process.exit/2` says that nothing happens: a process ignores "
        "`:normal` from another one, and if it traps exits it gets `{:EXIT, from, :normal}` as a "
        "message. The process meant to end here lives on, with its memory, links and connections, "
        "unless it traps exits and ends by that message, as an OTP process does where it comes "
        "from its own parent."
    ),
    remedy=(
        "Stop a server by `GenServer.stop/3`, a supervised child by "
        "`DynamicSupervisor.terminate_child/2`, a task by `Task.shutdown/2`, and any other process "
        "by the reason `:shutdown` or, where it may not clean up, `:kill`. A linked starter has to "
        "unlink first or trap exits."
    ),
    triggers=(b":normal",),
    roles=("lib", "test"),
    check_project=FileByFile(starts, check),
    bad=(
        Sample("""\
defmodule Shop.Import do
  def stop(%{feed: feed}) do
    Process.exit(feed, :normal)
    :ok
  end
end
"""),
        Sample("""\
defmodule Shop.Watch do
  def during(fun) do
    watcher = spawn_link(fn -> Shop.Feed.each(&IO.inspect/1) end)
    result = fun.()
    watcher |> Process.exit(:normal)
    result
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Import do
  def stop(%{feed: feed}) do
    Process.exit(feed, :shutdown)
    GenServer.stop(feed, :normal)
  end
end
"""),
        Sample("""\
defmodule Shop.Once do
  def run do
    me = self()
    Process.exit(me, :normal)
  end

  def leave, do: Process.exit(self(), :normal)
end
"""),
    ),
    exemptions=(
        Exemption(
            "traps-exits",
            "the process is started here and traps exits, so the signal is a message to it, or "
            "its parent's",
            Sample("""\
defmodule Shop.Watch do
  def during(fun) do
    watcher = spawn_link(fn -> watch() end)
    fun.()
    Process.exit(watcher, :normal)
  end

  defp watch do
    Process.flag(:trap_exit, true)

    receive do
      {:EXIT, _from, :normal} -> :ok
    end
  end
end
"""),
        ),
        Exemption(
            "own-server",
            "a client function signals the module's own server, which traps exits",
            Sample("""\
defmodule Shop.Desk do
  use GenServer

  def finish(pid), do: Process.exit(pid, :normal)

  def init(state) do
    Process.flag(:trap_exit, true)
    {:ok, state}
  end

  def handle_info({:EXIT, _from, :normal}, state), do: {:stop, :normal, state}
end
"""),
        ),
        Exemption(
            "shown-alive",
            "the test is about this very signal: it shows that the process lives",
            Sample(
                """\
defmodule Shop.FeedTest do
  use ExUnit.Case

  test "a feed does not end by chance", %{feed: feed} do
    Process.exit(feed, :normal)
    assert Process.alive?(feed)
  end
end
""",
                path="test/feed_test.exs",
            ),
        ),
        Exemption(
            "shown-dead",
            "the test monitors the process and waits for its end without a limit, or fails: it "
            "has ended by this signal, as a process that traps exits does by its parent's",
            Sample(
                """\
defmodule Shop.FeedTest do
  use ExUnit.Case

  test "says goodbye", %{feed: feed} do
    ref = Process.monitor(feed)
    Process.exit(feed, :normal)
    assert_receive {:DOWN, ^ref, :process, _, _}
  end
end
""",
                path="test/feed_test.exs",
            ),
        ),
    ),
)
