"""What failed in a job, from its raw log: every tool's failures, whatever stands around them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ci_log.lines import MAX_LINE, lines_of
from bot.core.ci_log.reader import MAX_TEXT as MAX_BLOCK
from bot.core.ci_log.reduction import (
    MAX_BLOCKS,
    MAX_TEXT,
    TAIL_TEXT,
    Reduced,
    reduce_log,
    together,
)
from bot.core.sanitize import mask
from tests.verify.support import FIXTURES

STAMP = "2026-11-25T12:00:00.1234567Z "
Row = tuple[str, str, str, int]


def recorded(name: str) -> str:
    return (FIXTURES / name).read_text(encoding="utf-8")


def raw(*steps: tuple[str, str, int]) -> str:
    """A job's log as Actions keeps it: steps of (command, output, exit code)."""
    lines = ["\ufeff" + STAMP + "Current runner version: '2.330.0'"]
    for command, output, code in steps:
        lines += [f"{STAMP}##[group]Run {command}", f"{STAMP}\x1b[36;1m{command}\x1b[0m"]
        lines += [f"{STAMP}shell: /usr/bin/bash -e {{0}}", f"{STAMP}##[endgroup]"]
        lines += [STAMP + line for line in output.splitlines()]
        if code:
            lines.append(f"{STAMP}##[error]Process completed with exit code {code}.")
    lines += [f"{STAMP}Post job cleanup.", f"{STAMP}Cleaning up orphan processes"]
    return "\r\n".join(lines) + "\r\n"


def rows(reduced: Reduced) -> list[Row]:
    return [(b.kind, b.title, b.path, b.line) for b in reduced.blocks]


def failed(output: str) -> Reduced:
    """The reduction of an output, which is the same in a raw log as by itself."""
    inside, alone = reduce_log(raw(("mix ci", output, 1))), reduce_log(output)
    assert inside.blocks == alone.blocks
    assert inside.fingerprint
    return inside


def test_failed_tests_with_their_place_and_everything_exunit_says() -> None:
    found = failed(recorded("mix/test_all_mixed.stdout"))
    assert rows(found)[:3] == [
        ("test", "test counter adds one (Mt.FailAssertTest)", "test/fail_assert_test.exs", 6),
        ("test", "test counter map diff (Mt.FailAssertTest)", "test/fail_assert_test.exs", 10),
        ("test", "test counter match (Mt.FailAssertTest)", "test/fail_assert_test.exs", 14),
    ]
    assert len(found.blocks) == 10
    assert found.blocks[0].text.splitlines() == [
        "  1) test counter adds one (Mt.FailAssertTest)",
        "     test/fail_assert_test.exs:4",
        "     Assertion with == failed",
        "     code:  assert Mt.Counter.incr(pid) == 2",
        "     left:  1",
        "     right: 2",
        "     stacktrace:",
        "       test/fail_assert_test.exs:6: (test)",
    ]
    assert found.paths[0] == "test/fail_assert_test.exs"
    assert found.annotations[0] == (
        "test/fail_assert_test.exs",
        6,
        "test counter adds one (Mt.FailAssertTest)\n" + found.blocks[0].text,
    )


def test_a_failure_is_read_whole_over_blank_lines_and_numbered_lists() -> None:
    timed_out = failed(recorded("mix/test_all_mixed.stdout")).blocks[6]
    assert timed_out.title == "test sleeps forever (Mt.TimeoutTest)"
    assert "3. globally via" in timed_out.text
    assert "test/timeout_test.exs:5: (test)" in timed_out.text


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            "mix/test_setup_crash.stdout",
            [
                (
                    "test",
                    "Mt.SetupAllCrashTest: failure on setup_all callback,"
                    " all tests have been invalidated",
                    "",
                    0,
                ),
                ("test", "test never runs (Mt.SetupCrashTest)", "test/setup_crash_test.exs", 6),
            ],
        ),
        (
            "mix/test_doctest_fail.stdout",
            [("test", "doctest Mt.hello/0 (1) (MtTest)", "test/mt_test.exs", 3)],
        ),
        (
            "mix/compile_error_use.stdout",
            [
                (
                    "compile",
                    "error: (CompileError) module Mt.NoUse is not loaded and could not be found",
                    "lib/mt/bad.ex",
                    2,
                )
            ],
        ),
        (
            "mix/format_check_fail.stderr",
            [
                ("format", "lib/mt/counter.ex is not formatted", "lib/mt/counter.ex", 1),
                ("format", "lib/mt/bad.ex is not formatted", "lib/mt/bad.ex", 1),
            ],
        ),
        (
            "mix/format_syntax_error.stderr",
            [("format", "mix format failed for file: lib/mt/bad.ex", "lib/mt/bad.ex", 4)],
        ),
        (
            "mix/deps_missing_with_hex.stderr",
            [("dependencies", "dependencies: plug (Hex package)", "", 0)],
        ),
        (
            "mix/deps_missing_without_hex.stderr",
            [
                (
                    "mix",
                    "(Mix) Could not find an SCM for dependency :plug from Mt.MixProject",
                    "",
                    0,
                )
            ],
        ),
        (
            "mix/dialyzer_raw.stdout",
            [
                ("dialyzer", "Function a/0 has no local return", "dz.ex", 2),
                ("dialyzer", "The call 'Elixir.GenServer':call", "dz.ex", 2),
                (
                    "dialyzer",
                    "Invalid type specification for function 'Elixir.Mt.Dz':b/1."
                    " The success typing is",
                    "dz.ex",
                    3,
                ),
            ],
        ),
    ],
)
def test_each_tool_is_understood(output: str, expected: list[Row]) -> None:
    assert rows(failed(recorded(output))) == expected


