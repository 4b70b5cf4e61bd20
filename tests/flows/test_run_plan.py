"""The whole job in process: what it commits, leaves alone, retries, refuses and resumes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.codebase.history import commits
from bot.core.plan import Action
from bot.core.state import ActionStatus
from bot.errors import Busy, Unusable
from bot.flows.bench import Bench
from bot.flows.plan_goal import plan_goal
from bot.flows.run_plan import RunReport, run_plan
from bot.flows.session import Session
from bot.flows.watch import Place
from tests.flows.support import APPLICATION, MIX, SHOP, fingerprint, git, repository, session

# One worker runs them all, where workers take groups: they share finished runs.
pytestmark = [pytest.mark.elixir, pytest.mark.xdist_group("run_plan")]

SUPERVISOR, SPAWN = "1-add-task-supervisor", "1-supervise-spawn"


@dataclass
class Heard:
    """What a watcher was told."""

    notes: list[str] = field(default_factory=list)
    did: list[str] = field(default_factory=list)
    ends: list[tuple[str, ActionStatus, str]] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def doing(self, what: str, action: str = "", place: Place = (0, 0)) -> None:
        self.did.append(f"{place[0]}/{place[1]} {action} {what}".strip())

    def ended(self, action: Action, status: ActionStatus, detail: str, place: Place) -> None:
        self.ends.append((action.id, status, detail))


@dataclass
class Done:
    """One finished run."""

    root: Path
    cache: Path
    session: Session
    report: RunReport
    heard: Heard
    before: Mapping[str, bytes]

    def status(self, start: str) -> ActionStatus:
        action = self.report.plan.action(start)
        return self.report.state.action(action.id).status


def carried_out(
    root: Path, cache: Path, before: Mapping[str, bytes] | None = None, **kw: object
) -> Done:
    heard = Heard()
    seen = before if before is not None else fingerprint(root)
    opened = session(root, cache)
    report = run_plan(opened, watch=heard, **kw)  # type: ignore[arg-type]  # named by the caller
    return Done(root, cache, opened, report, heard, seen)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A run on a checkout that is dirty in every way."""
    top = tmp_path_factory.mktemp("run")
    root = repository(top / "shop")
    (root / "lib/shop/mail.ex").write_text("# half-written\n")
    (root / "staged.txt").write_text("staged\n")
    git(root, "add", "staged.txt")
    (root / "untracked.txt").write_text("untracked\n")
    (root / "test/test_helper.exs").unlink()
    git(root, "stash", "push", "-q", "lib/shop/mail.ex")
    (root / "lib/shop/mail.ex").write_text("# half-written again\n")
    before = fingerprint(root) | {"status": git(root, "status", "--porcelain").encode()}
    return carried_out(root, top / "cache", before)


def test_each_action_is_one_commit_with_its_trailers(done: Done) -> None:
    tip = git(done.root, "rev-parse", "genesis/local-1/stage-1")
    made = commits(done.session.repository, done.session.commit, tip)
    ids = [c.trailers["Genesis-Action"] for c in made]
    assert ids == [a.id for a in done.report.tried]
    assert [i.rpartition("-")[0] for i in ids] == [SUPERVISOR, SPAWN]
    assert {c.trailers["Genesis-Plan"] for c in made} == {"local-1"}
    assert [done.report.state.action(i).commit for i in ids] == [c.sha for c in made]


def test_the_checkout_is_left_byte_for_byte(done: Done) -> None:
    now = fingerprint(done.root) | {"status": git(done.root, "status", "--porcelain").encode()}
    assert now == done.before
    assert git(done.root, "rev-parse", "HEAD") == done.session.commit
    assert len(git(done.root, "stash", "list").splitlines()) == 1


def test_the_suite_is_green_at_each_commit(done: Done) -> None:
    attempts = done.session.plans.load_attempts("local-1", 1)
    assert [a.verdict.status for a in attempts] == ["passed", "passed"]
    suites = [next(c for c in a.verdict.checks if c.name == "test") for a in attempts]
    assert [len(s.tests) for s in suites] == [1, 2]
    assert all(t.state == "passed" for s in suites for t in s.tests)
    assert attempts[1].verdict.proof == "behavioural"


def test_stages_end_done_and_the_history_holds_one_transition_per_attempt(done: Done) -> None:
    stored = done.session.plans.load_state("local-1")
    assert stored == done.report.state
    assert stored.stage(1).status == "done"
    assert stored.stage(1).tip == git(done.root, "rev-parse", "genesis/local-1/stage-1")
    messages = [t.message for t in done.session.plans.store.history("local-1")]
    assert [m.split()[0] for m in messages] == ["Run", "Attempt", "Attempt", "Plan"]


def test_no_work_tree_is_left(done: Done) -> None:
    assert not list((done.session.repository.cache / "worktrees").iterdir())
    assert git(done.root, "worktree", "list").count("\n") == 0


