"""The sample application is sound, and examples/README.md says the truth about it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.core.finding import Analysis
from bot.elixir.analyze import analyze

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
COURIER = EXAMPLES / "courier"


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyze(COURIER, jobs=1)


def rows(heading: str) -> list[tuple[str, list[str]]]:
    """The files each row of the table below a heading names, with the row itself."""
    section = (EXAMPLES / "README.md").read_text().split(f"## {heading}")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [(line, re.findall(r"`([\w/]+\.exs?)`", line.split("|")[1])) for line in lines]


def path_of(name: str) -> str:
    return name if name.startswith("test/") else f"lib/courier/{name}"


FLAWS = rows("What genesis reports")
SOUND = rows("What it must not report")


def test_the_tables_name_files_that_exist() -> None:
    assert len(FLAWS) >= 15
    assert len(SOUND) >= 5
    named = {path_of(name) for _, names in FLAWS + SOUND for name in names}
    assert [name for name in named if not (COURIER / name).is_file()] == []


@pytest.mark.parametrize("row", FLAWS, ids=lambda row: row[1][0])
def test_each_flaw_is_found(row: tuple[str, list[str]], analysis: Analysis) -> None:
    wanted = {path_of(name) for name in row[1]}
    named = set(re.findall(r"\(`([a-z-]+)`\)", row[0]))
    assert named, "the row names its rule"
    found = {f.path for f in analysis.findings if f.rule in named}
    assert wanted <= found


def test_each_flaw_is_fixed_as_the_table_says(analysis: Analysis) -> None:
    for line, names in FLAWS:
        (rule,) = set(re.findall(r"\(`([a-z-]+)`\)", line))
        kind = line.split("|")[3].split(":")[0].strip()
        kinds = {f.fix for f in analysis.findings if f.rule == rule and f.path == path_of(names[0])}
        assert kinds == {kind}, line


def test_nothing_else_is_found(analysis: Analysis) -> None:
    allowed = {path_of(name) for _, names in FLAWS for name in names}
    assert [f"{f.path}:{f.line} {f.rule}" for f in analysis.findings if f.path not in allowed] == []


def test_the_code_does_not_give_its_flaws_away() -> None:
    """Comments beside a planted flaw would make finding it no achievement."""
    sources = [p for top in ("lib", "test", "config") for p in (COURIER / top).rglob("*.ex*")]
    told = [p.name for p in sources if re.search(r"^\s*#", p.read_text(), re.MULTILINE)]
    assert told == []


@pytest.mark.elixir
def test_it_compiles_without_warnings_is_formatted_and_passes(tmp_path: Path) -> None:
    app = tmp_path / "courier"
    shutil.copytree(COURIER, app, ignore=shutil.ignore_patterns("_build", "tmp"))
    for task in (["compile", "--warnings-as-errors"], ["format", "--check-formatted"]):
        subprocess.run(["mix", *task], cwd=app, check=True, capture_output=True, timeout=120)
    suite = subprocess.run(["mix", "test"], cwd=app, capture_output=True, text=True, timeout=120)
    assert re.search(r"doctests, 4\d tests, 0 failures", suite.stdout), suite.stdout + suite.stderr
