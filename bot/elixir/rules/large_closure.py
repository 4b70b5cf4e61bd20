"""A whole structure sent to another process for one of its fields."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import STARTS_PROCESS, Call
from bot.elixir.captured import Captured, captured
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.expressions import Expression, value_of
from bot.elixir.initial_state import initial_states, keys_of, struct_of
from bot.elixir.named_calls import calls_named
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import callbacks, is_callback, is_server
from bot.elixir.rules.base import Because, Exempt, Exemption, Limit, Rule, Sample, Site, Span
from bot.elixir.rules.parts.bindings import bound_to, whole_names
from bot.elixir.rules.parts.struct_fields import fields_of, is_rest_small, structs_of

_AT_START = frozenset({"Agent.start", "Agent.start_link"})
"""They copy once in the life of a process."""
_TAKERS = STARTS_PROCESS - _AT_START
_MOST_FIELDS = 2
_WORDS = (b"spawn", b"Task.", b"Agent.", b":rpc", b":erpc")
_OFFICIAL = (
    "[Sending unnecessary data]"
    "(https://hexdocs.pm/elixir/process-anti-patterns.html#sending-unnecessary-data)"
)


def check(module: Module, fields: int = _MOST_FIELDS) -> Iterator[Site | Exempt]:
    """Every variable that a function for another process uses for its fields only."""
    if is_platform(module) or is_test_support(module):
        return
    for clause in module.clauses_with(*_WORDS):
        for call in clause.calls:
            if call.full in _TAKERS and not call.captured and not call.in_quote:
                yield from _in_call(call, clause, fields)


def _in_call(call: Call, clause: Clause, most: int) -> Iterator[Site | Exempt]:
    for function in call.args:
        if function.type == "anonymous_function" or nodes.operator(function) == "&":
            told, taken = [], captured(function)
            whole = {v.name for v in taken if not v.fields}
            for variable in (v for v in taken if v.fields):
                exemption = _exemption(variable, clause, most, whole)
                if exemption:
                    yield Exempt(Span.of(clause.function.module, variable.first), exemption)
                else:
                    told.append(variable)
            if told:
                yield _site(told, call, clause.function.module)


def _exemption(variable: Captured, clause: Clause, most: int, whole: set[str]) -> str:
    if len(variable.fields) > most:
        return "much-of-it"
    used = {field.split(".")[0] for field in variable.fields}
    kept = _is_kept(variable.name, used, clause)
    if kept:
        return kept
    if any(text(s) in whole for s in bound_to(variable.name, variable.first, clause)):
        return "sent-with-more"
    if _made_here(variable.first, clause):
        return "made-here"
    at_start = clause.function.label == "init/1" and is_server(clause.function.module)
    return "at-start" if at_start else ""


def _site(variables: list[Captured], call: Call, module: Module) -> Site:
    """One finding for all that a function takes along."""
    variable, *others = variables
    note = f"the function given to `{call.full}` takes the variable along, not the field"
    return Site(
        Span.of(module, variable.first),
        f"all of `{variable.name}` is copied to another process, which uses only {_used(variable)}",
        because=(
            Because(Span.of(module, call.node), note),
            *(
                Because(Span.of(module, other.first), f"so is `{other.name}`, for {_used(other)}")
                for other in others
            ),
        ),
        data={"variable": variable.name, "fields": ",".join(variable.fields)},
    )


def _used(variable: Captured) -> str:
    return " and ".join(f"`{variable.name}.{field}`" for field in variable.fields)


def _made_here(use: Node, clause: Clause) -> bool:
    """Whether it is a map that the same function wrote out: no larger than what one sees."""
    value = value_of(Expression(use, clause))
    return value is not None and value.node.type == "map"


def _is_kept(name: str, used: set[str], clause: Clause) -> str:
    """Whether nothing is saved: it has no further fields, or only small ones."""
    module, is_state = clause.function.module, _is_state(name, clause)
    if is_state and _is_all(used, module):
        return "much-of-it"
    structs = structs_of(name, clause, is_state=is_state)
    known = [(struct, fields_of(struct, module)) for struct in structs]
    if any(fields is not None and fields <= used for _, fields in known):
        return "much-of-it"
    small = bool(structs) and all(is_rest_small(used, struct, module) for struct in structs)
    return "small" if small else ""


def _is_state(name: str, clause: Clause) -> bool:
    """Whether a server's callback, or a private function of its, calls a parameter as the callbacks
    call their state.
    """
    function = clause.function
    if not is_server(function.module) or (function.public and not is_callback(function)):
        return False
    taken = {name for param in clause.params for name in whole_names(param)}
    around = [f for f in callbacks(function.module) if f.label != "init/1"]
    return name in taken and any(
        name in whole_names(c.params[-1]) for f in around for c in f.clauses if c.params
    )


def _is_all(used: set[str], module: Module) -> bool:
    """Whether the state has no further field: a plain map that `init/1` writes out, with what is
    put into one anywhere in the module.
    """
    states = list(initial_states(module))
    if not states or any(state.type != "map" or struct_of(state) for state in states):
        return False
    puts = (c for c in calls_named(module, ("put",)) if c.full == "Map.put" and c.arity == 3)
    put = {text(call.args[1]).removeprefix(":") for call in puts}
    return {key for state in states for key in keys_of(state)} | put <= used


RULE = Rule(
    id="large-closure",
    title="Sending more than is used",
    category="resources",
    stage=4,
    severity="info",
    confidence="medium",
    fix="advice",
    explanation=(
        "A function that another process runs uses only a field or two of a variable from "
        f"outside, as in `state.name`. See {_OFFICIAL}."
    ),
    harm=(
        "The function takes the whole variable along, and all of it is copied to the other "
        "process: a connection, a socket or a server's state can be large. With "
        "`Task.async_stream` it is copied for each element."
    ),
    remedy=(
        "Read the field before the function, all the way (`user = socket.assigns.user`), and use "
        "that inside; of rows take the ids where the ids are enough."
    ),
    limits=(
        Limit("fields", _MOST_FIELDS, "fields that are used; with more of them it is not told"),
    ),
    triggers=_WORDS,
    check=check,
    bad=(
        Sample("""\
