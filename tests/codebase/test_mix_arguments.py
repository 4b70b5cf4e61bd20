"""Which tasks a tool may run, and with what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.codebase.mix_arguments import TASKS, checked_arguments
from bot.codebase.paths import parts
from bot.errors import Refused


def expand(path: str) -> tuple[str, ...]:
    parts(path)
    return ("lib/a.ex", "lib/b.ex") if "*" in path else (path,)


@pytest.mark.parametrize(
    ("task", "args", "line"),
    [
        ("compile", "--force --warnings-as-errors", "compile --force --warnings-as-errors"),
        ("compile", "", "compile"),
        ("format", "--check-formatted lib/**/*.ex", "format --check-formatted lib/a.ex lib/b.ex"),
        ("test", "test/a_test.exs:12:30 test/shop", "test test/a_test.exs:12:30 test/shop"),
        ("test", "--only wip --seed=7 test/a.exs", "test --only wip --seed 7 test/a.exs"),
        ("test", "--include line:12", "test --include line:12"),
        ("credo", "--strict --format oneline lib/a.ex", "credo --strict --format oneline lib/a.ex"),
        ("xref", "graph --format cycles", "xref --format cycles graph"),
        ("xref", "callers Shop.Cart", "xref callers Shop.Cart"),
        ("xref", "graph --source lib/a.ex", "xref --source lib/a.ex graph"),
        ("xref", "trace lib/a.ex", "xref trace lib/a.ex"),
    ],
)
def test_what_is_on_the_list_is_allowed(task: str, args: str, line: str) -> None:
    assert " ".join(checked_arguments(task, args.split(), expand)) == line


@pytest.mark.parametrize("task", ["run", "eval", "deps.get", "do", "cmd", "hex.publish", "", "-e"])
def test_other_tasks_are_refused(task: str) -> None:
    with pytest.raises(Refused, match="not on the list"):
        checked_arguments(task, (), expand)


@pytest.mark.parametrize(
    ("task", "args"),
    [
        ("test", "--eval IO.puts(1)"),
        ("test", "-r lib/a.ex"),
        ("test", "--require lib/a.ex"),
        ("test", "--import-config config/x.exs"),
        ("test", "--formatter NoSuch"),
        ("test", "--formatter=NoSuch"),
        ("test", "--exit-status 0"),
        ("test", "--cover"),
        ("test", "--"),
        ("test", "-"),
        ("test", "--seed"),
        ("test", "--seed x"),
        ("test", "--only -r"),
        ("test", "/etc/passwd"),
        ("test", "../other/test"),
        ("test", "test/../../x"),
        ("test", ".git/config"),
        ("test", "--only\nx"),
        ("test", "a\0b"),
        ("format", "--dot-formatter /tmp/x.exs"),
        ("format", "--dot-formatter=x.exs"),
        ("format", "-"),
        ("compile", "lib/a.ex"),
        ("compile", "--erl-config x"),
        ("compile", "--no-deps-check"),
        ("credo", "--config-file ../x.exs"),
        ("credo", "--mute-exit-status"),
        ("credo", "--format NoSuch"),
        ("credo", "diff --config-file=x"),
        ("xref", "graph --format dot --output /tmp/x"),
        ("xref", "graph --source /etc/passwd"),
        ("xref", "graph --sink ../../x"),
        ("xref", "/etc/passwd"),
    ],
)
def test_what_could_run_write_or_hide_something_is_refused(task: str, args: str) -> None:
    with pytest.raises(Refused):
        checked_arguments(task, args.split(" "), expand)


def test_a_refusal_says_what_is_allowed() -> None:
    with pytest.raises(Refused) as caught:
        checked_arguments("compile", ("--eval",), expand)
    assert caught.value.hint == "allowed: --all-warnings, --force, --warnings-as-errors"


def test_a_file_named_like_an_option_is_none() -> None:
    with pytest.raises(Refused, match="begins with a hyphen"):
        checked_arguments("format", ("lib/*",), lambda _: ("-r",))


def test_more_files_than_a_command_line_holds_are_refused() -> None:
    with pytest.raises(Refused, match="too many"):
        checked_arguments("format", ("**/*",), lambda _: ("a.ex",) * 5_001)


ARGUMENTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["--seed", "--only", "--eval", "-r", "--format", "graph", "lib/a.ex", "/x", ".."]
    ),
)


@given(st.sampled_from(sorted(TASKS)), st.lists(ARGUMENTS, max_size=5))
def test_whatever_is_allowed_is_known_options_and_paths_inside(task: str, args: list[str]) -> None:
    try:
        first, *rest = checked_arguments(task, args, expand)
    except Refused:
        return
    known = TASKS[task]
    assert first == task
    given = iter(rest)
    for argument in given:
        assert argument.isprintable()
        if argument in known.options:
            value = next(given)
            assert not value.startswith(("-", "/"))
            assert ".." not in value.split("/")
        elif argument not in known.flags:
            assert not argument.startswith(("-", "/"))
            assert ".." not in argument.split("/")
