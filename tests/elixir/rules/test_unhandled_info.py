"""Messages a server asks for: each source, each way to take them."""

from __future__ import annotations

import pytest

from bot.elixir.analyze import survey
from bot.elixir.rules import rule
from bot.elixir.tree import MemoryTree
from tests.elixir.rules.support import outcome

RULE = "unhandled-info"
TICK = "def handle_info(:tick, state), do: {:noreply, state}"


def server(
    source: str, info: str = TICK, use: str = "use GenServer", flag: str = ":ok"
) -> list[str]:
    code = f"""\
defmodule Shop.Desk do
  {use}
  @tick :tick
  @tock :tock
  def init(state) do
    {flag}
    {{:ok, state}}
  end
  def handle_cast({{:go, x}}, state) do
    {source}
    {{:noreply, state}}
  end
  {info}
end
"""
    return outcome(RULE, {"lib/desk.ex": code})


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("Process.monitor(x)", ["warning"]),
        ("x |> Process.monitor()", ["warning"]),
        ("Process.monitor(x, tag: :gone)", ["warning"]),
        ("Process.monitor(x, tag: state.tag)", []),
        ("spawn_monitor(fn -> x end)", ["warning"]),
        ("Node.monitor(x, true)", ["warning"]),
        (":net_kernel.monitor_nodes(true)", ["warning", "warning"]),
        (":net_kernel.monitor_nodes(false)", []),
        ("Task.Supervisor.async_nolink(Shop.Tasks, fn -> x end)", ["warning", "warning"]),
        ("Task.Supervisor.start_child(Shop.Tasks, fn -> x end)", []),
        ("Port.open({:spawn, x}, [:binary])", ["warning"]),
        ("Port.open({:spawn, x}, [:binary, :exit_status])", ["warning", "warning"]),
        ("Port.open({:spawn, x}, [:out])", []),
        ("Port.open({:spawn, Application.app_dir(:shop, x)}, [])", ["~own-program"]),
        ("a = :code.priv_dir(:shop)\nPort.open({:spawn, '#{a}/x'}, [:hide])", ["~own-program"]),
        ("a = :code.priv_dir(:shop)\nPort.open({:spawn, '#{a}/x'}, [:binary])", ["warning"]),
        ("a = :code.priv_dir(:shop)\nPort.open({:spawn, x}, [])", ["warning"]),
        ("Process.send_after(self(), :tock, 10)", ["warning"]),
        ("Process.send_after(self(), @tock, 10)", ["warning"]),
        ("Process.send_after(self(), @tick, 10)", []),
        ("Process.send_after(self(), {:tick, x}, 10)", ["warning"]),
        ("Process.send_after(self(), x, 10)", []),
        ("Process.send_after(x, :tock, 10)", []),
        (":timer.send_interval(10, :tock)", ["warning"]),
        (":timer.send_interval(10, self(), :tock)", ["warning"]),
        (":timer.send_interval(10, x, :tock)", []),
        (":erlang.start_timer(10, self(), :tick)", ["warning"]),
        ("send(self(), :tock)", ["warning"]),
        ("send(self(), :tick)", []),
        ('send(self(), {:"$gen_cast", x})', []),
        (":gen_tcp.connect(x, 80, active: true)", ["warning", "warning"]),
        (":gen_tcp.connect(x, 80, active: false)", []),
        (":gen_udp.open(0, active: :once)", ["warning"]),
        ("Task.Supervisor.start_child(Shop.Tasks, fn -> Process.monitor(x) end)", []),
        ("Enum.each(x, fn pid -> Process.monitor(pid) end)", ["warning"]),
        ("Shop.later(fn -> Process.monitor(x) end)", []),
        ("spawn_link(fn -> x end)", []),
    ],
)
def test_sources(source: str, words: list[str]) -> None:
    assert server(source) == words


@pytest.mark.parametrize(
    "info",
    [
        "def handle_info({:DOWN, _ref, :process, _pid, _reason}, state), do: {:noreply, state}",
        "def handle_info({tag, _, _, _, _}, state) when tag == :DOWN, do: {:noreply, state}",
        "def handle_info(message, state), do: Shop.handle(message, state)",
        "def handle_info(_, state), do: {:noreply, state}",
        "defdelegate handle_info(message, state), to: Shop.Other",
        "def flush do\n receive do\n {:DOWN, _, _, _, _} -> :ok\n end\n end",
    ],
)
def test_ways_to_take_a_message(info: str) -> None:
    assert server("Process.monitor(x)", f"{TICK}\n  {info}") == []


def test_the_default_only_logs() -> None:
    assert server("Process.monitor(x)", info="") == ["info"]
    assert server("Process.send_after(self(), :tick, 10)", info="") == ["warning"]
    assert server("Phoenix.PubSub.subscribe(Shop.PubSub, x)", info="") == ["info"]
    assert server("Phoenix.PubSub.subscribe(Shop.PubSub, x)") == []


