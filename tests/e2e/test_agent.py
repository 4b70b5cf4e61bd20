"""An agent fixes a finding of the analyser: a miss, a red test and another try included."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.codebase.worktree import Worktree
from bot.core.render.transcript import as_markdown
from bot.llm.agents.agent import run_agent
from bot.llm.agents.tools import WorkspaceTools
from bot.llm.scripted import Line, ScriptedModel, call
from bot.llm.types import Part, Request
from tests.codebase.support import open_in
from tests.verify.support import mix_in

FILES = {
    "mix.exs": """\
defmodule Post.MixProject do
  use Mix.Project

  def project, do: [app: :post, version: "0.1.0", elixir: "~> 1.14", deps: []]
  def application, do: [mod: {Post.Application, []}]
end
""",
    "lib/post/application.ex": """\
defmodule Post.Application do
  use Application

  @impl true
  def start(_type, _args) do
    children = [{Task.Supervisor, name: Post.Couriers}]
    Supervisor.start_link(children, strategy: :one_for_one)
  end
end
""",
    "lib/post/mailer.ex": """\
defmodule Post.Mailer do
  def deliver(to) do
    spawn(fn -> send(to, :delivered) end)
    :ok
  end
end
""",
    "test/test_helper.exs": "ExUnit.start()\n",
    "test/mailer_test.exs": """\
defmodule Post.MailerTest do
  use ExUnit.Case, async: true

  test "delivers" do
    assert Post.Mailer.deliver(self()) == :ok
    assert_receive :delivered
  end
end
""",
}
MAILER = "lib/post/mailer.ex"
SPAWN = "spawn(fn -> send(to, :delivered) end)"
WRONG = "{:ok, _} = Task.Supervisor.start_child(Post.Courier, fn -> send(to, :delivered) end)"
RIGHT = WRONG.replace("Post.Courier,", "Post.Couriers,")
SCRIPT: list[Line] = [
    call("findings", rules=["unsupervised-spawn"]),
    (call("read", path=MAILER), call("search", pattern="Task.Supervisor")),
    call("edit", path=MAILER, old=SPAWN.replace("(fn", " (fn"), new=WRONG),
    call("edit", path=MAILER, old=SPAWN, new=WRONG),
    call("run", task="test", args=["test/mailer_test.exs"]),
    call("edit", path=MAILER, old="Post.Courier,", new="Post.Couriers,"),
    (call("run", task="test"), call("findings", rules=["unsupervised-spawn"])),
    call("done", summary="The courier runs under Post.Couriers; a crash is logged and contained."),
]


@pytest.mark.elixir
def test_an_agent_fixes_a_finding_and_learns_from_a_red_test(tmp_path: Path) -> None:
    repository = open_in(tmp_path, {name: text.encode() for name, text in FILES.items()})
    tree = Worktree.create(repository, "genesis/1/stage-1", repository.head, tmp_path / "work")
    mix = mix_in(tree.project, tmp_path / "build")
    codebase = Codebase(WorkFiles(tree.project), worktree=tree, mix=lambda: mix)
    request = Request(parts=(Part("instructions", f"Supervise the process in {MAILER}."),))

    report = run_agent(ScriptedModel(SCRIPT), request, WorkspaceTools(codebase))

    assert (report.status, report.steps) == ("done", len(SCRIPT))
    assert f"+    {RIGHT}" in codebase.diff()
    told = as_markdown(report.transcript)
    order = (
        "1 finding: unsupervised-spawn",
        "blanks or tabs within a line differ",
        f"changed {MAILER}",
        "mix test --seed 0 test/mailer_test.exs: FAILED with exit code 2: 1 of 1 test failed",
        "mix test --seed 0: passed: 1 test, 0 failures",
        "no findings",
        "accepted",
    )
    places = [told.index(part) for part in order]
    assert places == sorted(places)
