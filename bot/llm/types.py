"""What a model step asks, and what any model answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

Json = Any
"""A value that `json.dumps` takes."""

StopReason = Literal["end", "max_tokens", "refusal"]


@dataclass(frozen=True)
class Part:
    """One piece of a prompt; everything but instructions is data and is delimited as such."""

    kind: Literal["instructions", "file", "response"]
    text: str
    name: str = ""
    """Path of a file, name of the step that gave a response."""
    data: Json = None
    """The structured form of a response, when it has one."""


@dataclass(frozen=True)
class Turn:
    """An earlier exchange of the same request: a refused reply and what was wrong with it."""

    reply: str
    correction: str


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
    options: Mapping[str, Json] = field(default_factory=dict)
    """Preset, model name, max_tokens and the like."""
    step: str = ""
    turns: tuple[Turn, ...] = ()

    def prompt(self) -> str:
        """The text a model reads; data sections cannot be closed from within."""
        return "\n\n".join(_section(part) for part in self.parts)

    def corrected(self, reply: str, correction: str) -> Request:
        """The same request with one more refused reply."""
        return replace(self, turns=(*self.turns, Turn(reply, correction)))


@dataclass(frozen=True)
class Usage:
    """What a reply cost; zeros for local models."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    usd: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            self.usd + other.usd,
        )


@dataclass(frozen=True)
class Reply:
    """One answer; `data` is set when the model answered in structured form."""

    text: str
    model: str
    data: Json = None
    usage: Usage = field(default_factory=Usage)
    stop_reason: StopReason = "end"


class Model(Protocol):
    """Anything that answers requests."""

    @property
    def name(self) -> str:
        """Shown in traces and notices."""

    @property
    def local(self) -> bool:
        """True when asking again costs nothing, so replies need no checkpoint."""

    def complete(self, request: Request) -> Reply:
        """Answer; raises `NeedsModel`, `ModelMisbehaved` or `Transient`."""


def _section(part: Part) -> str:
    if part.kind == "instructions":
        return part.text
    name = part.name.replace("<", "").replace(">", "").replace('"', "").replace("\n", " ")
    body = part.text.replace("</data", "<\\/data")
    return f'<data kind="{part.kind}" name="{name}">\n{body}\n</data>'
