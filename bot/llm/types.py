"""What a model step asks, and what any model answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from bot.core.usage import Usage as Usage

Json = Any
"""A value that `json.dumps` takes."""

StopReason = Literal["end", "tool_use", "max_tokens", "refusal", "context_full"]

PartKind = Literal["instructions", "file", "response", "session", "findings", "codebase"]


@dataclass(frozen=True)
class Part:
    """One piece of a prompt; everything but instructions is data and is delimited as such."""

    kind: PartKind
    text: str
    name: str = ""
    """Path of a file, name of the step that gave a response."""
    data: Json = None
    """The structured form of a response, when it has one."""


@dataclass(frozen=True)
class Tool:
    """Something the model may call."""

    name: str
    description: str
    parameters: Mapping[str, Json]
    """JSON Schema of its arguments, an object."""


@dataclass(frozen=True)
class ToolCall:
    """A call the model asks for."""

    id: str
    name: str
    arguments: Mapping[str, Json]
    problem: str = ""
    """Why the arguments could not be read; they are empty then."""


@dataclass(frozen=True)
class ToolResult:
    """What came of one call."""

    id: str
    name: str
    text: str
    failed: bool = False


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()
    vendor: Json = None
    """What the vendor wants back unchanged (thinking, signatures): `{"<vendor>": ...}`."""


@dataclass(frozen=True)
class Options:
    """How the answer is made; a vendor ignores what it does not know."""

    preset: str = ""
    model: str = ""
    """Name or alias; empty for the configured one."""
    fallback_model: str = ""
    """Asked when `model` is overloaded."""
    max_tokens: int | None = None
    timeout_seconds: float | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    effort: Literal["", "low", "medium", "high", "xhigh", "max"] = ""


@dataclass(frozen=True)
class Request:
    """One question to a model."""

    parts: tuple[Part, ...]
    output_schema: Mapping[str, Json] | None = None
    """JSON Schema the reply must satisfy; None for plain text."""
    skill: str = ""
    """Which offline skill serves this step; vendors ignore it."""
    arguments: Mapping[str, Json] = field(default_factory=dict)
    """Structured input of the skill; vendors see only the prompt."""
    options: Options = field(default_factory=Options)
    step: str = ""
    system: str = ""
    """Standing instructions; they come first and change least, so vendors can cache them."""
    history: tuple[Message, ...] = ()
    """The conversation before this prompt, oldest first."""
    turns: tuple[Message, ...] = ()
    """What followed the prompt: refused replies and corrections, tool calls and their results."""
    tools: tuple[Tool, ...] = ()

    def prompt(self) -> str:
        """The text a model reads; data sections cannot be closed from within."""
        return "\n\n".join(section(part) for part in self.parts)

    def messages(self) -> tuple[Message, ...]:
        """The whole conversation as the model is to read it."""
        return (*self.history, Message("user", self.prompt()), *self.turns)

    def corrected(self, reply: Reply, correction: str) -> Request:
        """The same request with one more refused reply."""
        return replace(self, turns=(*self.turns, reply.message(), Message("user", correction)))


@dataclass(frozen=True)
class Reply:
    """One answer; `data` is set when the model answered in structured form."""

    text: str
    model: str
    data: Json = None
    usage: Usage = field(default_factory=Usage)
    stop_reason: StopReason = "end"
    calls: tuple[ToolCall, ...] = ()
    vendor: Json = None
    """See `Message.vendor`."""
    notice: str = ""
    """Something a person should know, such as another model having answered."""
    restored: bool = False
    """Taken from a checkpoint; `usage` is zero then."""

    def message(self) -> Message:
        """The answer as a turn of the conversation."""
        return Message("assistant", self.text, calls=self.calls, vendor=self.vendor)


@dataclass(frozen=True)
class ModelInfo:
    """What a vendor says of one of its models; what it does not say is None or empty."""

    name: str
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    lifecycle: str = ""
    """In the vendor's word: `active`, `deprecated`, `retired`."""
    retires_on: str = ""
    """The day it ends, as `YYYY-MM-DD`."""


OnText = Callable[[str], None]
"""Called with each piece of text as it arrives; a cut answer that is asked anew comes again."""


def unheard(text: str) -> None:
    """An `OnText` for nobody."""


class Model(Protocol):
    """Anything that answers requests."""

    @property
    def name(self) -> str:
        """Shown in traces and notices: the provider's name."""

    @property
    def local(self) -> bool:
        """True when asking again costs nothing, so replies need no checkpoint."""

    def complete(self, request: Request, *, on_text: OnText = unheard) -> Reply:
        """Answer; raises `NeedsModel`, `ModelMisbehaved` or `Transient`."""

    def count_tokens(self, request: Request) -> int:
        """Input tokens the request has, estimated where the vendor is not to be asked."""


_CLOSING = re.compile(r"<(?=\s*/\s*data\b)", re.IGNORECASE)
"""Where a section would end, however a model may read it."""


def section(part: Part) -> str:
    """The part as it stands in a prompt."""
    if part.kind == "instructions":
        return part.text
    name = part.name.replace("<", "").replace(">", "").replace('"', "").replace("\n", " ")
    body = _CLOSING.sub(r"<\\", part.text)
    return f'<data kind="{part.kind}" name="{name}">\n{body}\n</data>'
