"""Persistent terms that are replaced while the system is at work."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.expressions import Expression
from bot.elixir.nodes import text
from bot.elixir.one_word import is_one_word
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.once import goes_once
from bot.elixir.runners import Run, runs

_WRITES = (":persistent_term.put", ":persistent_term.erase")
_AT_THE_EDGES = (("handle_continue", 2), ("terminate", 2), ("terminate", 3))
"""Callbacks that run once in a server's life, or nearly."""
_LARGE = ("map", "list", "tuple", "string", "charlist", "anonymous_function", "bitstring")
_MONITORS = frozenset({"Process.monitor", ":erlang.monitor"})


def starts(project: Project) -> list[str]:
    """Files that speak of persistent terms."""
    return project.lib_holding(b":persistent_term.")


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Every write of a persistent term that a server's callback or a request leads to."""
    for module in project.modules_in(path):
        for clause in module.clauses_with(b":persistent_term.put", b":persistent_term.erase"):
            for call in clause.calls:
                if call.full in _WRITES and call.args and not call.in_quote:
                    yield from _judge(call, clause, module, project)


def _judge(call: Call, clause: Clause, module: Module, project: Project) -> Iterator[Site | Exempt]:
    way = next((w for w in runs(clause.function, project) if _is_busy(w)), None)
    if way is None:
        return
    span = Span.of(module, call.node)
    if call.name == "erase" and way.server:
        yield Exempt(span, "clean-up")
    elif len(call.args) > 1 and is_one_word(Expression(call.args[1], clause), project):
        yield Exempt(span, "one-word")
    elif _looked_first(call, clause, way):
        yield Exempt(span, "looked-first")
    elif _has_a_key_of_its_own(call, clause):
        yield Exempt(span, "own-key")
    elif way.server and any(goes_once(c) for c in (clause, *way.clauses())):
        yield Exempt(span, "once")
    else:
        yield _site(call, span, way)


def _is_busy(way: Run) -> bool:
    if way.server:
        return not way.startup and way.key not in _AT_THE_EDGES
    return way.request


def _looked_first(call: Call, clause: Clause, way: Run) -> bool:
    """Whether this clause, or one on the way to it, gets a persistent term: to write it only where
    it is missing or another.
    """
    clauses = [clause, *way.clauses()]
    return any(c.full == ":persistent_term.get" for around in clauses for c in around.calls)


def _has_a_key_of_its_own(call: Call, clause: Clause) -> bool:
    """Whether the key holds a process that the same clause monitors: it is new each time."""
    monitored = {text(c.args[-1]) for c in clause.calls if c.full in _MONITORS and c.args}
    return not monitored.isdisjoint(nodes.identifiers(call.args[0]))


def _site(call: Call, span: Span, way: Run) -> Site:
    head, erases = way.head, call.name == "erase"
    done = "erased" if erases else "written"
    when = "where there is a value" if erases else "each time it gets another value"
    small = "" if _is_large(call) else ", unless that is an atom or a small number"
    key = "".join(text(call.args[0]).split())[:60]
    return Site(
        span,
        f"the persistent term `{key}` is {done} while the system is at work",
        because=(
            Because(span, f"{when}, every process of the node is scanned for the old one{small}"),
            Because(Span.of(way.function.module, head), _told(way)),
        ),
        severity="info" if way.server else "warning",
        confidence="medium" if way.server else "high",
        data={"call": call.full},
    )


def _is_large(call: Call) -> bool:
    """Whether what is written takes more than a word, as the call writes it out."""
    return len(call.args) > 1 and call.args[1].type in _LARGE


def _told(way: Run) -> str:
    if way.server:
        return way.told()
    return f"`{way.function.label}` of `{way.function.module.name}` runs for a request or a job"


