from __future__ import annotations

import pytest

from bot.core.ci_log.compiler import parse_compile
from tests.verify.support import recorded

NEW_WARNING = """\
Compiling 2 files (.ex)
    warning: variable "x" is unused (if the variable is not meant to be used, prefix it)
    │
  6 │     x = 1
    │     ~
    │
    └─ lib/sample/warn.ex:6:5: Sample.Warn.a/1

    warning: Sample.NoSuch.call/1 is undefined (module Sample.NoSuch is not available)
    │
  9 │     Sample.NoSuch.call(1)
    │                   ~
    │
    └─ lib/sample/warn.ex:9:19: Sample.Warn.b/0
    └─ lib/sample/warn.ex:12:19: Sample.Warn.c/0

Generated sample app
"""

NEW_ERROR = """\
    error: undefined variable "some_var"
    │
  3 │   def a, do: some_var
    │              ^^^^^^^^
    │
    └─ lib/sample/bad.ex:3:14: Sample.Bad.a/0


== Compilation error in file lib/sample/bad.ex ==
** (CompileError) lib/sample/bad.ex: cannot compile module Sample.Bad (errors have been logged)
"""

NEW_SYNTAX = """\
== Compilation error in file lib/sample/bad.ex ==
** (SyntaxError) invalid syntax found on lib/sample/bad.ex:4:3:
    error: unexpected reserved word: end
    │
  4 │   end
    │   ^
    │
    └─ lib/sample/bad.ex:4:3
"""


def _rows(stdout: str, stderr: str) -> list[tuple[str, str, int, str]]:
    return [
        (d.severity, d.path, d.line, d.message.splitlines()[0])
        for d in parse_compile(stdout, stderr)
    ]


def test_every_recorded_warning_with_its_place() -> None:
    rows = _rows(*recorded("mix", "compile_warnings"))
    assert [(path, line) for _, path, line, _ in rows] == [
        ("lib/mt/warn.ex", n) for n in (10, 5, 6, 17, 13, 1, 12, 4, 7, 8, 14)
    ]
    assert {severity for severity, *_ in rows} == {"warning"}


def test_trap_a_message_with_blank_lines_keeps_its_place() -> None:
    last = parse_compile(*recorded("mix", "compile_warnings"))[-1]
    assert last.message.splitlines() == [
        "Mt.Counter.incr/0 is undefined or private. Did you mean:",
        "* incr/1",
    ]
    assert last.line == 14


@pytest.mark.parametrize(
    ("name", "line", "start"),
    [
        ("compile_error_undefined", 3, "(CompileError) undefined function some_var/0"),
        ("compile_error_syntax", 4, "(SyntaxError) unexpected reserved word: end"),
        ("compile_error_missing_terminator", 7, "(TokenMissingError) missing terminator: end"),
        ("compile_error_struct", 2, "(CompileError) Mt.NoStruct.__struct__/1 is undefined"),
        ("compile_error_use", 2, "(CompileError) module Mt.NoUse is not loaded"),
    ],
)
def test_recorded_compile_errors(name: str, line: int, start: str) -> None:
    errors = [r for r in _rows(*recorded("mix", name)) if r[0] == "error"]
    assert [(path, number) for _, path, number, _ in errors] == [("lib/mt/bad.ex", line)]
    assert errors[0][3].startswith(start)


def test_trap_the_error_is_on_stdout_and_its_warnings_on_stderr() -> None:
    severities = [r[0] for r in _rows(*recorded("mix", "compile_error_undefined"))]
    assert severities == ["warning", "warning", "error"]


def test_the_form_of_elixir_1_16_and_later() -> None:
    assert _rows("", NEW_WARNING) == [
        (
            "warning",
            "lib/sample/warn.ex",
            6,
            'variable "x" is unused (if the variable is not meant to be used, prefix it)',
        ),
        (
            "warning",
            "lib/sample/warn.ex",
            9,
            "Sample.NoSuch.call/1 is undefined (module Sample.NoSuch is not available)",
        ),
        (
            "warning",
            "lib/sample/warn.ex",
            12,
            "Sample.NoSuch.call/1 is undefined (module Sample.NoSuch is not available)",
        ),
    ]


def test_the_errors_of_elixir_1_16_and_later() -> None:
    assert [r[:3] for r in _rows("", NEW_ERROR)] == [
        ("error", "lib/sample/bad.ex", 3),
        ("error", "lib/sample/bad.ex", 0),
    ]
    assert ("error", "lib/sample/bad.ex", 4) in [r[:3] for r in _rows("", NEW_SYNTAX)]


def test_a_warning_without_a_place_ends_with_its_paragraph() -> None:
    text = "warning: the :gettext compiler is no longer required\n\nsomething else\n"
    assert _rows("", text) == [("warning", "", 0, "the :gettext compiler is no longer required")]


def test_colours_are_dropped() -> None:
    text = "\x1b[33mwarning: \x1b[0mold\n  lib/a.ex:3: A.f/0\n"
    assert _rows("", text) == [("warning", "lib/a.ex", 3, "old")]


def test_a_clean_compile_has_none() -> None:
    assert parse_compile("Compiling 3 files (.ex)\nGenerated mt app\n", "") == ()
