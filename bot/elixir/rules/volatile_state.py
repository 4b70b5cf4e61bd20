"""State that exists nowhere but in one process."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.elixir import nodes
from bot.elixir.expressions import Expression, value_of
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.reach import is_server
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.fetched import fetched
from bot.elixir.rules.parts.flushed import is_flushed
from bot.elixir.rules.parts.kept import field_written, is_handle, is_setting
from bot.elixir.rules.parts.never_used import is_never_called, is_never_used, is_only_read
from bot.elixir.rules.parts.one_run import of_one_run
from bot.elixir.rules.parts.read_back import is_read_of
from bot.elixir.rules.parts.senders import filled_at_start, writers
from bot.elixir.rules.parts.state_use import Write, client_reads, loads, spoken_of, writes
from bot.elixir.rules.parts.tallies import is_tally

_PERSISTS = re.compile(
    rb"\bRepo\.|:dets\.|:mnesia|Mnesia\.|\bFile\.|\bRedix\b|:ets\.give_away|\{:heir|:persistent_term|"
    rb"\bCubDB\b|\bEcto\b|\bPostgrex\b|Storage\.|\bCachex\b|DeltaCrdt|\bStore\.|\bDETS\b|"
    rb"def(?:p)? (?:persist|save|load|restore|snapshot)\w*"
)
_SPEAKS = (b"GenServer", b"Agent", b":gen_server")
_OWNS_TABLE = re.compile(rb":ets\.(?:new|insert)")
_CACHE_NAME = re.compile(r"Cache|Memo(?!r)|Lookup|Debounce|Throttle|Limit|(?i:buffer)|Batch")
_CACHE_CODE = re.compile(rb"\bttl\b|:ttl\b|expire|evict|max_age|invalidat")
_IN_MEMORY_NAME = re.compile(r"(?:^|In|_)Memory(?:Store|Adapter|Backend|Storage)?$")
_BOOKKEEPING_NAME = re.compile(
    r"Worker|Pool|Connection|Client$|Socket|Channel|Monitor|Registry|Tracker|Presence|Watch|Metrics"
    r"|Stats|Histogram|Gauge|Telemetry|Counter|Janitor|Clean|Scheduler|Poller|Producer|Consumer|Broker|Notifier"
    r"|Listener|Supervisor|PubSub|Stream(?:er|ing)?$|Proxy|Peer|Lock|Semaphore|Capture|Runner"
    r"|Formatter|Logger|Compiler|Checker"
)
_BOOKKEEPING_CODE = re.compile(
    rb"Process\.monitor|:DOWN|Process\.flag\(:trap_exit|make_ref|GenServer\.reply|subscribe|:tcp|Port\.open|listener"
)
_STAND_IN = re.compile(r"Mock|Fake|Stub")
_TIMERS = re.compile(rb"\b(?:send_after|start_timer|send_interval|apply_after)\b")


def starts(project: Project) -> list[str]:
    """Files that speak of servers."""
    return project.lib_holding(*_SPEAKS)


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Each server that keeps what callers hand it, once per server."""
    for module in project.modules_in(path):
        if is_server(module) or b"Agent." in module.source.data:
            yield from _judge(module, project)


def _judge(module: Module, project: Project) -> Iterator[Site | Exempt]:
    found = writes(module)
    if not found:
        return
    span = Span.of(module, found[0].node)
    data = [w for w in found if not _is_bookkeeping(w, found)]
    exemption = "bookkeeping" if all(map(is_handle, found)) else _exemption(module)
    if not exemption and data:
        data = [w for w in data if not is_setting(w)]
        exemption = "setting" if not data else "of-one-run" if of_one_run(module, project) else ""
        if not exemption:
            kept = [w for w in data if not is_flushed(field_written(w), module)]
            exemption, data = "" if kept else "flushed", kept
        if not exemption:
            data = [w for w in data if not fetched(w, project)]
            exemption = "derivable" if not data or filled_at_start(data, project) else ""
            exemption = exemption or ("tally" if is_tally(data, module) else "")
            exemption = exemption or ("unused" if _is_unused(data, module, project) else "")
    if exemption or not data:
        yield Exempt(span, exemption or "bookkeeping")
        return
    yield _site(module, data, Span.of(module, data[0].node))


def _exemption(module: Module) -> str:
    last = module.name.split(".")[-1]
    if _CACHE_NAME.search(last) or spoken_of(module, _CACHE_CODE):
        return "cache"
    if _IN_MEMORY_NAME.search(last):
        return "in-memory"
    if spoken_of(module, _PERSISTS):
        return "persisted"
    if spoken_of(module, _OWNS_TABLE):
        return "table"
    if next(loads(module), None) is not None:
        return "derivable"
    named = _BOOKKEEPING_NAME.search(last) or _STAND_IN.search(module.name)
    return "bookkeeping" if named else ""


def _is_unused(found: list[Write], module: Module, project: Project) -> bool:
    """Whether nobody passes anything: nothing names the module, or calls what writes."""
    by = [writer for write in found for writer in writers(write) or [None]]
    called = any(writer is None or not is_never_called(writer, project) for writer in by)
    if not called or is_never_used(module, project):
        return True
    writing = [writer for writer in by if writer is not None]
    return len(writing) == len(by) and is_only_read(module, writing, project)


