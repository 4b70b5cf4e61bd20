from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.codebase.mix import Mix, Timeouts
from bot.codebase.sandbox import Sandbox
from bot.codebase.toolchain import Missing
from bot.core.verdict import Baseline
from bot.verify.baseline import take_baseline, unbuildable
from tests.verify.support import COUNTER, COUNTER_TEST, MIX_EXS, reporter, sample, write

pytestmark = pytest.mark.elixir

FILES = ("lib/sample/counter.ex", "lib/sample/ugly.ex")
UGLY = "defmodule   Sample.Ugly do\n  def f(unused), do: :ok\nend\n"
FLAKY = """\
defmodule Sample.FlakyTest do
  use ExUnit.Case

  test "depends on the seed" do
    assert rem(ExUnit.configuration()[:seed], 2) == 0
  end
end
"""


def _take(tmp_path: Path, files: dict[str, str], *, runs: int = 2, tree: str = "t1") -> Baseline:
    return take_baseline(
        sample(tmp_path, files),
        FILES,
        tree,
        reporter=reporter(),
        cache_dir=tmp_path / "cache",
        runs=runs,
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Baseline:
    files = {"lib/sample/ugly.ex": UGLY, "test/flaky_test.exs": FLAKY}
    return _take(tmp_path_factory.mktemp("shown"), files)


def test_everything_the_base_shows_is_kept(shown: Baseline) -> None:
    assert shown.buildable
    assert {c.name: c.status for c in shown.checks} == {
        "compile": "passed",
        "format": "failed",
        "credo": "not-run",
        "test": "passed",
    }
    assert len(shown.checks[0].diagnostics) == 1
    assert shown.formatted == ("lib/sample/counter.ex",)


def test_trap_tests_that_disagree_between_runs_are_flaky(shown: Baseline) -> None:
    assert shown.flaky == ("Sample.FlakyTest test depends on the seed",)


def test_one_tree_is_measured_once(tmp_path: Path) -> None:
    first = _take(tmp_path, {"lib/sample/ugly.ex": UGLY}, runs=1)
    write(tmp_path / "project", {"lib/sample/ugly.ex": "does not compile"})
    again = take_baseline(
        sample(tmp_path, {"lib/sample/ugly.ex": "does not compile"}),
        FILES,
        "t1",
        reporter=reporter(),
        cache_dir=tmp_path / "cache",
        runs=1,
    )
    assert again == first
    other = _take(tmp_path, {"lib/sample/ugly.ex": "does not compile"}, runs=1, tree="t2")
    assert not other.buildable


def test_what_cannot_be_built_says_why_and_is_not_remembered(tmp_path: Path) -> None:
    named = MIX_EXS.replace("deps: []", 'deps: [{:no_such_dep, "~> 1.0"}]')
    taken = _take(tmp_path, {"mix.exs": named, "lib/sample/ugly.ex": UGLY})
    assert not taken.buildable
    assert "no_such_dep" in taken.reason
    assert taken.formatted == ("lib/sample/counter.ex",), "formatting needs no dependencies"
    assert not (tmp_path / "cache").exists()


def test_a_base_that_does_not_compile_is_not_buildable(tmp_path: Path) -> None:
    taken = _take(tmp_path, {"lib/sample/ugly.ex": COUNTER.replace("number + 1", "nowhere(1)")})
    assert not taken.buildable
    assert "does not compile" in taken.reason


def test_a_damaged_cache_is_taken_anew(tmp_path: Path) -> None:
    first = _take(tmp_path, {"lib/sample/ugly.ex": UGLY}, runs=1)
    stored = next((tmp_path / "cache/baselines").iterdir())
    stored.write_text("{half", encoding="utf-8")
    again = _take(tmp_path, {"lib/sample/ugly.ex": UGLY}, runs=1)
    assert again.formatted == first.formatted
    assert Baseline.model_validate_json(stored.read_bytes()) == again


def test_no_elixir_is_a_baseline_too() -> None:
    missing = Missing("the project wants Elixir ~> 1.17; none is installed")
    taken = unbuildable("t", missing)
    assert (taken.buildable, taken.reason) == (False, missing.reason)


RED_ONCE = """\
defmodule Sample.ToolTest do
  use ExUnit.Case

  test "needs a tool" do
    assert File.exists?("TOOL")
  end
end
"""


def _in(mix: Mix, tmp_path: Path, *, anew: bool = False) -> Baseline:
    return take_baseline(
        mix, FILES, "t1", reporter=reporter(), cache_dir=tmp_path / "cache", runs=1, anew=anew
    )


def _tests(taken: Baseline) -> str:
    return next(c.summary for c in taken.checks if c.name == "test")


def test_what_was_taken_in_other_surroundings_does_not_count(tmp_path: Path) -> None:
    mix = sample(tmp_path, {"lib/sample/ugly.ex": UGLY})
    _in(mix, tmp_path)
    write(mix.root, {"test/more_test.exs": COUNTER_TEST.replace("Counter", "More", 1)})
    beside = write(tmp_path / "beside", {"mix.exs": MIX_EXS})
    apart = {
        "sandbox": replace(mix, sandbox=Sandbox("off")),
        "environment": replace(mix, env={**os.environ, "TMPDIR": str(tmp_path)}),
        "timeouts": replace(mix, timeouts=Timeouts(test=900)),
        "neighbours": replace(mix, neighbours={"../beside": beside}),
    }
    if not mix.sandbox.isolated:
        del apart["sandbox"]
    assert _tests(_in(mix, tmp_path)) == "2 tests, 0 failures"
    for what, other in apart.items():
        assert _tests(_in(other, tmp_path)) == "4 tests, 0 failures", what
    write(beside, {"lib/new.ex": "defmodule New do\nend\n"})
    write(mix.root, {"test/more_test.exs": ""})
    changed = _in(apart["neighbours"], tmp_path)
    assert _tests(changed) == "2 tests, 0 failures", "a neighbour that changed"


def test_a_fresh_one_is_taken_whatever_is_known(tmp_path: Path) -> None:
    mix = sample(tmp_path, {"lib/sample/ugly.ex": UGLY})
    _in(mix, tmp_path)
    write(mix.root, {"test/more_test.exs": COUNTER_TEST.replace("Counter", "More", 1)})
    assert _tests(_in(mix, tmp_path, anew=True)) == "4 tests, 0 failures"
    assert _tests(_in(mix, tmp_path)) == "4 tests, 0 failures", "and kept"


def test_a_failing_test_is_not_remembered(tmp_path: Path) -> None:
    red = RED_ONCE.replace("TOOL", str(tmp_path / "project/tool"))
    mix = sample(tmp_path, {"lib/sample/ugly.ex": UGLY, "test/tool_test.exs": red})
    assert _tests(_in(mix, tmp_path)) == "1 of 3 tests failed"
    write(mix.root, {"tool": "is installed now"})
    assert _tests(_in(mix, tmp_path)) == "3 tests, 0 failures"
