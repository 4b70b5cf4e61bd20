"""A server that drives itself from one state to the next by messages to itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir.context import is_platform
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import is_server
from bot.elixir.rules.base import Because, Exempt, Exemption, Limit, Rule, Sample, Site, Span
from bot.elixir.timers import own_messages, run_by, shape
from bot.elixir.ways import ways

_CONTINUE = "continue "
_TAKERS = {("handle_info", 2): "", ("handle_continue", 2): _CONTINUE}
"""Callbacks for what a server sends itself, and how their messages are told apart here."""
_LEAST = 3


@dataclass(frozen=True, eq=False)
class Move:
    """One step from a state to the next."""

    target: str
    node: Node
    later: bool = False
    """Whether a timer brings it: such a step does not count, but shows that the server waits."""


def check(module: Module, messages: int = _LEAST) -> Iterator[Site | Exempt]:
    """The longest chain of different messages, each sent by the handler of the one before."""
    if not module.clauses_with(b"send", b":continue") or not is_server(module):
        return
    if module.implements(":gen_statem") or module.implements("GenStateMachine"):
        return
    moves = _moves(module)
    chain = max((_chain(start, moves) for start in moves), key=len, default=())
    if len(chain) < messages - 1:
        return
    if is_platform(module):
        yield Exempt(Span.of(module, chain[0].node), "platform")
    elif sum(not move.target.startswith(_CONTINUE) for move in chain) < messages - 1:
        yield Exempt(Span.of(module, chain[0].node), "continues")
    elif _in_line(chain, moves):
        yield Exempt(Span.of(module, chain[0].node), "in-line")
    else:
        yield _site(chain, moves, module)


def _site(chain: tuple[Move, ...], moves: Mapping[str, list[Move]], module: Module) -> Site:
    first = next(state for state, found in moves.items() if chain[0] in found)
    states = [first, *(move.target for move in chain)]
    return Site(
        Span.of(module, chain[0].node),
        f"the server can move itself through {len(states)} messages to itself: "
        + " → ".join(f"`{state}`" for state in states),
        because=tuple(
            Because(Span.of(module, move.node), f"what takes `{before}` can bring `{move.target}`")
            for before, move in zip(states, chain, strict=False)
        ),
        data={"states": " ".join(states)},
    )


def _chain(start: str, moves: Mapping[str, list[Move]]) -> tuple[Move, ...]:
    """The shortest way from a state to the one that is farthest from it."""
    chains: dict[str, tuple[Move, ...]] = {start: ()}
    queue = [start]
    for state in queue:
        for move in moves[state]:
            if not move.later and move.target in moves and move.target not in chains:
                chains[move.target] = (*chains[state], move)
                queue.append(move.target)
    return max(chains.values(), key=len)


def _in_line(chain: tuple[Move, ...], moves: Mapping[str, list[Move]]) -> bool:
    """Whether each message of the chain is followed by one other alone, which a timer may bring,
    and the server waits by one on the way: it does one thing, with pauses.
    """
    first = next(state for state, found in moves.items() if chain[0] in found)
    states = [first, *(move.target for move in chain)]
    following = ({move.target for move in moves[state]} - {state} for state in states)
    waits = any(move.later for state in states for move in moves[state])
    return waits and all(len(others) <= 1 for others in following)


def _moves(module: Module) -> dict[str, list[Move]]:
    """What the handler of each message sends the server next, by message."""
    found: dict[str, list[Move]] = {}
    for key, prefix in _TAKERS.items():
        function = module.functions.get(key)
        for clause in function.clauses if function is not None else ():
            state = shape(clause.params[0]) if clause.params else ""
            if state:
                found.setdefault(prefix + state, []).extend(_moves_of(clause))
    return found


def _moves_of(handler: Clause) -> Iterator[Move]:
    told: set[tuple[str, bool]] = set()
    for clause in run_by(handler):
        sent = [Move(shape(own.message), own.call.node, own.later) for own in own_messages(clause)]
        for move in (*sent, *_continues(clause)):
            if move.target and (move.target, move.later) not in told:
                told.add((move.target, move.later))
                yield move


def _continues(clause: Clause) -> Iterator[Move]:
    """`{:continue, message}` at the end of what the clause returns."""
    for way in ways(clause):
        parts = [n for n in way.result.named_children if n.type != "comment"]
        last = parts[-1] if way.tag in (":noreply", ":reply") and parts else None
        inner = last.named_children if last is not None and last.type == "tuple" else []
        if len(inner) == 2 and text(inner[0]) == ":continue":
            yield Move(_CONTINUE + shape(inner[1]), inner[1])


def _import(handlers: str) -> Sample:
    lines = "".join(f"  {line}\n" if line else "\n" for line in handlers.splitlines())
    return Sample(
        "defmodule Shop.Import do\n  use GenServer\n\n"
        "  def init(path), do: {:ok, path, {:continue, :open}}\n\n" + lines + "end\n"
    )


RULE = Rule(
    id="self-message-state-machine",
    title="State machine made of messages to oneself",
    category="messaging",
    stage=3,
    severity="info",
    confidence="medium",
    fix="advice",
    explanation=(
        "The handler of one message sends the server the next one, and so on through three or "
        "more different messages: a state machine whose states are spread over clauses."
    ),
    harm=(
        "The state is in the mailbox, not in the data: other messages come between two steps, a "
        "step can be queued twice, and there is no place that says what is allowed when."
    ),
    remedy=(
        "Where the steps only follow each other, call one function after another, or start a task "
        "for them. Where the server really waits between them, `:gen_statem` has states, "
        "time-outs for a state and postponed events."
    ),
    limits=(Limit("messages", _LEAST, "messages in a row, from which on it is told", 2),),
    triggers=(b"handle_info", b"handle_continue"),
    check=check,
    bad=(
        _import("""\
