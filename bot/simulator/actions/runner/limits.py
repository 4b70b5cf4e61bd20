"""How much a job may take, and how long it is given to end."""

from __future__ import annotations

from dataclasses import dataclass

MEBI = 2**20
GIBI = 2**30


@dataclass(frozen=True)
class Limits:
    """Bounds of one job. Reaching one kills what the job runs and fails the step."""

    processes: int = 512
    folder_bytes: int = 8 * GIBI
    free_bytes: int = 512 * MEBI
    """How much of the disk must stay free."""
    file_bytes: int = 4 * GIBI
    files: int = 65_536
    nice: int = 5
    """Steps yield to the server that shares their machine."""
    output_bytes: int = 64 * MEBI
    """Of one step; what it writes beyond is read and dropped."""
    output_lines: int = 500_000
    line_bytes: int = 256 * 1024
    steps_nested: int = 10
    """How deep composite actions may use one another, and workflows call one another."""


@dataclass(frozen=True)
class Delays:
    """Seconds. A process asked to end gets SIGINT, then SIGTERM, then SIGKILL, as on GitHub."""

    interrupt: float = 7.5
    terminate: float = 2.5
    drain: float = 5.0
    """How long output is awaited after a step's process ended but its heirs hold the pipe."""
    minute: float = 60.0
    """The length of the minutes in `timeout-minutes`."""
