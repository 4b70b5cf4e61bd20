"""The record and the branches disagree: after a kill, or after a hand's work on the branch."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.state import RunState
from bot.flows.reconcile import reconcile
from bot.flows.run_plan import run_plan
from bot.flows.session import Session
from tests.flows.support import copy_of_run, git, session

pytestmark = [pytest.mark.elixir, pytest.mark.xdist_group("resume")]

REF, BRANCH = "refs/genesis/plan-local-1", "genesis/local-1/stage-1"


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return copy_of_run(tmp_path_factory, tmp_path / "copy")


def opened(shop: Path) -> Session:
    return session(shop / "shop", shop / "cache")


def statuses(state: RunState) -> list[str]:
    return [a.status for a in state.stage(1).actions]


def forget(shop: Path, transitions: int) -> None:
    """Put the record back, as if the process had died before it wrote them."""
    git(shop / "shop", "update-ref", REF, f"{REF}~{transitions}")


def test_a_commit_without_its_record_is_adopted_and_not_repeated(shop: Path) -> None:
    tip = git(shop / "shop", "rev-parse", BRANCH)
    forget(shop, 2)  # the end of the run, and the attempt that made the second commit
    made = opened(shop)
    assert statuses(made.plans.load_state("local-1")) == ["committed", "pending"]
    report = run_plan(made)
    assert report.tried == ()
    assert statuses(report.state) == ["committed", "committed"]
    assert report.state.stage(1).status == "done"
    assert git(shop / "shop", "rev-parse", BRANCH) == tip
    assert made.plans.load_state("local-1") == report.state


def test_with_no_record_at_all_but_the_plan_everything_is_adopted(shop: Path) -> None:
    forget(shop, 3)
    report = run_plan(opened(shop))
    assert (report.tried, statuses(report.state)) == ((), ["committed", "committed"])


def test_work_goes_on_behind_the_last_commit(shop: Path) -> None:
    git(shop / "shop", "update-ref", f"refs/heads/{BRANCH}", f"{BRANCH}~1")
    forget(shop, 2)
    leftover = opened(shop).repository.cache / "worktrees/local-1"
    (leftover / "tree").mkdir(parents=True)
    (leftover / "tree/half.ex").write_text("half")
    report = run_plan(opened(shop))
    assert [a.codemod for a in report.tried] == [report.plan.action("1-supervise").codemod]
    assert statuses(report.state) == ["committed", "committed"]
    assert git(shop / "shop", "rev-list", "--count", f"main..{BRANCH}") == "2"
    assert not leftover.exists()


def test_a_commit_that_was_taken_off_the_branch_counts_as_undone(shop: Path) -> None:
    git(shop / "shop", "update-ref", f"refs/heads/{BRANCH}", f"{BRANCH}~1")
    made = opened(shop)
    assert made.resume()
    assert statuses(made.need_state()) == ["committed", "undone"]
    reason = made.need_state().stage(1).actions[1].reason
    assert reason == "its commit is not on the branch any more"


def test_a_deleted_branch_is_not_made_again_behind_the_users_back(shop: Path) -> None:
    git(shop / "shop", "branch", "-q", "-D", BRANCH)
    report = run_plan(opened(shop))
    assert report.tried == ()
    assert statuses(report.state) == ["undone", "undone"]
    assert not git(shop / "shop", "branch", "--list", "genesis/*")


def test_a_rewritten_commit_is_known_by_its_trailer(shop: Path) -> None:
    root = shop / "shop"
    git(root, "checkout", "-q", BRANCH)
    git(
        root, "commit", "-q", "--amend", "--no-edit", "--reset-author", "--date", "2001-01-01T00:00"
    )
    tip = git(root, "rev-parse", "HEAD")
    git(root, "checkout", "-q", "main")
    made = opened(shop)
    assert made.resume()
    assert statuses(made.need_state()) == ["committed", "committed"]
    assert made.need_state().stage(1).actions[1].commit == tip


def test_reconciling_what_agrees_changes_nothing(shop: Path) -> None:
    made = opened(shop)
    state = made.plans.load_state("local-1")
    assert reconcile(made.repository, state) == state


def test_another_goal_or_commit_is_another_plan(shop: Path) -> None:
    made = opened(shop)
    made.goal = "Something else."
    assert not made.resume()
    git(shop / "shop", "commit", "-q", "--allow-empty", "-m", "On")
    assert not opened(shop).resume()
