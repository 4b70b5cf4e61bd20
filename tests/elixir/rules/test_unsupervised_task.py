"""Tasks nobody supervises, and those somebody waits for."""

from __future__ import annotations

import pytest

from bot.elixir.rules.unsupervised_task import RULE
from tests.elixir.support import analysed


def in_function(body: str, uses: str = "") -> str:
    return f"defmodule A do\n  {uses}\n  def go(x) do\n    {body}\n  end\nend\n"


def exemptions(code: str) -> list[str]:
    analysis = analysed(RULE, code)
    assert analysis.findings == ()
    return [e.exemption for e in analysis.exempted]


def spared_or_told(code: str) -> list[str]:
    analysis = analysed(RULE, code)
    assert len(analysis.findings) + len(analysis.exempted) == 1
    return [e.exemption for e in analysis.exempted]


@pytest.mark.parametrize(
    "body",
    [
        "Task.async(fn -> x end) |> Task.await()",
        "Enum.map(x, &Task.async(fn -> &1 end)) |> Task.await_many(500)",
        "tasks = for i <- x, do: Task.async(fn -> i end)\n    Enum.map(tasks, &Task.await/1)",
        "task = Task.async(fn -> x end)\n    Task.yield(task, 10) || Task.shutdown(task)",
        "%{ref: ref} = Task.async(fn -> x end)\n    receive do\n      {^ref, y} -> y\n    end",
    ],
)
def test_awaited_in_the_same_function(body: str) -> None:
    assert exemptions(in_function(body)) == ["awaited"]


@pytest.mark.parametrize(
    "body",
    [
        "Task.async(fn -> x end)",
        "task = Task.async(fn -> x end)\n    {:ok, task}",
        "for i <- x, do: Task.async(fn -> i end)",
        "Enum.map(x, fn i -> Task.async(fn -> i end) end)",
        "if x, do: Task.async(fn -> x end)",
        "%{x | task: Task.async(fn -> x end)}",
    ],
)
def test_returned_to_the_caller(body: str) -> None:
    assert exemptions(in_function(body)) == ["returned"]


@pytest.mark.parametrize(
    "body",
    [
        "Task.async(fn -> x end)\n    :ok",
        "task = Task.async(fn -> x end)\n    IO.inspect(task)\n    :ok",
        "task = Task.async(fn -> x end)\n    to_string(task.pid)",
    ],
)
def test_an_async_let_go_is_a_finding(body: str) -> None:
    (finding,) = analysed(RULE, in_function(body)).findings
    assert (finding.severity, finding.fix) == ("warning", "assisted")


def test_what_a_callback_returns_is_returned_to_nobody() -> None:
    code = """
    defmodule A do
      use GenServer
      def handle_cast(:go, s), do: {:noreply, %{s | task: Task.async(fn -> s end)}}
    end
    """
    (finding,) = analysed(RULE, code).findings
    assert (finding.severity, finding.function) == ("warning", "handle_cast/2")


def test_a_server_that_takes_the_reply_is_only_linked() -> None:
    code = """
    defmodule A do
      use GenServer
      def handle_cast(:go, s), do: {:noreply, %{s | task: Task.async(fn -> s end)}}
      def handle_info({ref, _}, s), do: {:noreply, Map.delete(s, ref)}
    end
    """
    (finding,) = analysed(RULE, code).findings
    assert finding.severity == "info"


def test_start_link_outside_a_start_function_is_worth_a_word() -> None:
    (finding,) = analysed(RULE, in_function("Task.start_link(fn -> x end)\n    :ok")).findings
    assert finding.severity == "info"


def test_task_start_is_automatic() -> None:
    (finding,) = analysed(RULE, in_function("Task.start(fn -> x end)\n    :ok")).findings
    assert (finding.fix, finding.data) == ("automatic", {"call": "Task.start", "arity": "1"})


def test_supervised_tasks_are_none() -> None:
    body = "Task.Supervisor.start_child(S, x)\n    Task.Supervisor.async_nolink(S, x)"
    assert exemptions(in_function(body)) == []


SERVER = """\
defmodule Shop.Prices do
  use GenServer{options}
  def init(arg) do
    {begin}
    {{:ok, arg}}
  end
  def handle_cast(:load, arg) do
    {cast}
    {{:noreply, arg}}
  end
  {helper}
end
"""
LOAD = "defp load(arg), do: Task.start_link(fn -> Shop.Market.ask(arg) end)"


def server(**parts: str) -> str:
    return SERVER.format(**{"options": "", "begin": ":ok", "cast": ":ok", "helper": "", **parts})


