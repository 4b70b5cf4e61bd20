"""The linters of workflows: what each is there for is found, and the sandboxed one really runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings
from scripts.lint_workflows import Verdict, lint
from scripts.workflow_files import MARKS, written

ROOT = Path(__file__).resolve().parents[1]
CLEAN = """\
name: ci
on:
  push:
permissions: {}
concurrency:
  group: ci-${{ github.ref }}
  cancel-in-progress: true
jobs:
  test:
    name: test
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: make test
"""


def verdicts(tmp_path: Path, workflow: str, name: str = "ci.yml") -> dict[str, Verdict]:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / name).write_text(workflow)
    return {one.linter.split(maxsplit=1)[0].rstrip(","): one for one in lint(tmp_path, environment())}


def environment() -> dict[str, str]:
    return dict(Settings().environment)


def test_a_clean_workflow_is_clean(tmp_path: Path) -> None:
    found = verdicts(tmp_path, CLEAN)
    assert {name: one.text for name, one in found.items() if not one.clean} == {}
    assert set(found) == {"check-jsonschema", "zizmor", "actionlint"}


@pytest.mark.parametrize(
    ("linter", "old", "new", "told"),
    [
        ("zizmor", "run: make test", "uses: actions/checkout@v5", "unpinned-uses"),
        ("zizmor", "permissions: {}\n", "", "excessive-permissions"),
        ("zizmor", "on:\n  push:", "on:\n  pull_request_target:", "dangerous-triggers"),
        ("actionlint", "make test", "echo ${{ steps.none.outputs.x }}", '"none" is not defined'),
        ("actionlint", "ubuntu-24.04", "ubuntu-1.04", "ubuntu-1.04"),
        ("actionlint", "make test", "'[ $x = 1 ] && cd $y'", "shellcheck reported issue"),
        ("check-jsonschema", "timeout-minutes", "timeout", "timeout"),
    ],
)
def test_each_linter_finds_what_it_is_there_for(
    tmp_path: Path, linter: str, old: str, new: str, told: str
) -> None:
    assert old in CLEAN
    found = verdicts(tmp_path, CLEAN.replace(old, new))
    assert not found[linter].clean
    assert told in found[linter].text


def test_an_example_of_a_document_is_looked_at_under_its_line(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    bad = CLEAN.replace("run: make test", "uses: OWNER/otp-genesis@main")
    (tmp_path / "docs" / "action.md").write_text(f"# Use\n\n```yaml\n{bad}```\n")
    (zizmor,) = (one for one in lint(tmp_path, environment()) if "zizmor" in one.linter)
    assert not zizmor.clean
    assert "docs/action.md.4.yml" in zizmor.text


def test_excerpts_and_other_yaml_are_no_workflows(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    page = "```yaml\njobs: 1\n```\n```yaml\n- uses: a\n```\n```yaml\na: [\n```\n```yaml\non: 1\n```\n"
    (tmp_path / "docs" / "a.md").write_text(page)
    assert written(tmp_path) == ()


def test_templates_have_no_mark_left() -> None:
    templates = [one for one in written(ROOT) if "/templates/" in one.path]
    assert templates
    assert [one.path for one in templates if any(mark in one.text for mark in MARKS)] == []
