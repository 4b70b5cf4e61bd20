"""`trap_exit` in a server that nothing is linked to and that has nothing to do at its end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.elixir import nodes
from bot.elixir.arrivals import exit_arrival
from bot.elixir.blocking import blocking
from bot.elixir.calls import Call
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.expressions import assignments
from bot.elixir.further import calls_behind
from bot.elixir.messages import taken
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.reach import BUSY, SERVER_CALLBACKS, is_server, reached_from_callbacks
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.trapping import is_trap_flag

_KNOWN = frozenset({"GenServer", "GenStage", "GenStateMachine", "Bitwise", "TypedStruct"})
_MAY_LINK = re.compile(r"^(?:start|open|connect|spawn|link|listen|accept|subscribe|new)")
_STARTS_ITSELF = frozenset(
    f"{name}.start{kind}"
    for name in ("GenServer", "GenStage", "GenStateMachine", ":gen_server", ":gen_statem")
    for kind in ("", "_link")
)
_WORK = ("database", "http", "program")
_WRITTEN = ("anonymous_function", "unary_operator")
"""Function values as they are written out."""
_CHILDREN = frozenset({"start_child", "async_nolink", "start_children"})
"""Starts under a supervisor, which link nothing to the caller."""


def starts(project: Project) -> list[str]:
    """Files that speak of the flag."""
    return project.lib_holding(b"trap_exit")


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """The first call by which a server without a reason traps exits."""
    for module in project.modules_in(path):
        if is_server(module):
            yield from _first_flag(module, project)


def _first_flag(module: Module, project: Project) -> Iterator[Site | Exempt]:
    for step in reached_from_callbacks(module, BUSY):
        for call in step.clause.calls if step.clause.mentions(b"trap_exit") else ():
            if is_trap_flag(call) and not call.runs_in and not call.in_quote:
                verdict = _judge(call, step.clause, project)
                if verdict is not None:
                    yield verdict
                return


def _judge(call: Call, clause: Clause, project: Project) -> Site | Exempt | None:
    module = clause.function.module
    if _ends_in_order(module) or _takes_exits(module):
        return None
    span = Span.of(module, call.node)
    exemption = _exemption(module, project)
    if exemption:
        return Exempt(span, exemption)
    return Site(
        span,
        "this server traps exits, and nothing in its module is seen to need it",
        because=(
            Because(
                span,
                "the module has neither `terminate/2` nor a clause for `{:EXIT, pid, reason}`, and "
                "by their names none of its calls makes a link",
            ),
        ),
    )


def _ends_in_order(module: Module) -> bool:
    return bool(module.named("terminate"))


def _takes_exits(module: Module) -> bool:
    return any(":EXIT" in text(pattern) for pattern in taken(module))


def _exemption(module: Module, project: Project) -> str:
    if is_platform(module):
        return "platform"
    if is_test_support(module):
        return "test-support"
    if any(use.name not in _KNOWN for use in module.uses):
        return "brought-along"
    if any(_may_link(call) for clause in module.all_clauses() for call in clause.calls):
        return "may-link"
    if _works_long(module, project) or _runs_what_it_was_given(module):
        return "work-under-way"
    return ""


def _works_long(module: Module, project: Project) -> bool:
    """Whether a callback does work that a shutdown should not cut off, itself or by another
    module of the project.
    """
    steps = reached_from_callbacks(module, SERVER_CALLBACKS)
    made = (c for step in steps for call in step.clause.calls for c in calls_behind(call, project))
    waits = (blocking(call) for call in made)
    return any(found is not None and found.kind in _WORK for found in waits)


def _runs_what_it_was_given(module: Module) -> bool:
    """Whether a callback calls a function value that is not written beside it: how long that takes
    is not seen.
    """
    return any(
        not any(v.type in _WRITTEN for v in assignments(name, step.clause))
        for step in reached_from_callbacks(module, SERVER_CALLBACKS)
        if step.origin.name != "init" and step.clause.mentions(b".(")
        for name in _called_values(step.clause)
    )


def _called_values(clause: Clause) -> Iterator[str]:
    """What is called by `value.(...)` there."""
    for call in nodes.of_type(clause.node, "call"):
        target = call.child_by_field_name("target")
        if target is not None and target.type == "dot":
            left = target.child_by_field_name("left")
            if left is not None and target.child_by_field_name("right") is None:
                yield text(left)


def _may_link(call: Call) -> bool:
    if call.full in _STARTS_ITSELF and call.args and text(call.args[0]) == "__MODULE__":
        return False
    if exit_arrival(call) is not None:
        return True
    if call.module == call.owner.name or call.name in _CHILDREN or not call.receiver:
        return False
    return _MAY_LINK.match(call.name) is not None


RULE = Rule(
    id="trap-exit-without-reason",
    title="Exits trapped for nothing",
    category="supervision",
    stage=4,
    severity="info",
    confidence="low",
    fix="advice",
    explanation=(
        "A server sets `trap_exit`, but has no `terminate/2`, no clause for `{:EXIT, ...}`, and "
        "no call that is known to link it to a process or port."
    ),
    harm=(
        "One effect is left: at shutdown the supervisor waits for the callback that runs, up to "
        "the child's `shutdown` time, before it kills. If that is not what is meant, the flag only "
        "makes the shutdown slower, and hides the end of whatever is linked to this server later."
    ),
    remedy=(
        "Remove the flag, or add what it is for: a `terminate/2` that saves something, or a clause "
        "for the exits of linked processes. Where it only lets a callback end before a shutdown, "
        "keep it."
    ),
    triggers=(b"trap_exit",),
    check_project=FileByFile(starts, check),
    bad=(
        Sample("""\
