"""A call that failed fails again in a replay, and in the same way."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.usage import Usage
from bot.errors import (
    ConfigError,
    ModelMisbehaved,
    ModelUnavailable,
    NeedsModel,
    OtpError,
    Refused,
    Unusable,
)
from bot.llm.recording.replay import NotRecorded, Recorder, Recording
from bot.llm.types import Part, Reply, Request
from bot.pipeline.budget import BudgetSpent, Cancelled

SECRET = "hunter2-hunter2"
ASKED = Request((Part("instructions", "how many?"),), step="count")
BUSY = ModelUnavailable("busy", reason="overloaded", retry_after=30.0, hint="later")


def failed(path: Path, *errors: OtpError, where: str = "w/a#0") -> None:
    """One life of a run, in which these calls failed."""
    with Recorder(path, secrets=[SECRET], models=["m"]) as recorder:
        for error in errors:
            recorder.record_failure(where, "m", ASKED, error)


def answered(path: Path, text: str, where: str = "w/a#0") -> None:
    """One life of a run, in which this was answered."""
    with Recorder(path, models=["m"]) as recorder:
        recorder.record(where, "m", ASKED, Reply(text, "m"))


@pytest.mark.parametrize(
    "error",
    [
        BUSY,
        ModelMisbehaved(
            "prose", reply="well...", violations=("n: missing",), usage=Usage(3, 4), hint="ask less"
        ),
        ModelMisbehaved("it refused"),
        NeedsModel("offline cannot", hint="set a key"),
        Refused("too long"),
        Unusable("the key is wrong"),
    ],
    ids=lambda error: f"{type(error).__name__}-{error}",
)
def test_it_is_the_same_failure(tmp_path: Path, error: OtpError) -> None:
    failed(tmp_path / "r", error)
    with pytest.raises(type(error)) as caught:
        Recording.load(tmp_path / "r").answer("w/a#0", "m", ASKED)
    assert type(caught.value) is type(error)
    pause = {"retry_after": 0.0} if isinstance(error, ModelUnavailable) else {}
    assert vars(caught.value) == vars(error) | pause


@pytest.mark.parametrize("error", [Cancelled("stop"), BudgetSpent("no money"), OtpError("?")])
def test_what_the_run_itself_did_is_not_recorded(tmp_path: Path, error: OtpError) -> None:
    failed(tmp_path / "r", error)
    assert Recording.load(tmp_path / "r").unused() == ()


def test_every_try_comes_in_its_order(tmp_path: Path) -> None:
    with Recorder(tmp_path / "r", models=["m"]) as recorder:
        recorder.record_failure("w/a#0", "m", ASKED, BUSY)
        recorder.record_failure("w/a#0", "m", ASKED, Refused("too long"))
        recorder.record("w/a#0", "m", ASKED, Reply("3", "m"))
    recording = Recording.load(tmp_path / "r")
    for kind in (ModelUnavailable, Refused):
        with pytest.raises(kind):
            recording.answer("w/a#0", "m", ASKED)
    assert recording.answer("w/a#0", "m", ASKED).text == "3"
    with pytest.raises(NotRecorded):
        recording.answer("w/a#0", "m", ASKED)


def test_what_a_later_life_asked_again_did_not_fail_in_the_end(tmp_path: Path) -> None:
    failed(tmp_path / "r", BUSY)
    answered(tmp_path / "r", "3")
    recording = Recording.load(tmp_path / "r")
    assert recording.answer("w/a#0", "m", ASKED).text == "3"
    assert recording.unused() == ()


def test_what_a_later_life_did_not_ask_again_stays_as_it_was(tmp_path: Path) -> None:
    failed(tmp_path / "r", BUSY)
    answered(tmp_path / "r", "3", where="w/b#0")
    recording = Recording.load(tmp_path / "r")
    with pytest.raises(ModelUnavailable):
        recording.answer("w/a#0", "m", ASKED)


def test_no_secret_is_in_a_failure(tmp_path: Path) -> None:
    failed(
        tmp_path / "r",
        ModelMisbehaved(
            f"bad {SECRET}", reply=f"r {SECRET}", violations=(SECRET,), hint=f"h {SECRET}"
        ),
    )
    assert SECRET not in (tmp_path / "r").read_text()


@pytest.mark.parametrize(
    "told",
    [
        "",
        ', "failed": {"kind": "SystemExit", "message": "x"}',
        ', "failed": {"kind": "Refused", "message": "x"}, "reply": {"text": "", "model": "m"}',
    ],
)
def test_a_line_that_tells_nothing_sensible_is_named(tmp_path: Path, told: str) -> None:
    (tmp_path / "r").write_text(
        '{"format": 1, "models": []}\n'
        f'{{"where": "a#0", "step": "a", "asked": [], "texts": {{}}{told}}}\n'
    )
    with pytest.raises(ConfigError, match="is no line of a recording") as caught:
        Recording.load(tmp_path / "r")
    assert caught.value.line == 2
