"""A row of a shared table that is read, then written, with room for another writer in between."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.context import is_platform
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.requests import is_callback_of_the_project
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.row_guards import is_own_row, locked
from bot.elixir.runners import Run, at_run_time, runs
from bot.elixir.table_races import Race, races
from bot.elixir.tables import (
    WRITES,
    Operation,
    Table,
    created,
    modules_with_tables,
    operations,
)  # fmt: skip

_MESSAGES = {
    "update": "a row is made of what was read from it: an update in between is lost",
    "claim": "a row is looked for and then inserted: two callers can both be told yes",
    "take": "a row is read and then deleted: two callers can both get it",
}
_WRITE_NOTES = {
    "update": "this write puts back a value made of the one that was read",
    "claim": "this write comes after the check, not with it",
    "take": "this deletes the row only after it was read",
}

_CALLBACK = (
    "`{}` is a callback of the project's own behaviour: whoever calls it decides whether two "
    "processes can be there at once"
)


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every read of a row that the same function later writes, in a table others can write too."""
    modules = [m for m in modules_with_tables(project) if _holds_a_read(m)]
    found = [(m, race) for m in modules for race in _races(m)]
    if not found:
        return
    every = list(modules_with_tables(project))
    tables = [table for module in every for table in created(module)]
    for module, race in found:
        if _is_shared(race.read, module, tables):
            yield from _judge(race, project, every)


def _holds_a_read(module: Module) -> bool:
    return bool(module.clauses_with(b":ets.lookup", b":ets.member"))


def _races(module: Module) -> Iterator[Race]:
    by_clause: dict[Clause, list[Operation]] = {}
    for operation in operations(module):
        by_clause.setdefault(operation.clause, []).append(operation)
    for found in by_clause.values():
        yield from races(found)


def _is_shared(read: Operation, module: Module, tables: list[Table]) -> bool:
    """Whether the table is seen to be public; of one without a name, every one of its module."""
    if read.table:
        meant = [t for t in tables if t.name == read.table]
    else:
        meant = [t for t in tables if t.module is module]
        meant = [] if any(t.clause is read.clause for t in meant) else meant
    return bool(meant) and all(t.access == ":public" for t in meant)


def _judge(race: Race, project: Project, modules: list[Module]) -> Iterator[Site | Exempt]:
    span = Span.of(race.read.module, race.read.call.node)
    ways = at_run_time(race.read.clause.function, project)
    if not ways:
        return
    servers = {way.server for way in ways}
    if is_platform(race.read.module):
        yield Exempt(span, "platform")
    elif locked(race):
        yield Exempt(span, "locked")
    elif is_own_row(race):
        yield Exempt(span, "own-row")
    elif race.kind == "fill":
        yield Exempt(span, "cache-fill")
    elif (
        servers != {""}
        and len(servers) == 1
        and not _written_elsewhere(race, servers, project, modules)
    ):
        yield Exempt(span, "one-server")
    else:
        yield _site(race, span, ways, _is_up_to_others(race, servers - {""}, project))


def _written_elsewhere(
    race: Race, servers: set[str], project: Project, modules: list[Module]
) -> bool:
    """Whether an update by one server meets writes that others run."""
    table = race.write.table
    if race.kind != "update" or not table:
        return False
    writers = {
        operation.clause.function: None
        for module in modules
        for operation in operations(module)
        if operation.call.full in WRITES and operation.table == table
    }
    return any(
        way.server not in servers for writer in writers for way in at_run_time(writer, project)
    )


def _is_up_to_others(race: Race, servers: set[str], project: Project) -> bool:
    """Whether all that is known of who else runs it is a callback of the project's own behaviour:
    its caller decides whether two can be at it at once.
    """
    ways = runs(race.read.clause.function, project)
    others = [way for way in ways if not way.startup and not way.server]
    return len(servers) < 2 and all(
        not way.spawned and is_callback_of_the_project(way.function, project) for way in others
    )


def _site(race: Race, span: Span, ways: list[Run], open_question: bool) -> Site:
    first = ways[0]
    who = Span.of(first.function.module, first.head_for(race.read.clause))
    module = race.read.module
    if open_question and not first.server:
        return _question(race, span, Because(who, _CALLBACK.format(first.function.label)))
    return Site(
        span,
        _MESSAGES[race.kind],
        because=(
            Because(span, "another process can write the row as soon as this has read it"),
            Because(Span.of(module, race.write.call.node), _WRITE_NOTES[race.kind]),
            Because(who, first.told() + (", and is not the only writer" if first.server else "")),
        ),
        severity="info" if race.kind == "take" else "warning",
        confidence="high" if race.kind != "take" and race.read.table else "medium",
        data={"kind": race.kind, "table": race.read.table},
    )


def _question(race: Race, span: Span, who: Because) -> Site:
    """What is right only as long as no two processes are there for one row."""
    write = Because(Span.of(race.read.module, race.write.call.node), _WRITE_NOTES[race.kind])
    return Site(
        span,
        f"{_MESSAGES[race.kind]}, unless one process alone writes each row",
        because=(
            Because(
                span,
                "nothing here stops another process from writing the row once this has read it",
            ),
            write,
            who,
        ),
        severity="info",
        confidence="low",
        data={"kind": race.kind, "table": race.read.table},
    )


