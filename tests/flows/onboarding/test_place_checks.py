"""What is said of a machine and a project, by what was seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.codebase.toolchain import Missing, Toolchain
from bot.core.verdict import Baseline, CheckResult, TestResult
from bot.errors import ModelUnavailable, Unusable
from bot.flows.onboarding.check import Check, Outcome, failed
from bot.flows.onboarding.place import ModelFacts, PlaceFacts
from bot.flows.onboarding.place_checks import place_checks
from bot.llm.providers import Checked
from bot.llm.types import ModelInfo

ELIXIR = Toolchain(Path("/usr/bin/elixir"), Path("/usr/bin/mix"), "1.17.2", "27", "/usr/bin")
GOOD = PlaceFacts(
    path="shop",
    git="2.43.0",
    repository="",
    hint="",
    mix_file=True,
    requirement="~> 1.14",
    toolchain=ELIXIR,
    credo=True,
    sandbox="",
    key=False,
    sandbox_mode="auto",
    folders={"cache": "", "state": ""},
    config=None,
    pipelines=None,
    models=ModelFacts(),
)


def shown(state: Any = "passed", **more: Any) -> Baseline:
    result = TestResult(
        module="ShopTest", name="works", state=state, file="test/shop_test.exs", line=1
    )
    status = "passed" if state == "passed" else "failed"
    said = CheckResult(name="test", status=status, summary="1 test", tests=(result,))
    return Baseline(tree="t", buildable=True, checks=(said,), **more)


def of(name: str, facts: PlaceFacts) -> Check:
    (found,) = [check for check in place_checks(facts) if check.name == name]
    return found


def test_where_all_is_well_nothing_fails_and_what_was_not_tried_is_not_well() -> None:
    checks = place_checks(GOOD)
    assert not failed(checks)
    assert {c.name for c in checks if c.outcome != "ok"} == {"build"}
    assert of("build", GOOD).outcome == "could-not-check"


CASES: list[tuple[str, dict[str, Any], Outcome, str]] = [
    ("git", {"git": ""}, "failure", "not on the PATH"),
    ("cache folder", {"folders": {"cache": "/x: full"}}, "failure", "/x: full"),
    ("state folder", {"folders": {"state": "/x: full"}}, "failure", "/x: full"),
    ("sandbox", {"sandbox": "no bwrap"}, "warning", "no bwrap"),
    ("sandbox", {"sandbox": "no bwrap", "key": True}, "failure", "a key is set"),
    ("sandbox", {"sandbox": "no bwrap", "sandbox_mode": "required"}, "failure", "required"),
    ("repository", {"repository": "has no commit yet"}, "failure", "no commit"),
    ("mix.exs", {"mix_file": False}, "warning", "no mix.exs in shop"),
    ("Elixir", {"toolchain": Missing("the project wants Elixir ~> 1.18")}, "failure", "1.18"),
    ("Elixir", {"toolchain": replace(ELIXIR, note="pins 1.18")}, "warning", "pins 1.18"),
    ("Elixir", {}, "ok", "1.17.2, OTP 27, which `~> 1.14` allows"),
    ("Credo", {"credo": False}, "warning", "without it"),
    ("configuration", {"config": ()}, "ok", "is valid"),
    ("configuration", {"config": ((3, 1, "labl: x"), (4, 1, "y"))}, "failure", "yml:3: labl"),
    ("pipelines", {"pipelines": ()}, "ok", "can be used"),
    ("pipelines", {"pipelines": ("a.yaml:3: x", "y")}, "failure", "a.yaml:3: x (and 1 more)"),
    ("build", {"build": "cannot open"}, "failure", "cannot open"),
    ("build", {"build": shown()}, "ok", "1 test"),
    ("build", {"build": shown("failed")}, "warning", "1 test"),
    ("build", {"build": shown(flaky=("a",))}, "warning", "1 flaky"),
    ("build", {"build": shown("skipped")}, "failure", "no tests that run"),
    ("build", {"build": Baseline(tree="t", buildable=False, reason="no Hex")}, "failure", "no Hex"),
    ("key", {}, "ok", "nothing leaves this machine"),
    ("settings", {"models": ModelFacts(problem="no key", hint="set it")}, "failure", "no key"),
    (
        "anthropic",
        {"models": ModelFacts({"anthropic": "opus"})},
        "could-not-check",
        "opus was not asked for",
    ),
    (
        "anthropic",
        {"models": ModelFacts({"anthropic": "opus"}, missing=("anthropic",))},
        "failure",
        "package is not installed",
    ),
    (
        "gemini",
        {
            "models": ModelFacts(
                {"gemini": "g"}, asked=(Checked("gemini", "g", info=ModelInfo("g")),)
            )
        },
        "ok",
        "g is there",
    ),
    (
        "gemini",
        {
            "models": ModelFacts(
                {"gemini": "g"}, asked=(Checked("gemini", "g", error=Unusable("no such")),)
            )
        },
        "failure",
        "no such",
    ),
    (
        "gemini",
        {
            "models": ModelFacts(
                {"gemini": "g"}, asked=(Checked("gemini", "g", error=ModelUnavailable("away")),)
            )
        },
        "failure",
        "away",
    ),
]


@pytest.mark.parametrize(("name", "seen", "outcome", "says"), CASES)
def test_the_table(name: str, seen: dict[str, Any], outcome: Outcome, says: str) -> None:
    check = of(name, replace(GOOD, **seen))
    assert check.outcome == outcome
    assert says in check.says


@pytest.mark.parametrize(("name", "seen", "outcome", "says"), CASES)
def test_every_failure_says_what_to_do(
    name: str, seen: dict[str, Any], outcome: Outcome, says: str
) -> None:
    for check in place_checks(replace(GOOD, **seen)):
        assert check.fix or check.outcome != "failure"
        assert "\n" not in check.says + check.fix
