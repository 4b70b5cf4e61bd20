"""What a run is started with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.simulator.actions.host import JobView
from bot.simulator.actions.runner.limits import Delays, Limits
from bot.simulator.actions.workflow.model import Permissions, Workflow


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Settings:
    """The machine the jobs run on."""

    work: Path
    """Each job gets a folder below it and loses it at its end."""
    path: str
    """PATH of the steps."""
    slots: asyncio.Semaphore
    """How many jobs run at once, over all runs."""
    limits: Limits = field(default_factory=Limits)
    delays: Delays = field(default_factory=Delays)
    env: Mapping[str, str] = field(default_factory=dict)
    """Given to every step besides what GitHub sets, for instance MIX_HOME."""
    mix_home: Path | None = None
    """Where this machine's Hex and rebar are; setup-beam gives a job its copy."""
    now: Callable[[], datetime] = wall_clock
    runner_name: str = "GitHub Actions 1"


@dataclass(frozen=True)
class Urls:
    server: str
    api: str
    graphql: str


@dataclass(frozen=True)
class RunRequest:
    run_id: int
    run_number: int
    attempt: int
    repository: str
    repository_id: int
    owner_id: int
    workflow: Workflow
    workflow_ref: str
    """`owner/name/.github/workflows/ci.yml@refs/heads/main`."""
    workflow_sha: str
    event_name: str
    event: Mapping[str, Any]
    ref: str
    sha: str
    actor: str
    actor_id: int
    triggering_actor: str
    urls: Urls
    permissions: Permissions
    """The repository's default for GITHUB_TOKEN."""
    ceiling: Callable[[Permissions], Permissions] | None = None
    """What no job's token may exceed, whatever its workflow asks for; None: no such bound."""
    base_ref: str = ""
    head_ref: str = ""
    protected: bool = False
    group: str = ""
    """The concurrency group the run itself is in."""
    debug: bool = False
    """Whether the steps' debug messages are shown."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    vars: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, JobView] = field(default_factory=dict)
    """Jobs of an earlier attempt, by key, that count as they ended and do not run again."""