def test_the_baseline_is_taken_once_and_before_anything_changes(done: Done) -> None:
    baselines = [n for n, what in enumerate(done.heard.did) if "baseline" in what]
    assert baselines == [0]
    assert done.report.baseline is not None
    assert done.report.baseline.buildable
    assert re.fullmatch(rf"1/2 {SUPERVISOR}-\w+ change the code", done.heard.did[1])
    assert any(re.fullmatch(rf"2/2 {SPAWN}-\w+ compile", what) for what in done.heard.did)
    assert [status for _, status, _ in done.heard.ends] == ["committed", "committed"]


def test_a_second_run_does_nothing(done: Done) -> None:
    tip = done.session.plans.store.tip("local-1")
    again = carried_out(done.root, done.cache)
    assert again.report.resumed
    assert again.report.tried == ()
    assert again.report.baseline is None
    assert again.status(SPAWN) == "committed"
    assert done.session.plans.store.tip("local-1") == tip


def test_a_fresh_run_takes_a_baseline_of_its_own(tmp_path: Path) -> None:
    root, cache = repository(tmp_path / "shop"), tmp_path / "cache"
    assert carried_out(root, cache).report.state.tests_before == "1 test, 0 failures"
    for stored in (cache / "baselines").iterdir():
        stored.write_text(stored.read_text().replace("1 test, 0 failures", "old"))
    again = carried_out(root, cache, fresh=True)
    assert again.report.state.tests_before == "1 test, 0 failures"


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    refs = git(root, "for-each-ref")
    done = carried_out(root, tmp_path / "cache", dry_run=True)
    assert [a.id.rpartition("-")[0] for a in done.report.tried] == [SUPERVISOR, SPAWN]
    assert all("+++ b/lib/" in a.diff for a in done.report.tried)
    assert git(root, "for-each-ref") == refs
    assert not (tmp_path / "cache").exists()
    assert not (root / ".git/genesis").exists()


