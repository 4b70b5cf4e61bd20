"""Where jobs start while the application's supervisors are not there, or not there yet."""

from __future__ import annotations

import pytest

from bot.elixir.fixes.add_task_supervisor import CODEMOD as ADD
from bot.elixir.fixes.base import Declined, Proposal
from bot.elixir.fixes.supervise_spawn import CODEMOD
from tests.elixir.fixes.spawned import outcomes
from tests.elixir.fixes.support import (
    APPLICATION,
    MIX_EXS,
    MakeProject,
    applied,
    apply_changes,
    changes_of,
    mix,
    proposal,
    surveyed,
)

SERVER = """\
defmodule Shop.Server do
  def listen do
    {:ok, listener} = :gen_tcp.listen(0, [:binary, active: false])
    {:ok, port} = :inet.port(listener)
    :persistent_term.put(:shop_port, port)
    loop(listener)
  end

  defp loop(listener) do
    {:ok, client} = :gen_tcp.accept(listener)
    spawn(fn -> serve(client) end)
    loop(listener)
  end

  defp serve(client) do
    case :gen_tcp.recv(client, 0) do
      {:ok, data} ->
        :gen_tcp.send(client, data)
        serve(client)

      {:error, _} ->
        :ok
    end
  end
end
"""
TASKS = "{Task.Supervisor, name: Shop.Tasks}"
CHILDREN = {
    "closure": "{Task, fn -> Shop.Server.listen() end}",
    "capture": "{Task, &Shop.Server.listen/0}",
    "map": "%{id: :tcp, start: {Task, :start_link, [fn -> Shop.Server.listen() end]}}",
    "child_spec": "Supervisor.child_spec({Task, fn -> Shop.Server.listen() end}, id: :tcp)",
    "options of a module": "{Shop.Runner, run: &Shop.Server.listen/0}",
}


def server(children: str, before: str = "") -> dict[str, str]:
    code = APPLICATION.replace("    children = []", f"{before}    children = [{children}]")
    return {"mix.exs": MIX_EXS, "lib/shop/application.ex": code, "lib/shop/server.ex": SERVER}


@pytest.mark.parametrize("name", CHILDREN)
def test_what_a_child_runs_comes_after_the_supervisor_put_in_front(name: str) -> None:
    (found,) = outcomes(server(CHILDREN[name]))
    assert isinstance(found, Proposal), found.reason
    assert found.fix == "automatic"
    assert [r.codemod for r in found.requires] == ["add_task_supervisor"]


def test_acceptor_in_the_application_module_itself() -> None:
    code = APPLICATION.replace("children = []", "children = [{Task, fn -> listen() end}]")
    inner = SERVER.removeprefix("defmodule Shop.Server do\n").removesuffix("end\n")
    code = code.rstrip().removesuffix("end") + "\n" + inner + "end\n"
    (found,) = outcomes({"mix.exs": MIX_EXS, "lib/shop/application.ex": code})
    assert isinstance(found, Proposal), found.reason


@pytest.mark.parametrize(
    ("children", "before"),
    [
        ("", "    Shop.Server.listen()\n\n"),
        (CHILDREN["closure"], "    Task.start_link(fn -> Shop.Server.listen() end)\n\n"),
        ("{Shop.Runner, Shop.Server.listen()}", ""),
    ],
    ids=["called", "in a task of its own", "argument of a child"],
)
def test_what_start_runs_itself_does_not(children: str, before: str) -> None:
    found = outcomes(server(children, before))
    assert isinstance(found[-1], Declined)
    assert "Shop.Application.start/2" in found[-1].reason


def test_supervisor_listed_behind_the_child_that_needs_it_is_not_used() -> None:
    late, early = f"{CHILDREN['closure']}, {TASKS}", f"{TASKS}, {CHILDREN['closure']}"
    (found,) = outcomes(server(late))
    assert isinstance(found, Declined)
    assert "starts after" in found.reason
    (found,) = outcomes(server(early))
    assert isinstance(found, Proposal), found.reason


