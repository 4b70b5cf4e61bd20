"""A model that says what it was told to say: for tests, demonstrations and dry runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.errors import ModelMisbehaved, OtpError
from bot.llm.tokens import estimate_request
from bot.llm.types import OnText, Reply, Request, unheard

Line = str | Reply | OtpError | Callable[[Request], "str | Reply"]


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
        said = line(request) if callable(line) else line
        reply = said if isinstance(said, Reply) else Reply(text=said, model=self._name)
        on_text(reply.text)
        return reply
