"""A model that says what it was told to say: for tests, demonstrations and dry runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from bot.errors import ModelMisbehaved, OtpError
from bot.llm.tokens import estimate_request
from bot.llm.types import Json, OnText, Reply, Request, ToolCall, unheard

Said = str | Reply | ToolCall | tuple[ToolCall, ...]
Line = Said | OtpError | Callable[[Request], Said]


def call(tool: str, /, **arguments: Json) -> ToolCall:
    """A tool call for a script; the model numbers it."""
    return ToolCall("", tool, arguments)


class ScriptedModel:
    """Answers request n with line n; an error in the script is raised. Keeps what it was asked."""

    def __init__(
        self, lines: Iterable[Line], *, name: str = "scripted", local: bool = False
    ) -> None:
        self._lines = list(lines)
        self._name = name
        self._local = local
        self.requests: list[Request] = []

    @property
    def name(self) -> str:
        return self._name

    @property
    def local(self) -> bool:
        return self._local

    def count_tokens(self, request: Request) -> int:
        """Estimated."""
        return estimate_request(request)

    def complete(self, request: Request, *, on_text: OnText = unheard) -> Reply:
        """The next line; raises `ModelMisbehaved` when the script is over."""
        position = len(self.requests)
        self.requests.append(request)
        if position >= len(self._lines):
            raise ModelMisbehaved(
                f"the script has {len(self._lines)} replies, {request.step!r} asks for one more"
            )
        line = self._lines[position]
        if isinstance(line, OtpError):
            raise line
        reply = self._reply(line(request) if callable(line) else line, position)
        on_text(reply.text)
        return reply

    def _reply(self, said: Said, position: int) -> Reply:
        if isinstance(said, Reply):
            return said
        if isinstance(said, str):
            return Reply(text=said, model=self._name)
        calls = said if isinstance(said, tuple) else (said,)
        numbered = (replace(c, id=f"call-{position}-{i}") for i, c in enumerate(calls))
        return Reply("", self._name, stop_reason="tool_use", calls=tuple(numbered))