def _is_bookkeeping(write: Write, found: list[Write]) -> bool:
    """By what is kept, or by what else is done with the field it is kept in."""
    within = [w for w in found if w is not write and nodes.contains(write.node, w.node)]
    if all(is_handle(w) for w in within or [write]) or write.clause.matches(_BOOKKEEPING_CODE):
        return True
    if _TIMERS.search(write.node.text or b"") is not None or any(map(_is_timer, _set(write))):
        return True
    module, field = write.clause.function.module, field_written(write)
    if not field:
        return spoken_of(module, _BOOKKEEPING_CODE)
    return any(
        clause.matches(_BOOKKEEPING_CODE) and clause.mentions(field.encode())
        for clause in module.all_clauses()
    )


def _set(write: Write) -> list[Expression]:
    """What the variables that are written were last set to."""
    used = nodes.of_type(write.node, "identifier")
    values = (value_of(Expression(name, write.clause)) for name in used)
    return [value for value in values if value is not None]


def _is_timer(value: Expression) -> bool:
    return value.node.type == "call" and _TIMERS.search(value.node.text or b"") is not None


def _site(module: Module, found: list[Write], span: Span) -> Site:
    fields = {field_written(w) for w in found}
    reads = [call for call in client_reads(module) if is_read_of(call, fields, module)]
    named = b"name: __MODULE__" in (module.node.text or b"")
    strong = bool(reads) and named and any(w.value not in ("value", "state", "term") for w in found)
    what = f"{'what is filed under ' if found[0].as_key else ''}`{found[0].value}`"
    note = f"{what}, which a caller passes, is kept here; no start loads it again"
    because = [Because(span, note)]
    if reads:
        because.append(
            Because(Span.of(module, reads[0].node), "by this call, callers can read it back")
        )
    return Site(
        span,
        f"`{module.name}` keeps what callers pass in its state, which is lost with the process",
        because=tuple(because),
        severity="warning" if strong else "info",
        confidence="medium" if strong else "low",
        data={
            "classification": "authoritative",
            "writes": str(len(found)),
            "kept": text(found[0].node)[:80],
        },
    )


