"""A monitor whose reference is thrown away, in a server that forgets the process without it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.context import is_platform
from bot.elixir.expressions import operations
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.reach import Reached, is_server, reached, reached_from_callbacks
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.route import route

_MONITORS = frozenset({"Process.monitor", ":erlang.monitor"})
_RELEASES = frozenset({"Process.demonitor", ":erlang.demonitor"})
_REQUESTS = (("handle_call", 3), ("handle_cast", 2), ("handle_info", 2))
_LEAVES = re.compile(
    r"^:\"?(?:un[a-z]+|leave|remove|detach|forget|disconnect|release|checkin|drop|deregister)(?:_|$)"
)
"""Tags of requests that undo what a subscription did."""
_FORGETS = frozenset(
    {
        "Map.delete", "Map.pop", "Map.pop!", "Map.drop", "Map.reject", "MapSet.delete",
        "List.delete", "List.keydelete", "Enum.reject", "Enum.filter", "Keyword.delete",
        ":ets.delete", ":ets.match_delete", ":ets.delete_object", ":maps.remove", "pop_in",
        "Map.update", "Map.update!", "update_in", "MapSet.difference",
    }
)  # fmt: skip


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every discarded monitor of a server that has a way to forget a process without it."""
    if not is_server(module):
        return
    for step in reached_from_callbacks(module, _REQUESTS):
        for call in step.clause.calls if step.clause.mentions(b"monitor") else ():
            if _is_monitor(call) and _discarded(call):
                yield from _judge(call, step)


def _is_monitor(call: Call) -> bool:
    if call.captured or call.in_quote or call.runs_in:
        return False
    return call.full in _MONITORS


def _discarded(call: Call) -> bool:
    """Whether nothing keeps the reference: a statement of its own, or bound to `_`."""
    node: Node = call.statement
    parent = node.parent
    if parent is not None and nodes.operator(parent) == "=":
        if not nodes.text_of(parent, "left").startswith("_"):
            return False
        node, parent = parent, parent.parent
    if parent is None:
        return False
    if parent.type == "body" and _only_each(parent):
        return True
    if parent.type not in ("do_block", "body", "else_block"):
        return _only_each(parent)
    return nodes.statements(parent)[-1].id != node.id or _in_statement(parent)


def _in_statement(block: Node) -> bool:
    """Whether a branch's value is dropped: its `if` or `case` is not the last statement."""
    owner = block.parent
    while owner is not None and owner.type in ("stab_clause", "do_block", "else_block"):
        owner = owner.parent
    if owner is None or not nodes.is_call_to(owner, "if", "unless", "case", "cond"):
        return False
    outer = owner.parent
    return (
        outer is not None
        and outer.type in ("do_block", "body")
        and nodes.statements(outer)[-1].id != owner.id
    )


def _only_each(node: Node) -> bool:
    """Whether the value is that of a function given to `Enum.each`."""
    for above in (node, *nodes.ancestors(node)):
        if above.type == "anonymous_function":
            taker = above.parent.parent if above.parent is not None else None
            return taker is not None and nodes.text_of(taker, "target") == "Enum.each"
        if above.type not in ("stab_clause", "body", "unary_operator"):
            return False
    return False


def _judge(call: Call, step: Reached) -> Iterator[Site | Exempt]:
    module = step.clause.function.module
    leaving = _leaving(module, _fields(_entry(step)))
    if leaving is None:
        return
    span = Span.of(module, call.node)
    if is_platform(module):
        yield Exempt(span, "platform")
        return
    if any(c.full in _RELEASES for clause in module.all_clauses() for c in clause.calls):
        yield Exempt(span, "released")
        return
    yield Site(
        span,
        "the monitor's reference is thrown away, so nobody can take the monitor back",
        because=(
            *route(step),
            Because(
                Span.of(module, leaving.head),
                "this request takes something out of what that one fills, and ends no monitor",
            ),
        ),
        data={"call": call.full},
    )


def _entry(step: Reached) -> Clause:
    """The clause of the request that leads to the monitor."""
    first = step.path[0].node if step.path else None
    if first is None:
        return step.clause
    return next((c for c in step.origin.clauses if nodes.contains(c.node, first)), step.clause)


def _leaving(module: Module, fields: set[str]) -> Clause | None:
    """The clause of a request that forgets in the same fields what is put there."""
    for key in _REQUESTS[:2]:
        function = module.functions.get(key)
        for clause in function.clauses if function is not None else ():
            if _LEAVES.match(_tag(clause)) and _forgets(clause):
                given_up = _fields(clause)
                if fields & given_up or not (fields or given_up):
                    return clause
    return None


def _tag(clause: Clause) -> str:
    message = clause.params[0] if clause.params else None
    if message is not None and message.type == "tuple" and message.named_children:
        message = message.named_children[0]
    return text(message) if message is not None else ""


def _forgets(clause: Clause) -> bool:
    return any(call.full in _FORGETS for part in _parts(clause) for call in part.calls)


