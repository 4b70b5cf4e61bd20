"""The agent step: a model works in the code base until it is done, gives up or has to stop."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.core.ports import Workspace
from bot.core.render.transcript import as_markdown
from bot.errors import AgentStopped, NeedsModel, OtpError
from bot.llm.agents.agent import AgentLimits, AgentReport, run_agent
from bot.llm.agents.tools import MIX_SECONDS, WorkspaceTools
from bot.llm.structured import ask
from bot.llm.types import Model, Request
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.language.agent_step import AgentStep
from bot.pipeline.prompts.prompt import build_request
from bot.pipeline.record.outputs import write_output
from bot.pipeline.steps.answering import chosen
from bot.pipeline.steps.metered import Metered
from bot.pipeline.steps.watching import watched

DAY = 86_400.0
_HEADER = "diff --git "


def run_agent_step(step: AgentStep, context: StepContext) -> Outcome:
    """Data: `{status, summary, reason, data, diff, files, steps}`, however the step ends."""
    codebase = context.need(context.run.services.codebase, "the code base", step)
    model, notice = chosen(step, context, step.provider)
    offline = model.name == "offline"
    if offline and not step.offline:
        raise NeedsModel(
            f"step {step.name!r} is an agent and needs a model",
            hint="set ANTHROPIC_API_KEY or GEMINI_API_KEY, or name a skill with 'offline'",
        )
    request = _request(step, context)
    metered = Metered(model)
    try:
        serve = _offline if offline else _work
        outcome = serve(step, context, request, metered, codebase)
    except OtpError as error:
        data = _data("stopped", "", error.message, None, metered.calls, codebase)
        outcome = Outcome(data=data, text=_text(data), status="failed", error=error)
    if offline:
        notice = f"step {step.name!r} (agent) is served offline: no key is set"
    return metered.told(outcome, request, notice)


def _request(step: AgentStep, context: StepContext) -> Request:
    request = build_request(step, context)
    system = (request.system, context.render(step.system))
    return replace(request, system="\n\n".join(filter(None, system)))


def _work(
    step: AgentStep, context: StepContext, request: Request, model: Model, codebase: Workspace
) -> Outcome:
    seconds = min(step.limits.seconds or DAY, context.timeout(step, DAY))
    tools = WorkspaceTools(
        codebase, allowed=frozenset(step.offered), mix_seconds=min(seconds, MIX_SECONDS)
    )
    limits, check = _limits(step, seconds), context.run.check_cancelled
    watch = watched(context)
    report = run_agent(model, request, tools, limits=limits, check=check, watch=watch)
    _keep(report, context)
    return _outcome(step, report, codebase, tools.last_test)


def _keep(report: AgentReport, context: StepContext) -> None:
    """What was said and done, for people, beside the run's other files."""
    if context.run.keeping.output_dir is not None:
        name = _NOT_PLAIN.sub("-", context.path.partition("/")[2]).strip("-")
        text = as_markdown(report.transcript)
        write_output(context.run.keeping.output_dir, f"transcripts/{name}.md", data=None, text=text)


_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.]+")


def _offline(
    step: AgentStep, context: StepContext, request: Request, model: Model, codebase: Workspace
) -> Outcome:
    reply = ask(model, request, max_repairs=step.max_repairs)
    summary = reply.text if reply.data is None else ""
    data = _data("done", summary, "", reply.data, 0, codebase)
    return Outcome(data=data, text=_text(data))


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


def _outcome(step: AgentStep, report: AgentReport, codebase: Workspace, last_test: str) -> Outcome:
    told = (report.status, report.text, report.reason, report.data, report.steps)
    data = _data(*told, codebase, last_test)
    if report.status == "done" or step.allow_stop:
        return Outcome(data=data, text=_text(data))
    error = AgentStopped(
        f"step {step.name!r}: the agent stopped after {report.steps} replies: {report.reason}",
        hint="what it did so far is in the step's data; raise its limits, or ask for less at once",
    )
    return Outcome(data=data, text=_text(data), status="failed", error=error)


def _data(
    status: str,
    summary: str,
    reason: str,
    data: Any,
    steps: int,
    codebase: Workspace,
    last_test: str = "",
) -> dict[str, Any]:
    diff = codebase.diff()
    return {
        "status": status,
        "summary": summary,
        "reason": reason,
        "data": data,
        "diff": diff,
        "files": list(files_of(diff)),
        "last_test": last_test,
        "steps": steps,
    }


def _text(data: Mapping[str, Any]) -> str:
    """What a later prompt quotes: the summary or the reason, the data, the change."""
    told = "" if data["data"] is None else json.dumps(data["data"], ensure_ascii=False, indent=2)
    return "\n\n".join(filter(None, (data["reason"] or data["summary"], told, data["diff"])))


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
