"""Two servers that wait for each other."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.calls import Call
from bot.elixir.matching import can_match, is_tagged
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.way import clause_around, way
from bot.elixir.rules.parts.way_open import is_open, may_take
from bot.elixir.server_requests import Request

_HANDLES = ("handle_call", 3)
_Waits = dict[tuple[str, str], list[Request]]
"""Requests by the server that makes them and the server that is asked."""


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every pair of servers whose callbacks wait for each other, once per pair."""
    waits, between_instances = _waits(project)
    for one, other in sorted(waits):
        if one < other and (other, one) in waits:
            yield _site(waits[one, other], waits[other, one], one, other)
    for one, other in sorted(between_instances):
        back = between_instances.get((other, one)) or waits.get((other, one))
        if back and one != other and (one < other or (other, one) in waits):
            request = between_instances[one, other][0]
            yield Exempt(Span.of(request.step.origin.module, _entry(request).node), "instances")


def _waits(project: Project) -> tuple[_Waits, _Waits]:
    """Those to a server known by name, and those to one of several instances."""
    graph = project.calls
    servers = {facts.name for facts in graph.servers}
    named: _Waits = {}
    instances: _Waits = {}
    for facts in graph.servers:
        for request in graph.requests(facts):
            owner = graph.owners.get(request.process)
            client = request.step.clause.function.module.name
            if not request.waits or owner is facts:
                continue
            if not is_open(request, project):
                continue
            if owner is not None:
                if request.process not in owner.names and not may_take(owner, request, project):
                    continue
                named.setdefault((facts.name, owner.name), []).append(request)
            elif not request.process and client in servers and client != facts.name:
                instances.setdefault((facts.name, client), []).append(request)
    return named, instances


def _site(there: list[Request], back: list[Request], one: str, other: str) -> Site:
    nested = _nested(there, back) or _nested(back, there)
    first, second = nested or (there[0], back[0])
    asking, asked = (one, other) if first in there else (other, one)
    entry = _entry(first)
    return Site(
        Span.of(first.step.origin.module, entry.node),
        f"`{asking}` and `{asked}` {'wait' if nested else 'can come to wait'} for each other",
        because=(
            *_evidence(first, f"here `{asking}` waits for `{asked}`"),
            *_evidence(second, _closing(asking, asked, second, nested is not None)),
        ),
        severity=None if nested else "warning",
        confidence=None if nested else "medium",
        data={"asking": asking, "asked": asked},
    )


def _evidence(request: Request, note: str) -> tuple[Because, ...]:
    return (*way(request.step), Because(Span.of(request.call.owner, request.call.node), note))


def _closing(asking: str, asked: str, request: Request, certain: bool) -> str:
    if certain:
        return f"in the clause that takes that very request, `{asked}` waits for `{asking}`"
    callback = request.step.origin.label
    return f"and in `{callback}` `{asked}` waits for `{asking}`: if both do, neither answers"


def _nested(there: list[Request], back: list[Request]) -> tuple[Request, Request] | None:
    """A request and the one that is made to answer it."""
    for first in there:
        message = first.call.args[1] if len(first.call.args) > 1 else None
        module = first.step.clause.function.module
        if message is None or not is_tagged(message, module):
            continue
        for second in back:
            clause = clause_around(_entry(second))
            if clause is None or (clause.function.name, clause.function.arity) != _HANDLES:
                continue
            if is_tagged(clause.params[0], second.step.origin.module) and can_match(
                clause.params[0], message, second.step.origin.module
            ):
                return first, second
    return None


def _entry(request: Request) -> Call:
    """The call in the callback that leads to the request, or the request itself."""
    return request.step.path[0] if request.step.path else request.call