RULE = Rule(
    id="volatile-state",
    title="State that lives in one process only",
    category="volatile-state",
    stage=2,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "Callers put data into a server's state. Its module saves it nowhere, and loads nothing "
        "when the process starts: this may be the only place that has it."
    ),
    harm="A crash, a restart or a deployment silently loses it; the restarted process starts "
    "without it.",
    remedy=(
        "Decide what the data is. Authoritative: write it to a database, or to a table that "
        "another "
        "process owns, and load it on start; a value that crashed the process must not be restored "
        "blindly. Derivable: rebuild it in `handle_continue/2`. A cache: say so in its name."
    ),
    triggers=_SPEAKS,
    check_project=FileByFile(starts, check),
    bad=(
        Sample("""\
defmodule Shop.Cart do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)
  def add(user, item), do: GenServer.cast(__MODULE__, {:add, user, item})
  def items(user), do: GenServer.call(__MODULE__, {:items, user})
  def init(_), do: {:ok, %{}}

  def handle_cast({:add, user, item}, carts) do
    {:noreply, Map.update(carts, user, [item], &[item | &1])}
  end

  def handle_call({:items, user}, _from, carts), do: {:reply, Map.get(carts, user, []), carts}
end
"""),
        Sample("""\
defmodule Shop.Orders do
  use Agent
  def start_link(_), do: Agent.start_link(fn -> [] end, name: __MODULE__)
  def place(order), do: Agent.update(__MODULE__, fn orders -> [order | orders] end)
  def all, do: Agent.get(__MODULE__, & &1)
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Baskets do
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)
  def add(item), do: GenServer.call(__MODULE__, {:add, item})
  def all, do: GenServer.call(__MODULE__, :all)

  # The table is the truth; the state is a copy that every start reads anew.
  def init(_), do: {:ok, [], {:continue, :load}}
  def handle_continue(:load, _), do: {:noreply, Shop.Repo.all(Shop.Item)}

  def handle_call({:add, item}, _from, items) do
    {:reply, :ok, [Shop.Repo.insert!(item) | items]}
  end

  def handle_call(:all, _from, items), do: {:reply, items, items}
end
"""),
        Sample("""\
defmodule Shop.Clock do
  use GenServer
  def init(_), do: {:ok, 0}
  def handle_call(:tick, _from, count), do: {:reply, count, count + 1}
end
"""),
        Sample("""\
defmodule Shop.Carts do
  def add(user, item), do: Shop.Repo.insert(%Shop.Line{user: user, item: item})
end
"""),
    ),
    exemptions=(
        Exemption(
            "cache",
            "a cache by its name or by an expiry in its code: what is lost is fetched again",
            Sample("""\
defmodule Shop.PriceCache do
  use GenServer
  def init(_), do: {:ok, %{}}
  def handle_cast({:put, item, price}, state), do: {:noreply, Map.put(state, item, price)}
end
"""),
        ),
        Exemption(
            "in-memory",
            "its name says that it keeps things in memory only, for tests or for a desk",
            Sample("""\
defmodule Shop.Files.InMemory do
  use Agent
  def start_link(_), do: Agent.start_link(fn -> %{} end, name: __MODULE__)
  def put(path, data), do: Agent.update(__MODULE__, fn files -> Map.put(files, path, data) end)
  def get(path), do: Agent.get(__MODULE__, & &1[path])
end
"""),
        ),
        Exemption(
            "setting",
            "one value under a fixed name is replaced: a setting, set again by what set it",
            Sample("""\
defmodule Shop.Door do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)
  def init(_), do: {:ok, %{mode: :open}}
  def handle_cast({:mode, mode}, state), do: {:noreply, Map.put(state, :mode, mode)}
end
"""),
        ),
        Exemption(
            "of-one-run",
            "somebody has it for one piece of work: it is started without a name, or is in no "
            "child list, and the module reads out what it holds as it stops it, or only Mix tasks, "
            "other commands and what runs while code is compiled start it",
            Sample("""\
defmodule Shop.Report do
  use GenServer
  def start_link(day), do: GenServer.start_link(__MODULE__, day)
  def init(day), do: {:ok, %{day: day, lines: []}}
  def handle_cast({:line, line}, state), do: {:noreply, %{state | lines: [line | state.lines]}}
end
"""),
        ),
        Exemption(
            "flushed",
            "a buffer: a message that the server takes makes it hand on what has gathered, and "
            "leaves it empty",
            Sample("""\
defmodule Shop.Visits do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)
  def note(visit), do: GenServer.cast(__MODULE__, {:note, visit})
  def init(_), do: {:ok, %{waiting: []}}

  def handle_cast({:note, visit}, state) do
    {:noreply, %{state | waiting: [visit | state.waiting]}}
  end

  def handle_info(:flush, state) do
    visits = Enum.reverse(state.waiting)
    Shop.Report.add_all(visits)
    {:noreply, %{state | waiting: []}}
  end
end
"""),
        ),
        Exemption(
            "persisted",
            "the module writes to a database, a file or a table that outlives a crash",
            Sample("""\
defmodule Shop.Ledger do
  use GenServer
  def init(_), do: {:ok, []}

  def handle_call({:book, entry}, _from, entries) do
    Shop.Repo.insert!(entry)
    {:reply, :ok, [entry | entries]}
  end
end
"""),
        ),
        Exemption(
            "table",
            "kept in an ETS table too: its owner and its readers decide what it is, not this state",
            Sample("""\
defmodule Shop.Rates do
  use GenServer
  def init(_), do: {:ok, {:ets.new(:rates, [:named_table]), %{}}}

  def handle_call({:set, coin, rate}, _from, {table, rates}) do
    :ets.insert(table, {coin, rate})
    {:reply, :ok, {table, Map.put(rates, coin, rate)}}
  end
end
"""),
        ),
        Exemption(
            "derivable",
            "the state is fetched from another part of the program when the process starts, or "
            "all of it is put in by other servers as they start",
            Sample("""\
defmodule Shop.Prices do
  use GenServer
  def init(_), do: {:ok, Shop.Catalogue.prices()}
  def handle_cast({:set, item, price}, state), do: {:noreply, Map.put(state, item, price)}
end
"""),
        ),
        Exemption(
            "tally",
            "only numbers are kept that the module reckons from what it holds, and callers can let "
            "it forget them all: to count anew is an everyday thing",
            Sample("""\
defmodule Shop.Numbers do
  use Agent
  def start_link(_), do: Agent.start_link(fn -> %{} end, name: __MODULE__)
  def forget, do: Agent.update(__MODULE__, fn _ -> %{} end)
  def restart(desk), do: Agent.update(__MODULE__, fn all -> Map.put(all, desk, 0) end)

  def next(desk) do
    Agent.get_and_update(__MODULE__, fn all ->
      last = Map.get(all, desk, 0)
      {last, Map.put(all, desk, last + 1)}
    end)
  end
end
"""),
        ),
        Exemption(
            "unused",
            "no code and no configuration of the application names the module but to start it and "
            "to call what does not write, or the functions of it that write, which a library does "
            "not document: no caller passes anything",
            Sample(
                files={
                    "mix.exs": """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop]
end
""",
                    "lib/shop/notes.ex": """\
defmodule Shop.Notes do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)
  def add(note), do: GenServer.cast(__MODULE__, {:add, note})
  def init(_), do: {:ok, []}
  def handle_cast({:add, note}, notes), do: {:noreply, [note | notes]}
end
""",
                }
            ),
        ),
        Exemption(
            "bookkeeping",
            "the state is about running processes, connections or work in hand: it ends with them",
            Sample("""\
defmodule Shop.Visitors do
  use GenServer
  def init(_), do: {:ok, %{}}

  def handle_call({:enter, pid, name}, _from, state) do
    {:reply, :ok, Map.put(state, Process.monitor(pid), name)}
  end
end
"""),
        ),
    ),
)
