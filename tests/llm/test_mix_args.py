"""Arguments of mix tasks: what is useful is allowed, what loads code or moves things is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ToolRetry
from bot.llm.mix_args import MIX_TASKS, mix_arguments


@pytest.mark.parametrize(
    ("task", "args", "run"),
    [
        ("test", [], "--seed 0"),
        ("test", ["test/shop_test.exs:12"], "--seed 0 test/shop_test.exs:12"),
        ("test", ["test/a_test.exs", "--only", "slow"], "--seed 0 --only slow test/a_test.exs"),
        ("test", ["--only=line:7", "--max-failures=1"], "--seed 0 --only line:7 --max-failures 1"),
        ("test", ["apps/web/test", "--trace"], "--seed 0 --trace apps/web/test"),
        ("compile", ["--warnings-as-errors"], "--force --warnings-as-errors"),
        ("format", ["lib/a.ex"], "lib/a.ex"),
        ("format", ["--check-formatted", "mix.exs"], "--check-formatted mix.exs"),
        ("credo", ["lib/a.ex"], "--strict --format oneline lib/a.ex"),
        ("xref", ["graph", "--format", "cycles"], "--format cycles graph"),
        ("xref", ["callers", "Shop.Cart"], "callers Shop.Cart"),
        ("xref", ["graph", "--source", "lib/a.ex"], "--source lib/a.ex graph"),
    ],
)
def test_useful_arguments_are_allowed(task: str, args: list[str], run: str) -> None:
    assert " ".join(mix_arguments(task, args)) == run


@pytest.mark.parametrize(
    ("task", "args"),
    [
        ("test", ["--require", "evil.exs"]),
        ("test", ["-r", "evil.exs"]),
        ("test", ["--formatter", "Evil"]),
        ("test", ["--eval", "System.halt()"]),
        ("test", ["--seed", "1"]),
        ("test", ["--cover"]),
        ("test", ["--exit-status", "0"]),
        ("test", ["--only"]),
        ("test", ["--only", "--formatter"]),
        ("test", ["/etc/passwd"]),
        ("test", ["../elsewhere/a_test.exs"]),
        ("test", ["test/../../a_test.exs"]),
        ("test", ["."]),
        ("test", ["--"]),
        ("test", ["-h"]),
        ("test", [""]),
        ("test", ["a\nb"]),
        ("compile", ["--no-deps-check"]),
        ("compile", ["lib/a.ex"]),
        ("compile", ["--erl-config", "x"]),
        ("format", []),
        ("format", ["--check-formatted"]),
        ("format", ["--dot-formatter", "evil.exs", "lib/a.ex"]),
        ("format", ["--stdin-filename", "x", "lib/a.ex"]),
        ("format", ["~/.bashrc"]),
        ("credo", ["--config-file", "evil.exs"]),
        ("credo", ["-C", "x"]),
        ("xref", ["graph", "--format", "dot"]),
        ("xref", ["graph", "--output", "x"]),
        ("xref", []),
        ("xref", ["trace", "lib/a.ex"]),
    ],
)
def test_everything_else_is_refused_and_says_what_is_allowed(task: str, args: list[str]) -> None:
    with pytest.raises(ToolRetry) as refused:
        mix_arguments(task, args)
    assert refused.value.hint == f"allowed: {MIX_TASKS[task].described()}"


@given(st.sampled_from(sorted(MIX_TASKS)), st.lists(st.text(max_size=12), max_size=4))
def test_no_other_option_ever_gets_through(task: str, args: list[str]) -> None:
    known = MIX_TASKS[task]
    try:
        run = mix_arguments(task, args)
    except ToolRetry:
        return
    options = [arg for arg in run[len(known.always) :] if arg.startswith("-")]
    assert set(options) <= {*known.flags, *known.options}
    assert not any(arg.startswith("/") or ".." in arg.split("/") for arg in run)
