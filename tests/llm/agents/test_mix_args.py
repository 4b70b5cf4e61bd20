"""Arguments of mix tasks: what is useful is allowed, the rest is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.codebase.mix_arguments import TASKS
from bot.errors import Refused, ToolRetry, Unusable
from bot.llm.agents.mix_args import MIX_TASKS, mix_arguments
from bot.llm.agents.tools import WorkspaceTools
from bot.llm.types import ToolCall


@pytest.fixture
def tools(tmp_path: Path) -> WorkspaceTools:
    """Tools over a directory in which nothing can be built: what is allowed fails with that."""
    for name in ("lib/a.ex", "test/a_test.exs", "apps/web/test/b_test.exs", "mix.exs"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return WorkspaceTools(Codebase(WorkFiles(tmp_path)))


@pytest.mark.parametrize(
    ("task", "args"),
    [
        ("test", []),
        ("test", ["test/a_test.exs:12"]),
        ("test", ["test/a_test.exs", "--only", "slow"]),
        ("test", ["--only=line:7", "--max-failures=1"]),
        ("test", ["apps/web/test", "--trace"]),
        ("compile", ["--warnings-as-errors"]),
        ("format", ["lib/a.ex"]),
        ("format", ["--check-formatted", "lib/*.ex"]),
        ("credo", ["lib/a.ex"]),
        ("xref", ["graph", "--format", "cycles"]),
        ("xref", ["callers", "Shop.Cart"]),
        ("xref", ["graph", "--source", "lib/a.ex"]),
    ],
)
def test_useful_arguments_are_allowed(tools: WorkspaceTools, task: str, args: list[str]) -> None:
    with pytest.raises(Unusable, match="cannot build here"):
        tools.call(ToolCall("1", "run", {"task": task, "args": args}))


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
        ("test", ["--failed"]),
        ("test", ["--stale"]),
        ("test", ["--slowest", "3"]),
        ("test", ["--only"]),
        ("test", ["--only", "--formatter"]),
        ("test", ["--trace=x"]),
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
        ("format", ["_build/x.ex"]),
        ("credo", ["--config-file", "evil.exs"]),
        ("credo", ["-C", "x"]),
        ("xref", ["graph", "--format", "dot"]),
        ("xref", ["graph", "--output", "x"]),
        ("xref", []),
    ],
)
def test_everything_else_is_refused_before_anything_runs(
    tools: WorkspaceTools, task: str, args: list[str]
) -> None:
    with pytest.raises((ToolRetry, Refused)):
        tools.call(ToolCall("1", "run", {"task": task, "args": args}))


def test_a_refused_option_says_what_is_allowed() -> None:
    with pytest.raises(ToolRetry) as refused:
        mix_arguments("test", ["--require", "evil.exs"])
    assert str(refused.value) == (
        "mix test: '--require' is not allowed (allowed: test files, path:line or folders, --only=, "
        "--include=, --exclude=, --max-failures=, --trace)"
    )


def test_what_always_makes_a_run_repeatable_comes_first() -> None:
    assert mix_arguments("test", ["test/a_test.exs"]) == ("--seed", "0", "test/a_test.exs")
    assert mix_arguments("compile", []) == ("--force",)


@given(st.sampled_from(sorted(MIX_TASKS)), st.lists(st.text(max_size=12), max_size=4))
def test_no_other_option_ever_gets_through(task: str, args: list[str]) -> None:
    known = MIX_TASKS[task]
    try:
        run = mix_arguments(task, args)
    except ToolRetry:
        return
    options = [arg.partition("=")[0] for arg in run[len(known.always) :] if arg.startswith("-")]
    assert set(options) <= {option.rstrip("=") for option in known.options}


def test_the_code_base_knows_every_option_we_offer() -> None:
    assert MIX_TASKS.keys() == TASKS.keys()
    for name, task in MIX_TASKS.items():
        flags, valued = TASKS[name].flags, TASKS[name].options
        for option in task.options:
            assert option in flags or option.removesuffix("=") in valued
