"""The checkpoint step."""

from __future__ import annotations

import json

from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.language.flow_steps import CheckpointStep


def run_checkpoint(step: CheckpointStep, context: StepContext) -> Outcome:
    """Data: `{name, state, kept}`; `kept` says whether a stopped run can go on from here."""
    name = context.render(step.checkpoint_name) or step.name
    state = context.resolve(step.state)
    kept = context.save_checkpoint(name, state, include_workspace=step.include_workspace)
    data = {"name": name, "state": state, "kept": kept}
    return Outcome(data=data, text=json.dumps(data, ensure_ascii=False, default=str))
