"""Rows that are found by looking at every row of a table."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import resolve
from bot.elixir.context import is_test_support
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.table_keys import comes_from_outside, written_keys
from bot.elixir.runners import Run, at_run_time
from bot.elixir.tables import Operation, Table, created, modules_with_tables, operations

_MATCHES = (":ets.match", ":ets.match_object")
_SEARCHES = frozenset({"Enum.find", "Enum.find_value", "Enum.any?", "Enum.member?"})
_COMPARES = frozenset({":==", ":=:=", ":<", ":>", ":>=", ":=<", ':"=:="', ':"=<"', ':"=="'})
_BY_CLOCK = ("handle_info", "handle_continue")


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every search of a table that names no key, where callers wait for it."""
    modules = [m for m in modules_with_tables(project) if not is_test_support(m)]
    every = [(m, operations(m)) for m in modules]
    searches = [o for _, found in every for o in found if _is_search(o)]
    if not searches:
        return
    tables = [t for m in modules for t in created(m)]
    for search in searches:
        yield from _judge(search, [o for _, found in every for o in found], tables, project)


def _is_search(operation: Operation) -> bool:
    call = operation.call
    if call.full == ":ets.tab2list":
        return _taker(operation) in _SEARCHES
    if call.arity != 2 or len(call.args) < 2:
        return False
    if call.full in _MATCHES:
        return _without_key(call.args[1], ())
    return call.full == ":ets.select" and _selects_without_key(operation)


def _taker(operation: Operation) -> str:
    """The function that the list of all rows is handed to at once."""
    call = operation.call
    after = call.next_in_pipe
    if after is None:
        holder = call.statement.parent
        after = holder.parent if holder is not None and holder.type == "arguments" else None
    taken = resolve(after, operation.module) if after is not None and after.type == "call" else None
    return taken.full if taken is not None else ""


def _selects_without_key(operation: Operation) -> bool:
    spec = operation.module.value(operation.call.args[1])
    if spec.type != "list" or len(spec.named_children) != 1:
        return False
    parts = spec.named_children[0].named_children
    return len(parts) == 3 and _without_key(parts[0], tuple(parts[1].named_children))


def _without_key(pattern: Node, guards: tuple[Node, ...]) -> bool:
    """Whether a match leaves the key open and asks for a value at another place."""
    if pattern.type != "tuple" or len(pattern.named_children) < 2:
        return False
    key, *others = pattern.named_children
    return _is_open(key) and (any(map(_compares, guards)) or any(map(_is_given, others)))


def _compares(guard: Node) -> bool:
    parts = guard.named_children if guard.type == "tuple" else []
    return bool(parts) and text(parts[0]) in _COMPARES and any(map(_is_given, parts[1:]))


def _is_given(element: Node) -> bool:
    """Whether a value that is not fixed stands in it."""
    return bool(nodes.identifiers(element))


def _is_open(element: Node) -> bool:
    """`:_`, `:"$1"`, or a tuple of nothing else."""
    if element.type in ("atom", "quoted_atom"):
        return text(element).strip(':"').startswith(("_", "$"))
    if element.type == "tuple":
        return all(map(_is_open, element.named_children))
    return False


def _judge(
    search: Operation, every: list[Operation], tables: list[Table], project: Project
) -> Iterator[Site | Exempt]:
    ways = at_run_time(search.clause.function, project)
    if not ways or not _can_grow(search, every, project) or _is_keyed_otherwise(search, tables):
        return
    span = Span.of(search.module, search.call.node)
    if all(way.key[0] in _BY_CLOCK and way.server for way in ways):
        yield Exempt(span, "by-the-clock")
        return
    yield _site(search, span, next((w for w in ways if w.function.name not in _BY_CLOCK), ways[0]))


def _can_grow(search: Operation, every: list[Operation], project: Project) -> bool:
    """Whether rows get into the table by keys that callers bring."""
    same = [
        o
        for o in every
        if (search.table and o.table == search.table)
        or (not search.table and o.module is search.module and _written(o) == _written(search))
    ]
    return any(comes_from_outside(key, o.clause, project) for o in same for key in written_keys(o))


