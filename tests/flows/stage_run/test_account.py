"""No word of a stranger is a command to the runner that shows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.output import Screen
from bot.core.lifecycle.outcome import StageOutcome
from bot.core.state import ActionState
from bot.flows.stage_run.account import annotation, log_line, run_page, summary_of
from bot.flows.stage_run.log_watch import LogWatch
from tests.flows.stage_run.support import ACTION, changed, commit, manifest


@pytest.mark.parametrize(
    "text",
    [
        "::add-mask::x",
        "  ::stop-commands::x",
        "##[add-path]/tmp",
        "a\n::set-output name=x::y",
        "x ##[group]",
    ],
)
def test_lines_are_no_commands(text: str) -> None:
    line = log_line(text)
    assert "\n" not in line
    assert "::" not in line
    assert "##[" not in line


@given(st.text(max_size=80))
def test_whatever_is_told_stays_on_its_line(text: str) -> None:
    said: list[str] = []
    watch = LogWatch(said.append)
    watch.note(text)
    watch.doing(text, ACTION, (1, 2))
    watch.close()
    assert len(said) == 4
    assert [line.startswith("::") for line in said] == [True, True, False, True]
    assert not any("\n" in line or "\r" in line for line in said)


def test_annotations_keep_their_message_whole() -> None:
    assert annotation("error", "a,b:c", "1\n2%") == "::error title=a%2Cb%3Ac::1%0A2%25"


def test_an_annotation_can_stand_at_the_code() -> None:
    line = annotation("warning", "spawn", "x", file="lib/a,b.ex", line=3, endLine=0)
    assert line == "::warning file=lib/a%2Cb.ex,line=3,title=spawn::x"


def test_groups_open_and_close_with_their_action() -> None:
    said: list[str] = []
    watch = LogWatch(said.append)
    watch.doing("compile", "1-a", (1, 2))
    watch.doing("test", "1-a", (1, 2))
    watch.doing("baseline")
    assert said == ["::group::[1/2] 1-a", "compile", "test", "::endgroup::", "baseline"]


def test_the_summary_shows_each_commit_with_its_evidence() -> None:
    files = (changed(), changed("test/new_test.exs", b"x\n"), changed("README.md", None))
    made = manifest(
        commit(*files, message="Do `it` <!-- x\n\nProof: structural.\n```\n@all"),
        unplanned=("1-new-aaaaaa",),
    )
    text = summary_of(made, {ACTION: "f" * 40})
    assert "#### `ffffffffffff` ``Do `it` <!-- x``" in text
    assert "````text\nProof: structural.\n```\n@all\n````" in text
    assert "- `test/new_test.exs` (new)" in text
    assert "- `README.md` (deleted)" in text
    assert "`1-new-aaaaaa`" in text


def test_the_page_of_a_run_holds_no_markup_of_strangers() -> None:
    outcome = StageOutcome(
        plan="7",
        stage=1,
        attempt=1,
        status="failed",
        base="a" * 40,
        actions=(ActionState(id="1-a", status="failed", reason="a | b <img src=x> `c`"),),
        reasons=("<script>\n# big",),
    )
    page = run_page(outcome)
    assert "| `` a \\| b <img src=x> `c` `` |" in page
    assert "- `<script> # big`" in page


def test_a_bug_is_reported_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(logged=True).report_bug("Oops: a\n::add-path::/evil\n  ##[warning]x\n", "report it")
    seen = capsys.readouterr().err
    assert "add-path" in seen
    assert not [line for line in seen.splitlines() if line.strip().startswith("::")]
    assert "##[" not in seen
    Screen().report_bug("Shop::Mail\n", "report it")
    assert "Shop::Mail" in capsys.readouterr().err


def test_a_reviewer_reads_that_nothing_was_run_where_it_was_written() -> None:
    made = {ACTION: "a" * 40}
    assert "not each commit by itself" in summary_of(manifest(split=True), made)
    assert "was run" not in summary_of(manifest(), made)
