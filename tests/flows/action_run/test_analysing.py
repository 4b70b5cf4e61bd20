"""`command: analyze` on a checkout."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.core.baseline import baseline_text
from bot.core.finding import Analysis
from bot.errors import ConfigError, Misused, Unusable
from bot.flows.action_run.analysing import analyse
from bot.flows.action_run.outcome import ActionOutcome
from bot.flows.watch import Silent
from bot.settings import load_settings
from tests.flows.action_run.support import ORIGIN, Step
from tests.flows.support import SHOP, SPAWNING, git, repository, written

MORE = SPAWNING.replace("Shop.Mail", "Shop.Post")


def analysed(step: Step, **inputs: str) -> ActionOutcome:
    runner = step.runner(command="analyze", **inputs)
    settings = load_settings(cache_dir=step.folder / "cache", jobs=1)
    return analyse(runner.order(), runner, settings, Silent())


def shop(tmp_path: Path, files: Mapping[str, str] = SHOP) -> Step:
    step = Step(tmp_path / "step")
    step.runner()
    written(step.work, files)
    return step


def test_findings_alone_are_no_failure_and_fail_on_makes_them_one(tmp_path: Path) -> None:
    step = shop(tmp_path)
    calm, strict = analysed(step), analysed(step, fail_on="warning")
    assert (calm.status, calm.code.name) == ("ok", "OK")
    assert (strict.status, strict.code.name) == ("findings", "FINDINGS")
    assert calm.findings == strict.findings == "1"
    assert "this step fails" in strict.page
    assert "this step fails" not in calm.page
    assert analysed(step, fail_on="error").status == "ok"


def test_the_page_has_a_table_with_links_and_the_tree(tmp_path: Path) -> None:
    page = analysed(shop(tmp_path)).page
    link = f"[`lib/shop/mail.ex:3`]({ORIGIN}/acme/shop/blob/{'a' * 40}/lib/shop/mail.ex#L3)"
    assert f"| 🟠 warning | `unsupervised-spawn` | {link} |" in page
    assert "```mermaid\ngraph TD" in page
    assert "### Supervision tree of `shop`" in page


def test_paths_count_from_the_top_of_the_checkout_everywhere(tmp_path: Path) -> None:
    step = shop(tmp_path, {f"apps/my shop/{name}": text for name, text in SHOP.items()})
    outcome = analysed(step, path="apps/my shop")
    assert any("file=apps/my shop/lib/shop/mail.ex," in line for line in outcome.remarks)
    assert "/apps/my%20shop/lib/shop/mail.ex#L3" in outcome.page
    assert outcome.sarif is not None
    text = outcome.sarif.read_text()
    assert '"uri": "apps/my%20shop/lib/shop/mail.ex"' in text
    assert not re.search(r'"uri": "lib/', text)


def test_only_what_is_new_counts_and_code_scanning_gets_all(tmp_path: Path) -> None:
    step = shop(tmp_path, {})
    repository(step.work)
    (step.work / "lib/shop/post.ex").write_text(MORE)
    # A line above moves the old finding; it is the same all the same.
    (step.work / "lib/shop/mail.ex").write_text(f"# Moved.\n{SPAWNING}")
    outcome = analysed(step, changed_since="HEAD", fail_on="warning")
    assert (outcome.status, outcome.findings) == ("findings", "1")
    assert ["post.ex" in line for line in outcome.remarks] == [True]
    assert outcome.sarif is not None
    assert len(json.loads(outcome.sarif.read_text())["runs"][0]["results"]) == 2
    git(step.work, "add", "-A")
    git(step.work, "commit", "-qm", "More")
    assert analysed(step, changed_since="HEAD", fail_on="warning").status == "ok"


def test_a_revision_that_was_not_fetched_says_how_to(tmp_path: Path) -> None:
    step = shop(tmp_path, {})
    repository(step.work)
    with pytest.raises(Unusable, match="no such commit") as caught:
        analysed(step, changed_since="HEAD~5")
    assert "`fetch-depth: 0`" in caught.value.hint


def test_a_rule_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misused, match="there is no rule 'no-such'"):
        analysed(shop(tmp_path), rules="unsupervised-spawn no-such")


def test_nothing_to_read_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="no Elixir source"):
        analysed(shop(tmp_path, {"README.md": "# Shop\n"}))


def test_names_of_files_are_no_markup(tmp_path: Path) -> None:
    name = "lib/a|b`](http://evil) <img>.ex"
    page = analysed(shop(tmp_path, {"mix.exs": SHOP["mix.exs"], name: SPAWNING})).page
    (row,) = [line for line in page.splitlines() if "unsupervised-spawn" in line]
    assert "](http://evil)" not in row.replace("`` lib/a\\|b`](http://evil) <img>.ex:3 ``", "")


IGNORED = SPAWNING.replace(
    "    spawn", "    # genesis:ignore unsupervised-spawn -- a toy\n    spawn"
)
CONFIG = ".github/otp-genesis.yml"


def results(outcome: ActionOutcome) -> list[dict[str, Any]]:
    assert outcome.sarif is not None
    listed: list[dict[str, Any]] = json.loads(outcome.sarif.read_text())["runs"][0]["results"]
    return listed


def test_what_comments_ignore_is_counted_and_no_alert(tmp_path: Path) -> None:
    outcome = analysed(shop(tmp_path, {**SHOP, "lib/shop/mail.ex": IGNORED}), fail_on="info")
    assert (outcome.status, outcome.findings, outcome.remarks) == ("ok", "0", ())
    assert "1 finding suppressed with a reason" in outcome.page
    assert results(outcome) == []
    assert outcome.report is not None
    (one,) = json.loads((outcome.report / "findings.json").read_text())["suppressed"]
    assert one["reason"] == "a toy"


def test_a_comment_without_effect_is_on_the_page(tmp_path: Path) -> None:
    text = IGNORED.replace(" -- a toy", "")
    page = analysed(shop(tmp_path, {**SHOP, "lib/shop/mail.ex": text})).page
    assert "### Comments without effect\n\n- `lib/shop/mail.ex:3`: it gives no reason" in page


def test_the_configuration_at_the_top_counts_for_a_folder(tmp_path: Path) -> None:
    files = {f"apps/shop/{name}": text for name, text in SHOP.items()}
    step = shop(tmp_path, {**files, CONFIG: "analysis: {exclude: [apps/shop/lib/**]}\n"})
    git(step.work, "init", "-q")
    assert analysed(step, path="apps/shop").findings == "0"
    written(step.work, {CONFIG: "analysis: {exclude: [lib/**]}\n"})
    assert analysed(step, path="apps/shop").findings == "1"


def test_what_a_baseline_lists_does_not_count(tmp_path: Path) -> None:
    step = shop(tmp_path)
    listed = analysed(step).report
    assert listed is not None
    known = Analysis.model_validate_json((listed / "findings.json").read_text())
    (step.work / "known.json").write_text(baseline_text(known.findings))
    calm = analysed(step, baseline="known.json", fail_on="warning")
    assert (calm.status, calm.findings, calm.remarks) == ("ok", "0", ())
    assert "0 are new against `known.json`; 1 were there before." in calm.page
    assert [r["baselineState"] for r in results(calm)] == ["unchanged"]
    written(step.work, {"lib/shop/post.ex": MORE})
    strict = analysed(step, baseline="known.json", fail_on="warning")
    assert (strict.status, strict.findings) == ("findings", "1")


def test_a_baseline_that_is_none_or_lies_outside_is_refused(tmp_path: Path) -> None:
    step = shop(tmp_path)
    with pytest.raises(ConfigError, match="not JSON"):
        analysed(step, baseline="mix.exs")
    (step.work / "link.json").symlink_to("/etc/hostname")
    with pytest.raises(Unusable, match="leads out"):
        analysed(step, baseline="link.json")
    with pytest.raises(Misused, match="work space"):
        analysed(step, baseline="../x.json")
