"""State kept in the process dictionary."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.context import compiled_for_tests, is_platform, is_test_support
from bot.elixir.dictionary import (
    Uses,
    gives_old_value,
    is_handed_on,
    takes_all,
    tells_who_it_is,
    uses_of,
)
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import is_server, reached_from_callbacks
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.dictionary_readers import gives_dropped, inspects, is_inherited
from bot.elixir.rules.parts.standing import callers_of
from bot.elixir.rules.parts.stated_reasons import PDICT, stated

_CONTEXT = re.compile(
    r"\$|logger|otel|opentelemetry|span|trace|tracing|locale|gettext|request_id|sentry|sandbox"
    r"|statsd|telemetry|(?<![a-z])apm(?![a-z])"
)


def check(module: Module) -> Iterator[Site | Exempt]:
    """One finding for each key the module writes to its process's dictionary."""
    for key, uses in uses_of(module).items():
        if uses.writes:
            yield _judge(key, uses, module)


def _judge(key: str, uses: Uses, module: Module) -> Site | Exempt:
    call = uses.writes[0][0]
    span = Span.of(module, call.node)
    exemption = _exemption(key, uses, module)
    if exemption:
        return Exempt(span, exemption)
    callbacks = (
        {r.clause.node.id for r in reached_from_callbacks(module)} if is_server(module) else set()
    )
    owned = [
        c
        for c, clause in (*uses.writes, *uses.reads)
        if clause.node.id in callbacks and not c.runs_in
    ]
    in_server = (
        bool(uses.reads)
        and any(c.name == "put" for c in owned)
        and any(c.name == "get" for c in owned)
    )
    return Site(
        span,
        f"the process dictionary keeps a value under `{key}`",
        because=_places(uses, module, in_server),
        confidence="low" if uses.drops else None if in_server else "medium",
        data={"key": key},
    )


def _places(uses: Uses, module: Module, in_server: bool) -> tuple[Because, ...]:
    (first, _), *more = uses.writes
    note = _note(first)
    if not uses.reads and not _old_values_matter(uses):
        seen = is_handed_on(uses, module) or takes_all(module)
        note += "" if seen else "; no read of it is seen in this module"
    elif in_server:
        note += ", past the server's state"
    return (
        Because(Span.of(module, first.node), note),
        *(Because(Span.of(module, c.node), _note(c)) for c, _ in more),
        *(Because(Span.of(module, c.node), "read here") for c, _ in uses.reads),
        *(Because(Span.of(module, c.node), _dropped(c, clause)) for c, clause in uses.drops),
    )


def _old_values_matter(uses: Uses) -> bool:
    written = any(gives_old_value(call) for call, _ in uses.writes)
    return written or any(gives_dropped(call, clause) for call, clause in uses.drops)


def _dropped(call: Call, clause: Clause) -> str:
    return "dropped here, for its value" if gives_dropped(call, clause) else "dropped here"


def _note(write: Call) -> str:
    return "written here, and its old value is used" if gives_old_value(write) else "written here"


def _exemption(key: str, uses: Uses, module: Module) -> str:
    if is_platform(module):
        return "platform"
    if _CONTEXT.search(key.lower()):
        return "context"
    if is_test_support(module) or all(compiled_for_tests(c.node) for c, _ in uses.writes):
        return "test-support"
    within = [clause for _, clause in uses.writes if not _scoped(clause, uses)]
    if not within or (_private(within) and _dropped_after(uses)):
        return "scoped"
    if uses.drops and all(_is_given_events(c) for _, c in (*uses.writes, *uses.drops)):
        return "event-handler"
    if inspects(module):
        return "inspected"
    if is_inherited(key, module):
        return "inherited"
    if not uses.reads and all(clause.function.label == "init/1" for _, clause in uses.writes):
        return "label"
    if any(stated(PDICT, call, clause) for call, clause in (*uses.writes, *uses.reads)):
        return "stated"
    return "identity" if tells_who_it_is(uses, module) else ""


def _scoped(clause: Clause, uses: Uses) -> bool:
    """Whether the clause that writes the key also drops it again, by the same names."""
    put = {text(call.args[0]) for call, writing in uses.writes if writing is clause}
    return any(d is clause and text(call.args[0]) in put for call, d in uses.drops)


def _is_given_events(clause: Clause) -> bool:
    """Whether the module gives the function to `:telemetry`, which calls it where events occur."""
    function = clause.function
    name = f"{function.name}/{function.arity}".encode()
    attaching = (
        call
        for other in function.module.clauses_with(b":telemetry.attach")
        for call in other.calls
        if call.full in (":telemetry.attach", ":telemetry.attach_many")
    )
    return any(name in (call.node.text or b"") for call in attaching)


def _private(clauses: list[Clause]) -> bool:
    """Whether only the module itself decides when they run: not for a setter of its own."""
    return all(clause.function.kind == "defp" for clause in clauses)


def _dropped_after(uses: Uses) -> bool:
    """Whether an `after` block drops it, or calls the function of the module that does."""
    for call, clause in uses.drops:
        if _in_after(call.node):
            return True
        function = clause.function
        for caller in callers_of(function):
            named = (c for other in caller.clauses for c in other.calls if c.name == function.name)
            if any(c.module == function.module.name and _in_after(c.node) for c in named):
                return True
    return False


def _in_after(node: Node) -> bool:
    """Whether it runs after a `try`, or after the body of a function; a `receive` waits."""
    block = next((a for a in nodes.ancestors(node) if a.type == "after_block"), None)
    owner = block.parent.parent if block is not None and block.parent is not None else None
    return owner is not None and not nodes.is_call_to(owner, "receive")


