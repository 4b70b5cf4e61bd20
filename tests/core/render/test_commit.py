"""Commit messages."""

from __future__ import annotations

from inline_snapshot import snapshot

from bot.core.render.commit import commit_message, trailers
from bot.core.verdict import CheckResult, Verdict
from tests.factories import action


def test_the_message_says_why_and_how_far_it_is_proved() -> None:
    made = action(
        steps=("Do it.", "Note for reviewers: jobs now end with the application."),
        invariant="`run/1` returns `:ok`.",
    )
    assert commit_message(made, Verdict(status="passed", proof="structural")) == snapshot(
        """\
Supervise the job in A.run/1

Nobody sees a crash.

Kept: run/1 returns :ok.

jobs now end with the application.

Proof: structural. The finding is gone and the suite is unchanged; fault
tolerance itself was not tested.\
"""
    )


def test_the_subject_stays_on_one_short_line() -> None:
    subject = commit_message(action(title="x\n" * 90), Verdict(status="passed")).splitlines()[0]
    assert len(subject) <= 72
    assert subject.endswith("…")


def test_trailers_tie_the_commit_to_its_plan() -> None:
    assert trailers("local-3", "1-x") == {"Genesis-Plan": "local-3", "Genesis-Action": "1-x"}


def test_a_missing_test_is_explained() -> None:
    verdict = Verdict(status="passed", proof="structural")
    text = commit_message(action(), verdict, untested="the job cannot be passed in")
    assert "No test was generated: the job cannot be passed in." in " ".join(text.split())


def test_old_failures_are_not_taken_for_new_ones() -> None:
    suite = CheckResult(name="test", status="failed", summary="2 of 16 tests failed")
    text = commit_message(action(), Verdict(status="passed", checks=(suite,)))
    assert "Suite: 2 of 16 tests failed, none of them new." in text