def handle_info(:read, state) do
  send(self(), :parse)
  {:noreply, state}
end

def handle_info(:parse, state) do
  Process.send(self(), :store, [])
  {:noreply, state}
end

def handle_info(:store, state), do: {:noreply, state}
"""),
        _import("""\
def handle_continue(:open, state) do
  follow({:read, state})
  {:noreply, state}
end

def handle_info({:read, rows}, state) do
  self() |> send({:store, rows})
  {:noreply, state}
end

def handle_info({:store, _rows}, state), do: {:noreply, state}

defp follow(_), do: send(self(), {:read, []})
"""),
    ),
    good=(
        _import("""\
def handle_continue(:open, state) do
  Process.send_after(self(), :tick, 1_000)
  {:noreply, state}
end

def handle_cast(:read, state), do: {:noreply, state, {:continue, :open}}
"""),
        _import("""\
def handle_info(:tick, state) do
  Process.send_after(self(), :tick, 1_000)
  {:noreply, state}
end
"""),
        _import("""\
def handle_continue(:open, state) do
  send(self(), :read)
  {:noreply, state}
end

def handle_info(:read, state), do: {:noreply, state}
"""),
        Sample("""\
defmodule Shop.Door do
  @behaviour :gen_statem
  def callback_mode, do: :handle_event_function
  def init(_), do: {:ok, :shut, nil}
  def handle_event(:info, :open, _, _), do: {:next_state, :open, nil}
end
"""),
    ),
    exemptions=(
        Exemption(
            "continues",
            "a continue follows at once, before any other message: steps of one piece of work",
            _import("""\
def handle_continue(:open, state), do: {:noreply, state, {:continue, :read}}
def handle_continue(:read, state), do: {:noreply, state, {:continue, :store}}
def handle_continue(:store, state), do: {:noreply, state}
"""),
        ),
        Exemption(
            "in-line",
            "each message is followed by one other alone, and the server waits on the way by a "
            "timer: one thing after another with pauses, in which no message means two things",
            _import("""\
def handle_info(:wait, state) do
  if File.exists?(state.path) do
    send(self(), :read)
  else
    Process.send_after(self(), :wait, 1_000)
  end

  {:noreply, state}
end

def handle_info(:read, state) do
  send(self(), :store)
  {:noreply, state}
end

def handle_info(:store, state), do: {:noreply, state}
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself",
            Sample(
                """\
defmodule Logger.Steps do
  use GenServer
  def init(x), do: {:ok, x}
  def handle_info(:one, x), do: {:noreply, send(self(), :two) && x}
  def handle_info(:two, x), do: {:noreply, send(self(), :three) && x}
  def handle_info(:three, x), do: {:noreply, x}
end
""",
                path="lib/logger/lib/logger/steps.ex",
            ),
        ),
    ),
)
