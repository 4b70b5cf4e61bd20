"""`genesis undo`: a plan, an action with what depends on it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Exit
from tests.cli.support import Ran, inside
from tests.flows.support import copy_of_run, fingerprint, git

pytestmark = pytest.mark.elixir

BRANCH = "genesis/local-1/stage-1"


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return copy_of_run(tmp_path_factory, tmp_path / "copy") / "shop"


def undo(shop: Path, *args: str) -> Ran:
    return inside("undo", *args, "--repo", shop, env={"GENESIS_CACHE_DIR": str(shop.parent / "c")})


def test_the_command_that_brings_a_plan_back_is_told_and_works(shop: Path) -> None:
    tip, before = git(shop, "rev-parse", BRANCH), fingerprint(shop)
    ran = undo(shop, "local-1", "--json")
    assert ran.code == Exit.OK, ran.out
    assert [d["undone"] for d in ran.data] == [f"branch {BRANCH}"]
    assert not git(shop, "branch", "--list", "genesis/*")
    git(shop, *ran.data[0]["again"].split()[1:])
    assert git(shop, "rev-parse", BRANCH) == tip
    assert fingerprint(shop) == before


def test_an_action_takes_its_dependents_along(shop: Path) -> None:
    ran = undo(shop, "1-add-task")
    assert ran.code == Exit.OK, ran.err
    undone = [line for line in ran.out.splitlines() if line.startswith("undone: ")]
    assert [line.split()[1].rpartition("-")[0] for line in undone] == [
        "1-supervise-spawn", "1-add-task-supervisor",
    ]  # fmt: skip
    assert not git(shop, "diff", "HEAD", BRANCH)
    assert "Undo 1-supervise" in inside("log", "--repo", shop).out


def test_an_action_alone_leaves_what_it_stands_on(shop: Path) -> None:
    ran = undo(shop, "1-supervise", "--json")
    assert len(ran.data) == 1
    assert git(shop, "diff", "--name-only", "HEAD", BRANCH) == "lib/shop/application.ex"
    again = undo(shop, "1-supervise")
    assert (again.code, "has no commit to undo" in again.err) == (Exit.UNUSABLE, True)


@pytest.mark.parametrize("mode", [(), ("--json",)])
def test_what_is_not_ours_is_refused_and_kept(shop: Path, mode: tuple[str, ...]) -> None:
    git(shop, "checkout", "-q", BRANCH)
    git(shop, "commit", "-q", "--allow-empty", "-m", "Mine")
    mine = git(shop, "rev-parse", "HEAD")
    checked_out = undo(shop, *mode)
    git(shop, "checkout", "-q", "main")
    foreign = undo(shop, *mode)
    for ran, why in ((checked_out, "is checked out"), (foreign, "are not ours")):
        assert ran.code == Exit.UNUSABLE
        assert why in (ran.data["error"]["message"] if mode else ran.err)
    assert git(shop, "rev-parse", BRANCH) == mine
