"""The runner we are a step on: what it says of the job."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import Misused, Unusable
from bot.flows.action_run.order import INPUTS, ActionOrder, parse_order
from bot.flows.step_files import StepFiles, event_of

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Runner:
    """One step of a job."""

    workspace: Path
    temp: Path
    repository: str
    """`owner/name`; empty where nobody says."""
    server: str
    """`https://github.com`, without a slash at its end."""
    inputs: str = field(repr=False)
    sha: str = ""
    event_name: str = ""
    event: Mapping[str, Any] = field(default_factory=dict, repr=False)
    files: StepFiles = field(default_factory=StepFiles)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Runner:
        """From the variables a runner sets; raises `Misused` outside of one."""
        get = environment.get
        workspace, temp = get("GITHUB_WORKSPACE", ""), get("RUNNER_TEMP", "")
        if not workspace or not temp:
            raise Misused(
                "this is no step of a workflow run",
                hint="on your own machine: genesis analyze, plan or run",
            )
        return cls(
            workspace=Path(workspace),
            temp=Path(temp),
            repository=get("GITHUB_REPOSITORY", ""),
            server=get("GITHUB_SERVER_URL", "https://github.com").rstrip("/"),
            inputs=get(INPUTS, ""),
            sha=sha if _COMMIT.fullmatch(sha := get("GITHUB_SHA", "")) else "",
            event_name=get("GITHUB_EVENT_NAME", ""),
            event=event_of(environment),
            files=StepFiles.of(environment),
        )

    def order(self) -> ActionOrder:
        """What is asked for; raises `Misused`."""
        return parse_order(self.inputs)

    def project(self, order: ActionOrder) -> Path:
        """The project's folder; raises `Unusable` where nothing was checked out."""
        where = self.workspace / order.path if order.path else self.workspace
        if not where.is_dir() or not where.resolve().is_relative_to(self.workspace.resolve()):
            raise Unusable(
                f"there is no folder {order.path or 'of the work space'!r}",
                hint="check the repository out before this step, and set `path` to the project",
            )
        return where

    def file(self, name: str) -> Path:
        """A file that an input names; raises `Unusable` where a link leads out of the checkout."""
        where = self.workspace / name
        if not where.resolve().is_relative_to(self.workspace.resolve()):
            raise Unusable(f"{name!r} leads out of the work space", hint="name a file in it")
        return where

    def report_folder(self, order: ActionOrder) -> Path:
        """A new folder for what the command writes, outside of the checkout."""
        number = 1
        while True:
            name = f"otp-genesis-{order.command}" + (f"-{number}" if number > 1 else "")
            with suppress(FileExistsError):
                (self.temp / name).mkdir(parents=True)
                return self.temp / name
            number += 1

    def base(self) -> str:
        """The commit this run's change began at, as the event says; empty where it does not."""
        pull = self.event.get("pull_request")
        found = pull.get("base", {}).get("sha", "") if isinstance(pull, dict) else ""
        found = found or self.event.get("before", "")
        group = self.event.get("merge_group")
        found = found or (group.get("base_sha", "") if isinstance(group, dict) else "")
        known = isinstance(found, str) and _COMMIT.fullmatch(found) and found.strip("0")
        return found if known else ""