@pytest.mark.parametrize(
    "parts",
    [
        {"begin": "Task.start_link(fn -> Shop.Market.ask(arg) end)"},
        {"begin": "if arg, do: Task.start_link(&Shop.Market.ask/0)"},
        {"begin": "load(arg)", "helper": LOAD},
        {"begin": "load(arg)", "cast": "load(arg)", "helper": LOAD},
    ],
)
def test_a_task_of_init_starts_again_with_its_server(parts: dict[str, str]) -> None:
    assert exemptions(server(**parts)) == ["starts-again"]


CONTINUED = """\
defmodule Shop.Prices do
  use GenServer
  def init(:idle), do: {idle}
  def init(arg), do: {{:ok, arg, {{:continue, {{:load, arg}}}}}}
  def handle_continue({{:load, _}}, arg) do
    load(arg)
    {{:noreply, arg}}
  end
  def handle_continue(:rest, arg) do
    more(arg)
    {{:noreply, arg}}
  end
  defp {name}(arg), do: Task.start_link(fn -> Shop.Market.ask(arg) end)
end
"""


@pytest.mark.parametrize(
    ("idle", "name", "again"),
    [
        (":ignore", "load", True),
        ("{:stop, :idle}", "load", True),
        ("{:ok, :idle, {:continue, {:load, :all}}}", "load", True),
        ("{:ok, :idle}", "load", False),
        ("{:ok, :idle, 500}", "load", False),
        (":ignore", "more", False),
    ],
)
def test_a_task_that_always_follows_a_start_starts_again_too(
    idle: str, name: str, again: bool
) -> None:
    code = CONTINUED.format(idle=idle, name=name)
    assert spared_or_told(code) == ["starts-again"] * again


@pytest.mark.parametrize(
    ("code", "spared"),
    [
        ("def start(job), do: Task.start(traced(job))", True),
        ("def start(m, f, a) do\n{m, f, a} = traced(m, f, a)\nTask.start(m, f, a)\nend", True),
        ("def start(user), do: Task.start(fn -> greet(user) end)", False),
        ("def start(job), do: Task.start(fn -> greet(1) end)", False),
        ("def start(job) do\nTask.start(job)\n:ok\nend", False),
        ("def go(job), do: Task.start(job)", False),
        ("defp start(job), do: Task.start(job)", False),
    ],
)
def test_a_drop_in_of_the_same_name(code: str, spared: bool) -> None:
    code = f"defmodule Shop.Task do\n{code}\nend\n"
    assert spared_or_told(code) == ["drop-in"] * spared


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("task = Task.async(fn -> x end)\n    Shop.Waiting.add(task)", ["handed-on"]),
        ("Shop.Waiting.add(Task.async(fn -> x end))\n    :ok", ["handed-on"]),
        ("Shop.Waiting.add(x, {Task.async(fn -> x end), 0})\n    :ok", ["handed-on"]),
        ("task = Task.async(fn -> x end)\n    Shop.Waiting.add([{task, 0}])", ["handed-on"]),
        ("task = Task.async(fn -> x end)\n    Map.put(x, :a, {task, 0})\n    :ok", []),
        ("task = Task.async(fn -> x end)\n    Logger.info(task)", []),
        ("task = Task.async(fn -> x end)\n    Map.put(%{}, :a, 1)", []),
    ],
)
def test_a_task_that_another_module_gets(body: str, said: list[str]) -> None:
    assert spared_or_told(in_function(body)) == said


@pytest.mark.parametrize(
    ("cast", "said"),
    [("arg = %{task: Task.async(fn -> arg end)}", ["awaited"]), ("Task.async(fn -> arg end)", [])],
)
def test_a_task_that_is_kept_and_awaited_later(cast: str, said: list[str]) -> None:
    later = "def handle_call(:get, _, s), do: {:reply, Task.await(s.task), s}"
    assert spared_or_told(server(cast=cast, helper=later)) == said


@pytest.mark.parametrize(
    ("parts", "note"),
    [
        ({"cast": "load(arg)"}, "ends it too unless it traps exits"),
        (
            {"begin": "load(arg)", "options": ", restart: :temporary"},
            "ends it too unless it traps exits",
        ),
        ({"begin": "Process.flag(:trap_exit, true)\n    load(arg)"}, "is a message to it"),
    ],
)
def test_other_linked_tasks_of_a_server_do_not(parts: dict[str, str], note: str) -> None:
    (finding,) = analysed(RULE, server(helper=LOAD, **parts)).findings
    assert finding.severity == "info"
    assert note in finding.evidence[0].note


def test_a_task_of_a_view_starts_again_with_nothing() -> None:
    code = """
    defmodule Shop.Page do
      use Phoenix.LiveView
      def init(x) do
        Task.start_link(fn -> Shop.Market.ask(x) end)
        x
      end
    end
    """
    assert len(analysed(RULE, code).findings) == 1