@pytest.mark.elixir
def test_server_answers_from_a_supervised_process(mix_project: MakeProject) -> None:
    root = mix_project(server(CHILDREN["closure"]))
    analysis, project = surveyed(root)
    offer = proposal(
        CODEMOD, project, next(f for f in analysis.findings if f.rule in CODEMOD.rules)
    )
    changes = changes_of(ADD, project, dict(offer.requires[0].params))
    apply_changes(root, changes)
    project = applied(project, changes)
    apply_changes(root, changes_of(CODEMOD, project, offer.params))
    script = """
    ask = fn ask ->
      case :persistent_term.get(:shop_port, nil) do
        nil -> ask.(ask)
        port -> :gen_tcp.connect(:localhost, port, [:binary, active: false])
      end
    end
    {:ok, socket} = ask.(ask)
    :ok = :gen_tcp.send(socket, "hello")
    {:ok, "hello"} = :gen_tcp.recv(socket, 0, 5_000)
    [job] = Task.Supervisor.children(Shop.TaskSupervisor)
    watch = Process.monitor(job)
    # Asked of the job itself: the monitor is set before the connection ends.
    {:monitored_by, [_ | _]} = Process.info(job, :monitored_by)
    :gen_tcp.close(socket)
    receive do
      {:DOWN, ^watch, :process, ^job, reason} -> IO.puts("served and gone: #{reason}")
    after
      30_000 -> raise "the job outlives its connection"
    end
    """
    code, output = mix(root, "run", "-e", script)
    assert (code, "served and gone: normal" in output) == (0, True), output


HANDLER = """\
defmodule Shop.Handler do
  @behaviour :syn_event_handler

  @impl true
  def resolve_registry_conflict(_scope, _name, {kept, _, _}, {other, _, _}) do
    settle(other)
    kept
  end

  defp settle(other) do
    spawn(fn -> Process.exit(other, :shutdown) end)
    :ok
  end
end
"""


def test_callback_that_another_applications_process_runs_is_asked_about() -> None:
    files = {**server(""), "lib/shop/server.ex": HANDLER}
    (found,) = outcomes(files)
    assert isinstance(found, Proposal), found.reason
    assert found.fix == "assisted"
    assert "`:syn_event_handler`" in found.decision
    assert ":noproc" in found.decision


def test_server_callback_beside_another_applications_behaviour_is_not() -> None:
    code = HANDLER.replace("  @impl", "  @behaviour :gen_statem\n\n  @impl", 1).replace(
        "resolve_registry_conflict", "handle_event"
    )
    (found,) = outcomes({**server(""), "lib/shop/server.ex": code})
    assert isinstance(found, Proposal), found.reason
    assert found.fix == "automatic"


@pytest.mark.parametrize("behaviour", ["Plug", "Phoenix.Channel", ":gen_statem", "Shop.Rule"])
def test_callback_that_runs_below_the_own_tree_is_not(behaviour: str) -> None:
    rule = "defmodule Shop.Rule do\n  @callback run() :: :ok\nend\n"
    code = HANDLER.replace(":syn_event_handler", behaviour)
    files = {**server(""), "lib/shop/server.ex": code, "lib/shop/rule.ex": rule}
    (found,) = outcomes(files)
    assert isinstance(found, Proposal), found.reason
    assert found.fix == "automatic"


def test_function_beside_a_callback_that_the_project_calls_is_not() -> None:
    code = HANDLER.replace("resolve_registry_conflict", "settle_all")
    user = "defmodule Shop.User do\n  def go(a, b), do: Shop.Handler.settle_all(1, 2, a, b)\nend\n"
    files = {**server(""), "lib/shop/server.ex": code, "lib/shop/user.ex": user}
    (found,) = outcomes(files)
    assert isinstance(found, Proposal), found.reason
    assert found.fix == "automatic"


STOPPED = """
start = fn job ->
  me = self()
  Task.Supervisor.start_child(Shop.Tasks, fn -> job.(me) end)
  receive do
    {:up, pid} -> Process.monitor(pid)
  end
end

plain = start.(fn me -> send(me, {:up, self()}) && Process.sleep(:infinity) end)

trapping =
  start.(fn me ->
    Process.flag(:trap_exit, true)
    send(me, {:up, self()})
    receive do
      {:EXIT, _from, :shutdown} -> exit(:finished)
    end
  end)

me = self()
raw = fn -> spawn(fn -> send(me, {:up, self()}) && Process.sleep(:infinity) end) end
master = :application_controller.get_master(:shop)
spawn(fn -> Process.group_leader(self(), master) && raw.() end)

inside =
  receive do
    {:up, pid} -> Process.monitor(pid)
  end

Application.stop(:shop)

for ref <- [plain, trapping, inside] do
  receive do
    {:DOWN, ^ref, _, _, reason} -> IO.puts("ended by #{reason}")
  end
end
"""


@pytest.mark.elixir
def test_what_the_notes_say_about_the_stop_is_so(mix_project: MakeProject) -> None:
    root = mix_project(server(TASKS))
    code, output = mix(root, "run", "-e", STOPPED)
    ends = [line.split()[-1] for line in output.splitlines() if line.startswith("ended by")]
    assert (code, ends) == (0, ["shutdown", "finished", "killed"]), output
