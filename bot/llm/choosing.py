"""Lets a model choose which functions to call: its calls are the answer, nothing is run."""

from __future__ import annotations

from dataclasses import replace

from bot.errors import ModelMisbehaved
from bot.llm.agents.agent_calls import problem, understood
from bot.llm.structured import MAX_REPAIRS, require_complete
from bot.llm.types import (
    Message,
    Model,
    OnText,
    Reply,
    Request,
    ToolCall,
    ToolResult,
    Usage,
    unheard,
)


def choose(
    model: Model, request: Request, *, max_repairs: int = MAX_REPAIRS, on_text: OnText = unheard
) -> Reply:
    """The reply to `request`, every call in it valid for one of the request's tools.

    Raises `ModelMisbehaved` after `max_repairs` corrections, on a refusal and on a cut reply.
    """
    tools = {tool.name: tool for tool in request.tools}
    usage, current = Usage(), request
    wrong: dict[str, str] = {}
    for _ in range(max_repairs + 1):
        reply = model.complete(current, on_text=on_text)
        usage = usage + reply.usage
        if reply.stop_reason not in ("end", "tool_use"):
            require_complete(reply, request, usage)
        calls = tuple(understood(call, tools) for call in reply.calls)
        wrong = {call.id: found for call in calls if (found := problem(call, tools))}
        if not wrong:
            return replace(reply, calls=calls, usage=usage)
        said = Message("user", results=tuple(_answer(call, wrong) for call in calls))
        current = replace(current, turns=(*current.turns, reply.message(), said))
    raise ModelMisbehaved(
        f"step {request.step!r}: {model.name} called no function in the right form: "
        f"{next(iter(wrong.values()))}",
        violations=tuple(wrong.values()),
        usage=usage,
        hint="simplify the parameters, or say in the prompt what each is for",
    )


def _answer(call: ToolCall, wrong: dict[str, str]) -> ToolResult:
    text = wrong.get(call.id, "not taken: another call of this reply is wrong; send all again")
    return ToolResult(call.id, call.name, text, failed=True)
