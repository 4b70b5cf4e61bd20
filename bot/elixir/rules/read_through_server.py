"""A server in front of data that it only ever hands out."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.calls import Call
from bot.elixir.context import is_test_support
from bot.elixir.expressions import assignments
from bot.elixir.facts import ModuleFacts
from bot.elixir.nodes import identifiers, operator, text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import is_server, reached
from bot.elixir.results import results
from bot.elixir.rules.base import Because, Exempt, Exemption, Limit, Rule, Sample, Site, Span
from bot.elixir.runners import callers

MANY_MODULES = 3
"""Calling modules from which on a queue is likely to be felt."""

_CALLS = ("GenServer.call", ":gen_server.call")
_PURE = frozenset(
    "Access Date DateTime Enum Float Integer Keyword List Map MapSet NaiveDateTime Stream String "
    "Tuple URI :maps :lists :queue".split()
)
_PLAIN = frozenset(
    "if unless case cond with for fn get_in match? is_nil length map_size hd tl elem inspect not "
    "in and or is_map is_list is_atom is_binary is_map_key max min round trunc to_string div rem "
    "when then tap".split()
)


def check(project: Project, modules: int = MANY_MODULES) -> Iterator[Site | Exempt]:
    """Every server under a fixed name whose callers can do nothing but read."""
    for facts in project.modules.values():
        if facts.role == "lib" and facts.names and facts.has("handle_call", 3):
            module = project.module(facts.name)
            function = module.functions.get(("handle_call", 3))
            if is_server(module) and function is not None and not is_test_support(module):
                yield from _judge(module, function, facts, project, modules)


def _judge(
    module: Module, function: Function, facts: ModuleFacts, project: Project, many: int
) -> Iterator[Site | Exempt]:
    if not all(map(_only_reads, function.clauses)) or not _is_pure(function):
        return
    clients = [f for f in module.functions.values() if f.public and _asks(f, facts)]
    found = [pair for client in clients for pair in callers(client, project)]
    modules = sorted({c.module.name for c, _ in found if c.module is not module})
    if not clients:
        return
    span = Span.of(module, function.clauses[0].head)
    if len(modules) < many:
        yield Exempt(span, "few-callers")
        return
    yield _site(module, span, clients, found, modules)


def _only_reads(clause: Clause) -> bool:
    """Whether every answer leaves the state as it was."""
    if len(clause.params) < 3:
        return False
    whole = clause.params[2]
    names = {text(whole)} if whole.type == "identifier" else _bound_whole(clause)
    found = list(results(clause))
    return bool(found) and all(
        result.type == "tuple"
        and len(result.named_children) == 3
        and text(result.named_children[0]) == ":reply"
        and text(result.named_children[2]) in names
        for result in found
    )


def _bound_whole(clause: Clause) -> set[str]:
    """`state` of `%{field: field} = state`."""
    pattern = clause.params[2]
    sides = [pattern.child_by_field_name(f) for f in ("left", "right")]
    if operator(pattern) != "=":
        return set()
    return {text(side) for side in sides if side is not None and side.type == "identifier"}


def _is_pure(function: Function) -> bool:
    """Whether the answers are made of the state alone, without asking anybody else."""
    steps = reached([function])
    return all(_harmless(call) for step in steps for call in step.clause.calls) and any(
        _reads_state(step.clause) for step in steps if step.clause.function is function
    )


def _harmless(call: Call) -> bool:
    if call.module in _PURE or call.module == call.owner.name:
        return True
    if call.module:
        return False
    # `state.field` is a call to the parser.
    return call.name in _PLAIN if call.local else not call.args


def _reads_state(clause: Clause) -> bool:
    bound = identifiers(clause.params[2])
    answers = [result.named_children[1] for result in results(clause)]
    made = [
        v for answer in answers for name in identifiers(answer) for v in assignments(name, clause)
    ]
    return any(identifiers(node) & bound for node in (*answers, *made))


def _asks(function: Function, facts: ModuleFacts) -> bool:
    """Whether it calls the server by its fixed name."""
    for call in function.calls:
        if call.full in _CALLS and call.args:
            node = call.owner.value(call.args[0])
            if call.owner.scope.resolve(node) in facts.names:
                return True
    return False


def _site(
    module: Module,
    span: Span,
    clients: list[Function],
    found: list[tuple[Function, Call]],
    modules: list[str],
) -> Site:
    caller, call = next(pair for pair in found if pair[0].module is not module)
    shown = ", ".join(f"`{name}`" for name in modules[:3])
    return Site(
        span,
        f"{len(modules)} modules wait in one queue to read what `{module.name}` holds",
        because=(
            Because(span, "the answers are made of the state alone, and leave it as it was"),
            Because(
                Span.of(module, clients[0].clauses[0].head),
                "each of these reads is a message to the one process and a copy of the answer",
            ),
            Because(Span.of(caller.module, call.node), f"among the callers: {shown}"),
        ),
        data={"callers": str(len(modules))},
    )


RULE = Rule(
    id="read-through-server",
    title="Reads that queue for one process",
    category="god-process",
    stage=3,
    severity="info",
    confidence="medium",
    fix="advice",
    explanation=(
        "A server under a fixed name answers every call from its state and never changes it for a "
        "caller. Callers from several modules go through it one by one, although they only read."
    ),
    harm=(
        "All these reads wait in one mailbox, behind each other and behind the server's own "
        "work; where that takes longer than the readers' timeout, they exit."
    ),
    remedy=(
        "Let the server own a protected ETS table with `read_concurrency: true`, write it alone, "
        "and let the client functions read the table. What changes hardly ever can be a "
        "`:persistent_term`. Keep the call where readers must see their own writes in order."
    ),
    limits=(Limit("modules", MANY_MODULES, "modules that call it, from which on it is told"),),
    triggers=(b"handle_call",),
    check_project=check,
    bad=(
        Sample(
            files={
                "lib/rates.ex": """\
