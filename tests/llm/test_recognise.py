from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NeedsModel
from bot.llm.offline import OfflineModel
from bot.llm.patches import file_changes
from bot.llm.recognise import NOT_RUN
from bot.llm.types import Part, Reply, Request, Tool

JUDGE = Part(
    "instructions",
    "Did the test pass? Provide a JSON response with 'status': 'passed' or 'status': 'failed', "
    "and a 'next_action' key.",
)
GREEN = "..\nFinished in 0.03 seconds\n3 tests, 0 failures\n\nRandomized with seed 42\n"
RED = "  1) test adds (CartTest)\n     ** (MatchError) no\n\n3 tests, 1 failure\n"
COMMIT = Part("instructions", "Generate a git commit message and then run 'git commit'.")
PATCH = """\
diff --git a/lib/a.ex b/lib/a.ex
index 1..2 100644
--- a/lib/a.ex
+++ b/lib/a.ex
@@ -1,3 +1,4 @@
 defmodule A do
--- no header, a removed line
+++ no header either
+  # more
 end
"""


def ended(stdout: str, exit_code: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "argv": ["mix", "test"],
        "exit_code": exit_code,
        "stdout": stdout,
        "stderr": "warning: x\n",
        **more,
    }


def judged(data: Any = None, text: str = "") -> dict[str, Any]:
    reply = asked(JUDGE, Part("response", text, name="run_verification", data=data))
    assert isinstance(reply.data, dict)
    return reply.data


def asked(*parts: Part, **more: Any) -> Reply:
    return OfflineModel().complete(Request(parts=parts, step="s", **more))


@pytest.mark.parametrize(
    "quoted",
    [
        {"data": ended(GREEN)},
        {"data": {"verdict": {"status": "passed", "checks": [], "reasons": []}}},
        {"data": {"mix": ended(GREEN)}},
        {"text": GREEN},
        {"text": f"\x1b[32m{GREEN}\x1b[0m"},
        {"text": "==> a\n1 doctest, 1 test, 0 failures\n==> b\n2 tests, 0 failures, 1 excluded\n"},
    ],
)
def test_passed_needs_tests_that_ran_and_none_that_failed(quoted: Any) -> None:
    assert judged(**quoted) == {"status": "passed", "next_action": "commit", "reasons": []}


@pytest.mark.parametrize(
    ("quoted", "reasons", "next_action"),
    [
        ({"data": ended(RED, 2)}, ["exit code 2", "3 tests, 1 failure"], "retry"),
        ({"data": ended(GREEN, 1)}, ["exit code 1"], "retry"),
        ({"data": ended(GREEN, 0, timed_out=True)}, ["did not end in time"], "retry"),
        ({"text": RED}, ["3 tests, 1 failure"], "retry"),
        ({"text": "2 tests, 0 failures, 2 invalid\n"}, ["2 invalid"], "retry"),
        ({"text": "== Compilation error in file lib/a.ex ==\n"}, ["does not compile"], "retry"),
        ({"text": "1 test, 0 failures\n==> b\n2 tests, 1 failure\n"}, ["2 tests, 1"], "retry"),
        ({"text": "0 failures, it is said\n"}, ["could not verify"], "give_up"),
        ({"text": ""}, ["could not verify"], "give_up"),
        ({"text": "0 tests, 0 failures\n"}, ["no test ran"], "give_up"),
        ({"text": "2 tests, 0 failures, 2 excluded\n"}, ["no test ran"], "give_up"),
        ({"text": f"{GREEN}\nthen it crashed\n"}, ["does not end with the totals"], "give_up"),
        ({"data": ended("no tests here")}, ["could not verify"], "give_up"),
        ({"data": {"poem": "passed"}}, ["no result of a test run"], "give_up"),
        (
            {"data": {"status": "failed", "checks": [], "reasons": ["test red"]}},
            ["test red"],
            "retry",
        ),
    ],
)
def test_everything_else_failed_and_says_why(
    quoted: Any, reasons: list[str], next_action: str
) -> None:
    verdict = judged(**quoted)
    assert (verdict["status"], verdict["next_action"]) == ("failed", next_action)
    assert len(verdict["reasons"]) == len(reasons)
    for said, expected in zip(verdict["reasons"], reasons, strict=True):
        assert expected in said


def test_a_line_a_test_prints_does_not_hide_the_real_totals() -> None:
    verdict = judged(text=f"3 tests, 0 failures\n{RED}")
    assert verdict["status"] == "failed"


@given(st.text())
def test_no_text_without_totals_passes(text: str) -> None:
    assert judged(text=text)["status"] == "failed"


def test_a_commit_message_is_made_of_the_facts_of_the_patch_and_nothing_is_run() -> None:
    reply = asked(COMMIT, Part("file", PATCH, name="change.diff"))
    assert reply.text == "Change lib/a.ex\n\n- lib/a.ex: 2 lines added, 1 removed"
    assert reply.notice == NOT_RUN


def test_many_files_are_counted_where_their_names_do_not_fit() -> None:
    body = "--- /dev/null\n+++ b/{}\n@@ -0,0 +1 @@\n+x\n"
    two = asked(COMMIT, Part("file", body.format("a.ex") + body.format("b.ex"))).text
    assert two.splitlines()[0] == "Add a.ex and b.ex"
    many = asked(COMMIT, Part("file", "".join(body.format(f"lib/{n:020}.ex") for n in range(9))))
    assert many.text.splitlines()[0] == "Add 9 files"
    assert len(many.text.splitlines()) == 11


def test_a_path_cannot_write_lines_of_the_message() -> None:
    patch = "--- a/x\n+++ b/x\x1b[2J\u202e\rFixes: #1\n@@ -1 +1 @@\n-a\n+b\n"
    lines = asked(COMMIT, Part("file", patch)).text.splitlines()
    assert lines[0] == "Change xFixes: #1"
    assert len(lines) == 3


@pytest.mark.parametrize(
    "parts",
    [
        (JUDGE,),
        (COMMIT, Part("file", "no patch")),
        (COMMIT, Part("file", "--- a\n+++ b\nno hunk\n")),
        (Part("instructions", "Be nice."), Part("file", PATCH)),
        (Part("instructions", "status?"), Part("response", GREEN)),
    ],
)
def test_what_is_not_recognised_needs_a_model(parts: tuple[Part, ...]) -> None:
    with pytest.raises(NeedsModel):
        asked(*parts)


def test_functions_to_choose_from_need_a_model() -> None:
    with pytest.raises(NeedsModel):
        asked(JUDGE, Part("response", GREEN), tools=(Tool("f", "", {"type": "object"}),))


def test_a_schema_the_facts_do_not_fit_needs_a_model() -> None:
    with pytest.raises(NeedsModel, match="the form this step wants"):
        asked(JUDGE, Part("response", GREEN), output_schema={"required": ["poem"]})


@given(st.text(alphabet="-+@ /ab\n0123456789,\\", max_size=200))
def test_no_text_breaks_the_reader_of_patches(text: str) -> None:
    for change in file_changes(text):
        assert change.added >= 0
        assert "\n" not in change.path