@pytest.mark.parametrize(
    ("use", "weight", "fix"),
    [
        ("Supervisor", "info", "advice"),
        ("DynamicSupervisor", "info", "advice"),
        ("GenServer", "warning", "automatic"),
    ],
)
def test_a_job_of_a_starting_supervisor_is_a_remark(use: str, weight: str, fix: str) -> None:
    code = f"""
    defmodule Shop.Tree do
      use {use}
      def init(x) do
        Task.start(fn -> Shop.Market.ask(x) end)
        more(x)
      end
      defp more(x), do: x
    end
    """
    (finding,) = analysed(RULE, code).findings
    assert (finding.severity, finding.fix) == (weight, fix)


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ("Logger.info(x)", ["log-line"]),
        ("Logger.metadata(x)\n Logger.log(:info, fn -> [x.name, Shop.name(x)] end)", ["log-line"]),
        ("Logger.info(x)\n Shop.save(x)", []),
        ("x", []),
        ("", []),
    ],
)
def test_a_log_line_needs_no_supervisor(job: str, said: list[str]) -> None:
    analysis = analysed(RULE, in_function(f"Task.start(fn ->\n {job}\n end)\n    :ok"))
    assert [e.exemption for e in analysis.exempted] == said
    assert len(analysis.findings) == 1 - len(said)


LINK = "Task.start_link(fn -> Shop.Market.ask(arg) end)"


@pytest.mark.parametrize(
    ("parts", "note"),
    [
        (
            {"helper": f"def ask(arg) do\n    {LINK}\n    :ok\n  end"},
            "linked to its caller: a crash of the task ends it too unless",
        ),
        (
            {"cast": "ask(arg)", "helper": f"defp ask(arg) do\n    {LINK}\n    :ok\n  end"},
            "linked to this server: a crash of the task ends it too unless",
        ),
        (
            {"cast": "Task.start_link(fn -> Process.flag(:trap_exit, true) end)"},
            "linked to this server: a crash of the task ends it too unless",
        ),
    ],
)
def test_whose_link_it_is(parts: dict[str, str], note: str) -> None:
    (finding,) = analysed(RULE, server(**parts)).findings
    assert note in finding.evidence[0].note


REPLY = "def handle_info({ref, _}, s), do: {:noreply, Map.delete(s, ref)}"


@pytest.mark.parametrize(
    ("parts", "weight", "fix"),
    [
        ({"cast": "ask(arg)"}, "info", "assisted"),
        ({}, "warning", "assisted"),
        ({"begin": "Process.flag(:trap_exit, true)"}, "warning", "assisted"),
    ],
)
def test_who_takes_the_reply(parts: dict[str, str], weight: str, fix: str) -> None:
    helper = f"{REPLY}\n  def handle_info({{:EXIT, _, _}}, s), do: {{:noreply, s}}\n  "
    helper += "def ask(arg) do\n    Task.async(fn -> arg end)\n    :ok\n  end"
    (finding,) = analysed(RULE, server(helper=helper, **parts)).findings
    assert (finding.severity, finding.fix) == (weight, fix)


TASK = "Task.start(fn -> x end)\n    :ok"


@pytest.mark.parametrize(
    ("condition", "weight"),
    [
        ("Mix.env() != :prod", "info"),
        ("Mix.env() == :dev", "info"),
        ("Mix.env() in [:dev, :test]", "info"),
        ("Mix.env() in [:dev, :prod]", "warning"),
        ("Mix.env() == :prod", "warning"),
        ("Code.ensure_loaded?(Shop)", "warning"),
    ],
)
def test_code_that_production_does_not_have(condition: str, weight: str) -> None:
    code = f"if {condition} do\n{in_function(TASK)}\nend"
    (finding,) = analysed(RULE, code).findings
    assert (finding.severity, finding.line) == (weight, 5)


def test_an_example_is_a_remark() -> None:
    code = in_function(TASK).replace("defmodule ", "defmodule Shop.Examples.", 1)
    (finding,) = analysed(RULE, code).findings
    assert finding.severity == "info"


def test_code_of_the_other_branch_is_in_production() -> None:
    branches = f"def go(x), do: x\nelse\ndef go(x) do\n{TASK}\nend\nend"
    code = f"defmodule A do\nif Mix.env() == :dev do\n{branches}\nend"
    (finding,) = analysed(RULE, code).findings
    assert (finding.severity, finding.line) == ("warning", 6)


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        ("{:ok, pid} = Task.start(fn -> x end)\n{x, {:worker, pid}}", "info"),
        ("{:ok, pid} = Task.start(fn -> x end)\n{:ok, x}", "warning"),
        ("{:ok, pid} = Task.start(fn -> x end)\nsend(pid, x)", "warning"),
        ("{:ok, _pid} = Task.start(fn -> x end)", "warning"),
        ("Task.start(fn -> x end)", "warning"),
    ],
)
def test_whose_business_the_pid_is(body: str, severity: str) -> None:
    (finding,) = analysed(RULE, in_function(body)).findings
    assert str(finding.severity) == severity
    assert ("goes to the caller" in finding.evidence[0].note) == (severity == "info")


