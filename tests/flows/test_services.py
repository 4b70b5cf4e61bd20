"""What steps may do to the work tree: edits that parse, commits that were verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.verdict import Baseline, CheckResult, TestResult, Verdict
from bot.errors import Refused, Unusable
from bot.flows.analyses import Analyses
from bot.flows.bench import Bench
from bot.flows.mix_tasks import MixTasks
from bot.flows.services import Codemods, Verifier, WorkGit
from bot.flows.trial import Trial
from tests.flows.support import SHOP, git, planned_session, repository

pytestmark = pytest.mark.elixir

UNFORMATTED = "defmodule Shop.Loose do\n  def a( x ),do: x\nend\n"
FORMATTED = ("lib/shop/application.ex", "lib/shop/mail.ex")
SUITE = CheckResult(
    name="test",
    status="passed",
    summary="1 test",
    tests=(TestResult(module="M", name="t", file="f", line=1, state="passed"),),
)
SUPERVISOR, SPAWN = "1-add-task-supervisor", "1-supervise-spawn"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An open stage; the baseline is given, as if the suite had run."""
    files = {**SHOP, "lib/shop/loose.ex": UNFORMATTED, "README.md": "# Shop\n"}
    root = repository(tmp_path / "shop", files)
    made = Bench(planned_session(root, tmp_path / "cache"))
    made.taken = Baseline(tree="t", buildable=True, checks=(SUITE,), formatted=FORMATTED)
    made.open_stage(1)
    return made


def the_id(bench: Bench, start: str) -> str:
    return bench.session.need_plan().action(start).id


def test_an_edit_that_does_not_parse_changes_nothing(bench: Bench) -> None:
    done = Codemods(bench).write("lib/shop/mail.ex", "defmodule Shop.Mail do\n  def a(\n")
    assert done.status == "unchanged"
    assert done.reason.startswith("the edited lib/shop/mail.ex does not parse: ")
    assert bench.changes() == ()


def test_only_what_was_formatted_before_is_formatted_after(bench: Bench) -> None:
    codemods = Codemods(bench)
    loose = UNFORMATTED.replace("a( x )", "b( x )")
    codemods.write("lib/shop/loose.ex", loose)
    codemods.write(
        "lib/shop/mail.ex", SHOP["lib/shop/mail.ex"].replace("spawn(fun)", "spawn( fun )")
    )
    codemods.write("lib/shop/new.ex", UNFORMATTED.replace("Loose", "New"))
    codemods.write("README.md", "#   Shop\n")
    assert bench.read("lib/shop/loose.ex") == loose
    assert bench.read("lib/shop/mail.ex") == SHOP["lib/shop/mail.ex"]
    assert "def a(x), do: x" in bench.read("lib/shop/new.ex")
    assert bench.read("README.md") == "#   Shop\n"


def test_what_no_one_verified_is_not_committed(bench: Bench) -> None:
    work, action = WorkGit(bench), the_id(bench, SUPERVISOR)
    with pytest.raises(Refused, match="nothing was changed"):
        work.commit("m", action=action)
    assert Codemods(bench).apply(action, feedback=None).status == "applied"
    trial = bench.trial_of(bench.session.need_plan().action(action))
    for verdict in (None, Verdict(status="failed"), Verdict(status="flaky")):
        trial.verdict = verdict
        with pytest.raises(Refused, match="has no passed verdict"):
            work.commit("m", action=action)
    with pytest.raises(Refused, match="nothing was changed"):
        work.commit("m", action=the_id(bench, SPAWN))
    assert bench.worktree.head() == bench.session.commit


def test_an_undone_change_is_kept_in_the_record(bench: Bench) -> None:
    action = the_id(bench, SUPERVISOR)
    changed = Codemods(bench).apply(action, feedback=None)
    assert WorkGit(bench).status().files == ("lib/shop/application.ex",)
    assert WorkGit(bench).diff().diff == changed.diff
    assert WorkGit(bench).undo().files == ("lib/shop/application.ex",)
    assert WorkGit(bench).status().files == ()
    (attempt,) = bench.session.plans.load_attempts("local-1", 1)
    assert (attempt.action, attempt.number, attempt.commit) == (action, 1, "")
    assert "Task.Supervisor" in attempt.diff
    assert attempt.verdict.status == "not-run"
    assert bench.session.need_state().action(action).status == "pending"


def test_a_passed_change_becomes_a_commit_and_a_transition(bench: Bench) -> None:
    action = the_id(bench, SUPERVISOR)
    Codemods(bench).apply(action, feedback=None)
    assert bench.trial is not None
    bench.trial.verdict = Verdict(status="passed", proof="structural")
    made = WorkGit(bench).commit("Title of a\nhostile model", action=action)
    root = bench.session.repository.root
    assert git(root, "log", "-1", "--format=%s", made.commit) == "Title of a hostile model"
    state = bench.session.plans.load_state("local-1")
    assert (state.action(action).status, state.stage(1).tip) == ("committed", made.commit)
    assert bench.base_project().source("lib/shop/application.ex").data.decode() == bench.read(
        "lib/shop/application.ex"
    )


def test_an_action_of_another_plan_is_named(bench: Bench) -> None:
    for step in (
        lambda: Codemods(bench).apply("9-none", feedback=None),
        lambda: WorkGit(bench).commit("m", action="9-none"),
        lambda: Verifier(bench).verify("9-none", tests=()),
    ):
        with pytest.raises(Unusable, match="the plan has no action '9-none'"):
            step()


def test_what_cannot_be_built_is_a_patch_for_a_person(bench: Bench) -> None:
    bench.taken = Baseline(tree="t", buildable=False, reason="no hex")
    done = Codemods(bench).apply(the_id(bench, SUPERVISOR), feedback=None)
    assert (done.status, done.reason) == ("needs-decision", "cannot build here: no hex")
    assert "+++ b/lib/shop/application.ex" in done.diff
    watched = Codemods(bench).apply("5-watch-supervise-spawn", feedback=None)
    assert (watched.status, watched.diff) == ("needs-model", "")


def test_the_analyser_looks_at_the_work_tree_once_there_is_one(bench: Bench) -> None:
    bench.worktree.files.write("lib/shop/mail.ex", "defmodule Shop.Mail do\nend\n")
    found = Analyses(bench).analyze(rules=("unsupervised-spawn",), paths=())
    assert found.findings == ()
    bench.close()
    assert len(Analyses(bench).analyze(rules=(), paths=("lib/shop/mail.ex",)).findings) == 1
    assert Analyses(bench).analyze(rules=(), paths=("lib/sho",)).findings == ()


def test_only_listed_mix_tasks_run(bench: Bench) -> None:
    with pytest.raises(Refused, match=r"mix 'deps\.get' is not on the list"):
        MixTasks(bench).run("deps.get", (), timeout=5)
    done = MixTasks(bench).run("format", ("--check-formatted", "lib/shop/loose.ex"), timeout=60)
    assert (done.passed, done.exit_code) == (False, 1)


def test_a_change_outside_the_project_is_refused(tmp_path: Path) -> None:
    files = {f"app/{name}": text for name, text in SHOP.items()}
    root = repository(tmp_path / "top", {**files, "README.md": "x\n"})
    made = Bench(planned_session(root / "app", tmp_path / "cache"))
    made.open_stage(1)
    made.worktree.files.write("README.md", "y\n")
    with pytest.raises(Refused, match=r"outside the project changed: 'README\.md'"):
        made.changes()
    made.trial = Trial(made.session.need_plan().action(SUPERVISOR))
    assert WorkGit(made).undo().files == ("README.md",)
    assert made.changes() == ()
