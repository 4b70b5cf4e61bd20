"""`genesis run`, `show`, `log` and `undo` as a user types them."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import sys
from pathlib import Path

import pytest

from bot.errors import Exit
from tests.cli.support import Ran, genesis
from tests.flows.support import SHOP, fingerprint, git, repository

pytestmark = [pytest.mark.elixir, pytest.mark.xdist_group("cli_run")]

CACHING = """\
defmodule Shop.Cache do
  use Agent

  def start_link(_), do: Agent.start_link(fn -> %{} end, name: __MODULE__)
  def put(key, value), do: Agent.update(__MODULE__, &Map.put(&1, key, value))
  def get(key), do: Agent.get(__MODULE__, &Map.get(&1, key))
  def later(job), do: spawn_link(fn -> job.() end)
end
"""


class Finished:
    """A run that is over, in a pipe."""

    def __init__(self, top: Path) -> None:
        self.root = repository(top / "shop", {**SHOP, "lib/shop/cache.ex": CACHING})
        self.env = {"GENESIS_CACHE_DIR": str(top / "cache")}
        self.ran = self.genesis("run", self.root)

    def genesis(self, *args: str | Path) -> Ran:
        return genesis(*args, env=self.env)

    def ids(self, fix: str) -> list[str]:
        plan = self.genesis("show", "--repo", self.root, "--json").data
        return [a["id"] for s in plan["stages"][:4] for a in s["actions"] if a["fix"] == fix]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return Finished(tmp_path_factory.mktemp("cli"))


def test_a_pipe_gets_one_line_per_action_and_a_table(finished: Finished) -> None:
    assert finished.ran.code == Exit.OK, finished.ran.err
    ends = [line for line in finished.ran.err.splitlines() if line.startswith("[")]
    places = [re.match(r"\[(\d+)/(\d+)\] ", line) for line in ends]
    total = len(places)
    assert [(int(p[1]), int(p[2])) for p in places if p] == [
        (number, total) for number in range(1, total + 1)
    ]
    assert [line.split()[1] for line in ends].count("committed:") == 2
    assert "2 committed" in finished.ran.out
    assert "\x1b[" not in finished.ran.err + finished.ran.out


def test_the_table_comes_again_and_nothing_is_done(finished: Finished) -> None:
    tip = git(finished.root, "rev-parse", "refs/genesis/plan-local-1")
    ran = finished.genesis("run", finished.root)
    assert ran.code == Exit.OK
    assert "2 committed" in ran.out
    assert git(finished.root, "rev-parse", "refs/genesis/plan-local-1") == tip


def test_log_reads_the_history_from_git(finished: Finished) -> None:
    rows = finished.genesis("log", "--repo", finished.root, "--json").data
    assert [r["message"].split()[0] for r in rows][-3:] == ["Attempt", "Attempt", "Plan"]
    text = finished.genesis("log", "local-1", "--repo", finished.root).out
    assert len(text.splitlines()) == len(rows)


def test_show_has_a_plan_its_stages_and_actions(finished: Finished) -> None:
    where = ("--repo", finished.root)
    assert "local-1" in finished.genesis("show", *where).out
    assert "Critical fixes" in finished.genesis("show", "--stage", "1", *where).out
    assert finished.genesis("show", "--stage", "2", "--json", *where).data["number"] == 2
    one = finished.genesis("show", "--action", "1-add-task", "--json", *where).data
    assert one["id"].startswith("1-add-task-supervisor-")


def test_every_patch_that_is_shown_can_be_applied(finished: Finished, tmp_path: Path) -> None:
    shown = finished.ids("assisted") + finished.ids("automatic")
    assert shown
    for number, action in enumerate(shown):
        patch = finished.genesis("show", "--repo", finished.root, "--action", action).out
        clone = tmp_path / str(number)
        git(finished.root, "clone", "-q", str(finished.root), str(clone))
        (tmp_path / "p.patch").write_text(patch)
        git(clone, "apply", "--check", str(tmp_path / "p.patch"))
        git(clone, "apply", str(tmp_path / "p.patch"))
        assert git(clone, "status", "--porcelain")


def test_json_is_one_document(finished: Finished) -> None:
    ran = finished.genesis("run", finished.root, "--json")
    assert ran.err == ""
    assert (ran.data["plan"], ran.data["dry_run"]) == ("local-1", False)


def test_a_dry_run_shows_diffs_and_writes_nothing(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    before, refs = fingerprint(root), git(root, "for-each-ref")
    env = {"GENESIS_CACHE_DIR": str(tmp_path / "cache")}
    ran = genesis("run", root, "--dry-run", env=env)
    assert ran.code == Exit.OK
    assert "+++ b/lib/shop/application.ex" in ran.out
    assert "Task.Supervisor.start_child" in ran.out
    assert set(genesis("run", root, "-n", "--json", env=env).data["diffs"]) <= set(ran.out.split())
    assert (fingerprint(root), git(root, "for-each-ref")) == (before, refs)
    assert not (tmp_path / "cache").exists()


def test_a_failed_fix_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    counts = (
        'defmodule Shop.CountTest do\n  use ExUnit.Case\n  test "none",'
        " do: assert Supervisor.which_children(Shop.Supervisor) == []\nend\n"
    )
    root = repository(tmp_path / "shop", {**SHOP, "test/shop/count_test.exs": counts})
    env = {"GENESIS_CACHE_DIR": str(tmp_path / "cache"), "GENESIS_MAX_ATTEMPTS": "1"}
    ran = genesis("run", root, env=env)
    assert ran.code == Exit.UNRESOLVED
    assert "failed and undone: 1-add-task-supervisor" in ran.err
    assert "none" in ran.err


def test_without_elixir_there_are_a_plan_and_patches(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    git_path = shutil.which("git")
    assert git_path
    (tmp_path / "bin/git").symlink_to(git_path)
    root = repository(tmp_path / "shop")
    env = {"GENESIS_CACHE_DIR": str(tmp_path / "cache"), "PATH": str(tmp_path / "bin")}
    ran = genesis("run", root, env=env)
    assert ran.code == Exit.CANNOT_BUILD
    assert "the project wants Elixir ~> 1.12; none is installed" in ran.out
    assert "next:" in ran.err
    assert "+++ b/" in genesis("show", "--repo", root, "--action", "1-supervise", env=env).out
    assert not git(root, "branch", "--list", "genesis/*")


def test_a_terminal_shows_what_is_done_now_in_one_line(finished: Finished, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(finished.root.parent, copy, symlinks=True)
    code = "from bot.cli import main; main()"
    args = [sys.executable, "-c", code, "run", str(copy / "shop"), "--fresh", "--only", "1-add"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ |= {"GENESIS_CACHE_DIR": str(copy / "cache"), "TERM": "xterm", "COLUMNS": "100"}
        os.execv(sys.executable, args)  # noqa: S606 - our own interpreter
    seen = _all_of(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == Exit.OK, seen
    first = re.search(r"\[1/1\] 1-add-task-supervisor-\w+ compile", seen)
    assert first
    assert re.search(r"\[1/1\] 1-add-task-supervisor-\w+ test", seen)
    # Drawn over, not scrolled: each new state wipes the line of the one before.
    drawn = seen[first.start() : seen.index(" committed: 1-add")]
    assert "\n" not in drawn
    assert "\x1b[2K" in drawn


def _all_of(terminal: int) -> str:
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            part = b""
        if not part:
            return b"".join(parts).decode("utf-8", "replace")
        parts.append(part)


def test_undo_and_again(finished: Finished, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(finished.root.parent, copy, symlinks=True)
    env = {"GENESIS_CACHE_DIR": str(copy / "cache")}
    where = ("--repo", copy / "shop")
    one = genesis("undo", "1-supervise", *where, "--json", env=env)
    assert one.code == Exit.OK, one.out
    assert len(one.data) == 1
    done = genesis("undo", *where, env=env)
    assert "to have it again: git branch genesis/local-1/stage-1" in done.out
    twice = genesis("undo", *where, "--json", env=env)
    assert twice.code == Exit.UNUSABLE
    assert json.loads(twice.out)["error"]["exit_code"] == Exit.UNUSABLE
    assert genesis("undo", "9-none", *where, env=env).code == Exit.UNUSABLE
