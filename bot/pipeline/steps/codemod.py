"""The codemod step: carry out a planned action, or write one file."""

from __future__ import annotations

from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.language.work_steps import CodemodStep


def run_codemod(step: CodemodStep, context: StepContext) -> Outcome:
    """Data: `CodemodResult`; needing a person or a model is a result, not a failure."""
    codemod = context.need(context.run.services.codemod, "codemods", step)
    if step.content is not None:
        result = codemod.write(context.render(step.path), context.render(step.content))
    elif step.by_model:
        result = codemod.begin(context.render(step.action))
    else:
        result = codemod.apply(context.render(step.action), feedback=context.resolve(step.feedback))
    return Outcome(data=result.model_dump(mode="json"), text=result.diff or result.reason)
