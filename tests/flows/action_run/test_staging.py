"""`command: stage` and `command: plan` on a checkout: real git, real mix."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.errors import Refused
from bot.flows.action_run.outcome import ActionOutcome
from bot.flows.action_run.planning import plan
from bot.flows.action_run.staging import stage
from bot.flows.watch import Silent
from bot.settings import load_settings
from tests.flows.action_run.support import Step
from tests.flows.support import SHOP, fingerprint, git, repository


def shop(tmp_path: Path, files: Mapping[str, str] = SHOP) -> Step:
    step = Step(tmp_path / "step")
    step.runner()
    repository(step.work, files)
    return step


def staged(step: Step, **settings: str) -> ActionOutcome:
    runner = step.runner(command="stage", stage="1")
    loaded = load_settings(cache_dir=step.folder / "cache", jobs=1, **settings)
    return stage(runner.order(), runner, loaded, Silent())


@pytest.mark.elixir
def test_a_stage_is_commits_on_a_branch_and_a_patch_and_leaves_the_checkout(tmp_path: Path) -> None:
    step = shop(tmp_path)
    before = fingerprint(step.work)
    outcome = staged(step)
    assert (outcome.status, outcome.stage, outcome.cost_usd) == ("ok", "1", "0.0000"), outcome.page
    assert int(outcome.attempts) >= 1
    assert git(step.work, "rev-parse", f"refs/heads/{outcome.branch}") == outcome.commit
    assert outcome.report is not None
    git(step.work, "apply", "--index", str(outcome.report / "changes.patch"))
    assert git(step.work, "write-tree") == git(step.work, "rev-parse", f"{outcome.commit}^{{tree}}")
    git(step.work, "reset", "-q", "--hard")
    assert fingerprint(step.work).keys() == before.keys()
    assert "✅ committed" in outcome.page
    assert any(x.startswith("::notice file=lib/shop/mail.ex,line=3") for x in outcome.remarks)


@pytest.mark.elixir
def test_without_tests_nothing_can_be_verified_and_nothing_is_committed(tmp_path: Path) -> None:
    bare = {name: text for name, text in SHOP.items() if not name.startswith("test/")}
    outcome = staged(shop(tmp_path, bare))
    assert (outcome.status, outcome.code.name) == ("could-not-verify", "CANNOT_BUILD")
    assert (outcome.branch, outcome.commit) == ("", "")
    assert "has no tests that run" in outcome.page


def test_with_a_key_there_is_a_sandbox_or_no_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = shop(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-made-up")
    git_only = tmp_path / "bin"
    git_only.mkdir()
    (git_only / "git").symlink_to(shutil.which("git") or "git")
    monkeypatch.setenv("PATH", str(git_only))
    with pytest.raises(Refused, match="no sandbox"):
        staged(step)


def test_a_plan_is_files_and_a_page(tmp_path: Path) -> None:
    step = shop(tmp_path)
    runner = step.runner(command="plan", goal="Survive the crash of any process")
    settings = load_settings(cache_dir=step.folder / "cache", jobs=1)
    outcome = plan(runner.order(), runner, settings, Silent())
    assert (outcome.status, outcome.findings, outcome.plan) == ("ok", "1", "local-1")
    assert outcome.report is not None
    names = sorted(path.name for path in outcome.report.iterdir())
    assert len(names) == 7
    assert {"README.md", "plan.json", "stage-1-critical-fixes.md"} <= set(names)
    assert "Goal: Survive the crash of any process" in outcome.page
    assert "```mermaid\ngraph TD" in outcome.page
    assert git(step.work, "status", "--short") == ""


def test_nothing_to_do_is_said_and_is_no_failure(tmp_path: Path) -> None:
    calm = SHOP["lib/shop/mail.ex"].replace("spawn(fun)", "fun.()")
    step = shop(tmp_path, {**SHOP, "lib/shop/mail.ex": calm})
    runner = step.runner(command="plan")
    settings = load_settings(cache_dir=step.folder / "cache", jobs=1)
    outcome = plan(runner.order(), runner, settings, Silent())
    assert (outcome.status, outcome.code.name) == ("nothing", "OK")
    assert "There is nothing to do." in outcome.page