def _written(operation: Operation) -> str:
    return text(operation.operand) if operation.operand is not None else ""


def _is_keyed_otherwise(search: Operation, tables: list[Table]) -> bool:
    return any(
        t.name == search.table
        and (":keypos" in t.options or b"keypos:" in (t.call.node.text or b""))
        for t in tables
    )


def _site(search: Operation, span: Span, way: Run) -> Site:
    busy = bool(way.server)
    whole = search.call.full == ":ets.tab2list"
    return Site(
        span,
        "every row of the table is copied to look for one"
        if whole
        else "every row of the table is looked at to find some by what is not their key",
        because=(
            Because(
                span,
                "this gives all rows, whichever is meant"
                if whole
                else "the key is left open, so ETS cannot go to the rows that are meant",
            ),
            Because(
                Span.of(way.function.module, way.head_for(search.clause)),
                way.told() + (", and answers nobody meanwhile" if busy else ""),
            ),
        ),
        data={"table": search.table, "call": search.call.full},
    )


RULE = Rule(
    id="ets-full-scan",
    title="A search of a whole table",
    category="resources",
    stage=3,
    severity="info",
    confidence="low",
    fix="advice",
    explanation=(
        "Rows of an ETS table that grows with its callers are searched by something that is not "
        "the key: `match_object` or `select` with the key left open, or `tab2list` and `Enum`."
    ),
    harm=(
        "Each search takes as long as the table is large, and copies what it finds to the caller's "
        "heap; `tab2list` copies every row. It is quick in tests and slow in production."
    ),
    remedy=(
        "Look rows up by key. For another way to find them keep a second table from the searched "
        "value to the key (a `:bag`), or an `:ordered_set` whose key begins with that value."
    ),
    triggers=(b":ets.",),
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Carts do
  use GenServer
  def init(_), do: {:ok, :ets.new(:carts, [:named_table, :public])}
  def open(id, user), do: :ets.insert(:carts, {id, user})
  def close(id), do: :ets.delete(:carts, id)
  def of_user(user), do: :ets.match_object(:carts, {:_, user})
end
"""),
        Sample("""\
defmodule Shop.Orders do
  use GenServer
  @table __MODULE__
  def init(_), do: {:ok, :ets.new(@table, [:named_table])}

  def handle_call({:add, id, user}, _from, state) do
    :ets.insert(@table, {id, user})
    {:reply, :ok, state}
  end

  def handle_call({:find, user}, _from, state) do
    {:reply, @table |> :ets.tab2list() |> Enum.find(&match?({_, ^user}, &1)), state}
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Carts do
  use GenServer
  def init(_), do: {:ok, :ets.new(:carts, [:named_table, :public])}
  def open(id, user), do: :ets.insert(:carts, {id, user})
  def user(id), do: :ets.lookup(:carts, id)
  def all, do: :ets.tab2list(:carts)
  def ids, do: :ets.select(:carts, [{{:"$1", :_}, [], [:"$1"]}])
end
"""),
        Sample("""\
defmodule Shop.Switches do
  use GenServer
  def init(_), do: {:ok, :ets.new(:switches, [:named_table, :public])}
  def night(state), do: :ets.insert(:switches, {:night, state})
  def on, do: :ets.match_object(:switches, {:_, true})
end
"""),
    ),
    exemptions=(
        Exemption(
            "by-the-clock",
            "a server looks through the table now and then, and nobody waits for it",
            Sample("""\
defmodule Shop.Sessions do
  use GenServer
  def init(_), do: {:ok, :ets.new(:sessions, [:named_table, :public])}
  def open(id), do: :ets.insert(:sessions, {id, System.monotonic_time()})

  def handle_info(:sweep, state) do
    now = System.monotonic_time()
    old = :ets.select(:sessions, [{{:"$1", :"$2"}, [{:<, :"$2", now}], [:"$1"]}])
    Enum.each(old, &:ets.delete(:sessions, &1))
    {:noreply, state}
  end
end
"""),
        ),
    ),
)
