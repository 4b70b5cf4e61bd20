"""Telemetry events that the program itself waits for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.expressions import Expression, value_of
from bot.elixir.matching import can_match
from bot.elixir.messages import received
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span

_ATTACHES = (":telemetry.attach", ":telemetry.attach_many")
_SENDS = (
    "Kernel.send",
    "Process.send",
    ":erlang.send",
    "GenServer.cast",
    "GenServer.call",
    "GenServer.reply",
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every attached handler that sends a message on."""
    for clause in module.clauses_with(b":telemetry.attach"):
        for call in clause.calls:
            if call.full in _ATTACHES and call.arity == 4 and not call.in_quote:
                yield from _judge(call, clause)


def _judge(call: Call, clause: Clause) -> Iterator[Site | Exempt]:
    module = clause.function.module
    span = Span.of(module, call.node)
    sends = [c for c in _handler_calls(call.args[2], clause) if c.full in _SENDS]
    if not sends:
        yield Exempt(span, "export")
        return
    for send in sends:
        pattern = _taken(send, received(clause), module)
        if pattern is not None:
            waits = Because(Span.of(module, pattern), "the code that attached it waits for this")
            yield Site(
                span, "the program waits for a telemetry event", because=(_sent(send), waits)
            )
            return
    info = module.functions.get(("handle_info", 2))
    heads = [c.params[0] for c in info.clauses if c.params] if info is not None else []
    taken = [(s, p) for s in sends if (p := _taken(s, heads, module)) is not None]
    if not taken:
        yield Exempt(span, "export")
    elif not _own_event(call.args[1], module):
        yield Exempt(span, "foreign-event")
    else:
        send, pattern = taken[0]
        yield Site(
            span,
            "a telemetry event of its own application comes to a server as a message",
            because=(_sent(send), Because(Span.of(module, pattern), "the server takes it here")),
            confidence="medium",
        )


def _sent(send: Call) -> Because:
    return Because(Span.of(send.owner, send.node), "the handler passes the event on as a message")


def _taken(send: Call, patterns: Iterable[Node], module: Module) -> Node | None:
    """The first of some patterns that can take what is sent to a process by its pid."""
    to_a_name = bool(send.args) and send.args[0].type in ("alias", "atom")
    if send.name != "send" or len(send.args) < 2 or to_a_name:
        return None
    return next((p for p in patterns if can_match(p, send.args[1], module)), None)


def _handler_calls(handler: Node, clause: Clause) -> list[Call]:
    module = clause.function.module
    known = value_of(Expression(handler, clause)) if handler.type == "identifier" else None
    handler = known.node if known is not None else handler
    if handler.type == "anonymous_function":
        return calls_in(handler, module)
    captured = re.fullmatch(r"&(?:__MODULE__\.|[A-Z][\w.]*\.)?([a-z_]\w*[?!]?)/4", text(handler))
    if captured is None:
        return calls_in(handler, module) if text(handler).startswith("&") else []
    owner = text(handler)[1:].rpartition(".")[0]
    if owner and module.scope.resolve_name(owner) != module.name:
        return []
    function = module.functions.get((captured[1], 4))
    return function.calls if function is not None else []


def _own_event(events: Node, module: Module) -> bool:
    """Whether the first event's first atom is the name of this module's own application."""
    first = [c for n in nodes.of_type(events, "list") for c in n.named_children[:1]]
    atoms = [text(n).removeprefix(":") for n in first if n.type == "atom"]
    root = module.name.split(".")[0].removesuffix("Web")
    return bool(atoms) and atoms[0] == _CAMEL.sub("_", root).lower()


RULE = Rule(
    id="telemetry-control-flow",
    title="Telemetry used for control flow",
    category="telemetry",
    stage=4,
    severity="warning",
    confidence="high",
    fix="advice",
    explanation=(
        "A telemetry handler sends a message, and the program waits for it or acts on it: an event "
        "meant for observers has become a way of calling."
    ),
    harm=(
        "A handler that raises once is detached for good, which only the log tells, and what "
        "waits for its messages waits in vain. Handlers run in the process that emits; renaming an "
        "event breaks behaviour."
    ),
    remedy=(
        "Call the other side, or let it reply or publish by a message of its own; keep "
        "telemetry for "
        "metrics and logs."
    ),
    triggers=(b":telemetry.attach",),
    check=check,
    bad=(
        Sample("""\
defmodule Shop.Sync do
  def run(job) do
    me = self()
    done = fn _, _, meta, _ -> send(me, {:done, meta}) end
    :telemetry.attach("sync", [:shop, :job, :stop], done, nil)
    Shop.Jobs.enqueue(job)

    receive do
      {:done, meta} -> meta
    after
      5_000 -> :timeout
    end
  end
end
"""),
        Sample("""\
defmodule Shop.Restock do
  use GenServer

  def init(state) do
    :telemetry.attach("restock", [:shop, :order, :paid], &__MODULE__.on_paid/4, self())
    {:ok, state}
  end

  def on_paid(_event, _measurements, meta, pid), do: send(pid, {:paid, meta.order})

  def handle_info({:paid, order}, state), do: {:noreply, [order | state]}
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Metrics do
  def setup, do: :telemetry.attach("m", [:shop, :order, :paid], &__MODULE__.handle/4, nil)
  def handle(_event, %{count: count}, _meta, _config), do: Shop.Statsd.count("paid", count)
end
"""),
        Sample("""\
defmodule Shop.Emit do
  def paid(order), do: :telemetry.execute([:shop, :order, :paid], %{count: 1}, %{order: order})
end
"""),
    ),
    exemptions=(
        Exemption(
            "export",
            "the handler counts, logs or stores: nothing in the program waits for it",
            Sample("""\
defmodule Shop.Log do
  require Logger
  def attach, do: :telemetry.attach("log", [:shop, :order, :failed], &handle/4, nil)
  defp handle(_event, _measurements, meta, _config), do: Logger.error(inspect(meta))
end
"""),
        ),
        Exemption(
            "foreign-event",
            "the event belongs to a library that offers no other way to learn of it",
            Sample("""\
defmodule Shop.Nodes do
  use GenServer

  def init(state) do
    :telemetry.attach("nodes", [:syn, :joined], &__MODULE__.joined/4, self())
    {:ok, state}
  end

  def joined(_event, _measurements, _meta, pid), do: send(pid, :joined)
  def handle_info(:joined, state), do: {:noreply, state}
end
"""),
        ),
    ),
)
