from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.verify.checks import check_compile, check_credo, check_format, has_credo
from tests.verify.support import COUNTER, MIX_EXS, impatient, recorded, sample, write

pytestmark = pytest.mark.elixir

WARNING = "defmodule Sample.Warn do\n  def f(unused), do: :ok\nend\n"
UGLY = "defmodule   Sample.Ugly do\nend\n"


def test_warnings_are_listed_every_time(tmp_path: Path) -> None:
    mix = sample(tmp_path, {"lib/sample/warn.ex": WARNING})
    for _ in range(2):
        result = check_compile(mix)
        assert (result.status, result.summary) == ("passed", "compiles, 1 warnings")
        assert [(d.path, d.line) for d in result.diagnostics] == [("lib/sample/warn.ex", 2)]


def test_a_compile_error_is_quoted(tmp_path: Path) -> None:
    broken = "defmodule Sample.Bad do\n  def f, do: nowhere(1)\nend\n"
    result = check_compile(sample(tmp_path, {"lib/sample/bad.ex": broken}))
    assert result.status == "failed"
    assert "nowhere/1" in result.summary
    assert result.diagnostics[-1].path == "lib/sample/bad.ex"


def test_warnings_of_dependencies_are_not_ours(tmp_path: Path) -> None:
    dep = MIX_EXS.replace("Sample", "Helper").replace(":sample", ":helper")
    mix = sample(
        tmp_path,
        {
            "mix.exs": MIX_EXS.replace("deps: []", 'deps: [{:helper, path: "deps/helper"}]'),
            "deps/helper/mix.exs": dep,
            "deps/helper/lib/helper/warn.ex": WARNING.replace("Sample", "Helper"),
        },
    )
    result = check_compile(mix)
    assert (result.status, result.diagnostics) == ("passed", ())


def test_a_compiler_that_does_not_end_is_timed_out(tmp_path: Path) -> None:
    endless = "defmodule Sample.Endless do\n  Process.sleep(:infinity)\nend\n"
    mix = impatient(sample(tmp_path, {"lib/sample/endless.ex": endless}), 4.0)
    assert check_compile(mix).status == "timed-out"


def test_missing_hex_is_cannot_build_not_failed(tmp_path: Path) -> None:
    named = MIX_EXS.replace("deps: []", 'deps: [{:no_such_dep, "~> 1.0"}]')
    result = check_compile(sample(tmp_path, {"mix.exs": named}))
    assert result.status == "cannot-build"
    assert "no_such_dep" in result.summary


def test_only_the_given_paths_are_formatted(tmp_path: Path) -> None:
    mix = sample(tmp_path, {"lib/sample/ugly.ex": UGLY})
    assert check_format(mix, ("lib/sample/counter.ex",)).status == "passed"
    result = check_format(mix, ("lib/sample/counter.ex", "lib/sample/ugly.ex"))
    assert [d.path for d in result.diagnostics] == ["lib/sample/ugly.ex"]
    assert (mix.root / "lib/sample/ugly.ex").read_text() == UGLY
    mix.format(("lib/sample/ugly.ex",))
    assert check_format(mix, ("lib/sample/ugly.ex",)).status == "passed"


def test_a_file_that_does_not_parse_is_no_formatted_file(tmp_path: Path) -> None:
    mix = sample(tmp_path, {"lib/sample/bad.ex": "defmodule Bad do\n"})
    result = check_format(mix, ("lib/sample/bad.ex", "lib/sample/counter.ex"))
    assert result.status == "failed"
    assert result.diagnostics == ()


def test_no_paths_no_check(tmp_path: Path) -> None:
    assert check_format(sample(tmp_path), ()).status == "not-run"


def test_a_project_without_credo_is_not_asked(tmp_path: Path) -> None:
    mix = sample(tmp_path)
    assert not has_credo(mix.root)
    assert check_credo(mix).status == "not-run"


CREDO_TASK = r"""
defmodule Mix.Tasks.Credo do
  use Mix.Task

  def run(["--strict", "--format", "json"]) do
    IO.write(File.read!("recorded.stdout"))
    IO.write(:stderr, File.read!("recorded.stderr"))
    System.halt(String.to_integer(File.read!("recorded.code")))
  end
end
"""


def _with_credo(tmp_path: Path, name: str, code: int) -> dict[str, str]:
    out, err = recorded("credo", name)
    dep = MIX_EXS.replace("Sample", "Credo").replace(":sample", ":credo")
    return {
        "mix.exs": MIX_EXS.replace("deps: []", 'deps: [{:credo, path: "vendor/credo"}]'),
        "vendor/credo/mix.exs": dep,
        "vendor/credo/lib/task.ex": CREDO_TASK,
        "recorded.stdout": out or "\n",
        "recorded.stderr": err or "\n",
        "recorded.code": str(code),
    }


@pytest.mark.parametrize(
    ("name", "code", "status", "summary"),
    [
        ("strict_json", 31, "failed", "13 issues"),
        ("clean_project", 0, "passed", "0 issues"),
        ("clean_project_with_unparsable_file", 0, "failed", "could not read lib/broken.ex"),
        (
            "unknown_check_in_config",
            0,
            "passed",
            "0 issues; unknown check Credo.Check.Warning.ProcessDict ignored",
        ),
        ("bad_format", 31, "not-run", "credo wrote no JSON"),
    ],
)
def test_trap_credo_through_real_mix(
    tmp_path: Path, name: str, code: int, status: str, summary: str
) -> None:
    result = check_credo(sample(tmp_path, _with_credo(tmp_path, name, code)))
    assert (result.status, result.summary, result.returncode) == (status, summary, code)


def test_credo_only_in_dev_is_not_run(tmp_path: Path) -> None:
    files = _with_credo(tmp_path, "clean_project", 0)
    files["mix.exs"] = files["mix.exs"].replace('credo"}', 'credo", only: :dev}')
    result = check_credo(sample(tmp_path, files))
    assert result.status == "not-run"
    assert result.summary == "Credo is not available in MIX_ENV=test"


def test_the_recordings_are_what_credo_writes() -> None:
    document = json.loads(recorded("credo", "strict_json")[0])
    assert {"check", "category", "filename", "line_no", "message"} <= set(document["issues"][0])


def test_an_umbrella_diagnostic_names_the_file_from_the_root(tmp_path: Path) -> None:
    mix = sample(tmp_path)
    root = mix.root
    (root / "mix.exs").write_text(
        'defmodule U do\n  use Mix.Project\n  def project, do: [apps_path: "apps", deps: []]\nend\n'
    )
    write(
        root,
        {
            "apps/one/mix.exs": MIX_EXS.replace("Sample", "One").replace(":sample", ":one"),
            "apps/one/lib/one/warn.ex": WARNING.replace("Sample", "One"),
            "apps/one/lib/one/counter.ex": COUNTER.replace("Sample", "One"),
        },
    )
    result = check_compile(mix)
    assert [d.path for d in result.diagnostics] == ["apps/one/lib/one/warn.ex"]