@pytest.mark.parametrize("form", ["default", "oneline", "flycheck"])
def test_credo_in_each_of_its_forms(form: str) -> None:
    found = failed(recorded(f"credo/strict_{form}.stdout"))
    assert len(found.blocks) == 13
    assert {b.kind for b in found.blocks} == {"credo"}
    assert (
        "credo",
        "[W] Using `length/1` is expensive, prefer comparing against an empty list.",
        "lib/sample/server.ex",
        25,
    ) in rows(found)
    assert found.paths[:2] == ("lib/sample/server.ex", "lib/sample/unsup.ex") or form == "default"


NEW_FORM = """\
Compiling 2 files (.ex)
    warning: variable "x" is unused (if the variable is not meant to be used, prefix it)
    │
  6 │     x = 1
    │     ~
    │
    └─ lib/sample/warn.ex:6:5: Sample.Warn.a/1

    error: undefined variable "some_var"
    │
  3 │   def a, do: some_var
    │              ^^^^^^^^
    │
    └─ lib/sample/bad.ex:3:14: Sample.Bad.a/0


== Compilation error in file lib/sample/bad.ex ==
** (CompileError) lib/sample/bad.ex: cannot compile module Sample.Bad (errors have been logged)
"""


def test_compiler_errors_of_new_elixir_and_no_warning_that_fails_nothing() -> None:
    assert rows(failed(NEW_FORM)) == [
        ("compile", 'error: undefined variable "some_var"', "lib/sample/bad.ex", 3),
        (
            "compile",
            "error: (CompileError) lib/sample/bad.ex: cannot compile module Sample.Bad"
            " (errors have been logged)",
            "lib/sample/bad.ex",
            0,
        ),
    ]
    assert "def a, do: some_var" in failed(NEW_FORM).blocks[0].text


@pytest.mark.parametrize(
    "ending",
    [
        "Compilation failed due to warnings while using the --warnings-as-errors option",
        "ERROR! Test suite aborted after successful execution due to warnings"
        " while using the --warnings-as-errors option",
    ],
)
def test_warnings_fail_where_they_are_errors(ending: str) -> None:
    warnings = recorded("mix/compile_warnings_as_errors.stderr").split("Compilation failed")[0]
    assert rows(failed(warnings)) == []
    found = failed(f"{warnings}{ending}\n")
    assert len(found.blocks) == 11
    assert {b.kind for b in found.blocks} == {"warning"}
    assert found.paths == ("lib/mt/warn.ex",)


DIALYXIR = """\
Starting Dialyzer
Total errors: 2, Skipped: 0, Unnecessary Skips: 0
done in 0m1.2s
lib/foo.ex:12:5:no_return
Function foo/0 has no local return.
________________________________________________________________________________
lib/foo.ex:20:call
The function call will not succeed.

Foo.bar(1)
________________________________________________________________________________
done (warnings were emitted)
Halting VM with exit status 2
"""


def test_dialyxir_in_its_default_form() -> None:
    assert rows(failed(DIALYXIR)) == [
        ("dialyzer", "no_return: Function foo/0 has no local return.", "lib/foo.ex", 12),
        ("dialyzer", "call: The function call will not succeed.", "lib/foo.ex", 20),
    ]


def test_an_application_that_does_not_start() -> None:
    (block,) = failed(recorded("mix/test_app_start_failure.stderr")).blocks
    assert block.kind == "mix"
    assert block.title.startswith("(Mix) Could not start application mt")
    assert "Got: {:bad}" in block.text


def test_a_crash_in_the_output_of_a_test_is_no_failure_of_its_own() -> None:
    output = recorded("mix/test_crash.stdout")
    assert "** (RuntimeError) kaboom" in output
    assert {b.kind for b in failed(output).blocks} == {"test"}


