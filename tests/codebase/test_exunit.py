from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.codebase.exunit import check_tests, judge_run, parse_events
from bot.codebase.mix import TestRun
from bot.codebase.process import Completed
from tests.verify.support import (
    COUNTER,
    impatient,
    mix_in,
    reporter,
    sample,
    toolchain,
    write,
)

START, END = '{"event":"suite_started","seed":0}\n', '{"event":"suite_finished"}\n'

MIXED = r"""
defmodule Sample.MixedTest do
  use ExUnit.Case

  test "passes with \"quotes\" \\ and é 漢" do
    assert true
  end

  test "fails with bytes" do
    assert <<255, 0, 7>> <> "\t\e[31m" == :other
  end

  test "raises" do
    raise "boom"
  end

  test "exits" do
    exit(:reason)
  end

  @tag :skip
  test "skipped" do
    flunk("never")
  end
end

defmodule Sample.InvalidTest do
  use ExUnit.Case

  setup_all do
    raise "no set-up"
  end

  test "never runs" do
    assert true
  end
end
"""


def _event(state: str = "passed", name: str = "test a") -> str:
    return (
        f'{{"event":"test","module":"A","name":"{name}","file":"/r/test/a_test.exs",'
        f'"line":3,"us":1,"state":"{state}","kinds":[],"failure":""}}\n'
    )


def _run(events: str, code: int = 0, out: str = "", *, late: bool = False) -> TestRun:
    return TestRun(Completed(("mix", "test"), code, out, "", 1.0, late), events)


def _judged(events: str, code: int = 0, out: str = "", *, late: bool = False) -> tuple[str, str]:
    result = judge_run(_run(events, code, out, late=late), Path("/r"))
    return result.status, result.summary


@pytest.mark.elixir
def test_every_kind_of_outcome_is_reported(tmp_path: Path) -> None:
    mix = sample(tmp_path, {"test/mixed_test.exs": MIXED})
    run = mix.test(("test/mixed_test.exs",), reporter=reporter())
    suite = parse_events(run.events, mix.root)
    states = {t.name.removeprefix("test "): t.state for t in suite.tests}
    assert states == {
        'passes with "quotes" \\ and é 漢': "passed",
        "fails with bytes": "failed",
        "raises": "failed",
        "exits": "failed",
        "skipped": "skipped",
        "never runs": "invalid",
    }
    assert suite.complete
    assert suite.unreadable == 0
    assert suite.kinds["Sample.MixedTest test raises"] == ("RuntimeError",)
    assert suite.kinds["Sample.MixedTest test exits"] == ("exit",)
    assert suite.kinds["Sample.MixedTest test fails with bytes"] == ("ExUnit.AssertionError",)
    invalid = next(t for t in suite.tests if t.state == "invalid")
    assert "no set-up" in invalid.failure
    assert {t.file for t in suite.tests} == {"test/mixed_test.exs"}
    assert judge_run(run, mix.root).summary == "4 of 5 tests failed"


@pytest.mark.elixir
def test_trap_the_reporter_needs_no_change_to_the_project(tmp_path: Path) -> None:
    mix = sample(tmp_path)
    result = check_tests(mix, reporter())
    assert (result.status, result.summary) == ("passed", "2 tests, 0 failures")
    assert "OtpGenesis" not in "".join(p.read_text() for p in mix.root.rglob("*.ex*"))


@pytest.mark.elixir
def test_trap_no_suite_end_means_it_crashed(tmp_path: Path) -> None:
    halting = (
        'defmodule Sample.HaltTest do\n  use ExUnit.Case\n  test "a", do: assert(true)\n'
        '  test "b", do: System.halt(0)\nend\n'
    )
    result = check_tests(sample(tmp_path, {"test/halt_test.exs": halting}), reporter())
    assert result.returncode == 0
    assert result.status == "failed"
    assert result.summary.startswith("the test run ended before its last event")


@pytest.mark.elixir
def test_trap_no_tests_is_no_pass(tmp_path: Path) -> None:
    result = check_tests(sample(tmp_path, {"test/counter_test.exs": ""}), reporter())
    assert (result.status, result.summary, result.returncode) == ("not-run", "no tests ran", 0)


@pytest.mark.elixir
def test_a_test_file_that_does_not_compile_is_told(tmp_path: Path) -> None:
    result = check_tests(sample(tmp_path, {"test/bad_test.exs": "defmodule B do"}), reporter())
    assert result.status == "failed"
    assert result.tests == ()


@pytest.mark.elixir
def test_an_application_that_does_not_start_is_told(tmp_path: Path) -> None:
    mix = sample(tmp_path)
    broken = (
        "defmodule Sample.Application do\n  use Application\n"
        "  def start(_, _), do: {:error, :no_port}\nend\n"
    )
    text = (mix.root / "mix.exs").read_text()
    write(
        mix.root,
        {
            "lib/sample/application.ex": broken,
            "mix.exs": text.replace("[extra", "[mod: {Sample.Application, []}, extra"),
        },
    )
    result = check_tests(mix, reporter())
    assert result.summary == "the application does not start in MIX_ENV=test"


@pytest.mark.elixir
def test_a_test_run_that_does_not_end_is_timed_out(tmp_path: Path) -> None:
    endless = 'defmodule E do\n  use ExUnit.Case\n  test "e", do: Process.sleep(:infinity)\nend\n'
    mix = sample(tmp_path, {"test/endless_test.exs": endless})
    result = check_tests(impatient(mix, 6.0), reporter())
    assert result.status == "timed-out"


@pytest.mark.elixir
def test_the_compiled_reporter_is_reused_and_named_by_version(tmp_path: Path) -> None:
    first = reporter()
    assert toolchain().version in first.lib_dir.name
    assert list(first.lib_dir.glob("*/ebin/Elixir.OtpGenesis.JsonReporter.beam"))
    mix = mix_in(write(tmp_path / "p", {"mix.exs": COUNTER}), tmp_path / "b")
    assert first.lib_dir not in (mix.root, mix.build_path)


def test_a_pass_needs_an_end_tests_and_no_failure() -> None:
    assert _judged(START + _event() + END) == ("passed", "1 test, 0 failures")
    assert _judged(START + _event())[0] == "failed"
    assert _judged(START + END) == ("not-run", "every test was skipped or excluded")
    assert _judged(START + _event("excluded") + END)[0] == "not-run"
    assert _judged("", 0) == ("not-run", "no tests ran")
    assert _judged(START + _event("invalid") + END, 77) == ("failed", "1 of 1 test failed")


def test_a_green_report_with_a_red_exit_code_is_no_pass() -> None:
    assert _judged(START + _event() + END, 1) == (
        "failed",
        "1 test passed, but mix test ended with 1",
    )


def test_one_suite_of_an_umbrella_that_does_not_end_is_no_pass() -> None:
    assert _judged(START + _event() + END + START + _event(name="test b"))[0] == "failed"


def test_late_goes_before_everything_else() -> None:
    assert _judged(START + _event("failed"), -9, late=True)[0] == "timed-out"


def test_failures_of_a_run_that_broke_off_are_failures() -> None:
    assert _judged(START + _event("failed") + '{"event":"te', 1)[0] == "failed"


@given(st.text())
def test_no_text_makes_a_pass_without_the_end_event(text: str) -> None:
    if "suite_finished" not in text:
        assert _judged(text)[0] != "passed"