RULE = Rule(
    id="process-dictionary",
    title="State in the process dictionary",
    category="volatile-state",
    stage=2,
    # Authors of the best code bases do this knowingly, for speed or for secrets: a remark.
    severity="info",
    confidence="high",
    fix="advice",
    explanation=(
        "`Process.put` keeps a value in the process dictionary and `Process.get` "
        "takes it out elsewhere."
    ),
    harm=(
        "The value is in no argument and no state. Code that reads it works only in the right "
        "process; moved into a task, it finds nothing there."
    ),
    remedy=(
        "Pass the value as an argument, keep it in the server's state, or own it in an "
        "ETS table with a client API."
    ),
    triggers=(b"Process.put", b":erlang.put"),
    check=check,
    bad=(
        Sample("""\
defmodule Meter do
  use GenServer

  def init(_) do
    Process.put(:count, 0)
    {:ok, nil}
  end

  def handle_cast(:tick, state) do
    Process.put(:count, Process.get(:count) + 1)
    {:noreply, state}
  end
end
"""),
        Sample("""\
defmodule Basket do
  @key {__MODULE__, :items}

  def add(item), do: Process.put(@key, [item | items()])
  def items, do: Process.get(@key, [])
end
"""),
    ),
    good=(
        Sample("""\
defmodule Meter do
  use GenServer

  def init(_), do: {:ok, 0}
  def handle_cast(:tick, count), do: {:noreply, count + 1}
end
"""),
        Sample("""\
defmodule Shop.Process do
  alias Shop.Process, as: Process

  def put(key, value), do: {key, value}
  def twice(value), do: Process.put(:once, Process.put(:again, value))
end
"""),
    ),
    exemptions=(
        Exemption(
            "context",
            "tracing, logging, labels of metrics and locale are context of a process by design, "
            "and OTP's own keys start with `$`",
            Sample("""\
defmodule Locale do
  def set(locale), do: Process.put(:shop_locale, locale)
  def get, do: Process.get(:shop_locale, "en")
end
"""),
        ),
        Exemption(
            "scoped",
            "written and dropped by the same function, or by private ones with the drop in an "
            "`after`: it does not outlive one call",
            Sample("""\
defmodule Drain do
  def run(fun) do
    Process.put(:draining, true)
    fun.()
  after
    Process.delete(:draining)
  end

  def draining?, do: Process.get(:draining, false)
end
"""),
        ),
        Exemption(
            "event-handler",
            "a handler of events has no state: what one event writes, the clause for a later one "
            "drops again in the same process",
            Sample("""\
defmodule Shop.Timing do
  def attach do
    :telemetry.attach_many("shop", [[:shop, :start], [:shop, :stop]], &__MODULE__.handle/4, nil)
  end

  def handle([:shop, :start], now, _, _), do: Process.put(:begun, now.time)
  def handle([:shop, :stop], now, _, _), do: Shop.Log.took(now.time - Process.delete(:begun))
end
"""),
        ),
        Exemption(
            "inspected",
            "other processes read it there by `Process.info(pid, :dictionary)`, without a word to "
            "the process",
            Sample("""\
defmodule Desk do
  def enter(name), do: Process.put(:desk, name)

  def name(pid) do
    {:dictionary, kept} = Process.info(pid, :dictionary)
    List.keyfind(kept, :desk, 0)
  end
end
"""),
        ),
        Exemption(
            "inherited",
            "the processes started by its own find it by `ProcessTree.get`: what holds for them "
            "all",
            Sample("""\
defmodule Desk do
  def enter(name), do: Process.put(:desk, name)
  def name, do: ProcessTree.get(:desk)
end
"""),
        ),
        Exemption(
            "label",
            "written once at start and never read back: a label for whoever inspects the process",
            Sample("""\
defmodule Proxy do
  use GenServer

  def init(arg) do
    Process.put(:proxy, true)
    {:ok, arg}
  end
end
"""),
        ),
        Exemption(
            "identity",
            "a server notes who it is once, as it starts or takes its only piece of work, for the "
            "code of others that runs in it and is given no state; a public function tells it",
            Sample("""\
defmodule Shop.Clerk do
  use GenServer
  def name, do: Process.get(:clerk)
  def init(name), do: {:ok, Process.put(:clerk, name)}

  def handle_call({:serve, customer}, _from, state) do
    {:reply, customer.serve(), state}
  end
end
"""),
        ),
        Exemption(
            "stated",
            "the documentation, or a comment there, says that it is in the process dictionary: on "
            "purpose, and known to whoever reads it",
            Sample("""\
defmodule Basket do
  @moduledoc "The items of a visit, kept in the process dictionary of its own process."

  def add(item), do: Process.put(:items, [item | items()])
  def items, do: Process.get(:items, [])
end
"""),
        ),
        Exemption(
            "test-support",
            "helpers for tests, or code compiled for them alone, are per process on purpose, so "
            "that tests can run side by side",
            Sample("""\
defmodule Shop.Testing do
  def with_mode(mode), do: Process.put(:mode, mode)
  def mode, do: Process.get(:mode)
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself, whose processes have no other place for it",
            Sample(
                """\
defmodule IEx.History do
  def save(history), do: Process.put(:iex_history, history)
  def all, do: Process.get(:iex_history)
end
""",
                path="lib/iex/lib/iex/history.ex",
            ),
        ),
    ),
)
