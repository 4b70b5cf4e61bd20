"""`command: verify` on a checkout: real git, real mix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Unusable
from bot.flows.action_run.outcome import ActionOutcome
from bot.flows.action_run.verifying import verify
from bot.flows.watch import Silent
from bot.settings import load_settings
from tests.flows.action_run.support import Step
from tests.flows.support import SHOP, git, repository

TEST = "test/shop/mail_test.exs"
SKIPPED = SHOP[TEST].replace('  test "sends"', '  @tag :skip\n  test "sends"')
WARNING = SHOP["lib/shop/mail.ex"].replace("    :ok\n", "    unused = 1\n    :ok\n")


def changed(
    tmp_path: Path, change: Mapping[str, str], base: Mapping[str, str] = SHOP, path: str = ""
) -> Step:
    """A checkout with two commits; the project below `path`."""
    step = Step(tmp_path / "step")
    step.runner()
    folder = f"{path}/" if path else ""
    repository(step.work, {f"{folder}{name}": text for name, text in base.items()})
    for name, text in change.items():
        (step.work / folder / name).write_text(text)
    git(step.work, "add", "-A")
    git(step.work, "commit", "-qm", "Change", "--allow-empty")
    return step


def verified(step: Step, event: Any = None, **inputs: str) -> ActionOutcome:
    runner = step.runner(event, command="verify", **inputs)
    settings = load_settings(cache_dir=step.folder / "cache", jobs=1)
    return verify(runner.order(), runner, settings, Silent())


@pytest.mark.elixir
def test_a_new_warning_in_a_project_below_the_top_is_told_at_its_line(tmp_path: Path) -> None:
    step = changed(tmp_path, {"lib/shop/mail.ex": WARNING}, path="apps/shop")
    outcome = verified(step, path="apps/shop", base="HEAD~1")
    assert (outcome.status, outcome.code.name) == ("failed", "UNRESOLVED"), outcome.page
    (line,) = [x for x in outcome.remarks if "title=new%3A compile" in x]
    assert line.startswith("::error file=apps/shop/lib/shop/mail.ex,line=4,")
    assert "❌ Not verified" in outcome.page
    assert outcome.report is not None
    assert (outcome.report / "verdict.json").is_file()


@pytest.mark.elixir
def test_what_was_there_before_is_no_news(tmp_path: Path) -> None:
    base = {**SHOP, "lib/shop/mail.ex": WARNING}
    step = changed(tmp_path, {"README.md": "# Shop\n"}, base)
    outcome = verified(step, {"before": git(step.work, "rev-parse", "HEAD~1")})
    assert outcome.status == "ok", outcome.page
    assert outcome.commit == git(step.work, "rev-parse", "HEAD")
    assert git(step.work, "status", "--short") == ""
    assert git(step.work, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


@pytest.mark.elixir
def test_a_test_that_is_newly_skipped_verifies_nothing(tmp_path: Path) -> None:
    outcome = verified(changed(tmp_path, {TEST: SKIPPED}), base="HEAD~1")
    assert outcome.status == "failed"
    assert "a test is newly skipped" in outcome.page
    assert "`gate-skips`" in outcome.page
    assert "gate-scope" not in outcome.page


def test_the_same_content_needs_no_checks(tmp_path: Path) -> None:
    outcome = verified(changed(tmp_path, {}), base="HEAD~1")
    assert (outcome.status, outcome.code.name) == ("nothing", "OK")


def test_others_work_on_the_base_branch_is_no_part_of_the_change(tmp_path: Path) -> None:
    step = changed(tmp_path, {})
    git(step.work, "checkout", "-qb", "other", "HEAD~1")
    (step.work / "lib/shop/mail.ex").write_text(WARNING)
    git(step.work, "commit", "-qam", "Theirs")
    git(step.work, "checkout", "-q", "main")
    assert verified(step, base="other").status == "nothing"


def test_an_event_that_names_no_base_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="names no commit to compare with") as caught:
        verified(changed(tmp_path, {}))
    assert "`base`" in caught.value.hint


def test_a_base_without_history_in_common_says_what_to_fetch(tmp_path: Path) -> None:
    step = changed(tmp_path, {})
    empty = git(step.work, "commit-tree", "HEAD^{tree}", "-m", "Other")
    with pytest.raises(Unusable, match="no history in common") as caught:
        verified(step, base=empty)
    assert "`fetch-depth: 0`" in caught.value.hint


def test_no_checkout_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="is not a git repository"):
        verified(Step(tmp_path / "step"), base="main")