@pytest.mark.parametrize(
    ("flag", "watch", "message", "handled"),
    [
        ("true", "Process.monitor(pid)", "{:DOWN, _, _, _, reason}", True),
        ("true", "Process.monitor(pid)", "{:other, _, _, _, reason}", False),
        ("true", "pid", "{:DOWN, _, _, _, reason}", False),
        ("false", "Process.monitor(pid)", "{:DOWN, _, _, _, reason}", False),
        ("true", "pid", "{:EXIT, pid, reason}", True),
        ("true", "pid", "{:EXIT, _pid, reason}", False),
    ],
)
def test_links_whose_end_the_server_takes(
    flag: str, watch: str, message: str, handled: bool
) -> None:
    code = f"""\
defmodule Shop.Desk do
  use GenServer
  def init(x), do: {{:ok, x}}
  def handle_cast(:go, s), do: {{:noreply, work(s)}}
  def handle_info({message}, s), do: {{:stop, reason, s}}

  defp work(s) do
    Process.flag(:trap_exit, {flag})
    {{:ok, pid}} = Task.start_link(fn -> s end)
    {watch}
    pid
  end
end
"""
    analysis = analysed(RULE, code)
    assert [e.exemption for e in analysis.exempted] == (["handled"] if handled else [])
    assert len(analysis.findings) == (0 if handled else 1)


@pytest.mark.parametrize(
    ("watch", "block", "told"),
    [
        ("Process.monitor(pid)", "after", "takes the link away"),
        (":erlang.monitor(:process, pid, [])", "after", "takes the link away"),
        ("pid", "after", "ends it too"),
        ("Process.monitor(pid)", "else\n    _ ->", "ends it too"),
    ],
)
def test_a_task_that_unlinks_at_the_end(watch: str, block: str, told: str) -> None:
    code = f"""\
defmodule Shop.A do
  def load(arg) do
    own = self()
    {{:ok, pid}} = Task.start_link(fn -> ask(own, arg) end)
    {watch}
  end

  defp ask(own, arg) do
    send(own, Shop.Market.ask(arg))
  rescue
    e -> send(own, e)
  {block}
    Process.unlink(own)
  end
end
"""
    (finding,) = analysed(RULE, code).findings
    assert told in finding.evidence[0].note


ASYNC = """\
defmodule Shop.A do
  use GenServer
  def init(arg), do: {:ok, arg, {:continue, :load}}
  def handle_continue(:load, arg) do
    Task.async(fn -> Shop.Market.ask(arg) end)
    {:noreply, arg}
  end
  TAKES
end
"""


@pytest.mark.parametrize(
    ("takes", "spared"),
    [
        ("def handle_info({ref, x}, _) when is_reference(ref), do: {:noreply, x}", True),
        ("def handle_info(:tick, x), do: {:noreply, x}", False),
    ],
)
def test_a_task_of_the_start_whose_reply_is_taken(takes: str, spared: bool) -> None:
    assert spared_or_told(ASYNC.replace("TAKES", takes)) == ["starts-again"] * spared


def test_tasks_whose_replies_a_server_takes_are_told_once() -> None:
    more = """\
def handle_cast(x, s) do
    Task.async(fn -> Shop.Market.ask(x) end)
    Task.async(fn -> Shop.Market.tell(x) end)
    {:noreply, s}
  end
  def handle_info({ref, x}, _) when is_reference(ref), do: {:noreply, x}"""
    (finding,) = analysed(RULE, ASYNC.replace("TAKES", more)).findings
    assert [e.note for e in finding.evidence][1:] == ["this one too"]


@pytest.mark.parametrize(
    ("comment", "severity", "fix"),
    [
        ("", "warning", "automatic"),
        ("# Runs in another process.\n", "warning", "automatic"),
        ("# In another process: the caller may hold the lock.\n", "info", "advice"),
        (
            "# It has to run in another thread, since this one may hold the lock.\n",
            "info",
            "advice",
        ),
        ("# Tells the shop about it, whatever else happens here.\n", "warning", "automatic"),
    ],
)
@pytest.mark.parametrize("match", ["", "{:ok, _} = "])
def test_a_comment_that_says_why_a_task_does_it(
    comment: str, severity: str, fix: str, match: str
) -> None:
    code = f"""\
defmodule A do
  def go(x) do
    {comment}
    {match}Task.start(fn -> sell(x) end)
    :ok
  end
end
"""
    (finding,) = analysed(RULE, code).findings
    assert (str(finding.severity), str(finding.fix)) == (severity, fix)
