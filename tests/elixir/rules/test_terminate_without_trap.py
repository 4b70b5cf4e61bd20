"""Clean-ups that a shutdown skips: what counts as one, and who sets the flag."""

from __future__ import annotations

import pytest

from bot.elixir.analyze import survey
from bot.elixir.rules import rule
from bot.elixir.tree import MemoryTree
from tests.elixir.rules.support import outcome

RULE = "terminate-without-trap"


def server(end: str, init: str = "{:ok, x}", more: str = "", use: str = "GenServer") -> str:
    return f"""\
defmodule Shop.A do
  use {use}
  def init(x) do
    {init}
  end
  def terminate(_reason, state) do
    {end}
  end
  {more}
end
"""


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("File.rm(state)", ["warning"]),
        ("Shop.Repo.insert(state)", ["warning"]),
        ("Enum.each(state, &File.rm(&1))", ["warning"]),
        ("send(state, :bye)", ["info"]),
        ("Shop.Bus.broadcast(:bye)", ["info"]),
        ("GenServer.stop(state)", ["warning"]),
        ("gone(state)", ["warning"]),
        (":ets.delete(:shared, state)", ["warning"]),
        ("Logger.info(inspect(state))", ["~reports"]),
        (":telemetry.execute([:end], %{})", ["~reports"]),
        (":telemetry.detach(state)", ["info"]),
        ("Process.cancel_timer(state)", ["~ends-anyway"]),
        (":gen_tcp.close(state)", ["~ends-anyway"]),
        ("Client.close(state)", ["~ends-anyway"]),
        ("Shop.Unknown.rows(state)", []),
        ("Map.get(state, :x)", []),
        (":ok", []),
    ],
)
def test_what_is_a_clean_up(end: str, words: list[str]) -> None:
    code = server(end, more="defp gone(state), do: File.rm(state)")
    assert outcome(RULE, {"lib/a.ex": code}) == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("File.rm(path)", ["warning"]),
        ("gone(path)", ["warning"]),
        (":gen_tcp.close(path)", ["~ends-anyway"]),
        ("path + 1", []),
    ],
)
def test_functions_of_the_project_are_judged_by_what_they_do(body: str, words: list[str]) -> None:
    disk = f"""\
defmodule Shop.Disk do
  def remove(path), do: {body}
  defp gone(path), do: File.rm(path)
end
"""
    files = {"lib/a.ex": server("Shop.Disk.remove(state)"), "lib/disk.ex": disk}
    assert outcome(RULE, files) == words


@pytest.mark.parametrize(
    ("asked", "words"),
    [("{:drop, state}", ["warning"]), ("{:note, state}", []), ("state", ["warning"])],
)
def test_only_clauses_of_it_that_can_take_the_call_count(asked: str, words: list[str]) -> None:
    disk = """\
defmodule Shop.Disk do
  def run({:drop, path}), do: remove(path)
  def run({:note, path}), do: path
  defp remove(path), do: File.rm(path)
end
"""
    files = {"lib/a.ex": server(f"Shop.Disk.run({asked})"), "lib/disk.ex": disk}
    assert outcome(RULE, files) == words


def test_what_a_call_builds_is_done_by_the_one_it_is_handed_to() -> None:
    built = "Http.delete(state) |> Http.put_header(state) |> Http.run()"
    (found,) = survey(
        MemoryTree.of({"lib/a.ex": server(built)}), jobs=1, rules=(rule(RULE),)
    ).analysis.findings
    assert "`Http.delete`" in found.message
    assert outcome(RULE, {"lib/a.ex": server("Http.put_header(state) |> Http.run()")}) == []
    assert outcome(RULE, {"lib/a.ex": server("Http.put_header(state)")}) == ["warning"]


def test_a_message_to_itself_tells_nobody() -> None:
    assert outcome(RULE, {"lib/a.ex": server("send(self(), :bye)")}) == []


@pytest.mark.parametrize(
    ("starts", "use", "message", "weight"),
    [
        ("Shop.A.start_link(1)", "GenServer", "an exit signal ends this server", "info low"),
        ("Supervisor.init([Shop.A], x)", "GenServer", "a supervisor stops this", "warning high"),
        ("[]", "GenServer", "a supervisor stops this", "warning high"),
        ("[]", "Library.Server", "a supervisor stops this", "warning low"),
    ],
)
def test_who_ends_it(starts: str, use: str, message: str, weight: str) -> None:
    start = "def start_link(x), do: GenServer.start_link(__MODULE__, x)\n"
    call = "def handle_call(x, _from, state), do: {:reply, x, state}\n"
    owner = f"""\
defmodule Shop.Owner do
  use GenServer
  def init(x), do: {{:ok, {starts}}}
end
"""
    files = {
        "lib/a.ex": server("File.rm(state)", more=start + call, use=use),
        "lib/owner.ex": owner,
    }
    (found,) = survey(MemoryTree.of(files), jobs=1, rules=(rule(RULE),)).analysis.findings
    assert message in found.message
    assert f"{found.severity} {found.confidence}" == weight


