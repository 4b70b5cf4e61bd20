from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.fingerprint import fingerprint, normalise
from bot.core.verdict import Baseline, CheckResult, Diagnostic, Status, TestResult, Verdict
from bot.verify.judge import RERUN, judge, new_diagnostics


def _test(name: str, state: str = "passed", failure: str = "") -> TestResult:
    return TestResult.model_validate(
        {"module": "A", "name": name, "file": "test/a_test.exs", "line": 1, "state": state}
        | {"failure": failure}
    )


def _tests(*tests: TestResult, name: str = "test", status: Status | None = None) -> CheckResult:
    red = any(t.state in ("failed", "invalid") for t in tests)
    return CheckResult(
        name=name, status=status or ("failed" if red else "passed"), summary="tests", tests=tests
    )


def _warning(message: str, line: int = 1, path: str = "lib/a.ex") -> Diagnostic:
    return Diagnostic(tool="compile", severity="warning", path=path, line=line, message=message)


def _compile(*found: Diagnostic, status: Status = "passed") -> CheckResult:
    return CheckResult(name="compile", status=status, summary="compiles", diagnostics=found)


GREEN = _tests(_test("test a"), _test("test b"))


def _baseline(*checks: CheckResult, flaky: tuple[str, ...] = ()) -> Baseline:
    return Baseline(
        tree="t",
        buildable=True,
        checks=checks or (_compile(), GREEN),
        flaky=flaky,
        formatted=("lib/a.ex",),
    )


def _judge(*checks: CheckResult, baseline: Baseline | None = None) -> Verdict:
    return judge(baseline or _baseline(), checks, proof="behavioural")


def test_a_pass_carries_its_proof() -> None:
    verdict = _judge(_compile(), GREEN)
    assert (verdict.status, verdict.proof, verdict.reasons) == ("passed", "behavioural", ())
    assert verdict.fingerprint == ""


def test_nothing_run_is_no_pass() -> None:
    assert _judge().status == "not-run"
    assert _judge(_compile()).status == "not-run"


def test_cannot_build_here_is_a_verdict_of_its_own() -> None:
    unbuildable = Baseline(tree="t", buildable=False, reason="Hex is not installed")
    verdict = judge(unbuildable, ())
    assert verdict.status == "cannot-build"
    assert verdict.reasons == ("cannot build here: Hex is not installed",)


def test_a_change_that_needs_what_is_missing_here_is_to_blame() -> None:
    missing = CheckResult(name="compile", status="cannot-build", summary="Hex is not installed")
    verdict = _judge(missing)
    assert verdict.status == "failed"
    assert verdict.reasons == ("compile: cannot be built any more: Hex is not installed",)


def test_only_new_warnings_fail_wherever_the_old_ones_moved() -> None:
    old = _warning("this clause cannot match because line 5 always matches", line=12)
    moved = _warning("this clause cannot match because line 9 always matches", line=16)
    base = _baseline(_compile(old), GREEN)
    assert _judge(_compile(moved), GREEN, baseline=base).status == "passed"
    verdict = _judge(_compile(moved, moved), GREEN, baseline=base)
    assert verdict.status == "failed"
    assert verdict.reasons[0].startswith("new compile warning at lib/a.ex:16")
    assert verdict.proof == "none"


def test_a_change_that_does_not_compile_fails() -> None:
    error = Diagnostic(tool="compile", severity="error", path="lib/a.ex", line=3, message="(X) y")
    assert _judge(_compile(error, status="failed")).status == "failed"
    assert _judge(_compile(status="failed")).status == "failed"


def test_old_credo_issues_are_not_blamed_and_new_ones_are() -> None:
    issue = Diagnostic(tool="credo", severity="warning", path="lib/a.ex", line=3, message="long")
    credo = CheckResult(name="credo", status="failed", summary="1 issues", diagnostics=(issue,))
    base = _baseline(_compile(), credo, GREEN)
    assert _judge(_compile(), credo, GREEN, baseline=base).status == "passed"
    assert _judge(_compile(), credo, GREEN).status == "failed"


def test_credo_that_cannot_read_a_file_any_more_fails() -> None:
    clean = CheckResult(name="credo", status="passed", summary="0 issues")
    unread = CheckResult(name="credo", status="failed", summary="could not read lib/a.ex")
    base = _baseline(_compile(), clean, GREEN)
    assert _judge(_compile(), unread, GREEN, baseline=base).status == "failed"


def test_credo_that_ran_before_must_run_now() -> None:
    clean = CheckResult(name="credo", status="passed", summary="0 issues")
    silent = CheckResult(name="credo", status="not-run", summary="credo wrote no JSON")
    base = _baseline(_compile(), clean, GREEN)
    assert _judge(_compile(), silent, GREEN, baseline=base).status == "not-run"
    assert _judge(_compile(), silent, GREEN).status == "passed"


def test_a_file_off_the_fixpoint_before_need_not_be_on_it_now() -> None:
    off = Diagnostic(tool="format", severity="error", path="lib/b.ex", message="is not formatted")
    new = off.model_copy(update={"path": "lib/a.ex"})
    was = CheckResult(name="format", status="failed", summary="", diagnostics=(off,))
    now = CheckResult(name="format", status="failed", summary="", diagnostics=(off, new))
    base = _baseline(_compile(), was, GREEN)
    assert _judge(_compile(), was, GREEN, baseline=base).status == "passed"
    assert _judge(_compile(), now, GREEN, baseline=base).reasons == (
        "lib/a.ex is not formatted any more",
    )