RULE = Rule(
    id="mutual-call",
    title="Two servers that wait for each other",
    category="blocking",
    stage=1,
    severity="error",
    confidence="high",
    fix="advice",
    explanation=(
        "Callbacks of one server wait for a second one, and callbacks of the second one wait for "
        "the first. Where the answer to the one request needs the other, it can never come."
    ),
    harm=(
        "While both wait, neither answers anybody. It ends when a call times out, after five "
        "seconds unless told otherwise, with a crash of the caller; a late answer then arrives as "
        "a stray message. With `:infinity` it does not end. It often waits for load to show: the "
        "two must wait at the same time."
    ),
    remedy=(
        "Let calls go in one direction only. Pass what the other server needs along with the "
        "request, let one of the two answer later by `GenServer.reply/2` and use a cast with a "
        "reply message the other way, or put what both need into a third process or an ETS table."
    ),
    triggers=(
        b"GenServer.call",
        b"GenStage.call",
        b"GenStateMachine.call",
        b":gen_server.call",
        b":gen_statem.call",
        b"Agent.",
    ),
    follows_calls=True,
    check_project=check,
    bad=(
        Sample(
            files={
                "lib/cart.ex": """\
defmodule Shop.Cart do
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)
  def items, do: GenServer.call(__MODULE__, :items)
  def init(items), do: {:ok, items}
  def handle_call(:items, _from, items), do: {:reply, items, items}
  def handle_call(:sum, _from, items), do: {:reply, Shop.Prices.sum(), items}
end
""",
                "lib/prices.ex": """\
defmodule Shop.Prices do
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, %{}, name: __MODULE__)
  def sum, do: GenServer.call(__MODULE__, :sum)
  def init(prices), do: {:ok, prices}

  def handle_call(:sum, _from, prices) do
    {:reply, Enum.sum(for(item <- Shop.Cart.items(), do: prices[item])), prices}
  end
end
""",
            }
        ),
        Sample("""\
defmodule Shop.Till do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, 0, name: :till)
  def init(sum), do: {:ok, sum}
  def handle_call(:sum, _from, sum), do: {:reply, sum, sum}
  def handle_info(:close, sum), do: {:noreply, sum - GenServer.call(:safe, :room)}
end

defmodule Shop.Safe do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, 9, name: :safe)
  def init(room), do: {:ok, room}
  def handle_call(:room, _from, room), do: {:reply, room, room}
  def handle_info(:look, room), do: {:noreply, room - ask(:sum)}
  defp ask(what), do: GenServer.call(:till, what)
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Till do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, 0, name: :till)
  def init(sum), do: {:ok, sum}
  def handle_call(:sum, _from, sum), do: {:reply, sum, sum}
  def handle_info(:close, sum), do: {:noreply, sum - GenServer.call(:safe, :room)}
end

defmodule Shop.Safe do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, 9, name: :safe)
  def init(room), do: {:ok, room}
  def handle_call(:room, _from, room), do: {:reply, room, room}

  def handle_info(:look, room) do
    GenServer.cast(:till, {:room, room})
    {:noreply, room}
  end
end
"""),
        Sample("""\
defmodule Shop.Till do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, 0, name: :till)
  def sum, do: GenServer.call(:till, :sum)
  def init(sum), do: {:ok, sum}
  def handle_call(:sum, _from, sum), do: {:reply, sum, sum}
end

defmodule Shop.Safe do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, 9, name: :safe)
  def init(room), do: {:ok, room}
  def handle_call(:room, _from, room), do: {:reply, room - Shop.Till.sum(), room}
end
"""),
    ),
    exemptions=(
        Exemption(
            "instances",
            "both can run many times; which of them ask each other only run time knows",
            Sample("""\
defmodule Shop.Buyer do
  use GenServer
  def name(buyer), do: GenServer.call(buyer, :name)
  def init(state), do: {:ok, state}
  def handle_call(:name, _from, s), do: {:reply, s.name, s}
  def handle_call(:offer, _from, s), do: {:reply, Shop.Seller.price(s.seller), s}
end

defmodule Shop.Seller do
  use GenServer
  def price(seller), do: GenServer.call(seller, :price)
  def init(state), do: {:ok, state}
  def handle_call(:price, _from, s), do: {:reply, s.price, s}
  def handle_call({:sold, buyer}, _from, s), do: {:reply, Shop.Buyer.name(buyer), s}
end
"""),
        ),
    ),
)
