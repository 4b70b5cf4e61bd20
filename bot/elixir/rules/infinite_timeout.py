"""Waiting for another process without an end."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import SERVER_CALLBACKS, callbacks, is_server, reached
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span

POSITIONS = {
    "GenServer.call": 2, "GenStage.call": 2, ":gen_server.call": 2, ":gen_statem.call": 2,
    "GenStateMachine.call": 2,
    "Agent.get": 2, "Agent.update": 2, "Agent.get_and_update": 2, "Task.await": 1,
    "Task.await_many": 1,
    ":gen_server.wait_response": 1, ":gen_server.receive_response": 1, ":erpc.call": 4,
    ":rpc.call": 4,
    "GenServer.multi_call": 3,
}  # fmt: skip
"""Where each waiting call takes its timeout, counted from 0."""

_BOUNDED_INSIDE = ("Task.await", "Task.await_many")


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every wait whose timeout argument is `:infinity`, written there or in an attribute."""
    busy: set[int] | None = None
    for clause in module.clauses_with(b":infinity", b"@"):
        for call in clause.calls:
            position = POSITIONS.get(call.full)
            if position is None or call.captured or call.in_quote or len(call.args) <= position:
                continue
            if _infinite(call.args[position], module):
                busy = _clauses_of_callbacks(module) if busy is None else busy
                yield _judge(call, clause, clause.node.id in busy)


def _clauses_of_callbacks(module: Module) -> set[int]:
    if not is_server(module):
        return set()
    return {r.clause.node.id for r in reached(callbacks(module, SERVER_CALLBACKS))}


def _infinite(node: Node, module: Module) -> bool:
    if node.type == "atom":
        return text(node) == ":infinity"
    operand = node.child_by_field_name("operand")
    if nodes.operator(node) != "@" or operand is None:
        return False
    value = module.attributes.get(text(operand))
    return value is not None and text(value) == ":infinity"


def _judge(call: Call, clause: Clause, in_callback: bool) -> Site | Exempt:
    module = clause.function.module
    span = Span.of(module, call.node)
    if module.name.startswith("Mix.") or module.implements("Mix.Task"):
        return Exempt(span, "mix-task")
    if _reason_stated(call, clause):
        return Exempt(span, "stated-reason")
    if _own_tasks(call, clause):
        return Exempt(span, "bounded-inside")
    stuck = in_callback and not call.runs_in
    return Site(
        span,
        f"`{call.full}` waits without an end"
        + (" while its own server answers nobody" if stuck else ""),
        because=(
            Because(
                span,
                "this runs in a server's callback: if the other side hangs, every caller of "
                "this server hangs too"
                if stuck
                else "if the other side hangs, so does every caller of this function",
            ),
        ),
        severity="warning" if stuck else "info",
        confidence="high" if stuck else "medium",
        data={"call": call.full},
    )


def _reason_stated(call: Call, clause: Clause) -> bool:
    """A comment in the function, right above or beside the call."""
    source = clause.function.module.source
    first, last = source.line(call.statement.start_byte), source.last_line(call.node)
    comments = nodes.of_type(clause.node, "comment")
    return any(first - 1 <= source.line(c.start_byte) <= last for c in comments)


def _own_tasks(call: Call, clause: Clause) -> bool:
    """Awaiting tasks that this clause starts, each of which brings its own time limit."""
    if call.full not in _BOUNDED_INSIDE:
        return False
    started = [c for c in clause.calls if c.full in ("Task.async", "Task.Supervisor.async")]
    return bool(started) and all(b"timeout" in (c.node.text or b"") for c in started)


RULE = Rule(
    id="infinite-timeout",
    title="Waiting without an end",
    category="blocking",
    stage=4,
    severity="warning",
    confidence="high",
    fix="advice",
    explanation="A call to another process is given `:infinity` as its timeout.",
    harm=(
        "A callee that hangs takes its callers with it, silently: no timeout, no crash, no "
        "restart, and in a server "
        "a mailbox that only grows."
    ),
    remedy=(
        "Give the longest time that still makes sense, or let the server reply later by "
        "`GenServer.reply/2`. Where "
        "waiting forever is right, say why in a comment at the call."
    ),
    triggers=(b":infinity",),
    check=check,
    bad=(
        Sample("""\
defmodule Shop.Desk do
  use GenServer
  def init(s), do: {:ok, s}
  def handle_call(:stock, _from, s), do: {:reply, GenServer.call(Shop.Stock, :all, :infinity), s}
end
"""),
        Sample("""\
defmodule Shop.Report do
  @wait :infinity
  def build(tasks), do: Task.await_many(tasks, @wait)
end
"""),
        Sample("""\
defmodule Shop.Client do
  def sum(pid), do: pid |> GenServer.call(:sum, :infinity)
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Desk do
  def stock(pid), do: GenServer.call(pid, :stock, 15_000)
end
"""),
        Sample("""\
defmodule Shop.Cache do
  def put(k, v), do: Shop.Store.put(k, v, ttl: :infinity)
  def spec, do: %{id: Shop.Cache, start: {Shop.Cache, :start, []}, shutdown: :infinity}
end
"""),
        Sample("""\
defmodule Shop.Park do
  def main do
    Process.sleep(:infinity)
  end

  def scan(rows, f), do: Task.async_stream(rows, f, timeout: :infinity)
end
"""),
        Sample("""\
defmodule Shop.Wait do
  def stop(pid), do: GenServer.stop(pid, :normal, :infinity)
end
"""),
    ),
    exemptions=(
        Exemption(
            "stated-reason",
            "a comment at the call says why it waits",
            Sample("""\
defmodule Shop.Build do
  def compile(pid) do
    # a cold build takes as long as it takes, and the user can stop it
    GenServer.call(pid, :compile, :infinity)
  end
end
"""),
        ),
        Exemption(
            "bounded-inside",
            "the tasks it awaits are started here and bring a timeout of their own",
            Sample("""\
defmodule Shop.Fetch do
  def all(urls) do
    tasks = Enum.map(urls, &Task.async(Shop.Http, :get, [&1, [timeout: 5_000]]))
    Task.await_many(tasks, :infinity)
  end
end
"""),
        ),
        Exemption(
            "mix-task",
            "a Mix task runs for one command; whoever started it can stop it",
            Sample("""\
defmodule Mix.Tasks.Shop.Load do
  use Mix.Task
  def run(_), do: Task.await(Shop.load(), :infinity)
end
"""),
        ),
    ),
)