def test_a_test_that_was_red_before_is_not_blamed() -> None:
    red = _tests(_test("test a", "failed"), _test("test b"))
    assert _judge(_compile(), red, baseline=_baseline(_compile(), red)).status == "passed"


def test_a_test_that_fails_now_is_named_with_its_failure() -> None:
    red = _tests(_test("test a", "failed", "Assertion failed\nleft: 1"), _test("test b"))
    verdict = _judge(_compile(), red, _tests(_test("test a", "failed"), name=RERUN))
    assert verdict.status == "failed"
    assert verdict.reasons == ("A 'test a' (test/a_test.exs:1) fails: Assertion failed | left: 1",)


def test_trap_a_failure_that_passes_with_the_same_seed_is_flaky() -> None:
    red = _tests(_test("test a", "failed"), _test("test b"))
    verdict = _judge(_compile(), red, _tests(_test("test a"), name=RERUN))
    assert verdict.status == "flaky"
    assert verdict.proof == "none"
    assert verdict.reasons[0].startswith("flaky: A 'test a'")


def test_a_failure_is_told_before_a_flaky_test() -> None:
    red = _tests(_test("test a", "failed"), _test("test b", "failed"))
    again = _tests(_test("test a"), _test("test b", "failed"), name=RERUN)
    verdict = _judge(_compile(), red, again)
    assert verdict.status == "failed"
    assert verdict.reasons[0].startswith("A 'test b'")


def test_a_test_known_to_be_flaky_is_not_blamed() -> None:
    red = _tests(_test("test a", "failed"), _test("test b"))
    base = _baseline(_compile(), GREEN, flaky=("A test a",))
    assert _judge(_compile(), red, baseline=base).status == "passed"


def test_a_new_test_that_fails_is_blamed() -> None:
    red = _tests(_test("test a"), _test("test b"), _test("test new", "failed"))
    assert _judge(_compile(), red).status == "failed"


def test_a_test_that_was_skipped_and_fails_now_is_blamed() -> None:
    skipped = _tests(_test("test a", "skipped"), _test("test b"))
    red = _tests(_test("test a", "failed"), _test("test b"))
    assert _judge(_compile(), red, baseline=_baseline(_compile(), skipped)).status == "failed"


def test_a_set_up_that_fails_now_is_blamed() -> None:
    red = _tests(_test("test a", "invalid"), _test("test b", "invalid"))
    assert _judge(_compile(), red).status == "failed"


def test_trap_fewer_tests_than_the_baseline_is_no_pass() -> None:
    verdict = _judge(_compile(), _tests(_test("test a")))
    assert verdict.status == "failed"
    assert verdict.reasons == ("'A test b' ran before and does not run now",)
    skipped = _tests(_test("test a"), _test("test b", "skipped"))
    assert _judge(_compile(), skipped).status == "failed"


def test_a_run_that_broke_off_is_no_pass_even_when_what_ran_was_green() -> None:
    broken = _tests(_test("test a"), _test("test b"), status="failed")
    assert _judge(_compile(), broken).status == "failed"


def test_no_tests_where_there_were_some_is_no_pass() -> None:
    assert _judge(_compile(), _tests(status="not-run")).status == "not-run"


def test_timed_out_stays_timed_out() -> None:
    assert _judge(_compile(), _tests(_test("test a"), status="timed-out")).status == "timed-out"


def test_a_failed_gate_fails_a_green_change() -> None:
    gate = CheckResult(name="gate-scope", status="failed", summary="'lib/x.ex' is none of them")
    verdict = judge(_baseline(), (_compile(), GREEN), (gate,), proof="behavioural")
    assert (verdict.status, verdict.proof) == ("failed", "none")
    assert verdict.reasons == ("gate-scope: 'lib/x.ex' is none of them",)


def test_a_red_generated_test_proof_that_failed_fails() -> None:
    red = CheckResult(name="generated-test-red", status="failed", summary="is green already")
    assert _judge(_compile(), red, GREEN).status == "failed"


FAILURE = """\
  1) test a (A)
     test/a_test.exs:{line}
     ** (exit) exited in: GenServer.call(#PID<0.{pid}.0>, :x, 5000)
     #Reference<0.1.{pid}.3> after {ms} ms in /tmp/work-{pid}/lib/a.ex:{line}: A.f/1
"""


def test_the_fingerprint_forgets_lines_pids_refs_timings_and_directories() -> None:
    one = FAILURE.format(line=3, pid=17, ms=4.2)
    two = FAILURE.format(line=99, pid=204, ms=1710)
    assert fingerprint([one]) == fingerprint([two])
    assert fingerprint([one]) != fingerprint([one.replace("GenServer.call", "Agent.get")])
    assert fingerprint([]) == ""


def test_the_fingerprint_keeps_the_values_that_matter() -> None:
    assert normalise("left: 1") != normalise("left: 2")


@given(st.lists(st.text(), max_size=4))
def test_the_order_of_failures_does_not_matter(failures: list[str]) -> None:
    assert fingerprint(failures) == fingerprint(list(reversed(failures)))


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=6), st.integers(1, 90))
def test_what_only_moved_is_never_new(messages: list[str], shift: int) -> None:
    before = tuple(_warning(m, n) for n, m in enumerate(messages, 1))
    after = tuple(_warning(m, n + shift) for n, m in enumerate(reversed(messages), 1))
    assert new_diagnostics(before, after) == ()
    assert len(new_diagnostics(before, (*after, _warning("a")))) == 1
