"""Reads the events of a streamed message of Anthropic's Messages API.

The SDK can add them up as well, but it takes a call that was cut in the middle of its arguments for
a whole one, gives up at arguments that are no JSON, and calls a stream complete that merely ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.core.usage import Usage
from bot.errors import ModelMisbehaved
from bot.llm.types import OnText, Reply, StopReason, ToolCall
from bot.llm.vendors.exchange import Garbled, understood, well_formed

Event = Mapping[str, Any]

_STOPS: Mapping[str, StopReason] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "tool_use",
    "max_tokens": "max_tokens",
    "refusal": "refusal",
    "model_context_window_exceeded": "context_full",
}
PAUSED = "pause_turn"

_TEXT_OF = {"text_delta": "text", "thinking_delta": "thinking"}


@dataclass
class Answer:
    """One streamed message, as far as it has arrived."""

    model: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    stop_reason: str = ""
    details: Event = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    ended: bool = False
    arguments: dict[int, str] = field(default_factory=dict)
    """Of tool calls, by block: the JSON as it was written."""
    problems: dict[int, str] = field(default_factory=dict)

    def usage(self) -> Usage:
        """What the message used."""
        read, written = (
            self.counts.get(f"cache_{what}_input_tokens", 0) for what in ("read", "creation")
        )
        return Usage(
            input_tokens=self.counts.get("input_tokens", 0) + read + written,
            output_tokens=self.counts.get("output_tokens", 0),
            cached_tokens=read,
            cache_write_tokens=written,
            calls=1,
        )

    def follow(self, earlier: Answer) -> None:
        """Become the whole turn that `earlier` is the beginning of."""
        before = len(earlier.blocks)
        self.blocks = earlier.blocks + self.blocks
        shifted = {index + before: problem for index, problem in self.problems.items()}
        self.problems = earlier.problems | shifted


def read(events: Iterable[Event], on_text: OnText) -> Answer:
    """The message the events make up; raises `Garbled` when they make up none, or half a one."""
    answer = Answer()
    for event in events:
        piece = understood(partial(_hear, answer, event))
        if piece:
            on_text(piece)
    if not answer.ended or not answer.stop_reason:
        raise Garbled("the stream ended before the answer did")
    for index, text in answer.arguments.items():
        answer.blocks[index]["input"], answer.problems[index] = _arguments(text)
    answer.blocks = well_formed(answer.blocks)
    return answer


def _hear(answer: Answer, event: Event) -> str:
    match event["type"]:
        case "message_start":
            answer.model = str(event["message"]["model"])
            _count(answer, event["message"].get("usage") or {})
        case "content_block_start":
            answer.blocks.append(dict(event["content_block"]))
            if event["content_block"]["type"] == "tool_use":
                answer.arguments[event["index"]] = ""
            return str(event["content_block"].get("text", ""))
        case "content_block_delta":
            return _extend(answer, event["index"], event["delta"])
        case "message_delta":
            answer.stop_reason = event["delta"].get("stop_reason") or answer.stop_reason
            answer.details = event["delta"].get("stop_details") or answer.details
            _count(answer, event.get("usage") or {})
        case "message_stop":
            answer.ended = True
    return ""


def _extend(answer: Answer, index: int, delta: Event) -> str:
    block, kind = answer.blocks[index], delta["type"]
    if kind in _TEXT_OF:
        name = _TEXT_OF[kind]
        block[name] = block.get(name, "") + delta[name]
        return str(delta[name]) if name == "text" else ""
    if kind == "signature_delta":
        block["signature"] = delta["signature"]
    elif kind == "input_json_delta":
        answer.arguments[index] = answer.arguments.get(index, "") + delta["partial_json"]
    return ""


def _count(answer: Answer, usage: Event) -> None:
    """Later counts are totals and replace earlier ones."""
    answer.counts |= {name: count for name, count in usage.items() if isinstance(count, int)}


def _arguments(text: str) -> tuple[dict[str, Any], str]:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        return {}, f"the arguments are no JSON: {error}"
    return (value, "") if isinstance(value, dict) else ({}, "the arguments are no JSON object")


def reply(answer: Answer, usage: Usage, prefix: str, notice: str) -> Reply:
    """The answer as the rest of the program sees it."""
    if answer.stop_reason not in _STOPS:
        raise ModelMisbehaved(
            f"{answer.model} stopped for a reason we do not know: {answer.stop_reason!r}",
            usage=usage,
        )
    stop = _STOPS[answer.stop_reason]
    thinks = any(block["type"] in ("thinking", "redacted_thinking") for block in answer.blocks)
    return Reply(
        text="".join(block.get("text", "") for block in answer.blocks if block["type"] == "text"),
        model=answer.model,
        usage=usage,
        stop_reason=stop,
        calls=tuple(
            ToolCall(block["id"], block["name"], block["input"], answer.problems.get(index, ""))
            for index, block in enumerate(answer.blocks)
            if block["type"] == "tool_use"
        ),
        vendor={"anthropic": {"prefix": prefix, "blocks": answer.blocks}} if thinks else None,
        notice="; ".join(filter(None, (notice, _refused(answer) if stop == "refusal" else ""))),
    )


def _refused(answer: Answer) -> str:
    why = [
        str(answer.details[key]) for key in ("category", "explanation") if answer.details.get(key)
    ]
    return ": ".join(("refused", *why))
