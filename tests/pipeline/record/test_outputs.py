"""Files a run leaves, and nothing outside of where they belong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refused
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.record.outputs import write_output
from tests.pipeline.support import run, steps


def test_json_files_hold_the_data_and_others_the_text(tmp_path: Path) -> None:
    write_output(tmp_path, "a/b.json", data={"n": 1}, text="one")
    write_output(tmp_path, "a/b.md", data={"n": 1}, text="one")
    assert json.loads((tmp_path / "a/b.json").read_text()) == {"n": 1}
    assert (tmp_path / "a/b.md").read_text() == "one"
    assert [p.name for p in (tmp_path / "a").iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../../x", "", " ", "a\0b", "a\\b", "x" * 300]
)
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "out"
    inside.mkdir()
    with pytest.raises(Refused, match="output"):
        write_output(inside, name, data=None, text="x")
    assert list(tmp_path.rglob("x")) == []


def test_a_link_inside_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path / "other")
    (tmp_path / "out" / "file.txt").symlink_to(tmp_path / "other" / "taken")
    for name in ("link/x.txt", "file.txt"):
        with pytest.raises(Refused):
            write_output(tmp_path / "out", name, data=None, text="x")
    assert list((tmp_path / "other").iterdir()) == []


@given(name=st.text(max_size=40))
def test_whatever_the_name_nothing_lands_outside(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    base = tmp_path_factory.mktemp("base")
    try:
        written = write_output(base / "out", name, data=None, text="x")
    except (Refused, OSError):
        written = None
    outside = [p for p in base.iterdir() if p.name != "out"]
    assert outside == []
    assert written is None or written.resolve().is_relative_to(base / "out")


STEP = """
- name: count
  type: set_variable
  variables: {n: 3}
  output_to_file: "{{ inputs.name }}.json"
"""


def test_a_step_writes_its_result_to_the_runs_directory(tmp_path: Path) -> None:
    keeping = Keeping(output_dir=tmp_path / "out")
    assert run(steps(STEP), {"name": "total"}, keeping=keeping).error is None
    assert json.loads((tmp_path / "out/total.json").read_text()) == {"n": 3}


def test_a_run_without_an_output_directory_says_so() -> None:
    result = run(steps(STEP), {"name": "total"})
    assert "no output directory" in str(result.error)


def test_data_of_the_wrong_form_fails_and_is_not_written(tmp_path: Path) -> None:
    keeping = Keeping(output_dir=tmp_path / "out")
    schema = "  output_schema: {type: object, required: [m]}\n"
    result = run(steps(STEP + schema), {"name": "total"}, keeping=keeping)
    assert "'m' is a required property" in str(result.error)
    assert not (tmp_path / "out").exists()
