"""Work of pipelines that belong to no plan: a branch of their own, judged as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Refused, Unusable
from bot.flows.bench import Bench
from bot.flows.pipelines import free_work
from bot.flows.plan_goal import plan_goal
from bot.flows.services import Codemods, Verifier, WorkGit
from tests.flows.support import MAIL_TEST, fingerprint, git, repository, session

GOOD = "defmodule Shop.Extra do\n  def one, do: 1\nend\n"
TEST = """\
defmodule Shop.ExtraTest do
  use ExUnit.Case, async: true

  test "is one" do
    assert Shop.Extra.one() == 1
  end
end
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench without a plan."""
    return Bench(session(repository(tmp_path / "shop"), tmp_path / "cache"), run_id="20260131-try")


def test_a_commit_goes_to_the_runs_own_branch(bench: Bench, tmp_path: Path) -> None:
    before = fingerprint(tmp_path / "shop")
    free_work.write(bench, "lib/extra.ex", GOOD)
    made = WorkGit(bench).commit("Add Extra", action="")
    assert made.files == ("lib/extra.ex",)
    shown = git(tmp_path / "shop", "show", "--stat", "--format=%B", "genesis/run/20260131-try")
    assert "Genesis-Run: 20260131-try" in shown
    assert fingerprint(tmp_path / "shop") == before


@pytest.mark.parametrize("message", ["", "  \n"])
def test_a_commit_needs_a_change_and_a_message(bench: Bench, message: str) -> None:
    with pytest.raises(Refused, match="no change"):
        WorkGit(bench).commit("x", action="")
    free_work.write(bench, "lib/extra.ex", GOOD)
    with pytest.raises(Refused, match="message"):
        free_work.commit(bench, message)


def test_a_file_that_does_not_parse_is_not_written(bench: Bench) -> None:
    result = Codemods(bench).write("lib/extra.ex", "defmodule Shop.Extra do\n  def one, do: (\nend")
    assert (result.status, "does not parse" in result.reason) == ("unchanged", True)
    assert bench.changes() == ()


def test_an_action_without_a_plan_is_named(bench: Bench) -> None:
    with pytest.raises(Unusable, match="there is no plan with an action '1-x'"):
        Codemods(bench).apply("1-x", feedback=None)


def test_open_work_is_not_lost_to_a_stage(bench: Bench) -> None:
    free_work.write(bench, "lib/extra.ex", GOOD)
    opened = bench.session
    made = plan_goal(opened.survey, goal=opened.goal, plan_id="local-1", commit=opened.commit)
    opened.save_new_plan(made)
    with pytest.raises(Refused, match="no plan"):
        bench.open_stage(1)
    assert [change.path for change in bench.changes()] == ["lib/extra.ex"]


@pytest.mark.elixir
def test_the_tree_alone_and_the_whole_change_are_judged(bench: Bench) -> None:
    verifier = Verifier(bench)
    assert verifier.verify("", tests=()).status == "passed"
    free_work.write(bench, "lib/extra.ex", GOOD)
    free_work.write(bench, "test/extra_test.exs", TEST)
    assert verifier.verify("", tests=()).status == "passed"
    free_work.write(bench, "test/extra_test.exs", TEST.replace("== 1", "== 2"))
    assert verifier.verify("", tests=()).status == "failed"


@pytest.mark.elixir
def test_a_weakened_test_fails_whatever_the_suite_says(bench: Bench) -> None:
    weaker = MAIL_TEST.replace("    assert_receive :sent\n", "")
    free_work.write(bench, "test/shop/mail_test.exs", weaker)
    verdict = Verifier(bench).verify("", tests=())
    assert verdict.status == "failed"
    assert "expectation" in " ".join(verdict.reasons)
