"""Taking back a plan or one action of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Refused, Unusable
from bot.flows.run_plan import run_plan
from bot.flows.session import Session
from bot.flows.undo_plan import undo_action, undo_plan
from tests.flows.support import copy_of_run, fingerprint, git, session

pytestmark = [pytest.mark.elixir, pytest.mark.xdist_group("undo_plan")]

BRANCH = "genesis/local-1/stage-1"


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return copy_of_run(tmp_path_factory, tmp_path / "copy")


def opened(shop: Path) -> Session:
    made = session(shop / "shop", shop / "cache")
    assert made.resume()
    return made


def test_a_plan_is_undone_and_can_be_had_again(shop: Path) -> None:
    made, before = opened(shop), fingerprint(shop / "shop")
    tip = git(shop / "shop", "rev-parse", BRANCH)
    done = undo_plan(made.repository, made.plans, "local-1")
    assert not git(shop / "shop", "branch", "--list", "genesis/*")
    assert fingerprint(shop / "shop") == before
    state = made.plans.load_state("local-1")
    assert {a.status for a in state.stage(1).actions} == {"undone"}
    assert state.stage(1).status == "stopped"
    git(shop / "shop", *done[0].again.split()[1:])
    assert git(shop / "shop", "rev-parse", BRANCH) == tip


def test_undoing_twice_says_there_is_nothing(shop: Path) -> None:
    made = opened(shop)
    undo_plan(made.repository, made.plans, "local-1")
    with pytest.raises(Unusable, match="no branch to undo"):
        undo_plan(made.repository, made.plans, "local-1")


def test_after_an_undo_a_run_makes_a_new_plan(shop: Path) -> None:
    made = opened(shop)
    undo_plan(made.repository, made.plans, "local-1")
    report = run_plan(session(shop / "shop", shop / "cache"))
    assert report.plan.id == "local-2"
    assert not report.resumed
    assert {report.state.action(a.id).status for a in report.tried} == {"committed"}


def test_an_action_is_reverted_with_what_depends_on_it(shop: Path) -> None:
    made = opened(shop)
    plan = made.need_plan()
    done = undo_action(made.repository, made.plans, plan, plan.action("1-add-task-sup").id)
    assert [d.what.split("-")[1] for d in done] == ["supervise", "add"]
    assert not git(shop / "shop", "diff", "HEAD", BRANCH)
    state = made.plans.load_state("local-1")
    assert {a.status for a in state.stage(1).actions} == {"undone"}
    assert state.stage(1).tip == git(shop / "shop", "rev-parse", BRANCH)
    again = session(shop / "shop", shop / "cache")
    assert again.resume()
    assert again.state == state, "a revert is not taken for the action's commit"


def test_an_undone_action_is_carried_out_again_when_named(shop: Path) -> None:
    made = opened(shop)
    plan = made.need_plan()
    undo_action(made.repository, made.plans, plan, plan.action("1-supervise").id)
    assert run_plan(session(shop / "shop", shop / "cache")).tried == ()
    report = run_plan(session(shop / "shop", shop / "cache"), only="1-supervise")
    assert [a.codemod for a in report.tried] == [plan.action("1-supervise").codemod]
    assert not report.any("undone")


def test_foreign_commits_on_the_branch_are_never_lost(shop: Path) -> None:
    root = shop / "shop"
    git(root, "checkout", "-q", BRANCH)
    (root / "mine.txt").write_text("mine\n")
    git(root, "add", "mine.txt")
    git(root, "commit", "-qm", "Mine")
    made = session(root, shop / "cache")
    plan = made.plans.load_plan("local-1")
    with pytest.raises(Refused, match="checked out"):
        undo_plan(made.repository, made.plans, "local-1")
    git(root, "checkout", "-q", "main")
    with pytest.raises(Refused, match="not ours"):
        undo_plan(made.repository, made.plans, "local-1")
    with pytest.raises(Refused, match="not ours"):
        undo_action(made.repository, made.plans, plan, plan.action("1-supervise").id)
    assert git(root, "show", f"{BRANCH}:mine.txt") == "mine"
