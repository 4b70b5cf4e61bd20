"""docs/github-app.md, docs/permissions.md and the README's commands say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from bot.core.events import OURS_ARE_ECHOES
from bot.core.lifecycle import delivery, projection
from bot.core.lifecycle.requests import USAGE
from bot.core.policy import NEEDED, Limits, Policy
from bot.core.render.github.replies import DOES
from bot.core.render.github.words import STAGE
from bot.github.doing.labels import COLOURS
from bot.server.registration import EVENTS
from tests.docs.pages import Table, codes, prose, tables
from tests.docs.test_docs import COMMANDS

PAGE = "github-app.md"
README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")
INSTALLATIONS = {"installation", "installation_repositories"}
"""Told to every App, whatever it subscribes to."""


def table(head: str, page: str = PAGE) -> Table:
    return next(t for t in tables(page) if t.head[0] == head)


def test_every_command_is_told_with_what_it_does_and_needs() -> None:
    told = {codes(row[0])[0]: (row[1], codes(row[2])[0]) for row in table("command").rows}
    assert told == {USAGE[verb]: (does, NEEDED[verb]) for verb, does in DOES.items()}


def test_every_label_is_told() -> None:
    ours = {projection.PLAN, projection.STAGE, projection.NEEDS_HUMAN, delivery.NOT_READY}
    assert {codes(row[0])[0] for row in table("label").rows} == {Policy().label, *ours}
    assert set(COLOURS) <= {Policy().label, *ours}


def test_every_status_is_told_as_people_see_it() -> None:
    shown = [text.split(" ", 1)[1] for text in STAGE.values()]
    assert [row[0] for row in table("a stage is").rows] == shown


def test_every_event_has_its_row() -> None:
    told = [name for row in table("event").rows for name in codes(row[0])]
    assert sorted(told) == sorted({*EVENTS, *INSTALLATIONS})
    assert set(told) >= OURS_ARE_ECHOES


def test_the_events_to_subscribe_to_are_those_of_the_manifest() -> None:
    text = " ".join(prose("permissions.md").split())
    (listed,) = re.findall(r"Subscribe to: ([^.]+)\.", text)
    assert {name.replace(" ", "_") for name in listed.split(", ")} == set(EVENTS)


def test_settings_that_are_named_exist() -> None:
    text = prose(PAGE)
    named = set(re.findall(r"`limits\.(\w+)`", text))
    assert named == set(Limits.model_fields)
    assert {"stages", "checks_minutes"} <= set(Policy.model_fields)


def test_the_readme_lists_every_command_and_no_other() -> None:
    rows = re.findall(r"^\| (`genesis .*?) \|", README, re.MULTILINE)
    told = set()
    for names in map(codes, rows):
        first = names[0].split()[1:]
        group = first[0] if f"{first[0]} {first[1] if len(first) > 1 else ''}" in COMMANDS else ""
        told.add(" ".join(first[:2]) if group else first[0])
        told |= {f"{group} {name}" if group else name for name in names[1:]}
    for_jobs = {name for name in COMMANDS if name.startswith(("stage ", "action "))}
    assert told == set(COMMANDS) - for_jobs
