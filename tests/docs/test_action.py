"""docs/action.md tells the inputs, outputs and statuses there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import yaml

from bot.flows.action_run.outcome import EXITS, Status

PAGE = "docs/action.md"


def page(repository: Path) -> str:
    return (repository / PAGE).read_text()


def action(repository: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((repository / "action.yml").read_text())
    return found


def first_cells(text: str, heading: str) -> list[str]:
    """The names in the first column of the tables below a heading."""
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([\w-]+)`", row)]


def test_every_input_is_told(repository: Path) -> None:
    assert sorted(first_cells(page(repository), "Inputs")) == sorted(action(repository)["inputs"])


def test_every_output_and_every_status_is_told(repository: Path) -> None:
    told = first_cells(page(repository), "Outputs")
    assert sorted(told) == sorted([*action(repository)["outputs"], *get_args(Status)])


def test_statuses_end_with_the_codes_that_are_told(repository: Path) -> None:
    rows = dict(re.findall(r"^\| `([\w-]+)` \| ([\d, ]+) \|", page(repository), re.MULTILINE))
    codes = {status: str(int(EXITS[status])) for status in EXITS}
    for status in ("ok", "nothing", "findings", "failed", "could-not-verify"):
        assert rows[status] == codes[status]


def test_only_steps_of_the_action_read_its_inputs_and_only_by_the_environment(
    repository: Path,
) -> None:
    for step in action(repository)["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), step["name"]
        assert ("shell" in step) == ("run" in step), step["name"]
