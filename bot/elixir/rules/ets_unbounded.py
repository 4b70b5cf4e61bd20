"""A table that rows only ever go into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.context import is_command_line, is_test_support
from bot.elixir.expressions import Expression
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.never_used import has_no_caller
from bot.elixir.rules.parts.switches import switch_before
from bot.elixir.rules.parts.table_keys import comes_from_outside, written_keys
from bot.elixir.rules.parts.unfit import says_it_is_unfit
from bot.elixir.runners import Run, runs
from bot.elixir.settings import Setting
from bot.elixir.tables import (
    REMOVES,
    Operation,
    Table,
    created,
    identity,
    modules_with_tables,
    operations,
)


@dataclass(frozen=True, eq=False)
class _Uses:
    """What the project does to all its tables."""

    modules: tuple[Module, ...]
    every: tuple[Operation, ...]

    def of(self, name: str) -> list[Operation]:
        return [o for o in self.every if o.table == name]


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every named table of the project that gets rows by callers' keys and loses none."""
    modules = [m for m in modules_with_tables(project) if not is_test_support(m)]
    tables = [t for m in modules for t in created(m) if t.name and not _short_lived(t)]
    if not tables:
        return
    uses = _Uses(tuple(modules), tuple(o for m in modules for o in operations(m)))
    for table in tables:
        found = uses.of(table.name)
        removed = any(_removes(o) for o in found) or _reached_otherwise(table, uses)
        if not removed and not _lent(table, uses, project):
            yield from _judge(table, found, project)


def _removes(operation: Operation) -> bool:
    return operation.call.full in REMOVES


def _short_lived(table: Table) -> bool:
    return is_command_line(table.clause)


def _reached_otherwise(table: Table, uses: _Uses) -> bool:
    """Whether rows are removed from a table that could be this one under another name."""
    words = {
        w.rpartition(".")[2].lstrip(":").partition("/")[0].encode()
        for w in (table.name, table.module.name)
    }
    near = {o.module for o in uses.of(table.name)} | {table.module}
    for operation in uses.every:
        if _removes(operation) and not operation.table:
            module = operation.module
            tail = module.name.rpartition(".")[2].encode()
            if (
                module in near
                or any(word in module.source.data for word in words)
                or any(tail in m.source.data for m in near)
            ):
                return True
    return False


def _lent(table: Table, uses: _Uses, project: Project) -> bool:
    """Whether the name of the table goes to a library, which may look after its rows."""
    if table.name == table.module.name:
        return False
    return any(
        identity(Expression(argument, clause)) == table.name
        for module in {o.module for o in uses.of(table.name)} | {table.module}
        for clause in module.all_clauses()
        for call in clause.calls
        if call.module and call.module != ":ets" and call.module not in project.modules
        for argument in call.args
    )


def _judge(table: Table, found: list[Operation], project: Project) -> Iterator[Site | Exempt]:
    span = Span.of(table.module, table.call.node)
    fills = [(o, key) for o in found for key in written_keys(o)]
    outside = [(o, key) for o, key in fills if comes_from_outside(key, o.clause, project)]
    if not fills:
        return
    if not outside:
        yield Exempt(span, "fixed-keys")
        return
    later = [
        (operation, way)
        for operation, _ in outside
        if (way := _later(operation, table, project)) is not None
    ]
    if not later:
        yield Exempt(span, "filled-at-start")
        return
    if says_it_is_unfit(table.module):
        yield Exempt(span, "stated")
        return
    always = (pair for pair in later if _switch(*pair) is None)
    yield _site(table, *next(always, later[0]), _load(fills, project))


def _later(operation: Operation, table: Table, project: Project) -> Run | None:
    """How a row gets into the table after the start, if any does."""
    ways = runs(operation.clause.function, project)
    later = [
        w
        for w in ways
        if not (w.startup or w.function is table.clause.function)
        and not (w.function.module is operation.module and _is_idle(w, project))
    ]
    # A server's message is sure to come again; of other functions nobody knows how often.
    return next((w for w in later if w.server), later[0] if later else None)


def _is_idle(way: Run, project: Project) -> bool:
    return not way.server and has_no_caller(way.function, project)


def _switch(operation: Operation, way: Run) -> Setting | None:
    return switch_before((*way.path, operation.call))


