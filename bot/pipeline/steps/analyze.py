"""The analyze step: the static OTP analyser on the work tree."""

from __future__ import annotations

import json

from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.expressions.texts import texts
from bot.pipeline.language.work_steps import AnalyzeStep


def run_analyze(step: AnalyzeStep, context: StepContext) -> Outcome:
    """Data: `Analysis`; findings are a result, never a failure."""
    analyser = context.need(context.run.services.analyze, "the analyser", step)
    analysis = analyser.analyze(
        rules=texts(step.rules, context, field="rules"),
        paths=texts(step.paths, context, field="paths"),
    )
    data = analysis.model_dump(mode="json")
    return Outcome(data=data, text=json.dumps(data["findings"], ensure_ascii=False, indent=2))
