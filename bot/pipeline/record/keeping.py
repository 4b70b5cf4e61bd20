"""What a run keeps on disk, and how it is called; everything is optional."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.pipeline.expressions.functions.call import STARTED
from bot.pipeline.record.calls import Recorder
from bot.pipeline.record.checkpoints import Checkpoints
from bot.pipeline.record.points import Points
from bot.pipeline.record.sessions import Sessions
from bot.pipeline.record.trace import Trace


@dataclass(frozen=True)
class Keeping:
    """Where answers, traces and results go. The defaults keep nothing."""

    run_id: str = ""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    """Also what `now()` says all through the run, so that a resumed run says the same."""
    trace: Trace = field(default_factory=lambda: Trace(None))
    checkpoints: Checkpoints | None = None
    """Paid answers."""
    points: Points | None = None
    """Where `checkpoint` steps put what a resumed run starts from."""
    recorder: Recorder | None = None
    sessions: Sessions = field(default_factory=Sessions)
    output_dir: Path | None = None
    """Where `output_to_file` writes; None: such a step fails and says so."""
    position: Callable[[], Mapping[str, Any]] = dict
    """What the caller needs, beside the work tree's snapshot, to go on from a point."""

    def execution(self) -> dict[str, Any]:
        """The names templates see: `execution_id`, `timestamp` and `date`; and what `now()` is."""
        return {
            "execution_id": self.run_id,
            "timestamp": self.started.isoformat(timespec="seconds"),
            "date": self.started.date().isoformat(),
            STARTED: self.started.isoformat(timespec="seconds"),
        }
