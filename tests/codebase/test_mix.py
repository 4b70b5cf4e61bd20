"""What mix's exit codes say, and what they hide; each on a real project."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.codebase.blockers import blocker
from bot.codebase.mix import FAILED_TESTS, Mix
from bot.codebase.process import Completed
from tests.verify.support import (
    COUNTER,
    COUNTER_TEST,
    MIX_EXS,
    SAMPLE,
    impatient,
    mix_in,
    recorded,
    reporter,
    sample,
    sandbox,
    toolchain,
    write,
)

pytestmark = pytest.mark.elixir

WARNING = "defmodule Sample.Warn do\n  def f(unused), do: :ok\nend\n"


def test_trap_exit_codes_tell_failed_tests_from_everything_else(tmp_path: Path) -> None:
    mix = sample(tmp_path)
    assert mix.test(reporter=reporter()).completed.returncode == 0
    write(mix.root, {"test/red_test.exs": COUNTER_TEST.replace("Counter", "Red")})
    assert mix.test(reporter=reporter()).completed.returncode == FAILED_TESTS
    missing = mix.test(("test/nope_test.exs",), reporter=reporter()).completed
    assert missing.returncode == 1
    write(mix.root, {"test/red_test.exs": "defmodule Broken do"})
    assert mix.test(reporter=reporter()).completed.returncode == 1


def test_trap_no_tests_at_all_exits_zero(tmp_path: Path) -> None:
    mix = sample(tmp_path, {"test/counter_test.exs": ""})
    run = mix.test(reporter=reporter())
    assert run.completed.returncode == 0
    assert "There are no tests to run" in run.completed.stdout
    assert run.events == ""


def test_trap_only_a_tag_nobody_has_exits_one(tmp_path: Path) -> None:
    run = sample(tmp_path).test(reporter=reporter(), only=("nosuch",))
    assert run.completed.returncode == 1
    assert "suite_finished" in run.events


def test_trap_an_unknown_formatter_exits_zero_without_output(tmp_path: Path) -> None:
    mix = sample(tmp_path)
    done = mix.task(("test", "--formatter", "NoSuch"), 60.0)
    assert "2 tests" not in done.stdout
    if toolchain().version.startswith("1.14."):
        assert done.returncode == 0


def test_trap_coverage_below_its_threshold_exits_three(tmp_path: Path) -> None:
    uncovered = "defmodule Sample.Uncovered do\n  def f(x), do: x\nend\n"
    mix = sample(tmp_path, {"lib/sample/uncovered.ex": uncovered})
    assert mix.task(("test", "--cover"), 60.0).returncode == 3


def test_trap_warnings_as_errors_of_test_does_not_see_lib(tmp_path: Path) -> None:
    mix = sample(tmp_path, {"lib/sample/warn.ex": WARNING})
    done = mix.task(("test", "--warnings-as-errors"), 60.0)
    if toolchain().version.startswith("1.14."):
        assert done.returncode == 0
    assert 'variable "unused" is unused' in done.stderr


def test_trap_the_second_compile_shows_no_warnings_unless_forced(tmp_path: Path) -> None:
    mix = sample(tmp_path, {"lib/sample/warn.ex": WARNING})
    assert 'variable "unused" is unused' in mix.compile().stderr
    if toolchain().version.startswith("1.14."):
        assert "unused" not in mix.task(("compile",), 60.0).stderr
    assert 'variable "unused" is unused' in mix.compile().stderr


def test_trap_a_same_size_edit_in_the_same_second_is_not_seen(tmp_path: Path) -> None:
    mix = sample(tmp_path)
    counter = mix.root / "lib/sample/counter.ex"
    mix.compile()
    compiled = counter.stat()
    counter.write_text(COUNTER.replace("+ 1", "+ 2"), encoding="utf-8")
    os.utime(counter, ns=(compiled.st_atime_ns, compiled.st_mtime_ns))
    fooled = mix.test(reporter=reporter()).completed.returncode == 0
    assert fooled or not toolchain().version.startswith("1.14.")
    mix.freshen(("lib/sample/counter.ex",))
    assert mix.test(reporter=reporter()).completed.returncode == FAILED_TESTS
    counter.write_text(COUNTER, encoding="utf-8")
    mix.freshen(("lib/sample/counter.ex",))
    rolled_back = mix.test(reporter=reporter()).completed
    assert rolled_back.returncode == 0, "nor the quick roll-back"
    assert rolled_back.stderr == "", "mix does not complain about a date in the future"


def test_a_link_planted_by_the_project_does_not_lead_a_date_outside(tmp_path: Path) -> None:
    mix = sample(tmp_path)
    outside = tmp_path / "outside.ex"
    outside.touch()
    os.utime(outside, (1, 1))
    manifest = mix.build_path / "lib/sample/.mix/compile.elixir"
    for link in (mix.root / "lib/link.ex", manifest):
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(outside)
    (mix.root / "dir").symlink_to(tmp_path)
    mix.freshen(("lib/link.ex", "dir/outside.ex", "lib/gone.ex", "../outside.ex"))
    assert outside.stat().st_mtime == 1


def test_trap_a_compile_error_is_on_stdout_and_its_warnings_on_stderr(tmp_path: Path) -> None:
    broken = "defmodule Sample.Bad do\n  def f, do: undefined_thing(some_var)\nend\n"
    done = sample(tmp_path, {"lib/sample/bad.ex": broken}).compile()
    assert done.returncode == 1
    assert "== Compilation error in file lib/sample/bad.ex ==" in done.stdout + done.stderr
    if toolchain().version.startswith("1.14."):
        assert "CompileError" in done.stdout
        assert "CompileError" not in done.stderr
        assert done.stderr.startswith("warning: ")


def test_nothing_is_written_into_the_tree(tmp_path: Path) -> None:
    mix = sample(tmp_path)
    before = sorted(mix.root.rglob("*"))
    mix.compile()
    mix.test(reporter=reporter())
    assert sorted(mix.root.rglob("*")) == before
    assert list(mix.build_path.glob("lib/sample/ebin/*.beam"))


def test_children_see_no_key(tmp_path: Path) -> None:
    spy = "IO.puts(inspect(System.get_env()))\nExUnit.start()\n"
    mix = sample(tmp_path, {"test/test_helper.exs": spy})
    mix = replace(mix, env={**os.environ, "ANTHROPIC_API_KEY": "sk-key", "GH_TOKEN": "ghp"})
    seen = mix.test(reporter=reporter()).completed.stdout
    assert '"MIX_ENV" => "test"' in seen
    assert '"LC_ALL" => "C.UTF-8"' in seen
    assert "sk-key" not in seen
    assert "ghp" not in seen


def test_a_deadline_is_kept(tmp_path: Path) -> None:
    endless = 'defmodule E do\n  use ExUnit.Case\n  test "e", do: Process.sleep(:infinity)\nend\n'
    mix = sample(tmp_path, {"test/endless_test.exs": endless})
    mix.compile()
    run = impatient(mix, 5.0).test(reporter=reporter())
    assert run.completed.timed_out
    assert run.completed.seconds < 30


def test_fetched_dependencies_of_the_users_checkout_are_read_not_written(tmp_path: Path) -> None:
    deps = write(
        tmp_path / "checkout/deps",
        {
            "helper/mix.exs": MIX_EXS.replace("Sample", "Helper").replace(":sample", ":helper"),
            "helper/lib/helper.ex": "defmodule Helper do\n  def one, do: 1\nend\n",
        },
    )
    asking = 'deps: [{:helper, path: Path.join(System.get_env("MIX_DEPS_PATH"), "helper")}]'
    named = MIX_EXS.replace("deps: []", asking)
    counter = COUNTER.replace("number + 1", "number + Helper.one()")
    mix = sample(tmp_path, {"mix.exs": named, "lib/sample/counter.ex": counter})
    run = replace(mix, deps_path=deps).test(reporter=reporter())
    assert run.completed.returncode == 0, run.completed.tail()
    assert sorted(p.name for p in (deps / "helper").iterdir()) == ["lib", "mix.exs"]


def test_a_project_below_the_root_of_its_checkout_sees_its_siblings(tmp_path: Path) -> None:
    sibling = MIX_EXS.replace("Sample", "Helper").replace(":sample", ":helper")
    tree = write(
        tmp_path / "checkout",
        {
            **{f"app/{path}": text for path, text in SAMPLE.items()},
            "app/mix.exs": MIX_EXS.replace("deps: []", 'deps: [{:helper, path: "../helper"}]'),
            "helper/mix.exs": sibling,
            "helper/lib/helper.ex": "defmodule Helper do\n  def one, do: 1\nend\n",
            ".git": "gitdir: elsewhere",
        },
    )
    mix = replace(mix_in(tree / "app", tmp_path / "build"), tree=tree)
    spy = 'IO.inspect(File.read("../.git"), label: "git")\nExUnit.start()\n'
    write(mix.root, {"test/test_helper.exs": spy})
    run = mix.test(reporter=reporter())
    assert run.completed.returncode == 0, run.completed.tail()
    if sandbox().isolated:
        assert "gitdir: elsewhere" not in run.completed.stdout


def test_an_umbrella_runs_every_applications_suite(umbrella: Mix) -> None:
    run = umbrella.test(reporter=reporter())
    assert run.completed.returncode == 0, run.completed.tail()
    assert run.events.count("suite_finished") == 2


def test_an_umbrella_takes_paths_from_its_root(umbrella: Mix) -> None:
    run = umbrella.test(("apps/two/test/two_test.exs",), reporter=reporter())
    assert run.completed.returncode == 0, run.completed.tail()
    assert run.events.count('"event":"test"') == 1


@pytest.fixture
def umbrella(tmp_path: Path) -> Mix:
    files = {
        "mix.exs": "defmodule Umbrella.MixProject do\n  use Mix.Project\n\n  def project, do: "
        '[apps_path: "apps", version: "0.1.0", deps: []]\nend\n'
    }
    for name in ("one", "two"):
        module = name.capitalize()
        files |= {
            f"apps/{name}/mix.exs": f"defmodule {module}.MixProject do\n  use Mix.Project\n\n"
            f'  def project, do: [app: :{name}, version: "0.1.0", build_path: "../../_build",\n'
            '    deps_path: "../../deps", lockfile: "../../mix.lock", deps: []]\nend\n',
            f"apps/{name}/lib/{name}.ex": f"defmodule {module} do\n  def f, do: 1\nend\n",
            f"apps/{name}/test/test_helper.exs": "ExUnit.start()\n",
            f"apps/{name}/test/{name}_test.exs": f"defmodule {module}Test do\n"
            f'  use ExUnit.Case\n\n  test "f", do: assert({module}.f() == 1)\nend\n',
        }
    return mix_in(write(tmp_path / "umbrella", files), tmp_path / "build")


def test_trap_a_hex_dependency_without_hex_cannot_build(tmp_path: Path) -> None:
    docs = MIX_EXS.replace("deps: []", 'deps: [{:ex_doc, "~> 0.30", only: :docs}]')
    mix = sample(tmp_path, {"mix.exs": docs})
    bare = replace(mix, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    done = bare.compile()
    assert done.returncode != 0
    assert blocker(done) == "Hex is not installed (needed for dependency ex_doc)"


def test_another_elixir_wanted_cannot_build(tmp_path: Path) -> None:
    mix = sample(tmp_path, {"mix.exs": MIX_EXS.replace("~> 1.14", "~> 99.1")})
    version = toolchain().version
    assert blocker(mix.compile()) == f"the project wants Elixir ~> 99.1, here is {version}"


def test_a_mix_exs_that_refuses_to_load_is_quoted(tmp_path: Path) -> None:
    refusing = 'Mix.raise("Sample requires Erlang/OTP 99+")\n' + MIX_EXS
    found = blocker(sample(tmp_path, {"mix.exs": refusing}).compile())
    assert found == "mix.exs does not load: Sample requires Erlang/OTP 99+"


def test_a_configuration_that_does_not_load_is_quoted(tmp_path: Path) -> None:
    config = 'import Config\nimport_config "absent.secret.exs"\n'
    found = blocker(sample(tmp_path, {"config/config.exs": config}).compile())
    assert found.startswith("the configuration does not load: could not read file")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("deps_missing_with_hex", "dependencies are not fetched: plug"),
        ("deps_missing_without_hex", "Hex is not installed (needed for dependency plug)"),
        ("elixir_version_mismatch", "the project wants Elixir ~> 1.17, here is 1.14.0"),
        ("compile_error_undefined", ""),
        ("test_app_start_failure", ""),
        ("format_check_fail", ""),
    ],
)
def test_recorded_refusals_name_what_is_missing(name: str, reason: str) -> None:
    out, err = recorded("mix", name)
    assert blocker(Completed(("mix",), 1, out, err, 0.1)) == reason


def test_success_is_never_a_blocker() -> None:
    out, err = recorded("mix", "deps_missing_with_hex")
    assert blocker(Completed(("mix",), 0, out, err, 0.1)) == ""


def test_rebar_is_named() -> None:
    err = 'Could not find "rebar3", which is needed to build dependency :telemetry\n'
    found = blocker(Completed(("mix",), 1, "", err, 0.1))
    assert found == "rebar3 is not installed (needed by an Erlang dependency)"


def test_the_sandbox_is_the_one_given(tmp_path: Path) -> None:
    spy = 'IO.puts("processes: #{length(Path.wildcard("/proc/[0-9]*"))}")\nExUnit.start()\n'
    mix = sample(tmp_path, {"test/test_helper.exs": spy})
    if not sandbox().isolated:
        pytest.skip("NO ISOLATION TESTED: bubblewrap is absent or blocked here")
    seen = mix.test(reporter=reporter()).completed.stdout
    assert int(seen.split("processes: ")[1].split()[0]) < 12


@pytest.mark.parametrize(
    "instead",
    ['File.ln_s!("/proc/self/status", results)', '{_, 0} = System.cmd("mkfifo", [results])'],
)
def test_results_are_no_link_and_no_pipe_of_the_project(tmp_path: Path, instead: str) -> None:
    """We would read our own environment through the one, and wait for ever at the other."""
    helper = f"""\
    results = System.fetch_env!("GENESIS_RESULTS")
    System.at_exit(fn _ -> File.rm(results); {instead} end)
    ExUnit.start()
    """
    run = sample(tmp_path, {"test/test_helper.exs": helper}).test(reporter=reporter())
    assert run.events == ""