defmodule Shop.Rates do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)
  def rate(coin), do: GenServer.call(__MODULE__, {:rate, coin})
  def init(_), do: {:ok, %{}, {:continue, :load}}
  def handle_continue(:load, _), do: {:noreply, Shop.Bank.rates()}
  def handle_info(:refresh, _), do: {:noreply, Shop.Bank.rates()}
  def handle_call({:rate, coin}, _from, rates), do: {:reply, Map.get(rates, coin), rates}
end
""",
                "lib/users.ex": """\
defmodule Shop.Cart do
  def total(n), do: n * Shop.Rates.rate(:eur)
end

defmodule Shop.Bill do
  def total(n), do: n * Shop.Rates.rate(:usd)
end

defmodule Shop.Page do
  alias Shop.Rates
  def show, do: Rates.rate(:eur)
end
""",
            }
        ),
        Sample(
            files={
                "lib/flags.ex": """\
defmodule Shop.Flags do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: Shop.Flags)
  def on?(flag), do: GenServer.call(Shop.Flags, {:on?, flag})
  def init(_), do: {:ok, %{flags: MapSet.new()}}
  def handle_cast({:set, flags}, state), do: {:noreply, %{state | flags: flags}}

  def handle_call({:on?, flag}, _from, %{flags: flags} = state) do
    answer = MapSet.member?(flags, flag)
    {:reply, answer, state}
  end
end
""",
                "lib/users.ex": """\
defmodule Shop.Cart do
  def total, do: Shop.Flags.on?(:cart)
end

defmodule Shop.Bill do
  def total, do: Shop.Flags.on?(:bill)
end

defmodule Shop.Page do
  def show, do: Shop.Flags.on?(:page)
end
""",
            }
        ),
    ),
    good=(
        Sample("""\
defmodule Shop.Rates do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)
  def rate(coin), do: :ets.lookup(__MODULE__, coin)
  def init(_), do: {:ok, :ets.new(__MODULE__, [:named_table, read_concurrency: true])}
  def handle_call(:reload, _from, table), do: {:reply, :ets.insert(table, Shop.Bank.rates()), table}
end
"""),
        Sample(
            files={
                "lib/stock.ex": """\
defmodule Shop.Stock do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)
  def left(item), do: GenServer.call(__MODULE__, {:left, item})
  def take(item), do: GenServer.call(__MODULE__, {:take, item})
  def init(_), do: {:ok, %{}}
  def handle_call({:left, item}, _from, stock), do: {:reply, stock[item], stock}
  def handle_call({:take, item}, _from, stock), do: {:reply, :ok, Map.delete(stock, item)}
end
""",
                "lib/users.ex": """\
defmodule Shop.Cart do
  def show, do: Shop.Stock.left(:a)
end

defmodule Shop.Bill do
  def show, do: Shop.Stock.left(:b)
end

defmodule Shop.Page do
  def show, do: Shop.Stock.left(:c)
end
""",
            }
        ),
    ),
    exemptions=(
        Exemption(
            "few-callers",
            "only one or two modules read through it",
            Sample("""\
defmodule Shop.Rates do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)
  def rate(coin), do: GenServer.call(__MODULE__, {:rate, coin})
  def init(_), do: {:ok, %{}}
  def handle_call({:rate, coin}, _from, rates), do: {:reply, Map.get(rates, coin), rates}
end

defmodule Shop.Cart do
  def total(n), do: n * Shop.Rates.rate(:eur)
end
"""),
        ),
    ),
)