def test_a_pattern_with_its_name_does_not_make_it_a_child() -> None:
    start = "def start_link(x), do: GenServer.start_link(__MODULE__, x)\n"
    owner = """\
defmodule Shop.Owner do
  use GenServer
  def init(x) do
    {:ok, child} = Shop.A.start_link(x)
    {:ok, child}
  end
  def handle_info({Shop.A, spec}, child), do: {:noreply, {child, spec}}
end
"""
    files = {"lib/a.ex": server("File.rm(state)", more=start), "lib/owner.ex": owner}
    (found,) = survey(MemoryTree.of(files), jobs=1, rules=(rule(RULE),)).analysis.findings
    assert "an exit signal ends this server" in found.message


def test_a_protocol_is_judged_by_its_name_and_a_cycle_ends() -> None:
    store = """\
defprotocol Shop.Store do
  def remove(store)
  def rows(store)
end

defmodule Shop.Ping do
  def ping(x), do: Shop.Pong.pong(x)
end

defmodule Shop.Pong do
  def pong(x), do: Shop.Ping.ping(x)
end
"""
    for call, words in (
        ("Shop.Store.remove(state)", ["warning"]),
        ("Shop.Store.rows(state)", []),
        ("Shop.Ping.ping(state)", []),
    ):
        assert outcome(RULE, {"lib/a.ex": server(call), "lib/store.ex": store}) == words


def test_an_own_table_goes_with_its_server() -> None:
    code = server(":ets.delete(state)", init="{:ok, :ets.new(:x, [])}")
    assert outcome(RULE, {"lib/a.ex": code}) == ["~ends-anyway"]


def test_linked_processes_go_with_their_server() -> None:
    init = "{:ok, pid} = Shop.B.start_link(x)\n{:ok, pid}"
    code = server("GenServer.stop(state)", init=init)
    assert outcome(RULE, {"lib/a.ex": code}) == ["~ends-anyway"]


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("Shop.Engine.start_link(x)", ["~ends-anyway"]),
        ("Shop.Engine.start(x)", ["warning"]),
        ("Shop.Other.start_link(x)", ["warning"]),
        ("spawn(fn -> Shop.Engine.start_link(x) end)", ["warning"]),
    ],
)
def test_what_a_module_offers_to_stop_its_own(start: str, words: list[str]) -> None:
    other = f"defmodule Shop.State do\n  def new(x), do: {start}\nend\n"
    code = server("Shop.Engine.terminate(state)", init="{:ok, Shop.State.new(x)}")
    assert outcome(RULE, {"lib/a.ex": code, "lib/state.ex": other}) == words
    own = server("Shop.Engine.terminate(state)", init=f"{{:ok, {start}}}")
    assert outcome(RULE, {"lib/a.ex": own}) == words


@pytest.mark.parametrize(
    ("init", "words"),
    [
        ("Process.flag(:trap_exit, true)\n{:ok, x}", []),
        (":erlang.process_flag(:trap_exit, true)\n{:ok, x}", []),
        ("Process.flag(:trap_exit, false)\n{:ok, x}", ["warning"]),
        ("# Process.flag(:trap_exit, true)\n{:ok, x}", ["warning"]),
        ("Process.flag(:priority, :high)\n{:ok, x}", ["warning"]),
    ],
)
def test_the_flag(init: str, words: list[str]) -> None:
    assert outcome(RULE, {"lib/a.ex": server("File.rm(state)", init)}) == words


def test_a_server_that_stops_itself_does_clean_up_then() -> None:
    more = "def handle_cast(:end, state), do: {:stop, :normal, state}"
    assert outcome(RULE, {"lib/a.ex": server("File.rm(state)", more=more)}) == ["info"]


def test_the_flag_can_come_by_use() -> None:
    base = """\
defmodule Shop.Server do
  defmacro __using__(_) do
    quote do
      use GenServer
      def start, do: Process.flag(:trap_exit, true)
    end
  end
end
"""
    files = {"lib/a.ex": server("File.rm(state)", use="Shop.Server"), "lib/server.ex": base}
    assert outcome(RULE, files) == ["~trapped-elsewhere"]


