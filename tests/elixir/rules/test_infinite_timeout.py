"""Endless waits: which arguments are timeouts, and whose process waits."""

from __future__ import annotations

import pytest

from bot.elixir.rules import rule
from tests.elixir.rules.support import in_function, outcome
from tests.elixir.support import analysed

RULE = "infinite-timeout"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("GenServer.call(x, :go, :infinity)", ["info"]),
        ("x |> GenServer.call(:go, :infinity)", ["info"]),
        ("x |> Task.await(:infinity)", ["info"]),
        ("GenServer.call(x, :infinity)", []),
        ("GenServer.call(x, {:ttl, :infinity}, 5_000)", []),
        ("Process.sleep(:infinity)", []),
        ("Task.async_stream(x, & &1, timeout: :infinity)", []),
        ("GenServer.stop(x, :normal, :infinity)", []),
        ("GenServer.call(x, :go, :infinity) # the user can cancel", ["~stated-reason"]),
        ("# far above the call\n    y = x\n    y\n    GenServer.call(y, :go, :infinity)", ["info"]),
    ],
)
def test_sites(body: str, said: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == said


@pytest.mark.parametrize("value", [":infinity", "5_000"])
def test_attribute_is_looked_up(value: str) -> None:
    code = f"defmodule A do\n  @wait {value}\n  def go(p), do: GenServer.call(p, :x, @wait)\nend\n"
    assert outcome(RULE, {"lib/a.ex": code}) == (["info"] if value == ":infinity" else [])


@pytest.mark.parametrize(
    ("work", "said"), [("wait(p)", ["warning"]), ("Task.async(fn -> wait(p) end)", ["info"])]
)
def test_server_that_waits_is_a_warning(work: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.A do
  use GenServer
  def init(s), do: {{:ok, s}}
  def handle_cast({{:go, p}}, s) do
    {work}
    {{:noreply, s}}
  end
  defp wait(p), do: GenServer.call(p, :x, :infinity)
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == said


ABOVE = "# a cold shelf is filled for minutes, and so the caller waits for it"


@pytest.mark.parametrize(
    ("above", "said"),
    [
        (ABOVE, ["~stated-reason"]),
        (f"{ABOVE}\n  @doc false", ["~stated-reason"]),
        (f"{ABOVE}\n  def go(:none), do: nil\n", ["~stated-reason"]),
        ("# waits", ["info"]),
        ('@doc "I block my caller until the shelf is filled."', ["~stated-reason"]),
        ('@doc """\n  Waits for the shelf,\n  which is filled soon.\n  """', ["~stated-reason"]),
        ('@doc "What is on the shelf, by the name of the shop"', ["info"]),
        ('@doc "Blocks"', ["info"]),
        ("# what is on the shelf, by the name of the shop it is in", ["info"]),
        (f"{ABOVE}\n  def other(p), do: p\n", ["info"]),
    ],
)
def test_a_reason_above_the_function(above: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.A do
  {above}
  def go(p), do: GenServer.call(p, :x, :infinity)
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == said


def test_a_reason_above_the_attribute() -> None:
    code = f"""\
defmodule Shop.A do
  {ABOVE}
  @wait :infinity

  def go(p), do: GenServer.call(p, :x, @wait)
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == ["~stated-reason"]


@pytest.mark.parametrize(
    ("reply", "asked", "said"),
    [
        ("{:noreply, [from | s]}", "pid", ["~late-reply"]),
        ("if s == [], do: {:noreply, [from]}, else: {:reply, from, s}", "pid", ["~late-reply"]),
        ("{:reply, from, s}", "pid", ["~own-server"]),
        ("{:noreply, [from | s]}", "Shop.Desk", ["info"]),
        ("{:noreply, [from | s]}", "__MODULE__", ["~late-reply"]),
    ],
)
def test_a_server_that_replies_later(reply: str, asked: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Queue do
  use GenServer
  def next(pid), do: {{GenServer.call({asked}, {{:next, 1}}, :infinity), pid}}
  def init(s), do: {{:ok, s}}
  def handle_call({{:next, _n}}, from, s), do: {reply}
  def handle_call(:other, from, s), do: {{:noreply, [from | s]}}
end
"""
    assert outcome(RULE, {"lib/queue.ex": code}) == said


@pytest.mark.parametrize(
    ("head", "body", "helper", "said"),
    [
        ("asked, from, s", "serve(asked, from, s)", "serve(:next, from, s)", ["~late-reply"]),
        ("asked, from, s", "s\n    serve(asked, from, s)", "serve(_, from, s)", ["~late-reply"]),
        ("asked, {_, _} = from, s", "serve(s, asked, from)", "serve(s, _, from)", ["~late-reply"]),
        (":next, from, s", "serve(:next, from, s)", "serve(:other, from, s)", ["~own-server"]),
        ("asked, from, s", "serve(asked, from, s)", "serve(:other, from, s)", ["~own-server"]),
        ("asked, from, s", "serve(asked, from, s)", "serve(:next, _from, s)", ["~own-server"]),
        ("asked, from, s", "serve(asked, nil, s)", "serve(:next, from, s)", ["~own-server"]),
        ("asked, from, s", "pass(asked, from, s)", "serve(:next, from, s)", ["~late-reply"]),
        ("asked, from, s", "turn(asked, from, s)", "serve(:next, _, s)", ["~own-server"]),
    ],
)
def test_a_function_that_is_handed_the_caller(
    head: str, body: str, helper: str, said: list[str]
) -> None:
    code = f"""\
defmodule Shop.Queue do
  use GenServer
  def next(pid), do: GenServer.call(pid, :next, :infinity)
  def init(s), do: {{:ok, s}}
  def handle_call({head}) do
    {body}
  end
  defp {helper}, do: {{:noreply, s}}
  defp serve(_, _, _), do: {{:reply, 1, 1}}
  defp pass(x, from, s), do: serve(x, from, s)
  defp turn(x, from, s), do: turn(x, from, s)
end
"""
    assert outcome(RULE, {"lib/queue.ex": code}) == said


def test_a_part_of_the_message_is_not_the_message() -> None:
    code = """\
defmodule Shop.Queue do
  use GenServer
  def next(pid, n), do: GenServer.call(pid, {:next, n}, :infinity)
  def init(s), do: {:ok, s}
  def handle_call({:next, n}, from, s), do: serve(n, from, s)
  defp serve(:none, from, s), do: {:noreply, [from | s]}
  defp serve(_, _, _), do: {:reply, 1, 1}
end
"""
    assert outcome(RULE, {"lib/queue.ex": code}) == ["~late-reply"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [("{:noreply, [], [from | s]}", ["~late-reply"]), ("{:reply, s, [], s}", ["~own-server"])],
)
def test_a_stage_that_replies_later(answer: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Belt do
  use GenStage
  def empty(pid), do: GenStage.call(pid, :empty, :infinity)
  def init(s), do: {{:producer, s}}
  def handle_demand(_n, s), do: {{:noreply, [], s}}
  def handle_call(:empty, from, s), do: {answer}
end
"""
    assert outcome(RULE, {"lib/belt.ex": code}) == said


def test_a_module_that_always_waits_is_told_once() -> None:
    code = """\
defmodule Shop.Client do
  def a(p), do: GenServer.call(p, :a, :infinity)
  def b(p), do: GenServer.call(p, :b, :infinity)
  def c(p), do: GenServer.call(p, :c, 5_000)
end
"""
    (finding,) = analysed(rule(RULE), code).findings
    assert (finding.line, [e.line for e in finding.evidence]) == (2, [2, 3])


LEDGER = """\
defmodule Shop.Ledger do
  use GenServer
  def add(pid, line), do: GenServer.call(pid, {:add, line}, :infinity)
  def init(s), do: {:ok, s}

  def handle_call({:add, line}, _from, s) do
    WORK
    {:reply, :ok, s}
  end

  def handle_info(:tick, s), do: {:noreply, TICK}
end
"""
BOOK = """\
defmodule Shop.Book do
  def write(line), do: note(line)
  def ask(line), do: note(GenServer.call(Shop.Clerk, line))
  defp note(line), do: File.write!("book", line)
end
"""


@pytest.mark.parametrize(
    ("work", "tick", "said", "confidence"),
    [
        ("File.write!(s.path, line)", "s", ["~own-server"], []),
        ("Shop.Book.write(line)", "s", ["~own-server"], []),
        ("Shop.Book.ask(line)", "s", ["info"], ["medium"]),
        ("Shop.Repo.insert!(line)", "s", ["info"], ["medium"]),
        ("File.write!(s.path, line)", "GenServer.call(s.pid, :a)", ["info"], ["medium"]),
        ("Jason.encode!(line)", "s", ["info"], ["low"]),
        ("Shop.Book.unknown(line)", "s", ["info"], ["low"]),
        ("s.fun.(line)", "s", ["info"], ["medium"]),
        ("s.module.write(line)", "s", ["info"], ["medium"]),
        ("apply(s.module, :write, [line])", "s", ["info"], ["medium"]),
        ("receive do\n:ok -> 1\nend", "s", ["info"], ["medium"]),
        ("Task.Supervisor.async_stream(T, line, &Shop.go/1)", "s", ["info"], ["medium"]),
    ],
)
def test_an_own_server_that_waits_for_nobody(
    work: str, tick: str, said: list[str], confidence: list[str]
) -> None:
    ledger = LEDGER.replace("WORK", work).replace("TICK", tick)
    files = {"lib/ledger.ex": ledger, "lib/book.ex": BOOK}
    assert outcome(RULE, files) == said
    assert [f.confidence for f in analysed(rule(RULE), files).findings] == confidence


@pytest.mark.parametrize(
    ("project", "application", "said"),
    [
        ("escript: [main_module: Shop.Command]", "", ["~escript"]),
        ("escript: [main_module: Shop.Command]", "mod: {Shop.App, []}", ["info"]),
        ("escript: [main_module: Shop.Command], package: []", "", ["info"]),
        ("deps: []", "", ["info"]),
    ],
)
def test_an_escript(project: str, application: str, said: list[str]) -> None:
    mix = f"""\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop, {project}]
  def application, do: [{application}]
end
"""
    code = "defmodule Shop.A do\n  def go(p), do: GenServer.call(p, :x, :infinity)\nend\n"
    assert outcome(RULE, {"mix.exs": mix, "lib/a.ex": code}) == said


@pytest.mark.parametrize("start", ["async", "async_nolink"])
def test_supervised_tasks_with_a_time_limit(start: str) -> None:
    body = f"""\
tasks = Enum.map(x, &Task.Supervisor.{start}(T, fn -> GenServer.call(&1, :a, timeout) end))
    Task.await_many(tasks, :infinity)"""
    assert outcome(RULE, in_function(body, "go(x, timeout)")) == ["~bounded-inside"]


ASKS = "GenServer.call(me, :done, :infinity)"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"me = self()\n    spawn(fn -> {ASKS} end)", ["~reports-back"]),
        (f"me = self()\n    Task.start(fn ->\n x.()\n {ASKS}\n end)", ["~reports-back"]),
        (f"me = self()\n    spawn(fn ->\n {ASKS}\n x.()\n end)", ["info"]),
        (f"me = self()\n    Task.async(fn -> {ASKS} end)", ["info"]),
        (f"me = x\n    spawn(fn -> {ASKS} end)", ["info"]),
        (f"me = self()\n    {ASKS}", ["info"]),
        (f"me = self()\n    spawn(fn -> Enum.each(x, fn _ -> {ASKS} end) end)", ["info"]),
        (f"me = self()\n    spawn(fn ->\n me = x.(me)\n {ASKS}\n end)", ["info"]),
    ],
)
def test_a_process_that_reports_to_its_starter(body: str, said: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == said


@pytest.mark.parametrize(
    ("work", "who"),
    [
        ("spawn(fn -> WAIT end)", "the process that `spawn` starts here"),
        ("Task.start(fn -> WAIT end)", "the process that `Task.start` starts here"),
        ("Task.async(fn -> WAIT end)", "the process that `Task.async` starts here"),
        ("WAIT", "whoever runs this"),
    ],
)
def test_who_waits(work: str, who: str) -> None:
    code = in_function(work.replace("WAIT", "GenServer.call(x, :go, :infinity)"))["lib/a.ex"]
    (finding,) = analysed(rule(RULE), code).findings
    assert finding.evidence[0].note == f"until the other side answers, {who} waits"


@pytest.mark.parametrize(
    ("asked", "answered", "said"),
    [
        ("pid", ":which_children", ["~supervisor"]),
        ("__MODULE__", ":count_children", ["~supervisor"]),
        ("Shop.Other", ":which_children", ["info"]),
        ("pid", ":children", ["info"]),
    ],
)
def test_requests_of_a_supervisor(asked: str, answered: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.A do
  use GenStage
  def ask(pid, request), do: GenStage.call({asked}, {{pid, request}}, :infinity)
  def init(s), do: {{:consumer, s}}
  def handle_call({answered}, _from, s), do: {{:reply, s, [], s}}
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == said


def test_a_module_of_commands() -> None:
    code = "defmodule A do\n  use Artificery\n  def go(t), do: Task.await(t, :infinity)\nend\n"
    assert outcome(RULE, {"lib/a.ex": code}) == ["~mix-task"]


@pytest.mark.parametrize(
    ("start", "confidence"),
    [("Task.start_link(fn -> ", "low"), ("spawn(fn -> ", "low"), ("Task.async(fn -> ", "medium")],
)
def test_only_a_process_let_go_waits(start: str, confidence: str) -> None:
    body = f"{start}GenServer.call(x, :go, :infinity); x.() end)\n    :ok"
    (finding,) = analysed(rule(RULE), in_function(body)["lib/a.ex"]).findings
    assert finding.confidence == confidence


@pytest.mark.parametrize(
    ("call", "said"),
    [(":proc_lib.get_label(s)", ["~own-server"]), (":proc_lib.start(s, :a, [])", ["info"])],
)
def test_a_server_that_reads_what_a_process_is_called(call: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.A do
  use GenServer
  def ask(pid), do: GenServer.call(pid, :go, :infinity)
  def init(s), do: {{:ok, s}}
  def handle_call(:go, _from, s), do: {{:reply, {call}, s}}
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == said


@pytest.mark.parametrize(
    ("callback", "work", "said"),
    [
        ("handle_continue(:go, s)", "Task.async(fn -> go(s) end) |> Task.await(:infinity)", "~"),
        ("handle_continue(:go, s)", "Task.await(Task.async(fn -> go(s) end), :infinity)", "~"),
        ("handle_continue(:go, s)", "run(s)", "~"),
        ("handle_continue(:go, s)", "Task.await(s, :infinity)", "warning"),
        (
            "handle_continue(:go, s)",
            "Task.Supervisor.async_nolink(T, fn -> go(s) end) |> Task.await(:infinity)",
            "warning",
        ),
        ("handle_cast(:go, s)", "run(s)", "warning"),
        ("handle_cast(:go, s)", "Task.async(fn -> go(s) end) |> Task.await(:infinity)", "warning"),
    ],
)
def test_a_start_may_work_in_a_task_of_its_own(callback: str, work: str, said: str) -> None:
    helper = "defp run(s), do: Task.async(fn -> go(s) end) |> Task.await(:infinity)"
    code = f"""\
defmodule Shop.A do
  use GenServer
  def init(s), do: {{:ok, s, {{:continue, :go}}}}
  def {callback} do
    {work}
    {{:noreply, s}}
  end
  {helper if "run" in work else ""}
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == ["~continue" if said == "~" else said]


FOR_EVER = "# we pass :infinity here, since the other side has a limit of its own"


@pytest.mark.parametrize(
    ("reason", "first", "second", "said"),
    [
        (FOR_EVER, "Shop.name(s)", "Shop.name(s)", ["~stated-reason", "~stated-reason"]),
        (FOR_EVER, "__MODULE__", "__MODULE__", ["~stated-reason", "~stated-reason"]),
        (FOR_EVER, "Shop.name(s)", "Shop.Other.name(s)", ["info", "~stated-reason"]),
        (FOR_EVER, "s", "s", ["info", "~stated-reason"]),
        (ABOVE, "__MODULE__", "__MODULE__", ["info", "~stated-reason"]),
    ],
)
def test_a_reason_holds_for_the_server(
    reason: str, first: str, second: str, said: list[str]
) -> None:
    code = f"""\
defmodule Shop.A do
  {reason}
  def set(s), do: GenServer.call({first}, :set, :infinity)
  def get(s), do: GenServer.call({second}, :get, :infinity)
end
"""
    assert sorted(outcome(RULE, {"lib/a.ex": code})) == said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("{:stop, :normal, :ok, s}", "~stop"),
        ("if s, do: {:stop, :normal, :ok, s}, else: {:stop, :shutdown, :ok, s}", "~stop"),
        ("if s, do: {:stop, :normal, :ok, s}, else: {:reply, Req.get!(s), s}", "info"),
        ("{:reply, Req.get!(s), s}", "info"),
        ("finish(s)", "info"),
    ],
)
def test_a_request_to_stop_waits_as_a_stop_does(answer: str, said: str) -> None:
    code = f"""\
defmodule Shop.A do
  use GenServer
  def close(p), do: GenServer.call(p, :close, :infinity)
  def init(s), do: {{:ok, s}}
  def handle_call(:close, _, s) do
    {answer}
  end
  defp finish(s), do: {{:reply, Req.get!(s), s}}
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == [said]
