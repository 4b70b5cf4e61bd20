"""Questions whose model may use tools: a conversation that ends in the form of one answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from bot.core.ports import Workspace
from bot.errors import AgentStopped, Refused
from bot.llm.agents.agent import AgentLimits, Ending, run_agent
from bot.llm.agents.tools import WorkspaceTools
from bot.llm.structured import read_json, violations, whole_value
from bot.llm.types import Json, Model, OnText, Reply, Request
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.language.model_steps import PromptStep
from bot.pipeline.prompts.asking import Asking
from bot.pipeline.prompts.subtree import RULE, subtree

_WHOLE_ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["answer"],
    "additionalProperties": False,
    "properties": {
        "answer": {"type": "string", "description": "The whole answer, not a summary of it."}
    },
}
"""What `done` gives where a step wants text, so that nothing of the answer is lost."""


def tools_at_hand(
    step: PromptStep, how: Asking, model: Model, context: StepContext
) -> Workspace | None:
    """What the model's tools work on, None where it is asked one question."""
    workspace = context.run.services.codebase
    if not how.tools or model.name == "offline":
        return None
    if workspace is not None:
        return subtree(workspace, how.directory)
    if how.tools_wanted:
        raise Refused(
            f"step {step.name!r} has allowed_tools, and this run has no code base to use them on",
            hint="run it in a repository, or drop allowed_tools",
        )
    return None


def worked(
    step: PromptStep,
    request: Request,
    how: Asking,
    workspace: Workspace,
    model: Model,
    context: StepContext,
    on_text: OnText,
) -> Outcome:
    """Let the model look and work until it has the answer; stopping before that is a failure."""
    free = request.output_schema is None
    rule = RULE.format(directory=how.directory) if how.directory else ""
    report = run_agent(
        model,
        replace(
            request,
            system="\n\n".join(filter(None, (request.system, rule))),
            output_schema=_WHOLE_ANSWER if free else request.output_schema,
        ),
        WorkspaceTools(workspace, allowed=how.tools),
        finish=partial(_plain_answer, request.output_schema),
        limits=AgentLimits(steps=how.max_turns, repairs=step.max_repairs),
        check=context.run.check_cancelled,
        on_text=on_text,
    )
    if report.status == "stopped":
        error = AgentStopped(
            f"step {step.name!r}: the model stopped after {report.steps} replies: {report.reason}",
            hint="raise max_turns, or ask for less at once",
        )
        return Outcome(status="failed", error=error, text=report.text)
    if not free:
        return Outcome(data=report.data, text=json.dumps(report.data, ensure_ascii=False, indent=2))
    text = report.text if report.data is None else str(report.data["answer"])
    return Outcome(data=whole_value(text) if how.reads_json else None, text=text)


def _plain_answer(schema: Mapping[str, Json] | None, reply: Reply) -> Ending | None:
    """A reply that calls nothing is the answer where it has the form that is wanted."""
    if schema is None:
        return Ending("done", "", reply.text) if reply.text.strip() else None
    data, problems = read_json(reply)
    if problems or violations(data, schema):
        return None
    return Ending("done", "", reply.text, data)
