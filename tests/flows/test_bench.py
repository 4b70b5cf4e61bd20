"""The work tree of a stage: where it stands, what it reads, and that it goes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from bot.core.plan import Change
from bot.errors import Refused
from bot.flows.bench import Bench
from bot.flows.trial import Trial
from tests.flows.support import SHOP, git, planned_session, repository, session


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(planned_session(repository(tmp_path / "shop"), tmp_path / "cache"))


def test_the_tree_stands_outside_the_checkout_and_goes(bench: Bench) -> None:
    bench.open_stage(1)
    root = bench.session.repository.root
    assert not bench.directory.is_relative_to(root)
    assert bench.read("lib/shop/mail.ex") == SHOP["lib/shop/mail.ex"]
    assert bench.read("lib/shop/none.ex") == ""
    bench.close()
    assert not bench.directory.exists()
    assert git(root, "worktree", "list").count("\n") == 0
    bench.close()


def test_iterations_side_by_side_open_one_tree(tmp_path: Path) -> None:
    opened = Bench(session(repository(tmp_path / "shop"), tmp_path / "cache"), run_id="run")
    locks, together = list[int](), Barrier(4)
    opened.before_open = lambda: locks.append(1)

    def first_look(_: int) -> int:
        together.wait()
        return id(opened.codebase)

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(first_look, range(4)))) == 1
    assert locks == [1]
    opened.close()


def test_an_attempt_belongs_to_one_action(bench: Bench) -> None:
    plan = bench.session.need_plan()
    first, second = plan.action("1-add-task-supervisor"), plan.action("1-supervise-spawn")
    with pytest.raises(Refused):
        bench.trial_of(first)
    bench.trial = Trial(first)
    assert bench.trial_of(first) is bench.trial
    with pytest.raises(Refused, match=second.id):
        bench.trial_of(second)


def test_stages_stand_on_each_other_and_late_work_on_the_newest(bench: Bench) -> None:
    bench.open_stage(2)
    assert bench.worktree.head() == bench.session.commit
    bench.worktree.files.write("lib/shop/new.ex", "defmodule Shop.New do\nend\n")
    tip = bench.worktree.commit("Two", ("lib/shop/new.ex",), {})
    state = bench.session.need_state()
    stage = state.stage(2).model_copy(update={"tip": tip, "branch": bench.worktree.branch})
    bench.session.state = state.with_stage(stage)
    bench.close()
    bench.open_stage(3)
    assert bench.worktree.head() == tip, "begins where stage 2 ended"
    bench.close()
    bench.open_stage(1)
    assert bench.stage == 2, "stage 1 comes late: on top of stage 2"
    bench.close()


def test_the_project_is_known_without_reading_it_again(bench: Bench) -> None:
    bench.open_stage(1)
    assert bench.base_project() is bench.session.survey.project
    change = Change(path="lib/shop/mail.ex", before=SHOP["lib/shop/mail.ex"], after="# none\n")
    bench.worktree.files.write(change.path, change.after)
    assert bench.changes() == (change,)
    sha = bench.worktree.commit("One", (change.path,), {})
    bench.committed(sha, (change,))
    assert bench.base_project().source(change.path).data == b"# none\n"
    assert bench.changes() == ()
