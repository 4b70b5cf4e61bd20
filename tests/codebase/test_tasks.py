"""Mix through the code base: every edit is seen, and nothing is called a success that was not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.codebase.codebase import Codebase
from bot.codebase.exunit import judge_output
from bot.codebase.files import WorkFiles
from bot.codebase.process import Completed
from bot.codebase.worktree import Worktree
from bot.core.verdict import Status
from tests.codebase.support import open_in
from tests.verify.support import SAMPLE, mix_in, reporter, sandbox

COUNTER_PATH = "lib/sample/counter.ex"


def over(tmp_path: Path, files: dict[str, str] | None = None, *, reported: bool = True) -> Codebase:
    texts = {path: text for path, text in {**SAMPLE, **(files or {})}.items() if text}
    repository = open_in(tmp_path, {path: text.encode() for path, text in texts.items()})
    work = Worktree.create(repository, "genesis/x/stage-1", repository.head, tmp_path / "tree")
    return Codebase(
        WorkFiles(work.project),
        worktree=work,
        mix=lambda: mix_in(work.project, tmp_path / "build"),
        reporter=reporter if reported else None,
    )


@pytest.mark.elixir
def test_every_edit_is_seen_even_one_of_the_same_size_at_once(tmp_path: Path) -> None:
    base = over(tmp_path)
    assert base.mix("compile").passed
    name = base.snapshot()
    assert base.run_test().passed
    base.edit(COUNTER_PATH, "+ 1", "+ 2")
    red = base.run_test(("test/counter_test.exs",))
    assert (red.passed, red.summary) == (False, "2 of 2 tests failed")
    base.restore(name)
    green = base.run_test()
    assert (green.passed, green.summary) == (True, "2 tests, 0 failures")
    assert green.stderr == "", "and mix does not complain about a date in the future"
    base.edit(COUNTER_PATH, "+ 1", "+ 3")
    assert not base.mix("test").passed


@pytest.mark.elixir
def test_an_edit_a_killed_run_left_is_seen(tmp_path: Path) -> None:
    base = over(tmp_path)
    assert base.run_test().passed
    base.edit(COUNTER_PATH, "+ 1", "+ 2")
    work = base.worktree
    assert work is not None
    again = Codebase(
        WorkFiles(work.project),
        worktree=work,
        mix=lambda: mix_in(work.project, tmp_path / "build"),
    )
    assert not again.run_test().passed


@pytest.mark.elixir
@pytest.mark.parametrize("reported", [True, False])
def test_no_tests_are_no_success(tmp_path: Path, reported: bool) -> None:
    base = over(tmp_path, {"test/counter_test.exs": ""}, reported=reported)
    for done in (base.run_test(), base.mix("test")):
        assert (done.exit_code, done.passed, done.summary) == (0, False, "no tests ran")


@pytest.mark.elixir
@pytest.mark.parametrize("reported", [True, False])
def test_excluded_tests_and_broken_ones_are_no_success(tmp_path: Path, reported: bool) -> None:
    base = over(tmp_path, reported=reported)
    assert base.run_test(("test/counter_test.exs:6",)).passed
    assert not base.mix("test", ("--exclude", "test")).passed
    assert not base.run_test(("test/nosuch_test.exs",)).passed
    base.write("test/red_test.exs", "defmodule Red do\n")
    broken = base.run_test()
    assert not broken.passed
    assert broken.summary


@pytest.mark.elixir
def test_format_writes_the_files_it_is_given(tmp_path: Path) -> None:
    ugly = "defmodule   A do\nend\n"
    base = over(tmp_path, {"lib/a.ex": ugly, "lib/b.ex": ugly.replace("A", "B")})
    assert not base.mix("format", ("--check-formatted", "lib/*.ex")).passed
    assert base.mix("format", ("lib/a*",)).passed
    assert base.read("lib/a.ex") == "defmodule A do\nend\n"
    assert base.read("lib/b.ex") != "defmodule B do\nend\n"
    assert base.diff().count("diff --git") == 1


@pytest.mark.elixir
def test_credo_where_there_is_none_is_no_success(tmp_path: Path) -> None:
    base = over(tmp_path)
    done = base.run_credo()
    assert (done.passed, done.summary) == (False, "Credo is not available in MIX_ENV=test")
    assert not base.mix("credo", ("--strict",)).passed


@pytest.mark.elixir
def test_xref_answers_and_a_deadline_is_kept(tmp_path: Path) -> None:
    base = over(tmp_path, {"lib/a.ex": "defmodule A do\n  def f, do: Sample.Counter.add(1)\nend\n"})
    assert "lib/a.ex" in base.mix("xref", ("callers", "Sample.Counter")).stdout
    endless = 'defmodule E do\n  use ExUnit.Case\n  test "e", do: Process.sleep(:infinity)\nend\n'
    base.write("test/endless_test.exs", endless)
    done = base.mix("test", ("test/endless_test.exs",), timeout=4)
    assert (done.timed_out, done.passed) == (True, False)
    assert done.summary.startswith("no end after")


@pytest.mark.elixir
def test_a_test_run_cannot_reach_git_or_leave_files_elsewhere(tmp_path: Path) -> None:
    if not sandbox().isolated:
        pytest.skip("bubblewrap does not work here")
    spy = (
        'defmodule Spy do\n  use ExUnit.Case\n  test "s" do\n'
        f'    refute File.exists?("{tmp_path}/tree/git")\n'
        f'    File.write("{tmp_path}/out", "x")\n'
        '    assert {:error, _} = File.ln(File.cwd!() <> "/mix.exs", "/usr/x")\n  end\nend\n'
    )
    base = over(tmp_path, {"test/spy_test.exs": spy})
    done = base.run_test(("test/spy_test.exs",))
    assert done.passed, done.stdout
    assert not (tmp_path / "out").exists()


def finished(stdout: str, code: int = 0) -> Completed:
    return Completed(("mix", "test"), code, stdout, "", 1.0)


@pytest.mark.parametrize(
    ("stdout", "code", "status", "summary"),
    [
        ("..\n2 tests, 0 failures\n", 0, "passed", "2 tests, 0 failures"),
        ("1 doctest, 1 property, 1 test, 0 failures\n", 0, "passed", "3 tests, 0 failures"),
        ("2 doctests, 0 tests, 0 failures\n", 0, "passed", "2 tests, 0 failures"),
        ("2 tests, 1 failure\n", 77, "failed", "1 of 2 tests failed"),
        ("2 tests, 1 failure\n", 0, "failed", "1 of 2 tests failed"),
        ("3 tests, 0 failures, 1 excluded, 1 skipped\n", 0, "passed", "1 test, 0 failures"),
        ("3 tests, 0 failures, 3 excluded\n", 0, "not-run", "every test was skipped or excluded"),
        ("2 tests, 0 failures, 1 invalid\n", 2, "failed", "1 of 2 tests failed"),
        ("1 test, 0 failures\n==> b\n1 test, 1 failure\n", 77, "failed", "1 of 2 tests failed"),
        ("1 test, 0 failures\n==> b\n1 test, 0 failures\n", 0, "passed", "2 tests, 0 failures"),
        ("2 tests, 0 failures\n", 1, "failed", "2 tests passed, but mix test ended with 1"),
        ("There are no tests to run\n", 0, "not-run", "no tests ran"),
        ("", 0, "not-run", "no tests ran"),
        ('IO.puts "12 tests, 0 failures"\n', 0, "not-run", "no tests ran"),
    ],
)
def test_totals_that_exunit_prints(stdout: str, code: int, status: Status, summary: str) -> None:
    assert judge_output(finished(stdout, code)) == (status, summary)