defmodule Shop.Desk do
  def audit(conn) do
    Task.Supervisor.start_child(Shop.Tasks, fn -> Shop.Audit.seen(conn.request_path) end)
  end
end
"""),
        Sample("""\
defmodule Shop.Stock do
  use GenServer
  def init(state), do: {:ok, state}

  def handle_cast({:count, items}, state) do
    items |> Task.async_stream(&Shop.Shelf.count(&1, state.shelf)) |> Stream.run()
    {:noreply, state}
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Desk do
  def audit(conn) do
    path = conn.request_path
    Task.Supervisor.start_child(Shop.Tasks, fn -> Shop.Audit.seen(path) end)
  end
end
"""),
        Sample("""\
defmodule Shop.Desk do
  def audit(conn, mod) do
    Task.async(fn -> Shop.Audit.seen(conn, conn.request_path, mod.name()) end)
    Enum.map([1], fn _ -> conn.host end)
    Task.async(fn -> Enum.map(Shop.carts(), fn cart -> cart.total end) end)
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "much-of-it",
            "it uses more than two fields, or parts of fields, and so perhaps most of it",
            Sample("""\
defmodule Shop.Mail do
  def send(order) do
    Task.async(fn -> Shop.Post.send(order.name, order.street, order.town) end)
  end
end
"""),
        ),
        Exemption(
            "small",
            "the type of the module's own struct says that all its other fields are atoms, "
            "numbers, pids or the like",
            Sample("""\
defmodule Shop.Rates do
  @type t :: %__MODULE__{source: module(), other: module() | nil, every: pos_integer()}
  defstruct [:source, :other, :every]

  @spec fetch(t()) :: Task.t()
  def fetch(rates), do: Task.async(fn -> Shop.Http.get(rates.source) end)
end
"""),
        ),
        Exemption(
            "at-start",
            "a server's `init/1` runs once, on a state that holds little yet",
            Sample("""\
defmodule Shop.Stock do
  use GenServer

  def init(state) do
    Task.async_stream(state.items, &Shop.Shelf.fill(&1, state.shelf)) |> Stream.run()
    {:ok, state}
  end
end
"""),
        ),
        Exemption(
            "sent-with-more",
            "the function takes along, as a whole, what a pattern took the variable out of",
            Sample("""\
defmodule Shop.Mail do
  def send(both) do
    {order, _customer} = both
    Task.async(fn -> Shop.Post.send(both, order.name) end)
  end
end
"""),
        ),
        Exemption(
            "made-here",
            "the map was written out in the same function, and is no larger than that",
            Sample("""\
defmodule Shop.Mail do
  def send(name) do
    order = %{name: name, id: make_ref()}
    Task.async(fn -> Shop.Post.send(order.name) end)
  end
end
"""),
        ),
    ),
)