def test_other_macros_may_bring_clauses() -> None:
    both = "use GenServer\n  use Shop.Server"
    assert server("Process.monitor(x)", info="", use=both) == []
    assert server("Process.monitor(x)", use=both) == ["warning"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("spawn_link(fn -> x end)", ["warning"]),
        ("Shop.Worker.start_link(x)", ["warning"]),
        ("Process.link(x)", ["warning"]),
        ("System.cmd(x, [])", ["warning"]),
        ("Task.await(Task.async(fn -> x end))", ["warning"]),
        ("Task.async_stream(x, & &1)", []),
        ("DynamicSupervisor.start_child(Shop.Sup, x)", []),
        ("Task.start(fn -> System.cmd(x, []) end)", []),
    ],
)
def test_links_of_a_server_that_traps_exits(source: str, words: list[str]) -> None:
    flag = "Process.flag(:trap_exit, true)"
    exits = "def handle_info({:EXIT, _from, :normal}, state), do: {:noreply, state}"
    assert server(source, flag=flag) == words
    assert server(source, flag=flag, info=exits) == []
    assert server(source, flag="Process.flag(:trap_exit, false)") == []


def test_state_machines() -> None:
    use = "@behaviour :gen_statem"
    call = "def handle_event({:call, _}, :tock, _, _), do: :keep_state_and_data"
    info = "def handle_event(:info, :tock, _, _), do: :keep_state_and_data"
    timer = "def open(:enter, _, data) do\n Process.send_after(self(), :tock, 10)\n data\n end"
    assert server("send(self(), :tock)", call, use) == ["warning"]
    assert server("send(self(), :tock)", f"{call}\n  {info}", use) == []
    assert server("send(self(), :tock)", timer, use) == []


def test_live_views() -> None:
    code = """\
defmodule ShopWeb.Live do
  use ShopWeb, :live_view
  def mount(_, _, socket) do
    Process.send_after(self(), MESSAGE, 10)
    {:ok, socket}
  end
  def handle_info(:tick, socket), do: {:noreply, socket}
end
"""
    assert outcome(RULE, {"lib/live.ex": code.replace("MESSAGE", ":tock")}) == ["warning"]
    assert outcome(RULE, {"lib/live.ex": code.replace("MESSAGE", ":tick")}) == []


def test_a_module_that_is_no_process_of_its_own() -> None:
    code = "defmodule Shop.A do\n  def watch(pid), do: Process.monitor(pid)\nend\n"
    assert outcome(RULE, {"lib/a.ex": code}) == []


def test_giving_a_monitor_up_is_no_answer_to_a_timer() -> None:
    give_up = "Process.demonitor(x)"
    assert server(f"{give_up}\n    Process.monitor(x)") == ["~released"]
    assert server(f"{give_up}\n    send(self(), :tock)") == ["warning"]


@pytest.mark.parametrize(
    ("taker", "words"),
    [
        ("Task.await(state)", ["~awaited", "~awaited"]),
        ("Task.yield(state)", ["~awaited", "~awaited"]),
        ("Task.shutdown(state)", ["warning", "warning"]),
    ],
)
def test_tasks_awaited_in_another_callback(taker: str, words: list[str]) -> None:
    source = "Task.Supervisor.async_nolink(Shop.Tasks, fn -> x end)"
    other = f"def handle_call(:get, _from, state), do: {{:reply, {taker}, state}}"
    assert server(source, f"{other}\n  {TICK}") == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Process.monitor(x)\n    {:stop, :normal, state}", "~last-message"),
        (
            "Process.monitor(x)\n    if x, do: {:stop, 1, state}, else: {:stop, 2, state}",
            "~last-message",
        ),
        ("Process.monitor(x)\n    if x, do: {:stop, 1, state}, else: {:noreply, x}", "warning"),
        ("if x, do: {:stop, :a, Process.monitor(x)}, else: {:noreply, state}", "~last-message"),
        ("Process.monitor(x)\n    stop(state)", "warning"),
    ],
)
def test_a_server_that_stops_reads_nothing_more(body: str, words: str) -> None:
    code = f"""\
defmodule Shop.Desk do
  use GenServer
  def init(state), do: {{:ok, state}}
  def handle_cast({{:go, x}}, state) do
    {body}
  end
  {TICK}
  defp stop(state), do: {{:stop, :normal, state}}
end
"""
    assert outcome(RULE, {"lib/desk.ex": code}) == [words]


def test_a_server_that_opens_its_socket_as_it_starts_ends_with_it() -> None:
    code = """\
defmodule Shop.Wire do
  use GenServer
  def init(host) do
    {:ok, socket} = :gen_tcp.connect(host, 80, active: true)
    {:ok, socket}
  end
  def handle_info({:tcp, _, data}, state), do: {:noreply, [data | state]}
end
"""
    assert outcome(RULE, {"lib/wire.ex": code}) == ["info"]
    later = code.replace("init(host)", "handle_cast(host, _)").replace("{:ok, s", "{:noreply, s")
    assert outcome(RULE, {"lib/wire.ex": later}) == ["warning"]


@pytest.mark.parametrize(
    ("use", "words"),
    [
        ("use GenServer", ("can bring", "matches no clause", "high")),
        ("use Shop.Server", ("can bring", "unless a module that is used here", "medium")),
    ],
)
def test_a_module_that_is_used_may_bring_a_clause(use: str, words: tuple[str, str, str]) -> None:
    code = f"""\
defmodule Shop.Desk do
  {use}
  def init(state), do: {{:ok, state}}
  def handle_call(x, _from, state), do: {{:reply, Process.monitor(x), state}}
  {TICK}
end
"""
    files = MemoryTree.of({"lib/desk.ex": code})
    (found,) = survey(files, jobs=1, rules=(rule(RULE),)).analysis.findings
    assert words[0] in found.message
    assert words[1] in found.evidence[0].note
    assert found.confidence == words[2]
