"""SECURITY.md names files and tests: each of them has to be there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w./-]+/[\w./-]+\.\w+)(?:::(\w+))?`", TEXT)))
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("| ") and line.count("|") == 4
]


def test_it_names_many() -> None:
    assert len(NAMED) > 60
    assert len(ROWS) > 30


@pytest.mark.parametrize(("path", "test"), NAMED)
def test_what_it_names_is_there(path: str, test: str) -> None:
    assert (ROOT / path).is_file()
    if test:
        defined = re.findall(r"^(?:async )?def (test_\w+)", (ROOT / path).read_text(), re.MULTILINE)
        assert test in defined


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row[0] != "what is tried"], ids=lambda r: r[0]
)
def test_every_claim_has_a_file_that_holds_it_and_a_test_that_shows_it(row: list[str]) -> None:
    _, holds, shown = row
    assert re.search(r"`[\w./-]+/[\w./-]+\.\w+`", holds)
    assert re.search(r"`tests/[\w./-]+\.py::test_\w+`", shown)


def test_it_tells_what_does_not_hold_and_how_to_report() -> None:
    assert "## What does not hold" in TEXT
    assert "Report a vulnerability" in TEXT
