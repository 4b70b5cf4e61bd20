"""A process that lives in a `receive` which calls itself: a server made by hand."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in, resolve
from bot.elixir.context import is_command_line, is_platform, is_test_support
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.reach import reached
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.again import is_call_of, keeps_nothing
from bot.elixir.rules.parts.bound_loops import ends_with_another
from bot.elixir.rules.parts.joined import is_joined
from bot.elixir.rules.parts.loop_ends import is_ended, resumes
from bot.elixir.waiting import is_receive, only_flushes, patterns

_SPAWNS = frozenset(
    {
        "Kernel.spawn", "Kernel.spawn_link", "Kernel.spawn_monitor", ":erlang.spawn",
        ":erlang.spawn_link", ":erlang.spawn_monitor", ":erlang.spawn_opt", "Process.spawn",
        ":proc_lib.spawn", ":proc_lib.spawn_link", ":proc_lib.start_link", "Node.spawn",
        "Node.spawn_link", "Task.start", "Task.start_link",
    }
)  # fmt: skip
_SENDS = frozenset({"Kernel.send", "Process.send", ":erlang.send"})
_SMALL = "it starts over with what it was given: it has no state to look at, and a message ends it"
_FOR_OTP = (b":proc_lib.init_ack", b":sys.handle_system_msg", b"{:system,")


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every function of the module that is started as a process and receives for ever."""
    for function in _loops(module):
        start = _started_by(function)
        if start is not None:
            yield _judge(function, start)


def _loops(module: Module) -> Iterator[Function]:
    """Functions that receive, call themselves with a message in hand, and need not end."""
    seen: set[Function] = set()
    for clause in module.clauses_with(b"receive"):
        function = clause.function
        if function in seen or _ends(function) or _only_swallows(clause):
            continue
        if any(_goes_on(call, function) for call in clause.calls):
            seen.add(function)
            yield function


def _ends(function: Function) -> bool:
    """Whether a clause neither receives nor calls the function again, as the end of a count."""
    return any(
        clause.body is not None
        and not any(is_receive(call) or is_call_of(call, function) for call in clause.calls)
        for clause in function.clauses
    )


def _only_swallows(clause: Clause) -> bool:
    """Whether it throws every message away: a sink, which has no state to look at."""
    return (
        all(is_receive(call) or is_call_of(call, clause.function) for call in clause.calls)
        and not clause.params
    )


def _goes_on(receive: Call, function: Function) -> bool:
    if not is_receive(receive) or receive.runs_in or receive.deferred or only_flushes(receive):
        return False
    if not patterns(receive):
        return False
    return any(
        is_call_of(call, function) and call.start > receive.start
        for clause in function.clauses
        for call in clause.calls
    )


def _started_by(function: Function) -> Call | None:
    """The call that starts a process which gets to this function by the module's own calls."""
    module = function.module
    for clause in module.clauses_with(b"spawn", b"Task", b":proc_lib"):
        for call in clause.calls:
            if call.full in _SPAWNS and not call.in_quote and function in _run_by(call):
                return call
    return None


def _run_by(start: Call) -> set[Function]:
    """The module's own functions that the started process runs."""
    module = start.owner
    named = [n for n in start.args[-2:] if n.type in ("atom", "list")]
    if len(named) == 2 and text(start.args[-3]) == "__MODULE__":
        entries = module.named(text(named[0]).removeprefix(":"))
    else:
        inside = [c for c in calls_in(start.node, module) if c.module == module.name]
        found = [module.local(c.name, c.arity) for c in inside]
        entries = [entry for entry in found if entry is not None]
    return {step.clause.function for step in reached(entries)}


def _judge(function: Function, start: Call) -> Site | Exempt:
    module = function.module
    receive = _receive_of(function)
    span = Span.of(module, receive)
    exemption = _exemption(function, start)
    if exemption:
        return Exempt(span, exemption)
    small = keeps_nothing(function) and is_ended(function, receive) and not resumes(_run_by(start))
    return Site(
        span,
        f"`{function.label}` is a server made by hand: it receives and calls itself",
        because=(
            Because(Span.of(module, start.node), f"`{start.full}` starts a process that runs it"),
            Because(
                span, "it answers no system message: `:sys` can neither look into it nor stop it"
            ),
            *((Because(span, _SMALL),) if small else ()),
        ),
        confidence="low" if small else None,
        data={"function": function.label, "start": start.full},
    )


def _receive_of(function: Function) -> Node:
    for clause in function.clauses:
        for call in clause.calls:
            if _goes_on(call, function):
                return call.node
    return function.clauses[0].node


def _only_answers(function: Function) -> bool:
    """Whether it holds no state and does nothing but answer what it takes, and receive again."""
    return keeps_nothing(function) and all(
        call is not None and (is_receive(call) or is_call_of(call, function) or call.full in _SENDS)
        for clause in function.clauses
        for call in _all_calls(clause)
    )


def _all_calls(clause: Clause) -> list[Call | None]:
    """Calls in the body, `None` for those of function values."""
    found = nodes.of_type(clause.body, "call") if clause.body is not None else []
    return [resolve(node, clause.function.module) for node in found]


def _exemption(function: Function, start: Call) -> str:
    module = function.module
    if _only_answers(function):
        return "stateless"
    if is_platform(module):
        return "platform"
    if is_test_support(module):
        return "test-support"
    if any(clause.mentions(*_FOR_OTP) for clause in module.all_clauses()):
        return "special-process"
    if any(is_command_line(clause) for clause in function.clauses):
        return "command-line"
    if ends_with_another(function, start):
        return "bound-to-caller"
    around = module.clause_at(start.start)
    return "joined" if around is not None and is_joined(start, around) else ""