def _load(fills: list[tuple[Operation, Node]], project: Project) -> Run | None:
    """How a server that starts fills the table with what it has from elsewhere, if any does."""
    return next(
        (
            way
            for operation, key in fills
            if nodes.identifiers(key)
            for way in runs(operation.clause.function, project)
            if way.startup and way.server
        ),
        None,
    )


def _site(table: Table, operation: Operation, way: Run, load: Run | None) -> Site:
    span = Span.of(table.module, table.call.node)
    switch = _switch(operation, way)
    only = f", where the setting `{switch.label}` says so" if switch is not None else ""
    loads = [load] if load is not None else []
    stored = tuple(
        Because(
            Span.of(start.function.module, start.head),
            "filled here, too, as the server starts",
        )
        for start in loads
    )
    return Site(
        span,
        "rows are put into this table, and no code is seen to remove any",
        because=(
            Because(
                span, "no code but that of tests is seen to delete from this table or to drop it"
            ),
            Because(
                Span.of(operation.module, operation.call.node),
                "each new key adds a row",
            ),
            Because(
                Span.of(way.function.module, way.head_for(operation.clause)), way.told() + only
            ),
            *stored,
        ),
        confidence="low" if loads or only else None,
        data={"table": table.name},
    )


RULE = Rule(
    id="ets-unbounded",
    title="A table that only grows",
    category="resources",
    stage=3,
    severity="info",
    confidence="medium",
    fix="advice",
    explanation=(
        "Rows are put into a named ETS table under keys that callers bring, and no code but "
        "that of tests ever deletes one."
    ),
    harm=(
        "ETS has no limit and no eviction: the table grows until the node runs out of memory, days "
        "or months after the release."
    ),
    remedy=(
        "Decide when a row is of no more use. Delete it with what it belongs to (the session, the "
        "process by its `:DOWN`), or store a time and sweep old rows by `:ets.select_delete/2` "
        "every so often. A cache library brings a limit with it. A table that mirrors what is "
        "stored grows as that does: look whether all of it has to be in memory."
    ),
    triggers=(b":ets.",),
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Seen do
  use GenServer
  def init(_), do: {:ok, :ets.new(__MODULE__, [:named_table, :public])}
  def visit(user), do: :ets.insert(__MODULE__, {user, System.system_time()})
  def seen?(user), do: :ets.member(__MODULE__, user)
end
"""),
        Sample("""\
defmodule Shop.Hits do
  use GenServer
  @table :hits
  def init(_), do: {:ok, :ets.new(@table, [:named_table, :public])}
  def hit(address), do: :ets.update_counter(@table, address, 1, {address, 0})
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Seen do
  use GenServer
  def init(_), do: {:ok, :ets.new(__MODULE__, [:named_table, :public])}
  def visit(user), do: :ets.insert(__MODULE__, {user, System.system_time()})

  def handle_info(:sweep, state) do
    :ets.select_delete(__MODULE__, [{{:_, :"$1"}, [{:<, :"$1", oldest()}], [true]}])
    {:noreply, state}
  end

  defp oldest, do: System.system_time() - 60_000_000_000
end
"""),
        Sample("""\
defmodule Shop.Job do
  def count(words) do
    table = :ets.new(:words, [:set])
    for word <- words, do: :ets.update_counter(table, word, 1, {word, 0})
    :ets.tab2list(table)
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "stated",
            "the module says itself that it is not for production",
            Sample("""\
defmodule Shop.Seen do
  use GenServer
  @moduledoc "Remembers all customers: not meant for production."
  def init(_), do: {:ok, :ets.new(:seen, [:named_table, :public])}
  def put(user), do: :ets.insert(:seen, {user, 1})
end
"""),
        ),
        Exemption(
            "fixed-keys",
            "its keys are a fixed set: rows are replaced, none is added",
            Sample("""\
defmodule Shop.Weather do
  use GenServer
  def init(_), do: {:ok, :ets.new(__MODULE__, [:named_table, :public])}
  def set(value), do: :ets.insert(__MODULE__, {:temperature, value})
end
"""),
        ),
        Exemption(
            "filled-at-start",
            "it is filled when the application starts, and not later; what no code of the "
            "application calls fills nothing",
            Sample("""\
defmodule Shop.Rates do
  use GenServer

  def init(rates) do
    :ets.new(__MODULE__, [:named_table])
    for {coin, rate} <- rates, do: put(coin, rate)
    {:ok, nil}
  end

  defp put(coin, rate), do: :ets.insert(__MODULE__, {coin, rate})
end
"""),
        ),
    ),
)
