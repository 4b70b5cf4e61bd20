"""Waiting for another process without an end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.reach import SERVER_CALLBACKS, callbacks, is_server, reached
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.endless_excuses import POSITIONS, excuse, server_asked
from bot.elixir.rules.parts.patient import own_answers, waits
from bot.elixir.rules.parts.report import let_go, who_waits
from bot.elixir.rules.parts.stated_reasons import explains_no_limit

_WAITING = re.compile(
    rb"\b(?:GenServer|GenStage|gen_server|gen_statem|GenStateMachine|Agent|Task|erpc|rpc)\.[a-z]"
)
"""What a file holds in which one of them can be found."""


def starts(project: Project) -> Iterator[str]:
    """Files that wait for something, and name no end somewhere."""
    for path in project.lib_holding(b":infinity"):
        if project.texts[path].matches(_WAITING):
            yield path


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Every wait whose timeout is `:infinity`, written there or in an attribute.

    Those that stop no server are the module's way to call: it is told once, at the first.
    """
    for module in project.modules_in(path):
        yield from _in_module(module, project)


def _in_module(module: Module, project: Project) -> Iterator[Site | Exempt]:
    busy: set[int] | None = None
    outside: list[Call] = []
    found = [(c, clause, excuse(c, clause, project)) for c, clause in _endless_calls(module)]
    excused = {server_asked(call) for call, clause, _ in found if explains_no_limit(clause)}
    for call, clause, known in found:
        exemption = known or ("stated-reason" if server_asked(call) in excused - {""} else "")
        busy = _clauses_of_callbacks(module) if busy is None else busy
        if exemption:
            yield Exempt(Span.of(module, call.node), exemption)
        elif clause.node.id in busy and not call.runs_in:
            yield _stuck(call, module)
        else:
            outside.append(call)
    own = [call for call in outside if own_answers(call, module)]
    quiet = waits(module, project) if own else "seen"
    if quiet == "never":
        yield from (Exempt(Span.of(module, call.node), "own-server") for call in own)
        answered = {call.node.id for call in own}
        outside = [call for call in outside if call.node.id not in answered]
    if outside:
        unseen = quiet == "unseen" and len(own) == len(outside)
        yield _told_once(sorted(outside, key=lambda call: call.start), module, unseen=unseen)


def _endless_calls(module: Module) -> Iterator[tuple[Call, Clause]]:
    for clause in module.clauses_with(b":infinity", b"@"):
        for call in clause.calls:
            position = POSITIONS.get(call.full)
            if position is None or call.captured or call.in_quote or len(call.args) <= position:
                continue
            if _endless(call.args[position], module):
                yield call, clause


def _clauses_of_callbacks(module: Module) -> set[int]:
    if not is_server(module):
        return set()
    return {r.clause.node.id for r in reached(callbacks(module, SERVER_CALLBACKS))}


def _endless(node: Node, module: Module) -> bool:
    """Whether a timeout is `:infinity`, or an attribute of that value."""
    return text(module.value(node)) == ":infinity"


def _stuck(call: Call, module: Module) -> Site:
    span = Span.of(module, call.node)
    note = (
        "this runs in a server's callback: until the other side answers, this server answers nobody"
    )
    return Site(
        span,
        f"`{call.full}` waits without an end while its own server answers nobody",
        because=(Because(span, note),),
        data={"call": call.full},
    )


def _told_once(calls: list[Call], module: Module, *, unseen: bool) -> Site:
    """`unseen`: they all ask the module's own server, which waits in libraries at most."""
    first, spans = calls[0], [Span.of(module, call.node) for call in calls]
    answers = own_answers(first, module) if unseen else []
    quiet = "no wait of this server is seen, but not all that it calls is known here"
    return Site(
        spans[0],
        f"`{first.full}` waits without an end",
        because=(
            Because(spans[0], f"until the other side answers, {who_waits(first)} waits"),
            *(Because(Span.of(module, c.head), quiet) for c in answers[:1]),
            *(Because(span, "this call waits without an end too") for span in spans[1:]),
        ),
        severity="info",
        # Of a process that was let go nobody else waits for the answer.
        confidence="low" if unseen or all(map(let_go, calls)) else "medium",
        data={"call": first.full},
    )