RULE = Rule(
    id="persistent-term-at-run-time",
    title="A persistent term that changes",
    category="resources",
    stage=3,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "`:persistent_term.put/2` or `erase/1` is reached from a server's callback or from a "
        "request, so that the term can change again and again while the system runs."
    ),
    harm=(
        "Reading a persistent term is as cheap as it can be because changing one is dear: the "
        "table of keys is copied, and all processes are scanned for the old term. Those that hold "
        "a part of it do a full garbage collection (`persistent_term` in the ERTS manual)."
    ),
    remedy=(
        "Keep what changes in an ETS table with `read_concurrency: true`, and persistent terms for "
        "what is set once at start. For a number or a flag store an `:atomics` or `:counters` "
        "reference once, and change what it refers to."
    ),
    triggers=(b":persistent_term.",),
    check_project=FileByFile(starts, check),
    bad=(
        Sample("""\
defmodule Shop.Prices do
  use GenServer
  def init(_), do: {:ok, nil}

  def handle_info({:prices, prices}, state) do
    :persistent_term.put(__MODULE__, prices)
    {:noreply, state}
  end
end
"""),
        Sample(
            files={
                "lib/banner.ex": """\
defmodule Shop.Banner do
  def set(text), do: :persistent_term.put({__MODULE__, :text}, text)
end
""",
                "lib/banner_controller.ex": """\
defmodule ShopWeb.BannerController do
  use ShopWeb, :controller
  def update(conn, %{"text" => text}) do
    Shop.Banner.set(text)
    redirect(conn, to: "/")
  end
end
""",
            }
        ),
    ),
    good=(
        Sample("""\
defmodule Shop.Application do
  use Application
  def start(_type, _args) do
    :persistent_term.put(:shop_settings, Shop.Settings.read!())
    Supervisor.start_link([], strategy: :one_for_one)
  end
end
"""),
        Sample("""\
defmodule Shop.Counter do
  use GenServer

  def init(_) do
    :persistent_term.put(__MODULE__, :counters.new(1, []))
    {:ok, nil}
  end

  def handle_cast(:hit, state) do
    :counters.add(:persistent_term.get(__MODULE__), 1, 1)
    {:noreply, state}
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "one-word",
            "an atom or a small number: for these OTP scans no process",
            Sample("""\
defmodule Shop.Switch do
  use GenServer
  def init(_), do: {:ok, nil}

  def handle_cast(:close, state) do
    :persistent_term.put({__MODULE__, :door}, :closed)
    {:noreply, state}
  end
end
"""),
        ),
        Exemption(
            "clean-up",
            "a server erases a term with what it was about, which is as seldom as that ends",
            Sample("""\
defmodule Shop.Nodes do
  use GenServer
  def init(_), do: {:ok, nil}

  def handle_info({:nodedown, node}, state) do
    :persistent_term.erase({__MODULE__, node})
    {:noreply, state}
  end
end
"""),
        ),
        Exemption(
            "looked-first",
            "the term is got first, and written only where it is missing or another",
            Sample("""\
defmodule Shop.Schema do
  use GenServer
  def init(_), do: {:ok, nil}
  def handle_call(:schema, _from, state), do: {:reply, schema(), state}

  defp schema do
    case :persistent_term.get(__MODULE__, nil) do
      nil -> tap(Shop.Files.schema(), &:persistent_term.put(__MODULE__, &1))
      schema -> schema
    end
  end
end
"""),
        ),
        Exemption(
            "own-key",
            "its key holds a process that the same clause monitors: each is new, so no old term "
            "is replaced",
            Sample("""\
defmodule Shop.Tills do
  use GenServer
  def init(_), do: {:ok, nil}

  def handle_call({:open, pid, shop}, _from, state) do
    Process.monitor(pid)
    :persistent_term.put({__MODULE__, pid}, shop)
    {:reply, :ok, state}
  end
end
"""),
        ),
        Exemption(
            "once",
            "it is written only as long as a field of the state is empty, and the same clause "
            "fills that: once in the server's life",
            Sample("""\
defmodule Shop.Session do
  use GenServer
  def init(_), do: {:ok, %{user: nil}}

  def handle_cast({:login, user}, %{user: nil} = state) do
    :persistent_term.put(__MODULE__, user.settings)
    {:noreply, %{state | user: user}}
  end
end
"""),
        ),
    ),
)
