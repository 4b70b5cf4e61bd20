"""The linters of workflows: what each is there for is found, and the sandboxed one really runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import Settings
from scripts.lint_workflows import (
    LINTERS,
    Linter,
    Verdict,
    actionlint,
    find_shellcheck,
    lint,
    schemas,
    zizmor,
)
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


LINTER: dict[str, Linter] = {"schemas": schemas, "zizmor": zizmor, "actionlint": actionlint}


def judged(root: Path, workflow: str, *linters: Linter) -> dict[str, Verdict]:
    folder = root / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_text(workflow)
    return {one.linter: one for one in lint(root, Settings().environment, *linters)}


def test_a_clean_workflow_is_clean_for_every_linter(tmp_path: Path) -> None:
    found = judged(tmp_path, CLEAN)
    assert {name: one.text for name, one in found.items() if not one.clean} == {}
    assert len(found) == len(LINTERS)


@pytest.mark.parametrize(
    ("linter", "old", "new", "told"),
    [
        ("zizmor", "run: make test", "uses: actions/checkout@v5", "unpinned-uses"),
        ("zizmor", "permissions: {}\n", "", "excessive-permissions"),
        ("zizmor", "on:\n  push:", "on:\n  pull_request_target:", "dangerous-triggers"),
        ("actionlint", "make test", "echo ${{ steps.none.outputs.x }}", '"none" is not defined'),
        ("actionlint", "ubuntu-24.04", "ubuntu-1.04", "ubuntu-1.04"),
        pytest.param(
            *("actionlint", "make test", "'[ $x = 1 ] && cd $y'", "shellcheck reported issue"),
            marks=pytest.mark.skipif(
                find_shellcheck(os.environ) is None, reason="NO SCRIPT CHECKED: no shellcheck here"
            ),
        ),
        ("schemas", "timeout-minutes", "timeout", "timeout"),
    ],
)
def test_each_linter_finds_what_it_is_there_for(
    tmp_path: Path, linter: str, old: str, new: str, told: str
) -> None:
    assert old in CLEAN
    (found,) = judged(tmp_path, CLEAN.replace(old, new), LINTER[linter]).values()
    assert not found.clean
    assert told in found.text


def test_an_example_of_a_document_is_looked_at_under_its_line(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    bad = CLEAN.replace("run: make test", "uses: OWNER/otp-genesis@main")
    (tmp_path / "docs" / "action.md").write_text(f"# Use\n\n```yaml\n{bad}```\n")
    (found,) = lint(tmp_path, Settings().environment, zizmor)
    assert not found.clean
    assert "docs/action.md.4.yml" in found.text


def test_excerpts_and_other_yaml_are_no_workflows(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    page = (
        "```yaml\njobs: 1\n```\n```yaml\n- uses: a\n```\n```yaml\na: [\n```\n```yaml\non: 1\n```\n"
    )
    (tmp_path / "docs" / "a.md").write_text(page)
    assert written(tmp_path) == ()


def test_templates_have_no_mark_left() -> None:
    templates = [one for one in written(ROOT) if "/templates/" in one.path]
    assert templates
    assert [one.path for one in templates if any(mark in one.text for mark in MARKS)] == []


def command(root: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.lint_workflows", str(root)],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=170,
    )


def test_the_command_fails_for_what_is_found_and_for_nothing_looked_at(tmp_path: Path) -> None:
    nothing = command(tmp_path)
    assert nothing.returncode == 1
    assert "0 workflows" in nothing.stdout
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_text(CLEAN.replace("permissions: {}\n", ""))
    found = command(tmp_path)
    assert found.returncode == 1
    assert "zizmor --pedantic: NOT clean\n" in found.stdout
    assert "actionlint with" in found.stdout.lower()


def test_without_a_sandbox_it_fails_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_text(CLEAN)
    (tmp_path / "bin").mkdir()
    done = command(tmp_path, PATH=str(tmp_path / "bin"))
    assert done.returncode == 1
    assert "workflows cannot be linted: no sandbox" in done.stderr
    assert "clean" not in done.stdout


def test_make_lint_and_so_the_gate_lints_workflows() -> None:
    command = ["make", "--dry-run", "lint"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "-m scripts.lint_workflows" in shown
    assert "step make lint\n" in (ROOT / ".ci" / "run").read_text()


def test_what_we_wrote_is_found_wherever_it_is_written() -> None:
    found = {one.path: one.kind for one in written(ROOT)}
    assert found[".github/workflows/stage.yml"] == "workflow"
    assert found["action.yml"] == "action"
    assert found[".github/dependabot.yml"] == "dependabot"
    assert found["bot/flows/stage_run/templates/otp-genesis.yml"] == "workflow"
    assert any(path.startswith("docs/") for path in found)
    assert not any(path.startswith("examples/") for path in found)
