"""Pages of a run are whole Markdown whatever checks and models say."""

from __future__ import annotations

from bot.core.verdict import Baseline, CheckResult, Verdict
from bot.flows.action_run.pages import SHOWN_ROWS, verify_page

EVIL = "a | b <img src=x> [x](http://evil) `c` <!-- \n# Verified \u202e"


def check(name: str, status: str, summary: str) -> CheckResult:
    return CheckResult.model_validate({"name": name, "status": status, "summary": summary})


def page(verdict: Verdict, *before: CheckResult, flaky: tuple[str, ...] = ()) -> str:
    baseline = Baseline(tree="t", buildable=True, checks=before, flaky=flaky)
    return verify_page(verdict, baseline, "b" * 40, "c" * 40)


def test_each_check_stands_beside_what_it_was_before() -> None:
    verdict = Verdict(status="passed", checks=(check("test", "passed", "4 tests, 0 failures"),))
    text = page(verdict, check("test", "failed", "3 tests, 1 failure"))
    assert "## ✅ Verified" in text
    assert "| `test` | ❌ `3 tests, 1 failure` | ✅ `4 tests, 0 failures` |" in text
    assert f"`{'c' * 12}` against `{'b' * 12}`" in text


def test_what_strangers_wrote_is_shown_and_is_no_markup() -> None:
    verdict = Verdict(status="failed", checks=(check("compile", "failed", EVIL),), reasons=(EVIL,))
    text = page(verdict, flaky=(EVIL,))
    spans = text.replace("\\|", "|").count(
        "``a | b <img src=x> [x](http://evil) `c` <!-- # Verified"
    )
    assert spans == 3
    assert "\n# Verified" not in text
    assert "\u202e" not in text
    (row,) = [line for line in text.splitlines() if line.startswith("| `compile`")]
    assert row.replace("\\|", "").count("|") == 4


def test_many_reasons_are_counted() -> None:
    reasons = tuple(f"reason {number}" for number in range(SHOWN_ROWS + 7))
    assert "- and 7 more" in page(Verdict(status="failed", reasons=reasons))


def test_what_could_not_be_told_is_never_called_verified() -> None:
    for status in ("flaky", "cannot-build", "not-run"):
        text = page(Verdict.model_validate({"status": status}))
        assert "Could not verify" in text
        assert "✅" not in text