_TABLE = "  def init(_), do: {:ok, :ets.new(:stock, [:named_table, :public])}\n"

RULE = Rule(
    id="ets-check-then-act",
    title="A row that is read, then written",
    category="resources",
    stage=1,
    severity="warning",
    confidence="high",
    fix="advice",
    explanation=(
        "A function reads a row of a public ETS table and then writes it, depending on what it "
        "read. Each call alone is atomic; the two together are not."
    ),
    harm=(
        "Two processes that run it at once can read the same row. Then one update is lost, or both "
        "are told that the row is theirs. It shows only under load."
    ),
    remedy=(
        "Let one call do both: `:ets.update_counter/4` for numbers, `:ets.insert_new/2` to claim a "
        "key, `:ets.take/2` to read and delete. For anything else let one process do all the "
        "writes, with reads straight from the table."
    ),
    triggers=(b":ets.",),
    check_project=check,
    bad=(
        Sample(f"""\
defmodule Shop.Stock do
  use GenServer
{_TABLE}
  def sell(item) do
    [{{_, left}}] = :ets.lookup(:stock, item)
    :ets.insert(:stock, {{item, left - 1}})
  end
end
"""),
        Sample(f"""\
defmodule Shop.Seats do
  use GenServer
{_TABLE}
  def reserve(seat, who) do
    if :ets.member(:stock, seat) do
      {{:error, :taken}}
    else
      :ets.insert(:stock, {{seat, who}})
      :ok
    end
  end
end
"""),
        Sample(f"""\
defmodule Shop.Vouchers do
  use GenServer
{_TABLE}
  def redeem(code) do
    case :ets.lookup(:stock, code) do
      [{{_, amount}}] ->
        :ets.delete(:stock, code)
        {{:ok, amount}}

      [] ->
        :error
    end
  end
end
"""),
    ),
    good=(
        Sample(f"""\
defmodule Shop.Stock do
  use GenServer
{_TABLE}
  def sell(item), do: :ets.update_counter(:stock, item, {{2, -1}})
  def reserve(seat, who), do: :ets.insert_new(:stock, {{seat, who}})
  def redeem(code), do: :ets.take(:stock, code)
end
"""),
        Sample("""\
defmodule Shop.Plans do
  use GenServer
  def init(_), do: {:ok, :ets.new(:plans, [:named_table])}

  # Only its owner can write a protected table.
  def rename(plan, name) do
    [{_, old}] = :ets.lookup(:plans, plan)
    :ets.insert(:plans, {plan, %{old | name: name}})
  end
end
"""),
        Sample(f"""\
defmodule Shop.Two do
  use GenServer
{_TABLE}
  def copy(from, to) do
    [{{_, value}}] = :ets.lookup(:stock, from)
    :ets.insert(:stock, {{to, value}})
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "one-server",
            "only one server's callbacks run it, one message after the other",
            Sample(f"""\
defmodule Shop.Stock do
  use GenServer
{_TABLE}
  def handle_call({{:sell, item}}, _from, state), do: {{:reply, sell(item), state}}

  defp sell(item) do
    [{{_, left}}] = :ets.lookup(:stock, item)
    :ets.insert(:stock, {{item, left - 1}})
  end
end
"""),
        ),
        Exemption(
            "cache-fill",
            "it is written only where nothing was found: at worst the same work is done twice",
            Sample(f"""\
defmodule Shop.Prices do
  use GenServer
{_TABLE}
  def price(item) do
    case :ets.lookup(:stock, item) do
      [{{_, price}}] ->
        price

      [] ->
        price = Shop.Catalogue.price(item)
        :ets.insert(:stock, {{item, price}})
        price
    end
  end
end
"""),
        ),
        Exemption(
            "own-row",
            "the key holds the process that runs it, or a number that a counter gave to it alone: "
            "no other one is at that row by this code",
            Sample(
                "defmodule Shop.Stock do\n  use GenServer\n"
                + _TABLE
                + """\

  def take(n) do
    [{_, left}] = :ets.lookup(:stock, {self(), :left})
    :ets.insert(:stock, {{self(), :left}, left - n})
  end
end
"""
            ),
        ),
        Exemption(
            "locked",
            "a lock is held around the read and the write",
            Sample(f"""\
defmodule Shop.Stock do
  use GenServer
{_TABLE}
  def sell(item) do
    :global.trans({{item, self()}}, fn ->
      [{{_, left}}] = :ets.lookup(:stock, item)
      :ets.insert(:stock, {{item, left - 1}})
    end)
  end
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself: its tools write such tables from one process at a time",
            Sample(
                f"""\
defmodule Mix.Stock do
  use GenServer
{_TABLE}
  def sell(item) do
    [{{_, left}}] = :ets.lookup(:stock, item)
    :ets.insert(:stock, {{item, left - 1}})
  end
end
""",
                path="lib/mix/lib/mix/stock.ex",
            ),
        ),
    ),
)
