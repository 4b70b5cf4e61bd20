"""The pipeline language: the union of all steps, and how to walk over them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, get_args

from pydantic import Field

from bot.core.model import Record
from bot.pipeline.language import flow_steps, workflow
from bot.pipeline.language.agent_step import AgentStep as AgentStep
from bot.pipeline.language.batch_steps import AnyBatchStep
from bot.pipeline.language.claude_steps import AnyClaudeStep
from bot.pipeline.language.data_steps import DataStep
from bot.pipeline.language.flow_steps import FlowStep
from bot.pipeline.language.flow_steps import ForLoopStep as ForLoopStep
from bot.pipeline.language.flow_steps import LoopStep as LoopStep
from bot.pipeline.language.flow_steps import PipelineStep as PipelineStep
from bot.pipeline.language.flow_steps import SetVariableStep as SetVariableStep
from bot.pipeline.language.flow_steps import WhileLoopStep as WhileLoopStep
from bot.pipeline.language.model_steps import AnyModelStep
from bot.pipeline.language.step_base import StepBase, tags
from bot.pipeline.language.work_steps import WorkStep
from bot.pipeline.language.workflow import Defaults as Defaults
from bot.pipeline.language.workflow import Input as Input
from bot.pipeline.language.workflow import Workflow as Workflow

Step = Annotated[
    AnyModelStep | AnyClaudeStep | AnyBatchStep | AgentStep | FlowStep | WorkStep | DataStep,
    Field(discriminator="type"),
]

STEP_TYPES: dict[str, type[StepBase]] = {
    tag: step for step in get_args(get_args(Step)[0]) for tag in tags(step)
}
"""Every step by the value of its `type`."""

_models: tuple[type[Record], ...] = (*dict.fromkeys(STEP_TYPES.values()), Workflow)
for _model in _models:
    _model.model_rebuild(_types_namespace={"Step": Step, **vars(flow_steps), **vars(workflow)})


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Every step with everything inside it, in the order of the file."""
    for step in steps:
        yield step
        for _, block in step.blocks():
            yield from walk(block)