defmodule Shop.Prices do
  use GenServer

  def init(prices) do
    Process.flag(:trap_exit, true)
    {:ok, prices}
  end

  def handle_call(:all, _from, prices), do: {:reply, prices, prices}
end
"""),
        Sample("""\
defmodule Shop.Tally do
  use GenServer
  def start_link(n), do: GenServer.start_link(__MODULE__, n)

  def init(n) do
    guard()
    {:ok, n}
  end

  def handle_cast(:add, n), do: {:noreply, n + 1}
  def handle_info(_message, n), do: {:noreply, n}
  defp guard, do: :erlang.process_flag(:trap_exit, true)
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Prices do
  use GenServer

  def init(prices) do
    Process.flag(:trap_exit, true)
    {:ok, prices}
  end

  def terminate(_reason, prices), do: Shop.Disk.write(prices)
end
"""),
        Sample("""\
defmodule Shop.Desk do
  use GenServer

  def init(state) do
    Process.flag(:trap_exit, true)
    {:ok, state}
  end

  def handle_info({:EXIT, _from, _reason}, state), do: {:noreply, state}
end
"""),
        Sample("""\
defmodule Shop.Desk do
  use GenServer

  def init(state) do
    Process.flag(:trap_exit, false)
    {:ok, state}
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "may-link",
            "it starts, opens or connects something, which may be linked to it",
            Sample("""\
defmodule Shop.Feed do
  use GenServer

  def init(url) do
    Process.flag(:trap_exit, true)
    {:ok, Shop.Socket.open(url)}
  end
end
"""),
        ),
        Exemption(
            "work-under-way",
            "a callback queries a database or asks over the network, itself or by a module of the "
            "project, or runs a function it was given: the flag lets it end within the shutdown "
            "time",
            Sample("""\
defmodule Shop.Sweeper do
  use GenServer

  def init(state) do
    Process.flag(:trap_exit, true)
    {:ok, state}
  end

  def handle_info(:sweep, state) do
    Shop.Repo.delete_all(Shop.Cart)
    {:noreply, state}
  end
end
"""),
        ),
        Exemption(
            "brought-along",
            "another module's `use` may bring a `terminate/2` or a clause along",
            Sample("""\
defmodule Shop.Feed do
  use GenServer
  use Shop.Closing

  def init(url) do
    Process.flag(:trap_exit, true)
    {:ok, url}
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests",
            Sample("""\
defmodule Shop.Testing.Trap do
  use GenServer

  def init(state) do
    Process.flag(:trap_exit, true)
    {:ok, state}
  end
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself",
            Sample(
                """\
defmodule IEx.Trap do
  use GenServer

  def init(state) do
    Process.flag(:trap_exit, true)
    {:ok, state}
  end
end
""",
                path="lib/iex/lib/iex/trap.ex",
            ),
        ),
    ),
)
