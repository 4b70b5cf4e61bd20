"""`send(self(), ...)` in a function that another process runs: the message comes to nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir.calls import STARTS_PROCESS, Call, calls_in, resolve
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.reach import reached
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.standing import above

_SENDS = frozenset(
    {
        "Kernel.send", "Process.send", "Process.send_after", ":erlang.send", ":erlang.send_after",
        "GenServer.cast", "GenStateMachine.cast", ":gen_server.cast", ":gen_statem.cast",
    }
)  # fmt: skip
_TO_SELF = re.compile(rb"send\w*[\s(][^\n]*\bself\b|cast[\s(][^\n]*\bself\b|self(?:\(\))?\s*\|>")
"""Each way begins with a letter: `re` then passes quickly over all others."""
_ADDRESS = {":erlang.send_after": 1}
_NEVER_RECEIVES = frozenset(
    "Kernel Logger Enum Map Keyword List String Integer Access Process :ets :telemetry".split()
)
_BARE = frozenset("if unless case cond with for then tap raise throw inspect to_string".split())


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every message to `self()` in a function given to a process, with nobody there to take it."""
    for call in _candidates(module):
        closure = _closure_around(call) if _to_self(call) and call.runs_in else None
        if closure is not None:
            yield from _judge(call, closure)


def _candidates(module: Module) -> Iterator[Call]:
    source = module.source
    if not source.matches(_TO_SELF, module.node.start_byte, module.node.end_byte):
        return
    for clause in module.all_clauses():
        if clause.matches(_TO_SELF):
            yield from clause.calls


def _to_self(call: Call) -> bool:
    position = _ADDRESS.get(call.full, 0)
    if call.full not in _SENDS or call.captured or call.in_quote or len(call.args) <= position:
        return False
    return text(call.args[position]) in ("self()", "Kernel.self()", ":erlang.self()")


def _closure_around(call: Call) -> Node | None:
    """The function that a process-starting call is given, where it runs the send itself."""
    for ancestor in above(call):
        if ancestor.type != "anonymous_function":
            continue
        arguments = ancestor.parent
        taker = arguments.parent if arguments is not None else None
        outer = resolve(taker, call.owner) if taker is not None and taker.type == "call" else None
        if outer is None:
            return None
        if outer.full in STARTS_PROCESS:
            return ancestor
        if outer.module not in ("Enum", "Map"):
            return None
    return None


def _judge(call: Call, closure: Node) -> Iterator[Site | Exempt]:
    span = Span.of(call.owner, call.node)
    if _receives(closure, call):
        yield Exempt(span, "taken-there")
        return
    if _hands_over(closure, call):
        return
    starter = call.runs_in
    yield Site(
        span,
        f"`self()` is here the process that `{starter}` runs the function in",
        because=(
            Because(Span.of(call.owner, closure), f"`{starter}` runs this in another process"),
            Because(span, "so that process sends it to itself, and no `receive` is seen there"),
        ),
        data={"call": call.full, "starter": starter},
    )


def _receives(closure: Node, call: Call) -> bool:
    """Whether the function, or an own one it calls, has a `receive`."""
    module = call.owner
    inside = calls_in(closure, module)
    own = [module.local(c.name, c.arity) for c in inside if c.module == module.name]
    steps = reached([function for function in own if function is not None])
    return any(c.name == "receive" for c in inside) or any(
        c.name == "receive" for step in steps for c in step.clause.calls
    )


def _hands_over(closure: Node, sent: Call) -> bool:
    """Whether code of which nobody knows if it receives runs after the message is sent."""
    return any(
        c.start > sent.node.end_byte
        and c.module not in _NEVER_RECEIVES
        and not (c.local and c.name in _BARE)
        for c in calls_in(closure, sent.owner)
    )


RULE = Rule(
    id="self-in-other-process",
    title="The wrong self",
    category="messaging",
    stage=1,
    severity="warning",
    confidence="high",
    fix="advice",
    explanation=(
        "A function that another process runs sends a message to `self()`. `self()` is the process "
        "that evaluates it: there, the new one."
    ),
    harm=(
        "The new process writes into its own mailbox. Whoever waits for the message does not get "
        "it, and nothing fails."
    ),
    remedy=(
        "Bind the address outside: `parent = self()` before the function, `send(parent, ...)` in "
        "it. Where a task's result is all there is to tell, return it: `Task.async/1` sends it."
    ),
    triggers=(b"self",),
    check=check,
    bad=(
        Sample("""\
defmodule Shop.Price do
  def refresh(item) do
    Task.Supervisor.start_child(Shop.Tasks, fn ->
      price = Shop.Supplier.price(item)
      send(self(), {:price, item, price})
    end)
  end
end
"""),
        Sample("""\
defmodule Shop.Desk do
  use GenServer
  def init(state), do: {:ok, state}

  def handle_cast(:count, state) do
    Task.start(fn -> GenServer.cast(self(), {:counted, Shop.Stock.count()}) end)
    {:noreply, state}
  end

  def handle_cast({:counted, n}, state), do: {:noreply, Map.put(state, :n, n)}
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Price do
  def refresh(item) do
    parent = self()
    Task.Supervisor.start_child(Shop.Tasks, fn -> send(parent, {:price, item}) end)
  end
end
"""),
        Sample("""\
defmodule Shop.Worker do
  def begin(queue) do
    spawn_link(fn ->
      send(self(), :first)
      Shop.Loop.run(queue)
    end)
  end

  def ask(desk), do: Task.async(fn -> send(desk, {:asked_by, self()}) end)
end
"""),
    ),
    exemptions=(
        Exemption(
            "taken-there",
            "the new process receives its own message",
            Sample("""\
defmodule Shop.Worker do
  def begin(queue) do
    spawn_link(fn ->
      send(self(), :first)
      loop(queue)
    end)
  end

  defp loop(queue) do
    receive do
      :first -> queue
    end
  end
end
"""),
        ),
    ),
)
