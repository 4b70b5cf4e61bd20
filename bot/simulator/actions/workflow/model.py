"""A workflow as data. Texts may still hold `${{ }}`, all of them checked for their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Data = Any
"""A scalar, list or mapping of JSON's kinds, or a text whose expression computes one."""
InputType = Literal["string", "boolean", "number", "choice", "environment"]
Level = Literal["none", "read", "write"]
Permissions = Mapping[str, Level]


@dataclass(frozen=True)
class Input:
    """An input of workflow_dispatch, of workflow_call or of a composite action."""

    name: str
    type: InputType = "string"
    required: bool = False
    default: Data = None
    options: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class Trigger:
    """One event of `on`. None means the key is absent, which is not the same as empty."""

    event: str
    types: tuple[str, ...] | None = None
    branches: tuple[str, ...] | None = None
    branches_ignore: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    tags_ignore: tuple[str, ...] | None = None
    paths: tuple[str, ...] | None = None
    paths_ignore: tuple[str, ...] | None = None
    workflows: tuple[str, ...] = ()
    crons: tuple[str, ...] = ()
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, bool] = field(default_factory=dict)
    """Secrets of workflow_call and whether each is required."""


@dataclass(frozen=True)
class Concurrency:
    group: str
    cancel_in_progress: bool | str = False


@dataclass(frozen=True)
class Defaults:
    shell: str = ""
    working_directory: str = ""


@dataclass(frozen=True)
class Strategy:
    matrix: Data = None
    """A mapping of vectors with `include` and `exclude`, or a text that computes one."""
    fail_fast: bool | str = True
    max_parallel: int | str | None = None


@dataclass(frozen=True)
class Step:
    """Exactly one of `run` and `uses` is set."""

    id: str
    name: str = ""
    condition: str | None = None
    run: str | None = None
    uses: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    shell: str = ""
    working_directory: str = ""
    env: Data = field(default_factory=dict)
    continue_on_error: bool | str = False
    timeout_minutes: float | str | None = None


@dataclass(frozen=True)
class Job:
    """A job with steps, or, where `uses` is set, a call of a reusable workflow."""

    id: str
    name: str = ""
    needs: tuple[str, ...] = ()
    condition: str | None = None
    strategy: Strategy | None = None
    permissions: Permissions | None = None
    concurrency: Concurrency | None = None
    runs_on: Data = ()
    env: Data = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    defaults: Defaults = Defaults()
    environment: str = ""
    steps: tuple[Step, ...] = ()
    timeout_minutes: float | str = 360
    cancel_timeout_minutes: float | str = 5
    continue_on_error: bool | str = False
    uses: str = ""
    inputs: Mapping[str, Data] = field(default_factory=dict)
    secrets: Mapping[str, str] | Literal["inherit"] = field(default_factory=dict)


@dataclass(frozen=True)
class Workflow:
    path: str
    name: str
    triggers: Mapping[str, Trigger]
    jobs: Mapping[str, Job]
    run_name: str = ""
    permissions: Permissions | None = None
    env: Data = field(default_factory=dict)
    defaults: Defaults = Defaults()
    concurrency: Concurrency | None = None


@dataclass(frozen=True)
class Action:
    """An action's metadata file; `using` says what would have to run it."""

    name: str
    using: str
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
