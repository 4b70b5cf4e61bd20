from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.codebase.mix import at_fixpoint
from bot.codebase.syntax_gate import SyntaxGate, tree_sitter_error
from tests.verify.support import COUNTER, impatient, sample, toolchain

MISSING_DO = "defmodule A do\n  def f(x)\n    x\n  end\nend\n"
BROKEN = "defmodule A do\n  def f, do: [1\nend\n"
WITHOUT = SyntaxGate(None, {})


def _gate() -> SyntaxGate:
    return SyntaxGate(toolchain(), os.environ)


@pytest.mark.elixir
def test_many_texts_are_parsed_at_once() -> None:
    texts = {f"lib/{n}.ex": COUNTER for n in range(50)}
    errors = _gate().parse_errors({**texts, "lib/bad.ex": BROKEN, "lib/é ü.ex": "x = 'é'\n"})
    assert list(errors) == ["lib/bad.ex"]
    assert errors["lib/bad.ex"].startswith("3: ")


@pytest.mark.elixir
def test_trap_tree_sitter_misses_a_deleted_do_that_elixir_finds() -> None:
    missed = "defmodule A\n  def f(x), do: x\nend\n"
    for text in (MISSING_DO, missed):
        assert _gate().parse_errors({"a.ex": text}) != {}
    assert not all(tree_sitter_error(text) for text in (MISSING_DO, missed))


@pytest.mark.elixir
@pytest.mark.parametrize("text", ["", "\n", "%{}", "a = \ud800", "\x00", "é = 1", "foo(<<>>)"])
def test_odd_texts_get_an_answer_each(text: str) -> None:
    errors = _gate().parse_errors({"odd.ex": text, "good.ex": COUNTER})
    assert "good.ex" not in errors


@pytest.mark.elixir
def test_bytes_that_are_no_utf8_are_an_error_not_a_crash() -> None:
    text = b"x = \xff".decode("utf-8", "surrogateescape")
    assert list(_gate().parse_errors({"a.ex": text})) == ["a.ex"]


@pytest.mark.elixir
def test_where_elixir_rejects_the_original_tree_sitter_judges_and_says_so() -> None:
    newer = 'defmodule A do\n  def f, do: ~FUTURE"""\n  x\n  """\nend\n'
    if not _gate().parse_errors({"a.ex": newer}):
        newer = MISSING_DO
    report = _gate().check({"a.ex": newer, "b.ex": COUNTER}, {"a.ex": newer, "b.ex": COUNTER})
    assert report.judged_by == {"a.ex": "tree-sitter", "b.ex": "elixir"}
    assert len(report.notes) == 1
    assert report.notes[0].startswith(f"a.ex: Elixir {toolchain().version} rejects the original (")


@pytest.mark.elixir
def test_an_edit_that_breaks_a_file_is_an_error() -> None:
    report = _gate().check({"a.ex": COUNTER}, {"a.ex": BROKEN, "new.ex": COUNTER})
    assert list(report.errors) == ["a.ex"]
    assert report.judged_by == {"a.ex": "elixir", "new.ex": "elixir"}
    assert report.notes == ()


@pytest.mark.elixir
def test_parsing_runs_nothing(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    text = f'File.write!("{trace}", "ran")\n'
    assert _gate().parse_errors({"a.exs": text}) == {}
    assert not trace.exists()


def test_without_elixir_tree_sitter_judges_and_says_so() -> None:
    report = WITHOUT.check({"a.ex": COUNTER}, {"a.ex": BROKEN, "b.ex": COUNTER})
    assert list(report.errors) == ["a.ex"]
    assert set(report.judged_by.values()) == {"tree-sitter"}
    assert report.notes == (
        "no Elixir here: parsed by tree-sitter, which misses about one error in five",
    )


def test_nothing_to_parse_starts_nothing() -> None:
    assert WITHOUT.parse_errors({}) == {}


def test_a_tree_sitter_error_names_its_line() -> None:
    assert tree_sitter_error(COUNTER) == ""
    assert tree_sitter_error("defmodule A do\n  def f, do: (1\nend\n").split(":")[0].isdigit()


@pytest.mark.elixir
def test_only_files_formatted_before_count_as_formatted(tmp_path: Path) -> None:
    ugly = "defmodule   Sample.Ugly do\nend\n"
    mix = sample(tmp_path, {"lib/ugly.ex": ugly})
    paths = ("lib/sample/counter.ex", "lib/ugly.ex", "test/counter_test.exs")
    assert at_fixpoint(mix, paths) == ("lib/sample/counter.ex", "test/counter_test.exs")
    assert at_fixpoint(mix, ()) == ()


@pytest.mark.elixir
def test_trap_where_the_formatter_cannot_judge_nothing_counts_as_formatted(tmp_path: Path) -> None:
    formatter = "[import_deps: [:no_such_dep], inputs: []]\n"
    mix = sample(tmp_path, {".formatter.exs": formatter})
    assert at_fixpoint(mix, ("lib/sample/counter.ex",)) == ()
    late = impatient(sample(tmp_path / "late"), 0.01)
    assert at_fixpoint(late, ("lib/sample/counter.ex",)) == ()
