"""A runner as a step sees it, on folders of a test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.flows.action_run.runner import Runner

ORIGIN = "https://github.example"


@dataclass(frozen=True)
class Step:
    """The files of one step."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        for name in ("work", "temp"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        return {
            "GITHUB_WORKSPACE": str(self.folder / "work"),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_SERVER_URL": f"{ORIGIN}/",
            "GITHUB_SHA": "a" * 40,
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def runner(self, event: Any = None, **inputs: str) -> Runner:
        """The step as we read it, with an event's payload and inputs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "event.json").write_text(json.dumps(event or {}))
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        return Runner.of(self.environment | {"GENESIS_ACTION_INPUTS": json.dumps(given)})

    def outputs(self) -> dict[str, str]:
        """What was given, as the runner reads it."""
        text = (self.folder / "output").read_text()
        return dict(line.split("=", 1) for line in text.splitlines())

    def summary(self) -> str:
        return (self.folder / "summary").read_text()