RULE = Rule(
    id="receive-loop",
    title="A server made by hand",
    category="unsupervised-process",
    stage=3,
    severity="info",
    confidence="medium",
    fix="advice",
    explanation=(
        "A function receives messages and calls itself, and a process is started that runs it."
    ),
    harm=(
        "What OTP does for a server is missing: no supervisor knows when it has started, it does "
        "not answer `:sys` (so no `:observer` state, no tracing, no code change), its calls have "
        "neither monitor nor timeout, its crash has no report with the last message and the state. "
        "A message that no clause takes stays in the mailbox, and each `receive` goes past it "
        "again."
    ),
    remedy=(
        "Make it a `GenServer` (or `:gen_statem` where the loop has phases) in a supervisor's "
        "child list. Where it must be a raw loop, start it by `:proc_lib` and answer system "
        "messages, as the OTP Design Principles describe special processes."
    ),
    triggers=(b"receive",),
    check=check,
    bad=(
        Sample("""\
defmodule Shop.Counter do
  def start, do: spawn_link(fn -> loop(0) end)

  defp loop(n) do
    receive do
      :add -> loop(n + 1)
      {:get, from} ->
        send(from, n)
        loop(n)
    end
  end
end
"""),
        Sample("""\
defmodule Shop.Feed do
  def start_link(source), do: {:ok, spawn_link(__MODULE__, :init, [source])}

  def init(source), do: listen(%{source: source})

  def listen(state) do
    state =
      receive do
        {:item, item} -> Map.put(state, :last, item)
      end

    listen(state)
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Counter do
  use GenServer
  def init(n), do: {:ok, n}
  def handle_call(:get, _from, n), do: {:reply, n, n}
  def handle_cast(:add, n), do: {:noreply, n + 1}
end
"""),
        Sample("""\
defmodule Shop.Collect do
  def all(0, found), do: found

  def all(n, found) do
    receive do
      {:item, item} -> all(n - 1, [item | found])
    after
      1_000 -> found
    end
  end
end
"""),
        Sample("""\
defmodule Shop.Once do
  def watch(pid) do
    spawn(fn ->
      ref = Process.monitor(pid)

      receive do
        {:DOWN, ^ref, _, _, reason} -> Shop.Log.note(reason)
      end
    end)
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "bound-to-caller",
            "it monitors a process that it was given, and ends as that does: a helper of it, which "
            "no supervisor could start",
            Sample("""\
defmodule Shop.Watch do
  def over(till) do
    spawn(fn ->
      ref = Process.monitor(till)
      watch(till, ref, 0)
    end)
  end

  defp watch(till, ref, sold) do
    receive do
      {:DOWN, ^ref, :process, _pid, _reason} -> Shop.Book.add(sold)
      {:sold, price} -> watch(till, ref, sold + price)
    end
  end
end
"""),
        ),
        Exemption(
            "joined",
            "it lives within one call of a function, which tells it to end and waits until it has: "
            "a helper, and no server",
            Sample("""\
defmodule Shop.Prompt do
  def ask do
    pid = spawn_link(fn -> dots() end)
    answer = IO.gets("How many? ")
    send(pid, {:done, self()})

    receive do
      {:done, ^pid} -> answer
    end
  end

  defp dots do
    receive do
      {:done, from} -> send(from, {:done, self()})
    after
      100 ->
        IO.write(".")
        dots()
    end
  end
end
"""),
        ),
        Exemption(
            "stateless",
            "it holds no state and only answers each message at once: there is nothing to look at",
            Sample("""\
defmodule Shop.Silence do
  def open, do: spawn_link(fn -> loop() end)

  def loop do
    receive do
      {:io_request, from, ref, _request} -> send(from, {:io_reply, ref, :ok})
      _other -> :ok
    end

    loop()
  end
end
"""),
        ),
        Exemption(
            "special-process",
            "it is written for OTP: it answers system messages or says when it has started",
            Sample("""\
defmodule Shop.Special do
  def start_link(arg), do: :proc_lib.start_link(__MODULE__, :init, [arg])

  def init(arg) do
    :proc_lib.init_ack({:ok, self()})
    loop(arg)
  end

  def loop(state) do
    receive do
      {:system, from, request} -> :sys.handle_system_msg(request, from, self(), A, [], state)
      message -> loop([message | state])
    end
  end
end
"""),
        ),
        Exemption(
            "command-line",
            "a Mix task's process lives for one command",
            Sample("""\
defmodule Mix.Tasks.Shop.Watch do
  use Mix.Task
  def run(_), do: spawn_link(fn -> loop() end)

  defp loop do
    receive do
      {:line, line} ->
        IO.puts(line)
        loop()
    end
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests has no callers in production",
            Sample("""\
defmodule Shop.Testing.Sink do
  def start, do: spawn_link(fn -> loop() end)

  defp loop do
    receive do
      message -> Shop.Sink.keep(message)
    end

    loop()
  end
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself, below what a GenServer stands on",
            Sample(
                """\
defmodule IEx.Sink do
  def start, do: spawn_link(fn -> loop() end)

  defp loop do
    receive do
      message -> Shop.Sink.keep(message)
    end

    loop()
  end
end
""",
                path="lib/iex/lib/iex/sink.ex",
            ),
        ),
    ),
)
