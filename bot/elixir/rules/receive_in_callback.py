"""A `receive` in a server's callback: it takes from the mailbox that OTP reads."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.core.finding import Confidence, Severity
from bot.elixir import nodes
from bot.elixir.calls import STARTS_PROCESS, Call, calls_in
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.reach import Reached, is_server
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.answer_waits import as_a_call, is_limited, waits_for_an_end
from bot.elixir.rules.parts.folding import Said, folded
from bot.elixir.rules.parts.own_handler import handed_on_at_once
from bot.elixir.rules.parts.route import route
from bot.elixir.serving import serving
from bot.elixir.waiting import (
    is_pinned,
    is_receive,
    is_tuple_of,
    only_flushes,
    patterns,
    time_limit,
    waits_for_one,
)

_SPAWNS = frozenset(n for n in STARTS_PROCESS if n.startswith("Task.") or "spawn" in n)
_CANCELS = frozenset({"Process.cancel_timer", ":erlang.cancel_timer"})


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every `receive` that a callback of a running server gets to, those of one function once."""
    if is_server(module) and module.clauses_with(b"receive"):
        yield from folded(_receives(module), "the same function waits here too")


def _receives(module: Module) -> Iterator[Said]:
    for step in serving(module):
        for call in step.clause.calls if step.clause.mentions(b"receive") else ():
            if is_receive(call) and not call.runs_in and not call.deferred:
                yield step.clause.function, step.origin.label, _judge(call, step)


def _judge(call: Call, step: Reached) -> Site | Exempt:
    module = step.clause.function.module
    span = Span.of(module, call.node)
    exemption = _exemption(call, step, module)
    if exemption:
        return Exempt(span, exemption)
    severity, confidence = _weight(call, step)
    return Site(
        span,
        f"`{step.origin.label}` waits in a `receive` of its own",
        because=(*route(step), *_notes(call, span)),
        severity=severity,
        confidence=confidence,
        data={"callback": step.origin.label},
    )


def _exemption(call: Call, step: Reached, module: Module) -> str:
    if is_platform(module):
        return "platform"
    if is_test_support(module):
        return "test-support"
    if only_flushes(call) or _timer_has_fired(call):
        return "flush"
    if waits_for_an_end(call):
        return "end-of-a-process"
    if as_a_call(call):
        return "as-a-call"
    return "continue" if step.origin.name == "handle_continue" else ""


def _timer_has_fired(call: Call) -> bool:
    """Whether it only runs where `Process.cancel_timer` tells that the message is there."""
    for above in nodes.ancestors(call.node):
        if above.id == call.owner.node.id:
            return False
        if nodes.is_call_to(above, "if", "unless", "case"):
            condition = nodes.arguments(above)[:1]
            found = [c for node in condition for c in calls_in(node, call.owner)]
            if any(c.full in _CANCELS for c in found):
                return True
    return False


def _weight(call: Call, step: Reached) -> tuple[Severity | None, Confidence | None]:
    if waits_for_one(call):
        # With a limit too, it is what a call to a server does.
        return "info", "low" if is_limited(call) else "medium"
    if handed_on_at_once(call):
        return "info", "low"
    starts = any(c.full in _SPAWNS and c.start < call.start for c in step.clause.calls)
    return ("info", "medium") if starts else (None, None)


def _notes(call: Call, span: Span) -> Iterator[Because]:
    found = patterns(call)
    loose = [pattern for pattern in found if not is_pinned(pattern)]
    if loose:
        which = (
            f"`{_short(loose[0])}` holds no" if len(loose) < len(found) else "no pattern holds a"
        )
        at = Span.of(call.owner, loose[0]) if len(loose) < len(found) else span
        yield Because(at, f"{which} reference of this request: {_ALIKE}")
    if time_limit(call) is not None:
        yield Because(span, "until then the server answers nobody")
    elif any(is_tuple_of(p, ":timeout") and is_pinned(p) for p in found):
        yield Because(span, _TIMED)
    elif any(is_tuple_of(p, ":DOWN") and is_pinned(p) for p in found):
        yield Because(
            span,
            "there is no `after`: until then, or until the process it monitors is "
            "gone, the server answers nobody",
        )
    else:
        yield Because(span, _ENDLESS)


def _short(pattern: Node) -> str:
    return " ".join(text(pattern).split())[:60]


_TIMED = "until then, or until its timer has run out where that is set, the server answers nobody"
_ENDLESS = "there is no `after`: until such a message comes, the server answers nobody"
_ALIKE = "a message that is alike is taken too"


