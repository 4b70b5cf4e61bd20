"""The break and continue steps."""

from __future__ import annotations

from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.failures import LoopJump
from bot.pipeline.language.flow_steps import JumpStep


def run_jump(step: JumpStep, context: StepContext) -> Outcome:
    """Gives nothing back: the loop around it goes on from here."""
    raise LoopJump(step.type)