def _parts(clause: Clause) -> list[Clause]:
    """The clause and those of the module's functions that it calls."""
    module = clause.function.module
    called = [module.local(c.name, c.arity) for c in clause.calls if c.module == module.name]
    steps = reached([function for function in called if function is not None])
    return [clause, *(step.clause for step in steps)]


def _fields(clause: Clause) -> set[str]:
    """Fields of the state that a request writes; none where the state itself is the store."""
    found: set[str] = set()
    for part in _parts(clause):
        if part.body is None:
            continue
        for update in operations(part.body, "|"):
            if update.parent is not None and update.parent.type == "map_content":
                found |= set(nodes.keyword_pairs(update.child_by_field_name("right")))
        for call in part.calls:
            if call.name in ("put_in", "update_in", "pop_in") and call.args:
                found.add(text(call.args[0]).rpartition(".")[2])
            elif call.module == "Map" and len(call.args) > 2 and call.args[1].type == "atom":
                found.add(text(call.args[1]).removeprefix(":"))
    return found


RULE = Rule(
    id="monitor-leak",
    title="A monitor that nobody can take back",
    category="resources",
    stage=2,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "A server monitors a process for a request and throws the reference away. Another request "
        "forgets the process, but there is no `Process.demonitor` in the module."
    ),
    harm=(
        "Where a process leaves and comes again, one more monitor is set up: they cost memory "
        "on both sides, and when the process ends, one `:DOWN` comes for each. Until then a "
        "process that has left is still watched, and its end comes as if it had not."
    ),
    remedy=(
        "Keep the reference with the process, and give it up where the process is forgotten: "
        "`Process.demonitor(ref, [:flush])`. In the clause for `:DOWN` nothing is left to release."
    ),
    triggers=(b"monitor",),
    check=check,
    bad=(
        Sample("""\
defmodule Shop.Board do
  use GenServer
  def init(readers), do: {:ok, readers}

  def handle_call({:subscribe, pid}, _from, readers) do
    Process.monitor(pid)
    {:reply, :ok, MapSet.put(readers, pid)}
  end

  def handle_call({:unsubscribe, pid}, _from, readers) do
    {:reply, :ok, MapSet.delete(readers, pid)}
  end

  def handle_info({:DOWN, _ref, :process, pid, _reason}, readers) do
    {:noreply, MapSet.delete(readers, pid)}
  end
end
"""),
        Sample("""\
defmodule Shop.Room do
  use GenServer
  def init(state), do: {:ok, state}

  def handle_cast({:join, pid, name}, state), do: {:noreply, enter(state, pid, name)}
  def handle_cast({:leave, pid}, state), do: {:noreply, forget(state, pid)}
  def handle_info({:DOWN, _, _, pid, _}, state), do: {:noreply, forget(state, pid)}

  defp enter(state, pid, name) do
    _ref = pid |> Process.monitor()
    Map.put(state, pid, name)
  end

  defp forget(state, pid), do: Map.delete(state, pid)
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Board do
  use GenServer
  def init(readers), do: {:ok, readers}

  def handle_call({:subscribe, pid}, _from, readers) do
    {:reply, :ok, Map.put(readers, pid, Process.monitor(pid))}
  end

  def handle_call({:unsubscribe, pid}, _from, readers) do
    {ref, readers} = Map.pop(readers, pid)
    Process.demonitor(ref, [:flush])
    {:reply, :ok, readers}
  end
end
"""),
        Sample("""\
defmodule Shop.Board do
  use GenServer
  def init(readers), do: {:ok, readers}

  def handle_call({:subscribe, pid}, _from, readers) do
    Process.monitor(pid)
    {:reply, :ok, MapSet.put(readers, pid)}
  end

  def handle_info({:DOWN, _ref, :process, pid, _reason}, readers) do
    {:noreply, MapSet.delete(readers, pid)}
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "released",
            "the module gives monitors up elsewhere; which ones, only run time tells",
            Sample("""\
defmodule Shop.Board do
  use GenServer
  def init(readers), do: {:ok, readers}

  def handle_call({:subscribe, pid}, _from, readers) do
    Process.monitor(pid)
    {:reply, :ok, MapSet.put(readers, pid)}
  end

  def handle_call({:unsubscribe, pid}, _from, readers) do
    Enum.each(Shop.Refs.of(pid), &Process.demonitor(&1, [:flush]))
    {:reply, :ok, MapSet.delete(readers, pid)}
  end
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself",
            Sample(
                """\
defmodule IEx.Board do
  use GenServer
  def init(readers), do: {:ok, readers}

  def handle_cast({:join, pid}, readers) do
    Process.monitor(pid)
    {:noreply, MapSet.put(readers, pid)}
  end

  def handle_cast({:leave, pid}, readers), do: {:noreply, MapSet.delete(readers, pid)}
end
""",
                path="lib/iex/lib/iex/board.ex",
            ),
        ),
    ),
)
