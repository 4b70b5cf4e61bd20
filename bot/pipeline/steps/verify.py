"""The verify step: what the checks and gates say about the uncommitted change."""

from __future__ import annotations

import json

from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.expressions.texts import texts
from bot.pipeline.language.work_steps import VerifyStep


def run_verify(step: VerifyStep, context: StepContext) -> Outcome:
    """Data: `Verdict`. A failed verdict is what the step found out, so the step succeeded."""
    verifier = context.need(context.run.services.verify, "verification", step)
    verdict = verifier.verify(
        context.render(step.action), tests=texts(step.tests, context, field="tests")
    )
    data = verdict.model_dump(mode="json")
    return Outcome(data=data, text=json.dumps(data, ensure_ascii=False, indent=2))