def test_an_exception_is_a_failure_where_nothing_else_is() -> None:
    found = failed("** (MatchError) no match\n    (hex 2.0.6) lib/hex/server.ex:30: Hex.a/1\n")
    assert rows(found) == [("exception", "(MatchError) no match", "", 0)]
    assert found.paths == ()


def test_colours_change_nothing() -> None:
    assert "\x1b[" in recorded("mix/test_color.stdout")
    coloured = failed(recorded("mix/test_color.stdout"))
    assert coloured.blocks[0].title == "test counter adds one (Mt.FailAssertTest)"
    assert "\x1b" not in coloured.text()


def test_only_steps_that_failed_count() -> None:
    tests = recorded("mix/test_doctest_fail.stdout")
    credo = recorded("credo/strict_oneline.stdout")
    found = reduce_log(
        raw(("mix test || true", tests, 0), ("mix credo", credo, 4), ("mix x", tests, 0))
    )
    assert {b.kind for b in found.blocks} == {"credo"}
    assert found.tail.endswith("There should be no unused return values for `Enum` functions.")


def test_the_tail_is_the_end_of_the_step_that_failed() -> None:
    found = reduce_log(
        raw(("make a", "one", 0), ("make b", "two\nthree", 2), ("make c", "four", 0))
    )
    assert found.blocks == ()
    assert found.tail.splitlines()[-2:] == ["two", "three"]
    assert not any(word in found.tail for word in ("one", "four", "Post job"))
    assert found.fingerprint


def test_what_the_runner_says_is_in_the_tail() -> None:
    log = (
        f"{STAMP}##[group]Run x\n{STAMP}##[endgroup]\n{STAMP}##[error]The operation was canceled.\n"
    )
    assert reduce_log(log).tail == "The operation was canceled."


def test_the_fingerprint_is_that_of_the_failures() -> None:
    first = recorded("mix/test_doctest_fail.stdout")
    again = first.replace("0.02 seconds", "0.37 seconds").replace("seed 0", "seed 9177")
    moved = first.replace("test/mt_test.exs:3", "test/mt_test.exs:8").replace("  1) ", "  4) ")
    other = first.replace("left:  :world", "left:  :moon")
    assert failed(again).fingerprint == failed(first).fingerprint
    assert failed(moved).fingerprint == failed(first).fingerprint
    assert failed(other).fingerprint != failed(first).fingerprint


def test_without_failures_the_fingerprint_is_that_of_the_tail() -> None:
    assert reduce_log("boom after 12 tries\n").fingerprint == (
        reduce_log("boom after 3 tries\n").fingerprint
    )
    assert reduce_log("boom\n").fingerprint != reduce_log("bang\n").fingerprint
    assert reduce_log("").fingerprint == ""


RUNNER = "/".join(["", "home", "runner", "work", "shop", "shop", ""])


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("lib/a.ex", "lib/a.ex"),
        ("./lib/a.ex", "lib/a.ex"),
        (f"{RUNNER}lib/a.ex", "lib/a.ex"),
        ("/__w/shop/shop/lib/a.ex", "lib/a.ex"),
        ("/etc/a.ex", ""),
        ("../../a.ex", ""),
        ("deps/jason/lib/a.ex", ""),
    ],
)
def test_paths_are_those_of_the_repository(path: str, known: str) -> None:
    found = reduce_log(f"== Compilation error in file {path} ==\n** (CompileError) {path}:3: no\n")
    assert found.blocks[0].path == known
    assert found.paths == ((known,) if known else ())
    assert bool(found.annotations) is bool(known)


def test_stack_traces_name_files_but_none_of_elixir_or_otp() -> None:
    found = failed(recorded("mix/test_crash.stdout"))
    assert found.paths == ("test/crash_test.exs", "lib/mt/counter.ex")


def test_secrets_are_masked_wherever_they_stand() -> None:
    secret = "hunter2-hunter2"
    output = (
        f"  1) test {secret} (A)\n     test/a_test.exs:1\n     left: {secret}\n"
        f"** (Mix) {secret}\nlast {secret}\n"
    )
    found = reduce_log(output, lambda text: mask(text, [secret]))
    assert len(found.blocks) == 2
    assert secret not in repr(found)
    assert "***" in found.tail


def test_hidden_characters_are_gone() -> None:
    found = reduce_log(
        "  1) test \u202ea\u200b (A)\n     \U000e0041left: 1\ufe0f\n     \x07x\n\u2066tail\n"
    )
    assert found.blocks[0].title == "test a (A)"
    assert found.text().isascii()


