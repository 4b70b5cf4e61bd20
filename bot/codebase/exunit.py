"""Read what our ExUnit formatter wrote, and judge a test run by it rather than by its exit code."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.codebase.blockers import blocker, last_words
from bot.codebase.mix import FAILED_TESTS, Mix, Reporter, TestRun
from bot.codebase.process import Completed
from bot.core.verdict import CheckResult, Status, TestResult

_NO_HELPER = "exited in: GenServer.call(ExUnit.Server"
"""Mix runs the suite all the same where nothing has started ExUnit."""

_COMPILE_ERROR = "== Compilation error in file"

_TOTALS = re.compile(
    r"^(?:(?P<doctests>\d+) doctests?, )?(?:(?P<properties>\d+) propert(?:y|ies), )?"
    r"(?P<tests>\d+) tests?, (?P<failures>\d+) failures?"
    r"(?:, (?P<excluded>\d+) excluded)?(?:, (?P<invalid>\d+) invalid)?"
    r"(?:, (?P<skipped>\d+) skipped)?$",
    re.MULTILINE,
)
"""What ExUnit's own formatter ends with, once for each application of an umbrella."""


@dataclass(frozen=True)
class Suite:
    """The events of one `mix test`; an umbrella has one started/finished pair per application."""

    tests: tuple[TestResult, ...] = ()
    kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By test key: exception modules, or `exit`, `throw`, `error`."""
    started: int = 0
    finished: int = 0
    module_failures: tuple[str, ...] = ()
    unreadable: int = 0
    """Lines that were no JSON: a killed run ends in the middle of one."""

    @property
    def complete(self) -> bool:
        """Every suite that started also ended, and there was one."""
        return self.started > 0 and self.started == self.finished

    def ran(self) -> tuple[TestResult, ...]:
        """Tests that were executed."""
        return tuple(t for t in self.tests if t.state in ("passed", "failed", "invalid"))

    def failed(self) -> tuple[TestResult, ...]:
        """Failed tests, and those whose `setup_all` failed."""
        return tuple(t for t in self.tests if t.state in ("failed", "invalid"))


def key(test: TestResult) -> str:
    """`Module test name`: how a test is named across runs."""
    return f"{test.module} {test.name}"


def parse_events(text: str, root: Path) -> Suite:
    """Events as JSON lines; files become relative to `root`."""
    tests: list[TestResult] = []
    kinds: dict[str, tuple[str, ...]] = {}
    counts = {"suite_started": 0, "suite_finished": 0}
    module_failures: dict[str, str] = {}
    unreadable = 0
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            unreadable += 1
            continue
        match event:
            case {"event": "test"}:
                test = _test(event, root)
                tests.append(test)
                kinds[key(test)] = tuple(event.get("kinds", ()))
            case {"event": "module_failed", "module": str(module), "failure": str(failure)}:
                module_failures[module] = failure
            case {"event": ("suite_started" | "suite_finished") as name}:
                counts[name] += 1
            case _:
                unreadable += 1
    return Suite(
        tests=tuple(_explained(t, module_failures) for t in tests),
        kinds=kinds,
        started=counts["suite_started"],
        finished=counts["suite_finished"],
        module_failures=tuple(module_failures.values()),
        unreadable=unreadable,
    )


def check_tests(
    mix: Mix,
    reporter: Reporter,
    paths: tuple[str, ...] = (),
    *,
    seed: int = 0,
    only: tuple[str, ...] = (),
    name: str = "test",
) -> CheckResult:
    """Run tests; passed only with the suite's end event, tests that ran, and none failing."""
    run = mix.test(paths, reporter=reporter, seed=seed, only=only)
    return judge_run(run, mix.root, name)


def judge_run(run: TestRun, root: Path, name: str = "test") -> CheckResult:
    """The result of a finished `mix test`."""
    suite = parse_events(run.events, root)
    status, summary = _status(run, suite)
    return run.completed.as_check(name, status, summary, tests=suite.tests)


def judge_output(done: Completed) -> tuple[Status, str]:
    """The result of a `mix test` without a reporter, by the totals it printed."""
    totals = [
        {k: int(n or 0) for k, n in m.groupdict().items()} for m in _TOTALS.finditer(done.stdout)
    ]
    told = sum(t["tests"] + t["doctests"] + t["properties"] for t in totals)
    left_out = sum(t["excluded"] + t["skipped"] for t in totals)
    failed = sum(t["failures"] + t["invalid"] for t in totals)
    return _judged(done, told - left_out, failed, started=bool(totals), cut=False)


def _status(run: TestRun, suite: Suite) -> tuple[Status, str]:
    cut = not suite.complete or bool(suite.unreadable)
    ran, failed = len(suite.ran()), len(suite.failed())
    return _judged(run.completed, ran, failed, started=suite.started > 0, cut=cut)


def _judged(
    done: Completed, ran: int, failed: int, *, started: bool, cut: bool
) -> tuple[Status, str]:
    missing = blocker(done)
    if done.timed_out:
        return "timed-out", f"no end after {done.seconds:.0f} s; {_tests(ran)} had run"
    if missing:
        return "cannot-build", missing
    if failed:
        return "failed", f"{failed} of {_tests(ran)} failed"
    if not started:
        return _never_started(done)
    if cut:
        why = last_words(done)
        return "failed", f"the test run ended before its last event, after {_tests(ran)}: {why}"
    if done.returncode != 0:
        return "failed", f"{_tests(ran)} passed, but mix test ended with {done.returncode}"
    if ran == 0:
        return "not-run", "every test was skipped or excluded"
    return "passed", f"{_tests(ran)}, 0 failures"


def _tests(count: int) -> str:
    return "1 test" if count == 1 else f"{count} tests"


def _never_started(done: Completed) -> tuple[Status, str]:
    both = f"{done.stdout}\n{done.stderr}"
    if done.returncode == 0:
        return "not-run", "no tests ran"
    if _NO_HELPER in both:
        return "not-run", "no tests ran: there is no test_helper.exs to start ExUnit"
    if _COMPILE_ERROR in both:
        return "failed", f"the project or a test file does not compile: {last_words(done)}"
    if "Could not start application" in both:
        return "failed", "the application does not start in MIX_ENV=test"
    asked = " (not the exit code for failing tests)" if done.returncode != FAILED_TESTS else ""
    return "failed", f"no test ran; mix test ended with {done.returncode}{asked}"


def _test(event: dict[str, Any], root: Path) -> TestResult:
    return TestResult(
        module=event["module"],
        name=event["name"],
        file=_relative(event.get("file", ""), root),
        line=event.get("line", 0),
        state=event["state"],
        microseconds=event.get("us", 0),
        failure=event.get("failure", ""),
    )


def _explained(test: TestResult, module_failures: dict[str, str]) -> TestResult:
    if test.state != "invalid":
        return test
    return test.model_copy(update={"failure": module_failures.get(test.module, test.failure)})


def _relative(file: str, root: Path) -> str:
    path = Path(file)
    for base in (root, root.resolve()):
        if path.is_absolute() and path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return file