def test_state_machines_end_with_three_arguments() -> None:
    code = """\
defmodule A do
  @behaviour :gen_statem
  def init(x), do: {:ok, :on, x}
  def terminate(_reason, _state, path), do: File.rm(path)
  def terminate(_reason, path), do: File.rm(path)
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == ["warning"]


def test_only_servers_of_the_application_count() -> None:
    code = server("File.rm(state)")
    plain = "defmodule A do\n  def terminate(_r, s), do: File.rm(s)\nend\n"
    assert outcome(RULE, {"lib/a.ex": plain, "test/a_test.exs": code}) == []


@pytest.mark.parametrize(
    ("init", "end", "words"),
    [
        ("File.rm(@lock)\n{:ok, x}", "File.rm(@lock)", "~put-in-order"),
        ("Shop.untrack(__MODULE__)\n{:ok, x}", "Shop.untrack(__MODULE__)", "~put-in-order"),
        ("{:ok, x, {:continue, :load}}", 'File.rm("lock")', "~put-in-order"),
        ('File.rm("other")\n{:ok, x}', 'File.rm("lock")', "warning"),
        ("File.rm(x)\n{:ok, x}", "x = state\nFile.rm(x)", "warning"),
        ('Shop.later(fn -> File.rm("lock") end)\n{:ok, x}', 'File.rm("lock")', "warning"),
        ('if x, do: File.rm("lock")\n{:ok, x}', 'File.rm("lock")', "warning"),
    ],
)
def test_what_the_next_start_does_again(init: str, end: str, words: str) -> None:
    more = """@lock "lock"
  def handle_continue(:load, x) do
    File.rm("lock")
    {:noreply, x}
  end"""
    more = more if "continue" in init else '@lock "lock"'
    code = server(end, init, more)
    assert outcome(RULE, {"lib/a.ex": code}) == [words]


def case_on(what: str, *heads: str) -> str:
    return f"case {what} do\n" + "\n".join(f"{head} -> File.rm(state)" for head in heads) + "\nend"


@pytest.mark.parametrize(
    ("head", "end", "words"),
    [
        ("reason, state", case_on("reason", "{:error, _}"), "~other-ends"),
        ("reason, state", case_on("reason", "{:error, _}", "_"), "warning"),
        ("reason, state", case_on("reason", ":shutdown", "_"), "warning"),
        ("reason, state", case_on("state", "{:error, _}"), "warning"),
        ("reason, state", "case reason do\n:shutdown -> 1\n_ -> gone(state)\nend", "~other-ends"),
        ("reason, state", "case reason do\nr when r == 1 -> 1\n_ -> gone(state)\nend", "warning"),
        ("reason, state", "case reason do\nr -> r\n_ -> gone(state)\nend", "~other-ends"),
        ("{:error, _}, state", "gone(state)", "~other-ends"),
        (":shutdown, state", "gone(state)", "warning"),
    ],
)
def test_what_is_done_for_a_stop_by_the_supervisor(head: str, end: str, words: str) -> None:
    code = server(end, more="defp gone(path), do: File.rm(path)")
    code = code.replace("terminate(_reason, state)", f"terminate({head})")
    assert outcome(RULE, {"lib/a.ex": code}) == [words]


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("terminate(:shutdown, _state), do: :ok", "~other-ends"),
        ("terminate(:shutdown, :idle), do: :ok", "warning"),
        ("terminate(:normal, _state), do: :ok", "warning"),
    ],
)
def test_clauses_before_take_the_reason(first: str, words: str) -> None:
    code = server("File.rm(state)").replace("  def terminate", f"  def {first}\n  def terminate")
    assert outcome(RULE, {"lib/a.ex": code}) == [words]


@pytest.mark.parametrize(
    ("end", "strategy", "uses", "more", "words"),
    [
        (":telemetry.detach(:a)", ":one_for_one", "Application", "", "~ends-with-the-application"),
        (":telemetry.detach(:a)", ":rest_for_one", "Application", "", "info"),
        (":telemetry.detach(:a)", ":one_for_one", "Supervisor", "", "info"),
        (
            ":telemetry.detach(:a)",
            ":one_for_one",
            "Application",
            "terminate_child(S, Shop.A)",
            "info",
        ),
        (
            ":telemetry.detach(:a)",
            ":one_for_one",
            "Application",
            "start_link([Shop.A], strategy: :one_for_all)",
            "info",
        ),
        ("File.rm(state)", ":one_for_one", "Application", "", "warning"),
        (":telemetry.detach(:a)\n    File.rm(state)", ":one_for_one", "Application", "", "info"),
    ],
)
def test_what_only_ends_with_the_application(
    end: str, strategy: str, uses: str, more: str, words: str
) -> None:
    application = f"""\
defmodule Shop.Application do
  use {uses}
  def start(_, _), do: Supervisor.start_link([Shop.A], strategy: {strategy})
  {f"def stop(S), do: Supervisor.{more}" if more else ""}
end
"""
    files = {"lib/a.ex": server(end), "lib/application.ex": application}
    assert outcome(RULE, files) == [words]
