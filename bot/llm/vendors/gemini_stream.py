"""Reads the chunks of a streamed answer of the Gemini API."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.core.usage import Usage
from bot.errors import ModelMisbehaved
from bot.llm.types import OnText, Reply, StopReason, ToolCall
from bot.llm.vendors.exchange import Garbled, well_formed
from bot.llm.vendors.gemini_wire import OWN_ID

if TYPE_CHECKING:
    from google.genai import types

_STOPS: Mapping[str, StopReason] = {
    "STOP": "end",
    "MAX_TOKENS": "max_tokens",
    "CONTINUATION": "max_tokens",
    "MALFORMED_FUNCTION_CALL": "tool_use",
    "UNEXPECTED_TOOL_CALL": "tool_use",
    **dict.fromkeys(
        "SAFETY RECITATION LANGUAGE BLOCKLIST PROHIBITED_CONTENT SPII ESCALATION MODEL_ARMOR "
        "PUP_LIMITED_DISABLED IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT IMAGE_RECITATION".split(),
        "refusal",
    ),
}
_UNREADABLE = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL")
_PASSING = ("MALFORMED_RESPONSE", "FINISH_REASON_UNSPECIFIED", "")
"""An answer that ended so was spoilt on the way; asked again it may come whole."""


@dataclass
class Answer:
    """One streamed answer, as far as it has arrived."""

    model: str
    parts: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""
    """Why it ended, in the vendor's word; the SDK drops the message that explains it."""
    blocked: str = ""
    """Why the prompt was not even read."""
    usage: Usage = field(default_factory=Usage)


def read(chunks: Iterable[types.GenerateContentResponse], model: str, on_text: OnText) -> Answer:
    """The answer the chunks make up; raises `Garbled` when it is not whole."""
    answer = Answer(model)
    for chunk in chunks:
        _count(answer, chunk)
        feedback = chunk.prompt_feedback
        if feedback is not None and feedback.block_reason is not None:
            message = feedback.block_reason_message
            answer.blocked = ": ".join(filter(None, (feedback.block_reason.value, message)))
        for candidate in (chunk.candidates or ())[:1]:
            if candidate.finish_reason is not None:
                answer.reason = candidate.finish_reason.value
            for part in (candidate.content and candidate.content.parts) or ():
                _add(answer, part, on_text)
    answer.parts = well_formed(answer.parts)
    if not answer.blocked and answer.reason in _PASSING:
        raise Garbled(
            f"the answer ended as {answer.reason}"
            if answer.reason
            else "the stream ended before the answer did"
        )
    return answer


def _count(answer: Answer, chunk: types.GenerateContentResponse) -> None:
    answer.model = chunk.model_version or answer.model
    counts = chunk.usage_metadata
    if counts is not None:
        answer.usage = Usage(
            input_tokens=(counts.prompt_token_count or 0)
            + (counts.tool_use_prompt_token_count or 0),
            output_tokens=(counts.candidates_token_count or 0) + (counts.thoughts_token_count or 0),
            cached_tokens=counts.cached_content_token_count or 0,
        )


def _add(answer: Answer, part: types.Part, on_text: OnText) -> None:
    """Text grows the part before it, unless one of them is signed: those go back one by one."""
    kept: dict[str, Any] = {}
    if part.function_call is not None:
        kept["function_call"] = part.function_call.model_dump(mode="json", exclude_none=True)
    elif part.text or part.thought_signature:
        kept["text"] = part.text or ""
    if kept and part.thought:
        kept["thought"] = True
    if part.thought_signature:
        kept["thought_signature"] = base64.b64encode(part.thought_signature).decode("ascii")
    last = answer.parts[-1] if answer.parts else {}
    if kept.keys() == last.keys() and "text" in kept and "thought_signature" not in kept:
        last["text"] += kept["text"]
    elif kept:
        answer.parts.append(kept)
    if part.text and not part.thought:
        on_text(part.text)


def reply(answer: Answer, asked: str, turn: int) -> Reply:
    """The answer as the rest of the program sees it; `asked` is the model it was asked of."""
    stop: StopReason | None = "refusal" if answer.blocked else _STOPS.get(answer.reason)
    usage = Usage(
        answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.cached_tokens, calls=1
    )
    if stop is None:
        raise ModelMisbehaved(f"{answer.model} stopped with {answer.reason}", usage=usage)
    calls = _calls(answer, turn)
    texts = [part["text"] for part in answer.parts if "text" in part and "thought" not in part]
    signed = any("thought_signature" in part for part in answer.parts)
    return Reply(
        text="".join(texts),
        model=answer.model,
        usage=usage,
        stop_reason="tool_use" if calls and stop == "end" else stop,
        calls=calls,
        vendor={"gemini": {"model": asked, "parts": answer.parts}} if signed else None,
        notice=f"refused: {answer.blocked or answer.reason}" if stop == "refusal" else "",
    )


def _calls(answer: Answer, turn: int) -> tuple[ToolCall, ...]:
    calls: list[ToolCall] = []
    for part in answer.parts:
        if "function_call" in part:
            call = part["function_call"]
            own = call.get("id") or f"{OWN_ID}{turn}-{len(calls)}"
            calls.append(ToolCall(own, call.get("name", ""), call.get("args", {})))
    if answer.reason in _UNREADABLE:
        problem = f"the call could not be read: {answer.reason}"
        calls.append(ToolCall(f"{OWN_ID}{turn}-{len(calls)}", "unreadable", {}, problem))
    return tuple(calls)
