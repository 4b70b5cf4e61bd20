"""What is known of a step's data before it runs, from its type alone."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from bot.core.finding import Analysis
from bot.core.verdict import Verdict
from bot.pipeline.checks.shapes import ANYTHING, Shape, of_record
from bot.pipeline.language.step_base import StepBase
from bot.pipeline.services import CodemodResult, CommandResult, GitResult

RECORDS: Mapping[str, type[BaseModel]] = {
    "analyze": Analysis,
    "codemod": CodemodResult,
    "command": CommandResult,
    "git": GitResult,
    "mix": CommandResult,
    "verify": Verdict,
}
"""Steps whose data is always a record of one kind."""


def data_of(step: StepBase) -> Shape:
    """The fields such a step's data has; anything for the others."""
    record = RECORDS.get(str(getattr(step, "type", "")))
    return of_record(record) if record is not None else ANYTHING
