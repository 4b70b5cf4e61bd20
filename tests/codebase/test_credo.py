from __future__ import annotations

import pytest

from bot.codebase.credo import parse_credo
from tests.verify.support import recorded


def test_recorded_issues_keep_check_file_and_line() -> None:
    report = parse_credo(31, *recorded("credo", "strict_json"))
    assert report.trouble == ""
    assert len(report.issues) == 13
    first = report.issues[0]
    assert (first.path, first.line) == ("lib/sample/notif.ex", 5)
    assert first.message.startswith("Credo.Check.Consistency.SpaceInParentheses [consistency]")


def test_trap_the_exit_code_is_a_bit_mask() -> None:
    assert parse_credo(31, *recorded("credo", "strict_json")).trouble == ""
    assert parse_credo(0, *recorded("credo", "mute_exit_status")).issues != ()


def test_trap_an_unparsable_file_exits_zero_with_no_issues() -> None:
    report = parse_credo(0, *recorded("credo", "clean_project_with_unparsable_file"))
    assert report.issues == ()
    assert report.unparsed == ("lib/broken.ex",)


def test_an_unparsable_file_beside_issues() -> None:
    report = parse_credo(31, *recorded("credo", "parse_error_json"))
    assert report.unparsed == ("lib/sample/broken.ex",)
    assert len(report.issues) == 13


def test_trap_an_unknown_check_is_only_on_stderr() -> None:
    report = parse_credo(0, *recorded("credo", "unknown_check_in_config"))
    assert report.unknown_checks == ("Credo.Check.Warning.ProcessDict",)
    assert report.trouble == ""


@pytest.mark.parametrize(("name", "code"), [("broken_config", 129), ("bad_switch", 130)])
def test_trap_a_broken_configuration_is_no_answer(name: str, code: int) -> None:
    report = parse_credo(code, *recorded("credo", name))
    assert report.trouble.startswith(f"credo ended with {code}: ")
    assert report.issues == ()


def test_trap_an_unknown_format_prints_the_human_one() -> None:
    assert parse_credo(31, *recorded("credo", "bad_format")).trouble == "credo wrote no JSON"


def test_a_clean_project() -> None:
    report = parse_credo(0, *recorded("credo", "clean_project"))
    assert (report.issues, report.unparsed, report.trouble) == ((), (), "")


def test_progress_before_the_json_is_passed_over() -> None:
    out = 'Compiling 2 files (.ex)\n{odd}\nGenerated demo app\n{\n  "issues": []\n}\n'
    assert parse_credo(0, out, "").trouble == ""


def test_an_exit_code_without_issues_is_no_answer() -> None:
    assert parse_credo(8, '{"issues": []}', "").trouble == "credo ended with 8 but listed no issue"


def test_a_killed_credo_is_no_answer() -> None:
    assert parse_credo(-9, "", "").trouble == "credo ended with -9: "