def test_another_process_with_the_lock_is_busy(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    with session(root, tmp_path / "cache").repository.locked(), pytest.raises(Busy):
        run_plan(session(root, tmp_path / "cache"))


def test_an_unknown_action_is_named(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    with pytest.raises(Unusable, match="no action 'nonsense'"):
        run_plan(session(root, tmp_path / "cache"), only="nonsense", dry_run=True)


OUTSIDE = """\
defmodule Shop.OutsideTest do
  use ExUnit.Case

  test "the application has no children" do
    assert Supervisor.which_children(Shop.Supervisor) == []
  end
end
"""

CACHE = """\
defmodule Shop.Cache do
  use GenServer

  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)

  @impl true
  def init(opts) do
    send(self(), :load)
    {:ok, opts}
  end

  @impl true
  def handle_call(:all, _from, state), do: {:reply, state, state}

  @impl true
  def handle_info(:load, state), do: {:noreply, [:loaded | state]}
end
"""


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A suite that counts the application's children, so that adding one breaks it."""
    top = tmp_path_factory.mktemp("failing")
    files = {**SHOP, "test/shop/outside_test.exs": OUTSIDE, "lib/shop/cache.ex": CACHE}
    return carried_out(repository(top / "shop", files), top / "cache")


def test_a_failing_fix_is_tried_again_undone_and_reported(failing: Done) -> None:
    assert failing.status(SUPERVISOR) == "failed"
    action = failing.report.plan.action(SUPERVISOR)
    state = failing.report.state.action(action.id)
    assert "the application has no children" in state.reason
    tries = [a for a in failing.session.plans.load_attempts("local-1", 1) if a.action == action.id]
    # The same failure twice ends it, although three tries are allowed.
    assert [a.number for a in tries] == [1, 2]
    assert {a.verdict.fingerprint for a in tries} != {""}
    assert all("Task.Supervisor" in a.diff and a.commit == "" for a in tries)


def test_what_depends_on_it_is_not_tried_and_the_next_action_goes_on(failing: Done) -> None:
    assert failing.status(SPAWN) == "skipped"
    reason = failing.report.state.action(failing.report.plan.action(SPAWN).id).reason
    assert reason.startswith("depends on 1-add-task-supervisor")
    committed = [a for a in failing.report.tried if failing.status(a.id) == "committed"]
    assert [a.rule for a in committed] == ["self-send-in-init"]
    for branch in git(
        failing.root, "branch", "--format=%(refname:short)", "--list", "genesis/*"
    ).split():
        assert "Task.Supervisor" not in git(
            failing.root, "show", f"{branch}:lib/shop/application.ex"
        )


def test_a_failed_action_is_tried_again_only_when_named(failing: Done) -> None:
    again = carried_out(failing.root, failing.cache)
    assert again.report.tried == ()
    assert again.report.any("failed")
    named = carried_out(failing.root, failing.cache, only=SUPERVISOR)
    assert [a.id.rpartition("-")[0] for a in named.report.tried] == [SUPERVISOR]
    assert named.status(SUPERVISOR) == "failed"


def test_only_brings_what_the_action_depends_on(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop", {**SHOP, "lib/shop/cache.ex": CACHE})
    done = carried_out(root, tmp_path / "cache", only=SPAWN, dry_run=True)
    assert [a.id.rpartition("-")[0] for a in done.report.tried] == [SUPERVISOR, SPAWN]
    one = carried_out(root, tmp_path / "cache", stage=3, dry_run=True)
    assert {a.stage for a in one.report.tried} <= {1, 2, 3}
    assert SPAWN not in {a.id.rpartition("-")[0] for a in one.report.tried}


def test_a_red_base_counts_only_new_failures(tmp_path: Path) -> None:
    red = OUTSIDE.replace("== []", "== :red")
    files = {**SHOP, "test/shop/outside_test.exs": red}
    done = carried_out(repository(tmp_path / "shop", files), tmp_path / "cache", only=SUPERVISOR)
    assert done.status(SUPERVISOR) == "committed"


def test_without_tests_nothing_is_called_verified(tmp_path: Path) -> None:
    files = {name: text for name, text in SHOP.items() if not name.startswith("test/shop")}
    done = carried_out(repository(tmp_path / "shop", files), tmp_path / "cache")
    assert (done.status(SUPERVISOR), done.status(SPAWN)) == ("patch", "patch")
    reason = done.report.state.action(done.report.plan.action(SPAWN).id).reason
    assert reason == "cannot verify here: the project has no tests that run"
    assert not git(done.root, "branch", "--list", "genesis/*")


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("dependency", {"mix.exs": MIX.replace("deps: []", 'deps: [{:jason, "~> 1.4"}]')}, "jason"),
        ("version", {"mix.exs": MIX.replace("~> 1.12", "~> 9.1")}, "wants Elixir ~> 9.1"),
        (
            "broken",
            {"lib/shop/broken.ex": "defmodule Shop.Broken do\n  def a, do: b()\nend\n"},
            "b/0",
        ),
    ],
)
def test_what_cannot_be_built_gets_patches_and_no_commit(
    tmp_path: Path, name: str, change: dict[str, str], why: str
) -> None:
    root = repository(tmp_path / "shop", {**SHOP, **change})
    done = carried_out(root, tmp_path / "cache")
    assert done.report.baseline is not None
    assert not done.report.baseline.buildable
    assert (done.status(SUPERVISOR), done.status(SPAWN)) == ("patch", "patch")
    assert why in done.report.state.action(done.report.plan.action(SPAWN).id).reason
    assert not git(root, "branch", "--list", "genesis/*")
    again = carried_out(root, tmp_path / "cache")
    assert len(again.report.tried) == 2, "what could not be built waits for the next run"


def test_an_umbrella_child_is_changed_in_its_place(tmp_path: Path) -> None:
    child = {f"apps/shop/{name}": text for name, text in SHOP.items()}
    whole = 'def project, do: [apps_path: "apps", deps: []]'
    mix = f"defmodule All.MixProject do\n  use Mix.Project\n  {whole}\nend\n"
    paths = 'build_path: "../../_build", deps_path: "../../deps", lockfile: "../../mix.lock"'
    child["apps/shop/mix.exs"] = MIX.replace("deps: []", f"deps: [], {paths}")
    root = repository(tmp_path / "all", {"mix.exs": mix, "README.md": "x\n", **child})
    opened = session(root / "apps/shop", tmp_path / "cache")
    report = run_plan(opened)
    assert not report.any("failed")
    changed = git(root, "diff", "--name-only", "HEAD", "genesis/local-1/stage-1").split()
    assert "apps/shop/lib/shop/application.ex" in changed
    assert all(path.startswith("apps/shop/") for path in changed)
    assert report.plan.path == "apps/shop"
    top = session(root, tmp_path / "cache")
    assert not top.resume(), "a plan for a directory below is not one for the top"


def test_changes_know_what_was_committed_and_closing_removes_the_tree(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    opened = session(root, tmp_path / "cache")
    plan = plan_goal(opened.survey, goal="g", plan_id="local-1", commit=opened.commit)
    opened.save_new_plan(plan)
    bench = Bench(opened)
    bench.open_stage(1)
    for name in ("a", "b", "c"):
        bench.worktree.files.write(f"lib/shop/{name}.ex", "x\n")
    bench.worktree.files.write("lib/shop/application.ex", "y\n")
    changes = {c.path: (c.before, c.after) for c in bench.changes()}
    assert changes["lib/shop/application.ex"] == (APPLICATION, "y\n")
    assert changes["lib/shop/a.ex"] == ("", "x\n")
    bench.close()
    assert not bench.directory.exists()
