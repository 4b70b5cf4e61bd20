"""Credo beside a project: real mix, a Credo that says what the real one said."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.codebase.credo_beside import CredoBeside, within
from bot.core.verdict import Diagnostic
from bot.verify.checks import check_credo
from tests.codebase.fake_credo import installed
from tests.verify.support import sample, toolchain


@pytest.mark.elixir
def test_a_project_without_credo_is_read_by_the_one_beside_it(tmp_path: Path) -> None:
    beside = installed(tmp_path / "cache")
    mix = sample(tmp_path, {})
    before = sorted(path.name for path in mix.root.rglob("*"))
    result = check_credo(replace(mix, beside=beside))
    assert (result.status, result.summary) == ("failed", "1 issues"), result.output_tail
    (issue,) = result.diagnostics
    assert (issue.path, issue.line) == ("lib/sample/counter.ex", 4)
    assert result.returncode == 2
    assert sorted(path.name for path in mix.root.rglob("*")) == before


def test_every_version_has_a_place_of_its_own_and_is_ready_once_it_compiled(tmp_path: Path) -> None:
    beside = CredoBeside.at(tmp_path, toolchain())
    other = CredoBeside.at(tmp_path, replace(toolchain(), version="1.99.0"))
    assert beside.folder != other.folder
    beside.lay_out()
    before = beside.ready
    beside.done()
    assert (before, beside.ready, other.ready) == (False, True, False)


def test_what_is_fetched_is_held_to_checksums(tmp_path: Path) -> None:
    beside = CredoBeside.at(tmp_path, toolchain())
    beside.lay_out()
    locked = (beside.folder / "mix.lock").read_text()
    names = re.findall(r'^  "(\w+)": \{:hex, :\1, "[\d.]+", "[0-9a-f]{64}"', locked, re.MULTILINE)
    assert names == ["bunt", "credo", "file_system", "jason"]
    assert locked.count('"hexpm", "') == len(names)


def test_issues_outside_of_the_project_are_none(tmp_path: Path) -> None:
    def issue(path: str) -> Diagnostic:
        return Diagnostic(tool="credo", severity="warning", path=path, message="m")

    given = (issue(f"{tmp_path}/lib/a.ex"), issue("/elsewhere/b.ex"), issue("lib/c.ex"))
    assert [found.path for found in within(given, tmp_path)] == ["lib/a.ex", "lib/c.ex"]