RULE = Rule(
    id="infinite-timeout",
    title="Waiting without an end",
    category="blocking",
    stage=4,
    severity="warning",
    confidence="high",
    fix="assisted",
    explanation="A call to another process is given `:infinity` as its timeout.",
    harm=(
        "A callee that hangs holds up who waits for it, silently: no timeout, no crash, no "
        "restart, and in a server a mailbox that grows meanwhile."
    ),
    remedy=(
        "Give the longest time that still makes sense, or let the server reply later by "
        "`GenServer.reply/2`. Where "
        "waiting forever is right, say why in a comment at the call."
    ),
    triggers=(b":infinity",),
    check_project=FileByFile(starts, check),
    bad=(
        Sample("""\
defmodule Shop.Desk do
  use GenServer
  def init(s), do: {:ok, s}
  def handle_call(:stock, _from, s), do: {:reply, GenServer.call(Shop.Stock, :all, :infinity), s}
end
"""),
        Sample("""\
defmodule Shop.Report do
  @wait :infinity
  def build(tasks), do: Task.await_many(tasks, @wait)
end
"""),
        Sample("""\
defmodule Shop.Client do
  def sum(pid), do: pid |> GenServer.call(:sum, :infinity)
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Desk do
  def stock(pid), do: GenServer.call(pid, :stock, 15_000)
end
"""),
        Sample("""\
defmodule Shop.Cache do
  def put(k, v), do: Shop.Store.put(k, v, ttl: :infinity)
  def spec, do: %{id: Shop.Cache, start: {Shop.Cache, :start, []}, shutdown: :infinity}
end
"""),
        Sample("""\
defmodule Shop.Park do
  def main do
    Process.sleep(:infinity)
  end

  def scan(rows, f), do: Task.async_stream(rows, f, timeout: :infinity)
end
"""),
        Sample("""\
defmodule Shop.Wait do
  def stop(pid), do: GenServer.stop(pid, :normal, :infinity)
end
"""),
    ),
    exemptions=(
        Exemption(
            "stated-reason",
            "a comment at the call, or one about waiting above its function, says why, or the "
            "function's `@doc` that it waits",
            Sample("""\
defmodule Shop.Build do
  def compile(pid) do
    # a cold build takes as long as it takes, and the user can stop it
    GenServer.call(pid, :compile, :infinity)
  end
end
"""),
        ),
        Exemption(
            "bounded-inside",
            "the tasks it awaits are started here and bring a timeout of their own",
            Sample("""\
defmodule Shop.Fetch do
  def all(urls) do
    tasks = Enum.map(urls, &Task.async(Shop.Http, :get, [&1, [timeout: 5_000]]))
    Task.await_many(tasks, :infinity)
  end
end
"""),
        ),
        Exemption(
            "reports-back",
            "the last act of a process that was let go is to ask the one that started it: nobody "
            "else waits",
            Sample("""\
defmodule Shop.Desk do
  use GenServer
  def init(s), do: {:ok, s}
  def handle_call({:done, sum}, _from, s), do: {:reply, :ok, Map.put(s, :sum, sum)}

  def handle_cast({:sum, items}, s) do
    desk = self()

    spawn_monitor(fn ->
      sum = Shop.Items.sum(items)
      GenServer.call(desk, {:done, sum}, :infinity)
    end)

    {:noreply, s}
  end
end
"""),
        ),
        Exemption(
            "supervisor",
            "the module is a supervisor of its own: its requests take as long as its children "
            "take to start and to end, which their own limits bound",
            Sample("""\
defmodule Shop.Tills do
  use GenServer
  def open(tills, spec), do: GenServer.call(tills, {:start_child, spec}, :infinity)
  def init(s), do: {:ok, s}
  def handle_call({:start_child, {m, a}}, _from, s), do: {:reply, m.start_link(a), s}
  def handle_call(:which_children, _from, s), do: {:reply, s, s}
end
"""),
        ),
        Exemption(
            "late-reply",
            "the module's own server keeps this caller and replies when it can: how long that "
            "takes is what the call is about",
            Sample("""\
defmodule Shop.Queue do
  use GenServer
  def next(pid), do: GenServer.call(pid, :next, :infinity)
  def init(s), do: {:ok, s}
  def handle_call(:next, from, s), do: {:noreply, [from | s]}

  def handle_cast({:sold, item}, waiting) do
    for from <- waiting, do: GenServer.reply(from, item)
    {:noreply, []}
  end
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself, whose servers do bounded work for whoever runs them",
            Sample(
                """\
defmodule IEx.Shelf do
  def take(pid), do: GenServer.call(pid, :take, :infinity)
end
""",
                path="lib/iex/lib/iex/shelf.ex",
            ),
        ),
        Exemption(
            "mix-task",
            "a Mix task, or another command, runs for whoever started it, who can stop it",
            Sample("""\
defmodule Mix.Tasks.Shop.Load do
  use Mix.Task
  def run(_), do: Task.await(Shop.load(), :infinity)
end
"""),
        ),
        Exemption(
            "escript",
            "an application that is only an escript runs for one command; whoever started it can "
            "stop it",
            Sample(
                files={
                    "mix.exs": """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop, version: "0.1.0", escript: [main_module: Shop.Command]]
  def application, do: [extra_applications: [:logger]]
end
""",
                    "lib/command.ex": """\
defmodule Shop.Command do
  def main(_args), do: count(:shop@host)
  def count(node), do: :rpc.call(node, Shop.Stock, :count, [], :infinity)
end
""",
                }
            ),
        ),
        Exemption(
            "benchmark",
            "a benchmark, by a segment of the module's name: whoever started it can stop it",
            Sample("""\
defmodule Shop.Bench do
  def run(tasks), do: Task.await_many(tasks, :infinity)
end
"""),
        ),
        Exemption(
            "continue",
            "`handle_continue/2` awaits a task that is linked and that it starts right there: the "
            "server's own work, in a heap that goes with it, and it would have no limit inline",
            Sample("""\
defmodule Shop.Shelf do
  use GenServer
  def init(path), do: {:ok, path, {:continue, :fill}}

  def handle_continue(:fill, path) do
    total = Task.async(fn -> Shop.Count.all(path) end) |> Task.await(:infinity)
    {:noreply, total}
  end
end
"""),
        ),
        Exemption(
            "stop",
            "the module's own server stops on that request: as `GenServer.stop/1`, which waits "
            "without an end too",
            Sample("""\
defmodule Shop.Shelf do
  use GenServer
  def close(pid), do: GenServer.call(pid, :close, :infinity)
  def init(path), do: {:ok, path}
  def handle_call(:close, _from, path), do: {:stop, :normal, File.read!(path), path}
  def handle_call(:fill, _from, path), do: {:reply, Req.get!(path), path}
end
"""),
        ),
        Exemption(
            "own-server",
            "the module's own server waits for nobody in its callbacks: it answers all in turn, "
            "however many ask",
            Sample("""\
defmodule Shop.Ledger do
  use GenServer
  def add(pid, line), do: GenServer.call(pid, {:add, line}, :infinity)
  def init(path), do: {:ok, path}

  def handle_call({:add, line}, _from, path) do
    File.write!(path, line, [:append])
    {:reply, :ok, path}
  end
end
"""),
        ),
    ),
)
