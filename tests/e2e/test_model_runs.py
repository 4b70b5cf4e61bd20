"""Runs with a model over HTTP: killed and taken up, and a finding fixed by an agent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.errors import Exit
from tests.cli.support import genesis
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.vendor_server import Body, Call, Say, Stall
from tests.flows.support import git, repository

KEY = "sk-ant-" + "k" * 40
TWO = """\
workflow:
  name: two
  steps:
    - {name: one, type: claude, prompt: "First"}
    - {name: two, type: claude, prompt: "Second, after {{ one.text }}"}
"""


def environment(server: AnthropicServer, home: Path) -> dict[str, str]:
    """What a run against the server needs."""
    return {
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": server.url,
        "GENESIS_MODEL_RETRIES": "0",
        "GENESIS_STATE_DIR": str(home / "state"),
        "GENESIS_CACHE_DIR": str(home / "cache"),
    }


def test_after_kill_9_a_finished_call_is_not_paid_for_again(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(TWO)
    with AnthropicServer([Say("alpha"), Stall(), Say("omega")]) as server:
        env = environment(server, tmp_path)
        command = [sys.executable, "-c", "from bot.cli import main; main()"]
        child = subprocess.Popen(
            [*command, "pipeline", "run", "two.yaml"], cwd=tmp_path, env={**os.environ, **env}
        )
        deadline = time.monotonic() + 60
        while len(server.requests) < 2 and time.monotonic() < deadline:
            assert child.poll() is None
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        again = genesis("pipeline", "run", "two.yaml", cwd=tmp_path, env=env)
    assert again.code == Exit.OK, again.err
    assert again.out == "omega\n"
    assert len(server.requests) == 3
    assert "kept from before" in again.err


MIX = """\
defmodule Shop.MixProject do
  use Mix.Project

  def project, do: [app: :shop, version: "0.1.0", elixir: "~> 1.12", deps: []]

  def application, do: [mod: {Shop.Application, []}]
end
"""
APPLICATION = """\
defmodule Shop.Application do
  use Application

  @impl true
  def start(_type, _args) do
    children = [
      {Task.Supervisor, name: Shop.TaskSupervisor},
      Shop.Printer
    ]

    Supervisor.start_link(children, strategy: :one_for_one, name: Shop.Supervisor)
  end
end
"""
BLOCKING = """\
  def handle_call({:print, path}, _from, count) do
    {_, 0} = System.cmd("sh", ["-c", "until [ -e #{path} ]; do sleep 0.1; done"])
    {:reply, :ok, count + 1}
  end
"""
PRINTER = (
    """\
defmodule Shop.Printer do
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  def print(path), do: GenServer.call(__MODULE__, {:print, path})

  def count, do: GenServer.call(__MODULE__, :count)

  @impl true
  def init(nil), do: {:ok, 0}

  @impl true
"""
    + BLOCKING
    + """
  def handle_call(:count, _from, count), do: {:reply, count, count}
end
"""
)
FIXED = """\
  def handle_call({:print, path}, from, count) do
    {:ok, _} =
      Task.Supervisor.start_child(Shop.TaskSupervisor, fn ->
        {_, 0} = System.cmd("sh", ["-c", "until [ -e #{path} ]; do sleep 0.1; done"])
        GenServer.reply(from, :ok)
      end)

    {:noreply, count + 1}
  end
"""
BROKEN = FIXED.replace("reply(from, :ok)", "reply(form, :ok)")
TEST = """\
defmodule Shop.PrinterTest do
  use ExUnit.Case

  @tag :tmp_dir
  test "counts while it prints", %{tmp_dir: dir} do
    path = Path.join(dir, "ready")
    request = :gen_server.send_request(Shop.Printer, {:print, path})
    assert is_integer(GenServer.call(Shop.Printer, :count, 1000))
    File.touch!(path)
    assert {:reply, :ok} = :gen_server.receive_response(request, 5000)
  end
end
"""
SHOP = {
    "mix.exs": MIX,
    ".gitignore": "/_build/\n/deps/\n/tmp/\n",
    "lib/shop/application.ex": APPLICATION,
    "lib/shop/printer.ex": PRINTER,
    "test/test_helper.exs": "ExUnit.start()\n",
    "test/shop/count_test.exs": """\
defmodule Shop.CountTest do
  use ExUnit.Case

  test "counts" do
    assert Shop.Printer.count() >= 0
  end
end
""",
}


def _engineer(body: Body) -> Say:
    """Fixes the printer: wrongly first, then as the checks asked for."""
    said = str(body["messages"])
    if "Judge attempt" in said:
        return Say('{"status": "passed", "next_action": "commit", "reasons": []}')
    again = "The attempt before this one was undone" in said
    script = [
        Call("read", {"path": "lib/shop/printer.ex"}),
        Call(
            "edit",
            {"path": "lib/shop/printer.ex", "old": BLOCKING, "new": FIXED if again else BROKEN},
        ),
        Call("write", {"path": "test/shop/printer_test.exs", "content": TEST}),
        Call("done", {"summary": "Printing no longer keeps others waiting."}),
    ]
    return Say(calls=(script[said.count("'tool_result'")],))


@pytest.mark.elixir
def test_genesis_run_lets_a_model_fix_what_no_codemod_can(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop", SHOP)
    with AnthropicServer(_engineer) as server:
        env = environment(server, tmp_path)
        ran = genesis("run", ".", "--json", cwd=root, env=env)
    assert ran.code == Exit.OK, ran.out + ran.err
    done = [a for stage in ran.data["stages"] for a in stage["actions"]]
    (action,) = [a for a in done if a["status"] == "committed"]
    assert (action["attempts"], action["proof"]) == (2, "structural")
    branch = git(root, "branch", "--list", "genesis/*", "--format=%(refname:short)")
    diff = git(root, "diff", "main", branch)
    assert "Task.Supervisor.start_child(Shop.TaskSupervisor" in diff
    assert "test/shop/printer_test.exs" in diff
    second = next(
        str(r.body) for r in server.requests if "The attempt before this one" in str(r.body)
    )
    assert "undefined" in second
    assert "`handle_call/3` blocks" in str(server.requests[0].body)
    assert git(root, "status", "--porcelain") == ""
    assert KEY not in ran.out + ran.err
