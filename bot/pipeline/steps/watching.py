"""Tells whoever watches the run what a model with tools is doing."""

from __future__ import annotations

from bot.core.sanitize import one_line
from bot.llm.agents.agent import AgentEvent, Watch
from bot.llm.types import ToolCall
from bot.pipeline.context import StepContext

_TELLING = ("path", "pattern", "task", "summary", "reason")
"""Arguments that say what a call is about."""


def watched(context: StepContext) -> Watch:
    """A `Watch` that turns each turn of the model into one line of progress."""

    def hear(event: AgentEvent) -> None:
        if event.message.calls:
            calls = ", ".join(map(_call, event.message.calls))
            context.progress(f"turn {event.step}: {calls}")

    return hear


def _call(call: ToolCall) -> str:
    about = next((str(call.arguments[n]) for n in _TELLING if call.arguments.get(n)), "")
    return one_line(f"{call.name} {about}")[:80].rstrip()
