"""A call that is answered twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, takewhile

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import is_server
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.bindings import whole_names
from bot.elixir.rules.parts.unused import unused
from bot.elixir.ways import Way, ways

_REPLIES = frozenset({"GenServer.reply", "GenStage.reply", ":gen_server.reply"})
_CONDITIONS = frozenset({"if", "unless", "case", "cond", "with", "for", "try", "receive"})
_SHORT_CIRCUITS = ("&&", "||", "and", "or")
_LEAVES = frozenset(
    {"Kernel.exit", "Kernel.throw", "Kernel.raise", ":erlang.exit", ":erlang.throw"}
)


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every way of a `handle_call/3` on which the same caller gets two answers."""
    function = module.functions.get(("handle_call", 3))
    if function is None or not module.clauses_with(b"reply(") or not is_server(module):
        return
    for clause in function.clauses:
        replies = list(_replies(clause))
        for way in ways(clause) if replies else ():
            yield from _judge(way, replies, clause)


@dataclass(frozen=True, eq=False)
class Reply:
    """A call in the clause that answers its caller, itself or by an own function."""

    call: Call
    name: str
    """The variable that holds the caller."""
    helper: Call | None = None
    """The reply in the own function; it may be on one of its ways only."""


def _replies(clause: Clause) -> Iterator[Reply]:
    """Replies to the caller of this very call, not to one that was kept."""
    caller = whole_names(clause.params[1]) if len(clause.params) == 3 else set()
    for call in _replies_to(caller, clause):
        yield Reply(call, text(call.args[0]))
    module = clause.function.module
    for call in clause.calls if caller else ():
        handed = [i for i, arg in enumerate(call.args) if text(arg) in caller]
        if call.module == module.name and handed and unused(call.statement, module):
            helper = _reply_of_helper(call, handed[0])
            name = text(call.args[handed[0]])
            if helper is not None and not _rebound(call, name, clause):
                yield Reply(call, name, helper)


def _reply_of_helper(call: Call, position: int) -> Call | None:
    function = call.owner.local(call.name, call.arity)
    for clause in function.clauses if function is not None and function.arity == call.arity else ():
        names = whole_names(clause.params[position])
        found = next(_replies_to(names, clause), None)
        if found is not None:
            return found
    return None


def _replies_to(caller: set[str], clause: Clause) -> Iterator[Call]:
    for call in clause.calls:
        if call.full in _REPLIES and call.arity == 2 and not call.captured and not call.in_quote:
            name = text(call.args[0])
            if name in caller and not _rebound(call, name, clause):
                yield call


def _rebound(reply: Call, name: str, clause: Clause) -> bool:
    """Whether the name means somebody else there: a closure's parameter, a pattern, a match."""
    bound = [
        around.child_by_field_name("left")
        for around in nodes.ancestors(reply.node)
        if around.type == "stab_clause" and nodes.contains(clause.node, around)
    ]
    for symbol in ("=", "<-"):
        bound += [n.child_by_field_name("left") for n in operations(clause.node, symbol)]
    head = clause.head
    return any(
        left is not None and name in nodes.identifiers(left) and not nodes.contains(head, left)
        for left in bound
    )


def _judge(way: Way, replies: list[Reply], clause: Clause) -> Iterator[Site | Exempt]:
    passed = [(r, n) for r in replies for n in way.passed if nodes.contains(n, r.call.node)]
    if way.tag == ":reply" or (way.tag == ":stop" and way.result.named_child_count == 4):
        for reply, statement in passed[:1]:
            yield _site(reply, way.result, clause, sure=_always(reply, statement))
        return
    sure = [reply for reply, statement in passed if _always(reply, statement)]
    for first, second in pairwise(sure):
        yield _site(first, second.call.node, clause, sure=True)


def _always(reply: Reply, statement: Node) -> bool:
    """Whether the statement never ends without the reply."""
    above = takewhile(lambda node: node.id != statement.id, nodes.ancestors(reply.call.node))
    between = [node for node in (statement, *above) if node.id != reply.call.node.id]
    return reply.helper is None and not any(_chooses(node) for node in between)


def _chooses(node: Node) -> bool:
    if node.type == "anonymous_function" or nodes.operator(node) in _SHORT_CIRCUITS:
        return True
    return node.type == "call" and nodes.is_call_to(node, *_CONDITIONS)


