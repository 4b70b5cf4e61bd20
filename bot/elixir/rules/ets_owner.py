"""A named table that belongs to whichever process happened to need it first."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.context import is_command_line, is_test_support, never_ships
from bot.elixir.outline import Clause
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.unfit import says_it_is_unfit
from bot.elixir.runners import Run, at_run_time, called_in_quotes, runs
from bot.elixir.tables import Table, created, modules_with_tables, operations

_LOOKS_FOR_TABLE = (":ets.whereis", ":ets.info")
_NO_ROWS = (*_LOOKS_FOR_TABLE, ":ets.new", ":ets.delete")


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every function that creates named tables on demand, in the process of whoever asks."""
    for module in modules_with_tables(project):
        if is_test_support(module):
            continue
        told: dict[Clause, list[tuple[Table, Run]]] = {}
        for table in created(module):
            named = ":named_table" in table.options
            if named and not table.call.runs_in and not is_command_line(table.clause):
                way = _way(table, project)
                exemption = _exemption(table, project) if way is not None else ""
                if exemption:
                    yield Exempt(Span.of(module, table.call.node), exemption)
                elif way is not None:
                    told.setdefault(table.clause, []).append((table, way))
        for tables in told.values():
            yield _site(tables)


def _way(table: Table, project: Project) -> Run | None:
    """How a passer-by comes to create the table; `None` where none does."""
    ways = at_run_time(table.clause.function, project)
    way = ways[0] if ways else None
    if way is None or way.server or way.spawned or _is_dropped(table):
        return None
    if called_in_quotes(way.function, project):
        return None
    on_way = [table.clause, *way.clauses()]
    on_demand = any(map(_on_demand, on_way)) and any(_uses(table, c) for c in on_way)
    return way if on_demand or way.request else None


def _exemption(table: Table, project: Project) -> str:
    if ":heir" in table.options or _given_away(table.clause):
        return "given-away"
    if says_it_is_unfit(table.module):
        return "stated"
    boots = (way for way in runs(table.clause.function, project) if _boots(way))
    return "made-at-start" if next(boots, None) is not None else ""


def _boots(way: Run) -> bool:
    """Whether the application makes it as it starts, in a process that lives as long."""
    return (
        way.key == ("start", 2)
        and way.function.module.implements("Application")
        and not (way.spawned or any(call.deferred or call.captured for call in way.path))
    )


def _uses(table: Table, clause: Clause) -> bool:
    """Whether the clause reads or writes rows of the table: it was in want of it."""
    return any(
        o.clause is clause and o.table == table.name and o.call.full not in _NO_ROWS
        for o in operations(clause.function.module)
    )


def _is_dropped(table: Table) -> bool:
    """Whether its module deletes the whole table again: it is for one job."""
    return any(
        o.call.full == ":ets.delete" and o.call.arity == 1 and o.table == table.name
        for o in operations(table.module)
    )


def _on_demand(clause: Clause) -> bool:
    """Whether the clause first looks whether the table is there."""
    return any(call.full in _LOOKS_FOR_TABLE for call in clause.calls)


def _given_away(clause: Clause) -> bool:
    return any(call.full == ":ets.give_away" for call in clause.calls)


def _site(tables: list[tuple[Table, Run]]) -> Site:
    (table, way), *others = tables
    span = Span.of(table.module, table.call.node)
    return Site(
        span,
        "this named table belongs to the process that first needs it, and dies with it",
        because=(
            Because(span, "the calling process becomes the owner; there is no heir"),
            Because(Span.of(way.function.module, way.head_for(table.clause)), way.told()),
            *(
                Because(Span.of(other.module, other.call.node), "so it is with this one")
                for other, _ in others
            ),
        ),
        severity="info" if never_ships(table.call.node) else None,
        data={"table": table.name},
    )


RULE = Rule(
    id="ets-owner",
    title="A table owned by a passer-by",
    category="resources",
    stage=2,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "A named ETS table is created when it is found missing, by the process that happens to ask "
        "for it, and with no heir."
    ),
    harm=(
        "A table is deleted when its owner ends. A request, a task or a test that was first takes "
        "all rows with it when it is done, and every other process gets `ArgumentError` or an "
        "empty table. Two that ask at once both try to create it."
    ),
    remedy=(
        "Let a process that lives as long as the application own it: a small server that creates "
        "the table in `init/1`, under the supervisor and before those who use it. The server may "
        "do nothing else: then nothing crashes it."
    ),
    triggers=(b":ets.new",),
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Cache do
  def put(key, value) do
    if :ets.whereis(:shop_cache) == :undefined do
      :ets.new(:shop_cache, [:named_table, :public])
    end

    :ets.insert(:shop_cache, {key, value})
  end
end
"""),
        Sample("""\
defmodule Shop.Visits do
  def visit(user) do
    ensure_table()
    :ets.insert(__MODULE__, {user})
  end

  defp ensure_table do
    case :ets.info(__MODULE__) do
      :undefined -> :ets.new(__MODULE__, [:set, :public, :named_table])
      _ -> :ok
    end
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Cache do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, nil)
  def put(key, value), do: :ets.insert(:shop_cache, {key, value})

  def init(_) do
    if :ets.whereis(:shop_cache) == :undefined do
      :ets.new(:shop_cache, [:named_table, :public])
    end

    {:ok, nil}
  end
end
"""),
        Sample("""\
defmodule Shop.Words do
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
            "made-at-start",
            "the application makes the table as it starts, in a process that lives as long",
            Sample("""\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    Shop.Cache.ensure()
    Supervisor.start_link([], strategy: :one_for_one)
  end
end

defmodule Shop.Cache do
  def put(key, value) do
    ensure()
    :ets.insert(:shop_cache, {key, value})
  end

  def ensure do
    if :ets.whereis(:shop_cache) == :undefined do
      :ets.new(:shop_cache, [:named_table, :public])
    end
  end
end
"""),
        ),
        Exemption(
            "stated",
            "the module says itself that it is not for production",
            Sample("""\
defmodule Shop.Cache do
  @moduledoc "Keeps what was seen. Not for production: the table is the caller's."

  def put(key, value) do
    if :ets.whereis(:shop_cache) == :undefined do
      :ets.new(:shop_cache, [:named_table, :public])
    end

    :ets.insert(:shop_cache, {key, value})
  end
end
"""),
        ),
        Exemption(
            "given-away",
            "the table has an heir or is given to another process",
            Sample("""\
defmodule Shop.Cache do
  def put(key, value) do
    if :ets.whereis(:shop_cache) == :undefined do
      :ets.new(:shop_cache, [:named_table, :public, {:heir, Process.whereis(Shop.Keeper), nil}])
    end

    :ets.insert(:shop_cache, {key, value})
  end
end
"""),
        ),
    ),
)
