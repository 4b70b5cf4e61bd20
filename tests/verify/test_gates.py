from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.plan import Change
from bot.verify.gates import is_test, run_gates
from tests.verify.support import COUNTER, COUNTER_TEST, action, change

LIB, TEST = "lib/sample/counter.ex", "test/counter_test.exs"


def _failed(*changes: Change, names: tuple[str, ...] = (LIB, TEST)) -> dict[str, str]:
    gates = run_gates(changes, action(*names))
    return {g.name: g.summary for g in gates if g.status == "failed"}


def _lib(before: str, after: str) -> dict[str, str]:
    return _failed(change(LIB, before, after))


def _test(after: str, before: str = COUNTER_TEST) -> dict[str, str]:
    return _failed(change(TEST, before, after))


def test_an_honest_change_passes_every_gate() -> None:
    gates = run_gates(
        (change(LIB, COUNTER, COUNTER.replace("+ 1", "+ 2")),),
        action(LIB),
        redetect=lambda _action, _changes: (),
    )
    assert [g.name for g in gates if g.status != "passed"] == []
    assert "gate-finding-gone" in {g.name for g in gates}


def test_a_change_of_nothing_is_none() -> None:
    assert list(_lib(COUNTER, COUNTER)) == ["gate-changed"]
    assert list(_failed()) == ["gate-changed"]


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml",
        ".genesis/pipelines/a.yaml",
        "config/prod.secret.exs",
        ".git/hooks/pre-commit",
        "lib/.git/config",
        "../outside.ex",
        "/etc/passwd",
    ],
)
def test_no_action_may_touch_protected_paths_even_when_it_names_them(path: str) -> None:
    assert "gate-protected" in _failed(change(path, "a", "b"), names=(path,))


@pytest.mark.parametrize(
    "path", ["mix.exs", "apps/one/mix.exs", "mix.lock", ".formatter.exs", "test/test_helper.exs"]
)
def test_project_files_only_where_the_action_names_them(path: str) -> None:
    assert "gate-protected" in _failed(change(path, "a", "b"), names=(LIB,))
    assert "gate-protected" not in _failed(change(path, "a", "b"), names=(path,))


def test_the_diff_stays_inside_the_actions_files() -> None:
    assert list(_failed(change("lib/other.ex", "a", "b"))) == ["gate-scope"]
    assert _failed(change("test/new_test.exs", "", COUNTER_TEST)) == {}
    assert list(_failed(change("test/old_test.exs", "a", "b"))) == ["gate-scope"]
    assert list(_failed(change("lib/new.ex", "", "a"))) == ["gate-scope"]


def test_a_lost_test_is_named() -> None:
    fewer = COUNTER_TEST.replace('test "adds one to zero" do', "def zero do")
    assert _test(fewer) == {"gate-tests": f'{TEST}: test "adds one to zero" is gone'}


def test_a_deleted_test_file_loses_its_tests() -> None:
    assert "gate-tests" in _test("")


def test_a_rewritten_expectation_is_no_fix() -> None:
    assert "is gone or rewritten" in _test(COUNTER_TEST.replace("== 2", "== 3"))["gate-tests"]
    assert "gate-tests" in _test(COUNTER_TEST.replace("assert ", "_ = "))
    assert "gate-tests" in _test(COUNTER_TEST.replace("    assert", "    # assert"))


def test_layout_and_new_assertions_are_free() -> None:
    more = COUNTER_TEST.replace(
        "assert Sample.Counter.add(1) == 2",
        "assert(Sample.Counter.add(1) ==\n      2)\n    refute Sample.Counter.add(1) == 3",
    )
    assert _test(more) == {}


@pytest.mark.parametrize(
    "tag",
    [
        "@tag :skip",
        "@tag skip: true",
        '@moduletag skip: "flaky"',
        "@describetag :skip",
        "@tag [skip: true]",
    ],
)
def test_a_new_skip_is_found(tag: str) -> None:
    assert "gate-skips" in _test(COUNTER_TEST.replace("  test", f"  {tag}\n  test", 1))


def test_an_old_skip_and_a_word_in_a_string_are_no_new_skip() -> None:
    skipped = COUNTER_TEST.replace("  test", "  @tag :skip\n  test", 1)
    assert _test(skipped + "\n", before=skipped) == {}
    worded = COUNTER_TEST.replace("  test", '  @doc "@tag :skip"\n  # @tag :skip\n  test', 1)
    assert _test(worded) == {}


def test_excluding_tests_is_found() -> None:
    assert "gate-skips" in _test(COUNTER_TEST + "\nExUnit.configure(exclude: [:slow])\n")