def _leaves_after(reply: Call, clause: Clause) -> bool:
    """Whether the branch of the reply exits, throws or raises after it."""
    block = reply.statement.parent
    return block is not None and any(
        call.full in _LEAVES
        and call.start > reply.start
        and call.node.parent is not None
        and call.node.parent.id == block.id
        for call in clause.calls
    )


def _site(first: Reply, second: Node, clause: Clause, *, sure: bool) -> Site | Exempt:
    module = clause.function.module
    span = Span.of(module, first.call.node)
    if _leaves_after(first.call, clause):
        return Exempt(span, "leaves-there")
    by = "by what the clause returns" if second.type == "tuple" else "on the same way"
    return Site(
        span,
        f"the caller {'is' if sure else 'can be'} answered here and once more {by}",
        because=(
            *_answers(first, module),
            Because(Span.of(module, second), "this answers it, too"),
        ),
        confidence=None if sure else "medium",
    )


def _answers(reply: Reply, module: Module) -> Iterator[Because]:
    span = Span.of(module, reply.call.node)
    if reply.helper is not None:
        yield Because(span, f"this hands `{reply.name}` on to `{reply.call.name}`")
    call = reply.helper or reply.call
    where = ", from another process" if call.runs_in else ""
    yield Because(Span.of(module, call.node), f"this answers the caller{where}")


def _desk(clause: str) -> Sample:
    lines = "".join(f"  {line}\n" if line else "\n" for line in clause.splitlines())
    return Sample(
        "defmodule Shop.Desk do\n  use GenServer\n\n  def init(state), do: {:ok, state}\n\n"
        f"{lines}end\n"
    )


RULE = Rule(
    id="double-reply",
    title="Call answered twice",
    category="messaging",
    stage=1,
    severity="error",
    confidence="high",
    fix="advice",
    explanation=(
        "On one way through a clause of `handle_call/3` the caller can get two answers: by "
        "`GenServer.reply/2`, and by a second one or by the `{:reply, ...}` that is "
        "returned."
    ),
    harm=(
        "`GenServer.call/3` takes one answer. A second that was sent before the caller took the "
        "first stays in its mailbox as `{tag, value}`: a server gets it in `handle_info/2`, other "
        "processes keep it for ever. One that comes later is dropped since OTP 24. Which of two "
        "values the caller sees is chance where they come from two processes."
    ),
    remedy=(
        "Answer once on each way: return `{:noreply, state}` after `GenServer.reply/2`, or leave "
        "the answer to the returned tuple."
    ),
    triggers=(b"reply(",),
    check=check,
    bad=(
        _desk("""\
def handle_call(:open, from, state) do
  GenServer.reply(from, :opening)
  {:reply, :ok, Map.put(state, :open, true)}
end
"""),
        _desk("""\
def handle_call(:count, from, state) do
  Task.Supervisor.start_child(Shop.Tasks, fn -> GenServer.reply(from, map_size(state)) end)
  {:reply, :counting, state}
end
"""),
        _desk("""\
def handle_call({:commit, cart}, from, state) do
  commit(cart, from)
  {:reply, :ok, state}
end

defp commit(cart, caller), do: Task.start(fn -> GenServer.reply(caller, length(cart)) end)
"""),
        _desk("""\
def handle_call({:find, item}, from, state) do
  GenServer.reply(from, Map.get(state, item))
  from |> GenServer.reply(:done)
  {:noreply, state}
end
"""),
    ),
    good=(
        _desk("""\
def handle_call(:open, from, state) do
  GenServer.reply(from, :opening)
  {:noreply, Map.put(state, :open, true)}
end
"""),
        _desk("""\
def handle_call({:find, item}, from, state) do
  case state do
    %{^item => count} ->
      GenServer.reply(from, count)
      {:noreply, state}

    _ ->
      {:reply, :none, state}
  end
end
"""),
        _desk("""\
def handle_call(:open, _from, state) do
  Enum.each(state.waiting, fn from -> GenServer.reply(from, :open) end)
  {:reply, :ok, %{state | waiting: []}}
end
"""),
        _desk("""\
def handle_call(:release, _from, %{waiting: [from | rest]} = state) do
  GenServer.reply(from, :yours)
  {:reply, :ok, %{state | waiting: rest}}
end
"""),
    ),
    exemptions=(
        Exemption(
            "leaves-there",
            "the branch that replies exits, throws or raises right after, and returns nothing",
            _desk("""\
def handle_call(:sell, from, state) do
  if state == %{} do
    GenServer.reply(from, :empty)
    exit(:normal)
  end

  {:reply, :sold, state}
end
"""),
        ),
    ),
)
