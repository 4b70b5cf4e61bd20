"""A timer that each request starts anew, and nobody can cancel."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.context import is_test_support
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import Reached, is_server
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.own_requests import asked_by_tests, sent_by_init
from bot.elixir.rules.parts.route import route
from bot.elixir.rules.parts.unused import unused
from bot.elixir.rules.parts.way import clause_around
from bot.elixir.timers import OwnMessage, handlers, own_messages, run_by, shape, steps_from
from bot.elixir.ways import ways

_REQUESTS = (("handle_call", 3), ("handle_cast", 2))
_VALUES = ("atom", "boolean", "nil", "integer")
_CONDITIONS = ("if", "unless", "case", "cond", "with", "for")


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every timer that a request starts, whose message starts the next one."""
    if not module.clauses_with(b"send_after", b"send_interval") or not is_server(module):
        return
    seen: set[int] = set()
    for key in _REQUESTS:
        function = module.functions.get(key)
        for clause in function.clauses if function is not None else ():
            for step in (Reached(clause, (), clause.function), *steps_from(clause)):
                for sent in own_messages(step.clause):
                    if sent.later and sent.call.node.id not in seen:
                        seen.add(sent.call.node.id)
                        yield from _judge(sent, step, clause)


def _judge(sent: OwnMessage, step: Reached, request: Clause) -> Iterator[Site | Exempt]:
    module = request.function.module
    span = Span.of(module, sent.call.node)
    again = _starts_again(sent, module)
    if again is None or not _is_lost(sent.call, step):
        return
    exemption = _exemption(sent, step, request)
    if exemption:
        yield Exempt(span, exemption)
        return
    message = " ".join(text(sent.message).split())
    goes_on = "sends it again and again" if sent.repeats else "its message can start again"
    yield Site(
        span,
        f"each such request starts one more timer for `{message}`, which {goes_on}",
        because=(
            *route(step),
            Because(span, f"`{request.function.label}` runs this, and its reference is lost"),
            Because(Span.of(module, again.node), _ON_ITS_OWN if sent.repeats else _AGAIN),
        ),
        confidence="high" if sent.repeats else None,
        data={"message": message},
    )


_ON_ITS_OWN = "this sends the message until the server ends"
_AGAIN = "where the message leads here, the timer starts again, whoever started it"


def _starts_again(sent: OwnMessage, module: Module) -> Call | None:
    """Where the message's own handler starts the same timer again."""
    if sent.repeats:
        return sent.call
    wanted = shape(sent.message)
    for handler in handlers(module, wanted):
        for clause in run_by(handler):
            for again in own_messages(clause):
                if again.later and shape(again.message) == wanted:
                    return again.call
    return None


def _exemption(sent: OwnMessage, step: Reached, request: Clause) -> str:
    module = request.function.module
    if is_test_support(module) or asked_by_tests(request):
        return "test-support"
    if sent_by_init(request):
        return "at-start"
    if nodes.of_type(sent.message, "identifier"):
        return "carries-data"
    places = [*step.path, sent.call]
    chosen = any(_is_chosen(call) for call in step.path)
    if _asks_state(request) or chosen or any(_conditional(call) for call in places):
        return "guarded"
    return ""


def _asks_state(request: Clause) -> bool:
    """Whether the clause is only taken in some states."""
    state = request.params[-1] if request.params else None
    return request.guard is not None or (state is not None and bool(nodes.of_type(state, *_VALUES)))


def _is_chosen(call: Call) -> bool:
    """Whether only some of the function's clauses do it: a guard, or a value that the call does not
    write out, picks them.
    """
    function = call.owner.local(call.name, call.arity)
    if function is None or len(function.clauses) < 2:
        return False
    return any(_picks(clause, call) for clause in function.clauses)


def _picks(clause: Clause, call: Call) -> bool:
    pairs = zip(clause.params, call.args, strict=False)
    return clause.guard is not None or any(
        nodes.of_type(param, *_VALUES) and not nodes.of_type(arg, *_VALUES) for param, arg in pairs
    )


def _conditional(call: Call) -> bool:
    return any(nodes.is_call_to(above, *_CONDITIONS) for above in _above(call))


def _above(call: Call) -> Iterator[Node]:
    for above in nodes.ancestors(call.node):
        if nodes.is_call_to(above, "def", "defp"):
            return
        yield above