def test_a_credo_disable_comment_is_found() -> None:
    assert "gate-skips" in _lib(COUNTER, f"# credo:disable-for-this-file\n{COUNTER}")
    in_string = COUNTER.replace("number + 1", '"# credo:disable-for-this-file"')
    assert _lib(COUNTER, in_string) == {}


SUPERVISOR = """\
defmodule S do
  def start, do: Supervisor.start_link([], strategy: :one_for_one{})
end
"""


@pytest.mark.parametrize(
    ("before", "after", "good"),
    [
        ("", ", max_restarts: 10", False),
        ("", ", max_restarts: 3", True),
        (", max_restarts: 10", ", max_restarts: 10", True),
        (", max_restarts: 10", ", max_restarts: 11", False),
        (", max_restarts: 10", ", max_restarts: 4", True),
        ("", ", max_restarts: 1_000", False),
        ("", ", max_seconds: 1", False),
        ("", ", max_seconds: 60", True),
        ("", ", max_restarts: @many", False),
    ],
)
def test_restart_intensity_is_not_raised(before: str, after: str, good: bool) -> None:
    old = SUPERVISOR.replace("{}", before)
    new = SUPERVISOR.replace("{}", after) + "\n"
    assert ("gate-restarts" in _lib(old, new)) is not good


@pytest.mark.parametrize(
    ("clause", "good"),
    [
        ("rescue\n    _ -> nil", False),
        ("rescue\n    e -> e", False),
        ("catch\n    _, _ -> nil", False),
        ("catch\n    kind, reason -> {kind, reason}", False),
        ("catch\n    _ -> nil", False),
        ("rescue\n    ArgumentError -> nil", True),
        ("rescue\n    e in [ArgumentError] -> e", True),
        ("catch\n    :exit, :normal -> nil", True),
    ],
)
def test_a_rescue_of_everything_is_no_fault_tolerance(clause: str, good: bool) -> None:
    old = "defmodule R do\n  def f(x) do\n    x.()\n  end\nend\n"
    new = old.replace("x.()\n", f"x.()\n  {clause}\n")
    assert ("gate-rescue" in _lib(old, new)) is not good


def test_narrowing_a_rescue_is_welcome() -> None:
    old = "def f do\n  g()\nrescue\n  _ -> nil\nend\n"
    assert _lib(old, old.replace("_ ->", "ArgumentError ->")) == {}


def _mending(before: str, after: str) -> dict[str, str]:
    """The gates of a change that is to mend a finding."""
    changes = (change(LIB, before, after),)
    gates = run_gates(changes, action(LIB), redetect=lambda act, changes: ())
    return {g.name: g.summary for g in gates if g.status == "failed"}


@pytest.mark.parametrize(
    ("start", "good"),
    [
        ("if Application.get_env(:s, :on, false), do: Supervisor.start_link([], [])", False),
        ("if Application.get_env(:s, :on), do: Supervisor.start_link([], [])", False),
        ('unless System.get_env("OFF"), do: Supervisor.start_link([], [])', False),
        ("Application.fetch_env!(:s, :on) && Supervisor.start_link([], [])", False),
        (
            "on = Application.get_env(:s, :on, nil)\n    if on, do: Supervisor.start_link([], [])",
            False,
        ),
        ("if Application.get_env(:s, :on, true), do: Supervisor.start_link([], [])", True),
        ("Supervisor.start_link([], max_seconds: Application.get_env(:s, :seconds, 5))", True),
        ("Supervisor.start_link(Application.get_env(:s, :children), [])", True),
    ],
)
def test_what_is_off_by_default_mends_nothing(start: str, good: bool) -> None:
    old = "defmodule R do\n  def f do\n    Supervisor.start_link([], [])\n  end\nend\n"
    new = old.replace("Supervisor.start_link([], [])", start)
    assert ("gate-flags" in _mending(old, new)) is not good
    assert "gate-flags" not in _mending(new, new + "\n")
    assert "gate-flags" not in _lib(old, new)


def test_a_finding_that_is_still_there_fails() -> None:
    gates = run_gates(
        (change(LIB, COUNTER, COUNTER + "\n"),),
        action(LIB),
        redetect=lambda act, changes: (f"{act.rule} in {changes[0].path}",),
    )
    assert gates[-1].status == "failed"
    assert gates[-1].summary == f"still found: sample in {LIB}"


def test_trap_a_test_is_told_by_its_directory() -> None:
    assert is_test("test/a_test.exs")
    assert is_test("apps/one/test/deep/a_test.exs")
    assert not is_test("lib/load_test/a.exs")
    assert not is_test("lib/test/a.ex")


@given(st.text())
def test_no_text_breaks_a_gate(text: str) -> None:
    run_gates((change(LIB, COUNTER, text), change(TEST, text, COUNTER_TEST)), action(LIB))
