"""A call that is answered twice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, takewhile

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import is_server
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
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
        replies = _replies(clause)
        for way in ways(clause) if replies else ():
            yield from _judge(way, replies, clause)


def _replies(clause: Clause) -> list[Call]:
    """Replies to the caller of this very call, not to one that was kept."""
    caller = {text(n) for n in _wholes(clause.params[1])} if len(clause.params) == 3 else set()
    return [
        call
        for call in clause.calls
        if call.full in _REPLIES and call.arity == 2 and not call.captured and not call.in_quote
        if text(call.args[0]) in caller and not _rebound(call, clause)
    ]


def _rebound(reply: Call, clause: Clause) -> bool:
    """Whether the name means somebody else there: a closure's parameter, a pattern, a match."""
    name = text(reply.args[0])
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


def _wholes(pattern: Node) -> Iterator[Node]:
    """Variables that hold the whole of what the pattern matches."""
    if pattern.type == "identifier":
        yield pattern
    elif nodes.operator(pattern) == "=":
        for side in pattern.named_children:
            yield from _wholes(side)


def _judge(way: Way, replies: list[Call], clause: Clause) -> Iterator[Site | Exempt]:
    passed = [(r, n) for r in replies for n in way.passed if nodes.contains(n, r.node)]
    if way.tag == ":reply" or (way.tag == ":stop" and way.result.named_child_count == 4):
        for reply, statement in passed[:1]:
            yield _site(reply, way.result, clause, sure=_always(reply, statement))
        return
    sure = [reply for reply, statement in passed if _always(reply, statement)]
    for first, second in pairwise(sure):
        yield _site(first, second.node, clause, sure=True)


def _always(reply: Call, statement: Node) -> bool:
    """Whether the statement never ends without the reply."""
    between = takewhile(lambda above: above.id != statement.id, nodes.ancestors(reply.node))
    return not any(_chooses(node) for node in (statement, *between) if node.id != reply.node.id)


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


def _site(first: Call, second: Node, clause: Clause, *, sure: bool) -> Site | Exempt:
    module = clause.function.module
    span = Span.of(module, first.node)
    if _leaves_after(first, clause):
        return Exempt(span, "leaves-there")
    return Site(
        span,
        "the caller is answered here and once more by what the clause returns"
        if second.type == "tuple"
        else "the caller is answered here and once more on the same way",
        because=(
            Because(
                span,
                f"this answers `{text(first.args[0])}`, from another process"
                if first.runs_in
                else f"this answers `{text(first.args[0])}`",
            ),
            Because(Span.of(module, second), "and this answers it again"),
        ),
        confidence=None if sure else "medium",
    )


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
        "On one way through a clause of `handle_call/3` the caller gets two answers: by "
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