def _is_lost(call: Call, step: Reached) -> bool:
    """Whether nobody keeps the timer's reference; what a function returns goes to its caller."""
    module = call.owner
    for used in (call, *reversed(step.path)):
        node = used.statement
        match = node.parent if node.parent is not None else node
        if unused(node, module) or (
            nodes.operator(match) == "=" and nodes.text_of(match, "left").startswith("_")
        ):
            return True
        clause = clause_around(used)
        if clause is None or all(way.result.id != node.id for way in ways(clause)):
            return False
    return False


def _desk(requests: str, init: str = "{:ok, state}", tick: str = "arm()") -> Sample:
    lines = "".join(f"  {line}\n" if line else "\n" for line in requests.splitlines())
    return Sample(
        f"defmodule Shop.Desk do\n  use GenServer\n\n  def init(state), do: {init}\n\n{lines}\n"
        f"  def handle_info(:count, state) do\n    {tick}\n    {{:noreply, state}}\n  end\n\n"
        "  defp arm, do: Process.send_after(self(), :count, 1_000)\nend\n"
    )


RULE = Rule(
    id="stale-timer",
    title="A timer more with each request",
    category="messaging",
    stage=3,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "A request starts a timer whose message starts the next one, and its reference is thrown "
        "away."
    ),
    harm=(
        "Every such request begins a chain of its own beside those that run already, and no "
        "reference is kept by which it could be cancelled. The work that was meant for once a "
        "second is then done twice, ten times, a hundred times a second."
    ),
    remedy=(
        "Keep the timer's reference in the state, and call `Process.cancel_timer/1` before a new "
        "one is started. A message that was already sent is in the mailbox nevertheless: put a "
        "fresh reference into the message and take only the current one, where that matters."
    ),
    triggers=(b"send_after", b"send_interval"),
    check=check,
    bad=(
        _desk("""\
def handle_call(:recount, _from, state) do
  arm()
  {:reply, :ok, state}
end
"""),
        _desk("""\
def handle_cast(:start, state) do
  _ref = Process.send_after(self(), :count, 0)
  {:noreply, state}
end
"""),
        _desk(
            """\
def handle_cast({:watch, every}, state) do
  :timer.send_interval(every, :count)
  {:noreply, state}
end
""",
            tick=":ok",
        ),
    ),
    good=(
        _desk(
            "def handle_cast(:add, state), do: {:noreply, state + 1}\n",
            init="{:ok, state, {:continue, :arm}}",
        ),
        _desk("""\
def handle_cast(:start, state) do
  Process.cancel_timer(state.timer)
  {:noreply, %{state | timer: arm()}}
end
"""),
        _desk(
            """\
def handle_cast(:later, state) do
  arm()
  {:noreply, state}
end
""",
            tick=":ok",
        ),
    ),
    exemptions=(
        Exemption(
            "carries-data",
            "the message carries a key or a version by which its handler can tell it from others",
            _desk("""\
def handle_cast({:watch, item}, state) do
  Process.send_after(self(), {:look, item}, 1_000)
  {:noreply, state}
end

def handle_info({:look, item}, state) do
  Process.send_after(self(), {:look, item}, 1_000)
  {:noreply, state}
end
"""),
        ),
        Exemption(
            "guarded",
            "only some states, or some outcomes, start it",
            _desk("""\
def handle_cast(:start, %{running: false} = state) do
  arm()
  {:noreply, %{state | running: true}}
end
"""),
        ),
        Exemption(
            "at-start",
            "the module casts the request to itself in `init/1` and nowhere else: one chain begins "
            "with the server",
            Sample("""\
defmodule Shop.Desk do
  use GenServer

  def init(state) do
    GenServer.cast(self(), :count)
    {:ok, state}
  end

  def handle_cast(:count, state), do: {:noreply, arm(state)}
  def handle_info(:count, state), do: {:noreply, arm(state)}

  defp arm(state) do
    Process.send_after(self(), :count, 1_000)
    state
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "a server made for tests",
            Sample("""\
defmodule Shop.Testing.Clock do
  use GenServer
  def init(state), do: {:ok, state}

  def handle_cast(:start, state) do
    :timer.send_interval(10, :tick)
    {:noreply, state}
  end
end
"""),
        ),
    ),
)