def test_failures_beyond_the_most_are_counted() -> None:
    many = "".join(f"  {n}) test {n} (A)\n     test/a_test.exs:{n}\n\n" for n in range(500))
    found = failed(many)
    assert (len(found.blocks), found.more) == (MAX_BLOCKS, 500 - MAX_BLOCKS)
    assert f"({found.more} more failures)" in found.text()


def test_the_text_has_blocks_first_and_fits() -> None:
    big = "".join(
        f"  {n}) test {n} (A)\n" + "".join(f"     {'x' * 99}\n" for _ in range(100))
        for n in range(20)
    )
    found = reduce_log(big + "the end\n")
    assert all(len(b.text) <= MAX_BLOCK for b in found.blocks)
    text = found.text(20_000)
    assert len(text) <= 20_000
    assert text.startswith("  0) test 0 (A)")
    assert "more failures)" in text
    assert text.endswith("the end")
    assert len(found.tail) <= TAIL_TEXT


def test_several_jobs_are_one_failure() -> None:
    one = reduce_log(raw(("mix test", recorded("mix/test_doctest_fail.stdout"), 2)))
    other = reduce_log(raw(("mix credo", recorded("credo/strict_oneline.stdout"), 4)))
    both = together([one, one, other])
    assert len(both.blocks) == len(one.blocks) + len(other.blocks)
    assert both.fingerprint == together([other, one]).fingerprint
    assert both.fingerprint not in (one.fingerprint, other.fingerprint)
    assert together([one]).fingerprint == one.fingerprint
    assert together([]) == Reduced()


def test_lines_of_a_stream_are_read_like_a_text() -> None:
    text = raw(("mix test", recorded("mix/test_all_mixed.stdout"), 2))
    assert reduce_log(text.splitlines(keepends=True)) == reduce_log(text)


@given(st.text(st.characters(), max_size=300))
def test_any_text_is_reduced(text: str) -> None:
    found = reduce_log(text)
    assert found == reduce_log(text)
    assert all(len(line) <= MAX_LINE for line in lines_of(text))


BITS = [
    "  1) test a (B)", "     test/a_test.exs:1", "warning: x", "  lib/a.ex:1: A", "error: y", "",
    "== Compilation error in file lib/a.ex ==", "** (Mix) no", "** (X) y", "##[group]Run a",
    "##[error]b", "┃ [W] ↗ z", "┃       lib/a.ex:3:5 #(A)", "Starting Dialyzer", "lib/a.ex:1:call",
    "    └─ lib/a.ex:6:5: A", "Unchecked dependencies for environment test:", "* plug (x)",
    "** (Mix) mix format failed due to --check-formatted.", "  * lib/a.ex", "done (x)", "text",
    "mix format failed for file: lib/a.ex",
    "Compilation failed while using the --warnings-as-errors option",
]  # fmt: skip


@given(st.lists(st.sampled_from(BITS), max_size=40))
def test_lines_of_all_tools_in_any_order_are_reduced(lines: list[str]) -> None:
    found = reduce_log("\n".join(lines))
    assert len(found.blocks) <= MAX_BLOCKS
    assert len(found.text(3000)) <= 3000
    assert all(b.title and "\n" not in b.title and b.text for b in found.blocks)
    assert all(not path.startswith("/") for path, _, _ in found.annotations)
    assert bool(found.fingerprint) is bool(found.blocks or found.tail)


HOSTILE = {
    "one line": "a" * 1000,
    "empty lines": "\n",
    "escapes": "\x1b[",
    "hidden": "\u200b\u202e\n",
    "failures": "  1) test a (B)\n",
    "messages": "warning: x\n",
    "places": "lib/a.ex:1: " * 80 + "\n",
    "dots": "a." * 900 + "\n",
    "brackets": "(" * 900 + "\n",
    "exceptions": "** (X) y\n",
    "steps": "##[group]Run x\n  1) test a (B)\n##[error]x\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_long_hostile_log_is_read_to_its_end(name: str) -> None:
    """Were the time to grow faster than the length, this would outlast the suite's own limit."""
    found = reduce_log(HOSTILE[name] * (1_600_000 // len(HOSTILE[name])))
    assert len(found.text()) <= MAX_TEXT


def test_of_a_log_without_measure_the_beginning_and_the_end_are_read() -> None:
    first = "  1) test a (A)\n     test/a_test.exs:1\n"
    found = reduce_log(first + "\n" * 30_000_000 + "the end\n")
    assert rows(found) == [("test", "test a (A)", "test/a_test.exs", 1)]
    assert found.tail == "the end"


def test_a_large_log_is_not_kept() -> None:
    line = f"{STAMP}12:00:00.000 [info] GET /carts took 12ms\n"

    def lines() -> Iterator[str]:
        for _ in range(100_000):
            yield line

    tracemalloc.start()
    try:
        reduce_log(lines())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000
