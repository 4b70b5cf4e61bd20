"""The agent step: a model works in the code base until it is done, gives up or has to stop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.core.ports import Workspace
from bot.errors import AgentStopped, NeedsModel
from bot.llm.agent import AgentLimits, AgentReport, run_agent
from bot.llm.structured import ask
from bot.llm.tools import MIX_SECONDS, WorkspaceTools
from bot.llm.types import Model, Reply, Request
from bot.pipeline.agent_step import AgentStep
from bot.pipeline.calls import material
from bot.pipeline.checkpoints import content_key
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.prompt import build_request

DAY = 86_400.0
_HEADER = "diff --git "


def run_agent_step(step: AgentStep, context: StepContext) -> Outcome:
    """Data: `{status, summary, reason, data, diff, files, steps}`, whoever serves the step."""
    codebase = context.need(context.run.services.codebase, "the code base", step)
    model = _chosen(step, context)
    request = build_request(step, context)
    if step.system:
        own = context.render(step.system)
        request = replace(request, system="\n\n".join(filter(None, (request.system, own))))
    if model.name == "offline":
        return _offline(step, request, ask(model, request, max_repairs=step.max_repairs), codebase)
    seconds = min(step.limits.seconds or DAY, context.timeout(step, DAY))
    tools = WorkspaceTools(
        codebase, allowed=frozenset(step.offered), mix_seconds=min(seconds, MIX_SECONDS)
    )
    report = run_agent(
        model,
        request,
        tools,
        limits=_limits(step, seconds),
        check=context.run.check_cancelled,
    )
    return _outcome(step, request, report, codebase)


def _chosen(step: AgentStep, context: StepContext) -> Model:
    models = context.models
    vendors = [name for name in models if name != "offline"]
    for name in (step.provider, *vendors, "offline" if step.offline else ""):
        if name in models:
            return models[name]
    raise NeedsModel(
        f"step {step.name!r} is an agent and needs a model",
        hint="set ANTHROPIC_API_KEY or GEMINI_API_KEY, or name a skill with 'offline'",
    )


def _limits(step: AgentStep, seconds: float) -> AgentLimits:
    bounds = step.limits
    return AgentLimits(
        steps=bounds.steps,
        tokens=bounds.tokens,
        usd=bounds.usd,
        seconds=seconds,
        failures=bounds.failures,
        repairs=step.max_repairs,
    )


def _offline(step: AgentStep, request: Request, reply: Reply, codebase: Workspace) -> Outcome:
    summary = reply.text if reply.data is None else ""
    data = _data("done", summary, "", reply.data, 0, codebase)
    notice = f"step {step.name!r} (agent) is served offline: no key is set"
    return Outcome(
        data=data,
        text=_text(data),
        model=reply.model,
        prompt_hash=_hash(request),
        notice=reply.notice or notice,
    )


def _outcome(
    step: AgentStep, request: Request, report: AgentReport, codebase: Workspace
) -> Outcome:
    data = _data(report.status, report.text, report.reason, report.data, report.steps, codebase)
    stopped = report.status == "stopped" and not step.allow_stop
    error = AgentStopped(
        f"step {step.name!r}: the agent stopped after {report.steps} replies: {report.reason}",
        hint="what it did so far is in the step's data; raise its limits, or ask for less at once",
    )
    return Outcome(
        data=data,
        text=_text(data),
        status="failed" if stopped else "succeeded",
        error=error if stopped else None,
        usage=report.usage,
        model=report.model,
        prompt_hash=_hash(request),
        notice=report.notice,
    )


def _data(
    status: str, summary: str, reason: str, data: Any, steps: int, codebase: Workspace
) -> dict[str, Any]:
    diff = codebase.diff()
    return {
        "status": status,
        "summary": summary,
        "reason": reason,
        "data": data,
        "diff": diff,
        "files": list(files_of(diff)),
        "steps": steps,
    }


def _text(data: Mapping[str, Any]) -> str:
    """What a later prompt quotes: the summary or the reason, the data, the change."""
    told = "" if data["data"] is None else json.dumps(data["data"], ensure_ascii=False, indent=2)
    return "\n\n".join(filter(None, (data["reason"] or data["summary"], told, data["diff"])))


def _hash(request: Request) -> str:
    return content_key(material(request))[:16]


def files_of(patch: str) -> tuple[str, ...]:
    """The paths a patch of git's changes, in its order; no line of a file begins like a header."""
    headers = (line for line in patch.split("\n") if line.startswith(_HEADER))
    return tuple(dict.fromkeys(_path(line.removeprefix(_HEADER)) for line in headers))


def _path(both: str) -> str:
    """Without renames a header names the same path twice, as `a/x b/x`, quoted where it is odd."""
    first = both[: (len(both) - 1) // 2]
    if first.startswith('"'):
        first = first[1:-1].replace('\\"', '"')
    return first[2:]
