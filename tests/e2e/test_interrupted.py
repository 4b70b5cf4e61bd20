"""Runs that are stopped: by Ctrl-C, by the system, by `kill -9`; then the same command again."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import Exit
from tests.cli.support import genesis
from tests.e2e.support import processes_below, start, until
from tests.flows.support import SHOP, copy_of_run, fingerprint, git, repository

pytestmark = [pytest.mark.elixir, pytest.mark.xdist_group("interrupted")]

BRANCH = "genesis/local-1/stage-1"
BRANCHES = "refs/heads/genesis"


@pytest.fixture
def top(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """The shop with its baseline and its build, nothing carried out."""
    top = copy_of_run(tmp_path_factory, tmp_path / "copy")
    refs = git(top / "shop", "for-each-ref", "--format=%(refname)", "refs/genesis", BRANCHES)
    for ref in refs.split():
        git(top / "shop", "update-ref", "-d", ref)
    return top


def begun(top: Path, **more: str) -> subprocess.Popen[str]:
    return start("run", top / "shop", env=settings(top, **more))


def settings(top: Path, **more: str) -> dict[str, str]:
    return {"GENESIS_CACHE_DIR": str(top / "cache"), **more}


def work_file(top: Path, name: str) -> Callable[[], bool]:
    pattern = f"repositories/*/worktrees/local-1/tree/{name}"
    return lambda: any((top / "cache").glob(pattern))


def changed_code(top: Path) -> Callable[[], bool]:
    pattern = "repositories/*/worktrees/local-1/tree/lib/shop/application.ex"
    return lambda: any(
        b"Task.Supervisor" in p.read_bytes() for p in (top / "cache").glob(pattern) if p.exists()
    )


def committed(top: Path) -> Callable[[], bool]:
    return lambda: bool(git(top / "shop", "branch", "--list", BRANCH))


def mix_runs(top: Path) -> Callable[[], bool]:
    return lambda: bool(processes_below(top / "cache"))


POINTS = {
    "work tree made": lambda top: work_file(top, "mix.exs"),
    "code changed": changed_code,
    "first commit": committed,
}


def assert_goes_on(top: Path) -> None:
    """The same command again ends as if nothing had happened."""
    ran = genesis("run", top / "shop", "--json", env=settings(top))
    assert ran.code == Exit.OK, ran.err
    assert ran.data["plan"] == "local-1"
    assert {a["status"] for a in ran.data["stages"][0]["actions"]} == {"committed"}
    root = top / "shop"
    assert git(root, "rev-list", "--count", f"main..{BRANCH}") == "2"
    bodies = git(root, "log", "--format=%B", f"main..{BRANCH}").splitlines()
    marks = [line for line in bodies if line.startswith("Genesis-Action:")]
    assert len(set(marks)) == 2


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_run_leaves_no_process_and_goes_on(top: Path, point: str) -> None:
    before = fingerprint(top / "shop")
    child = begun(top)
    until(POINTS[point](top))
    child.kill()
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    until(lambda: not processes_below(top / "cache"), seconds=60)
    assert fingerprint(top / "shop") == before
    assert_goes_on(top)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_says_so_in_one_line_and_kills_its_children(
    top: Path, number: signal.Signals
) -> None:
    child = begun(top)
    until(mix_runs(top))
    os.kill(child.pid, number)
    _, err = child.communicate(timeout=30)
    assert child.returncode == Exit.INTERRUPTED
    last = err.splitlines()[-1]
    assert last == "interrupted; nothing is lost: run the same command again to go on"
    assert "Traceback" not in err
    assert not processes_below(top / "cache")
    assert not list((top / "cache").glob("repositories/*/worktrees/*"))
    if number == signal.SIGINT:
        assert_goes_on(top)


HANGING = """\
defmodule Shop.HangingTest do
  use ExUnit.Case
  @tag timeout: :infinity
  test "hangs" do
    File.write!("hanging", "")
    Process.sleep(:infinity)
  end
end
"""


@pytest.mark.parametrize("sandbox", ["auto", "off"])
def test_a_suite_that_hangs_dies_with_a_killed_run(tmp_path: Path, sandbox: str) -> None:
    repository(tmp_path / "shop", {**SHOP, "test/shop/hanging_test.exs": HANGING})
    child = begun(tmp_path, GENESIS_SANDBOX=sandbox)
    until(work_file(tmp_path, "hanging"))
    assert processes_below(tmp_path / "cache")
    child.kill()
    child.communicate()
    until(lambda: not processes_below(tmp_path / "cache"), seconds=60)


def test_a_killed_run_can_be_undone(top: Path) -> None:
    child = begun(top)
    until(committed(top))
    child.kill()
    child.communicate()
    ran = genesis("undo", "--repo", top / "shop", env=settings(top))
    assert ran.code == Exit.OK, ran.err
    assert f"undone: branch {BRANCH}" in ran.out
    assert not git(top / "shop", "branch", "--list", "genesis/*")


def test_a_second_run_is_told_to_wait(top: Path) -> None:
    child = begun(top)
    try:
        until(mix_runs(top))
        ran = genesis("run", top / "shop", env=settings(top))
        assert ran.code == Exit.BUSY
        assert f"another genesis process (pid {child.pid})" in ran.err
        assert "Traceback" not in ran.err
    finally:
        child.terminate()
        child.communicate()
