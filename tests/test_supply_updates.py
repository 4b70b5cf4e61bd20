"""What is pinned has somebody who renews it: Dependabot, or the workflow that writes the locks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
CONFIG: Any = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())
UPDATES = {update["package-ecosystem"]: update for update in CONFIG["updates"]}
DOCKERFILES = sorted(ROOT.glob("Dockerfile*"))
COMPOSE = sorted(ROOT.glob("compose*.y*ml"))
LITERAL = re.compile(r"[a-z0-9./_-]+:[\w.-]+@sha256:[0-9a-f]{64}\Z")


def test_actions_and_images_are_dependabots_and_packages_are_not() -> None:
    assert set(UPDATES) >= {"github-actions"}
    assert not {"pip", "uv"} & set(UPDATES)
    assert ("docker" in UPDATES) >= bool(DOCKERFILES)
    assert ("docker-compose" in UPDATES) >= bool(COMPOSE)


@pytest.mark.parametrize("kind", UPDATES)
def test_nothing_is_taken_in_its_first_week_and_all_of_it_together(kind: str) -> None:
    update = UPDATES[kind]
    assert update["cooldown"]["default-days"] >= 7
    assert [group["patterns"] for group in update["groups"].values()] == [["*"]]
    assert update["directory"] == "/"


def test_images_are_pinned_where_dependabot_sees_them() -> None:
    """It follows no ARG (dependabot/dependabot-core#2057), and a tag alone may move."""
    loose = []
    for path in DOCKERFILES:
        text = path.read_text()
        stages = set(re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE))
        named = re.findall(r"^FROM (?:--\S+ )?(\S+)", text, re.MULTILINE)
        loose += [name for name in named if name not in stages and not LITERAL.match(name)]
    for path in COMPOSE:
        services = yaml.safe_load(path.read_text())["services"].values()
        named = [one["image"] for one in services if "image" in one and "build" not in one]
        loose += [name for name in named if not LITERAL.match(name)]
    assert loose == []


def test_the_locks_are_made_with_the_same_patience() -> None:
    text = (ROOT / ".github" / "workflows" / "locks.yml").read_text()
    assert "UV_EXCLUDE_NEWER: 7 days" in text
    assert "run: make lock\n" in text


def test_every_lock_has_its_line_and_every_line_its_lock() -> None:
    lines = re.findall(
        r"^lock (requirements/\S+\.txt)", (ROOT / "scripts/lock.sh").read_text(), re.M
    )
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "requirements").glob("*.txt")}
    assert set(lines) == there
