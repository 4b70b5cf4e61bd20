"""What `genesis doctor` asks of a repository, and what it makes of the answers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from githubkit import GitHub

from bot.config import CONFIG_PATH
from bot.github.calls import FOLDER
from bot.github.reading.doctor import Asked, Asker
from bot.github.reading.doctor_repository import MOST_WORKFLOWS, look_at_repository

BOT = "otp-genesis-bot.yml"


@dataclass(frozen=True)
class Told(Asker):
    """Answers from a table, by path; what is not in it is not there."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)

    def __call__(self, path: str = "", **query: object) -> Asked:
        self.paths.append(path)
        return Asked(200, self.answers[path]) if path in self.answers else Asked(404)


def told(texts: Mapping[str, str]) -> Told:
    """A repository with these files, by their paths."""
    answers: dict[str, Any] = {"": {"default_branch": "main"}}
    listed = answers[f"/contents/{FOLDER}"] = []
    for path, text in texts.items():
        data = base64.b64encode(text.encode()).decode()
        one = {"type": "file", "size": len(text), "encoding": "base64", "content": data}
        answers[f"/contents/{path}"] = one
        if path.startswith(FOLDER):
            listed.append({"type": "file", "name": path.rpartition("/")[2]})
    return Told("acme/shop", GitHub(), answers)


def test_our_workflows_are_found_among_very_many() -> None:
    texts = {f"{FOLDER}/a{number:02}.yml": "on: push\n" for number in range(MOST_WORKFLOWS)}
    texts |= {f"{FOLDER}/ours.yml": "a: b\n", f"{FOLDER}/{BOT}": "c: d\n"}
    ask = told(texts | {CONFIG_PATH: "workflow: ours.yml\n"})
    seen = look_at_repository(ask, "https://github.com", BOT)
    assert (seen.workflow_text, seen.workflows[BOT]) == ("a: b\n", "c: d\n")
    assert len(seen.workflows) == MOST_WORKFLOWS


def test_a_label_with_a_slash_is_asked_for_as_one_word() -> None:
    ask = told({CONFIG_PATH: "label: ask/genesis\nbase: release/1.0\n"})
    look_at_repository(ask, "https://github.com", BOT)
    assert "/labels/ask%2Fgenesis" in ask.paths
    assert "/branches/release/1.0" in ask.paths