RULE = Rule(
    id="receive-in-callback",
    title="receive in a callback",
    category="blocking",
    stage=3,
    severity="warning",
    confidence="high",
    fix="advice",
    explanation=(
        "A callback of a server, or a function of the module it calls, has a `receive` block and "
        "waits in it."
    ),
    harm=(
        "The server's loop reads the same mailbox. While the callback waits, calls, casts and "
        "system messages are not answered, and each `receive` goes through all that has piled up. "
        "A pattern without a reference of this request can take a message that `handle_info/2` "
        "was to get."
    ),
    remedy=(
        "Return `{:noreply, state}`, keep what is needed in the state and go on in `handle_info/2` "
        "when the message comes; reply there by `GenServer.reply/2`. Or let a task wait."
    ),
    triggers=(b"receive",),
    check=check,
    bad=(
        Sample("""\
defmodule Shop.Till do
  use GenServer
  def init(port), do: {:ok, port}

  def handle_call({:weigh, item}, _from, port) do
    send(port, {self(), {:command, item}})

    receive do
      {:weight, grams} -> {:reply, grams, port}
    end
  end
end
"""),
        Sample("""\
defmodule Shop.Door do
  use GenServer
  def init(lock), do: {:ok, lock}

  def handle_cast(:close, lock) do
    ref = make_ref()
    send(lock, {:close, self(), ref})
    await_closed(ref)
    {:noreply, lock}
  end

  defp await_closed(ref) do
    receive do
      {:closed, ^ref} -> :ok
      {:jammed, ^ref} -> :jammed
    after
      5_000 -> :timeout
    end
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Till do
  use GenServer
  def init(port), do: {:ok, {port, nil}}

  def handle_call({:weigh, item}, from, {port, nil}) do
    send(port, {self(), {:command, item}})
    {:noreply, {port, from}}
  end

  def handle_info({:weight, grams}, {port, from}) do
    GenServer.reply(from, grams)
    {:noreply, {port, nil}}
  end
end
"""),
        Sample("""\
defmodule Shop.Till do
  use GenServer
  def init(state), do: {:ok, state}

  def handle_cast({:weigh, scale}, state) do
    Task.Supervisor.start_child(Shop.Tasks, fn ->
      receive do
        {:weight, grams} -> Shop.Scale.note(scale, grams)
      end
    end)

    {:noreply, state}
  end
end
"""),
        Sample("""\
defmodule Shop.Wire do
  def ask(pid) do
    send(pid, {:ask, self()})

    receive do
      {:answer, value} -> value
    end
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "flush",
            "`after 0`, or a timer that was too late to be cancelled: the message is already there",
            Sample("""\
defmodule Shop.Clock do
  use GenServer
  def init(state), do: {:ok, state}

  def handle_cast(:stop, timer) do
    Process.cancel_timer(timer)

    receive do
      :tick -> :ok
    after
      0 -> :ok
    end

    {:noreply, nil}
  end
end
"""),
        ),
        Exemption(
            "end-of-a-process",
            "it waits for one process to be gone, by the reference of its monitor or by the pid of "
            "the link it has just made while exits are trapped, and with a limit",
            Sample("""\
defmodule Shop.Belt do
  use GenServer
  def init(motor), do: {:ok, motor}

  def handle_cast(:restart, motor) do
    ref = Process.monitor(motor)
    Shop.Motor.stop(motor)

    receive do
      {:DOWN, ^ref, :process, _pid, _reason} -> :ok
    after
      1_000 -> :ok
    end

    {:noreply, Shop.Motor.start()}
  end
end
"""),
        ),
        Exemption(
            "as-a-call",
            "it waits as `GenServer.call` does, for an answer or the end of the other side by one "
            "monitor's reference, and with a limit: no other message is taken by it",
            Sample("""\
defmodule Shop.Belt do
  use GenServer
  def init(motor), do: {:ok, motor}

  def handle_cast(:faster, motor) do
    ref = Process.monitor(motor)
    send(motor, {:faster, self(), ref})

    receive do
      {:done, ^ref} -> Process.demonitor(ref, [:flush])
      {:DOWN, ^ref, :process, _pid, _reason} -> :ok
    after
      1_000 -> :ok
    end

    {:noreply, motor}
  end
end
"""),
        ),
        Exemption(
            "continue",
            "`handle_continue/2` goes on with the start, before any message is handled",
            Sample("""\
defmodule Shop.Gate do
  use GenServer
  def init(state), do: {:ok, state, {:continue, :wait}}

  def handle_continue(:wait, state) do
    receive do
      :shop_open -> {:noreply, state}
    end
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests has no callers in production",
            Sample("""\
defmodule Shop.Testing.Gate do
  use GenServer
  def init(state), do: {:ok, state}

  def handle_call(:wait, _from, state) do
    receive do
      :open -> {:reply, :ok, state}
    end
  end
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself, which knows its mailbox",
            Sample(
                """\
defmodule IEx.Gate do
  use GenServer
  def init(state), do: {:ok, state}

  def handle_call(:wait, _from, state) do
    receive do
      :open -> {:reply, :ok, state}
    end
  end
end
""",
                path="lib/iex/lib/iex/gate.ex",
            ),
        ),
    ),
)
