"""A request as named pieces of text, so that two requests can be told apart piece by piece."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher, unified_diff

from bot.core.sanitize import mask
from bot.llm.types import Json, Message, Options, Part, Request

DIFF_LINES = 20
_WIDTH = 160
_COMPARED = 400
"""Lines of each text that are compared, from where they begin to differ."""


@dataclass(frozen=True)
class Piece:
    """Something an answer depends on; its text is masked."""

    label: str
    """What it is, the same in every run."""
    place: str
    """What it is and where, for people."""
    text: str

    @property
    def hash(self) -> str:
        """Of the text; tells whether two pieces are the same without keeping either."""
        return digest(self.text)


@dataclass(frozen=True)
class Change:
    """A piece that differs; None for the side on which there is none."""

    place: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        how = "new" if self.before is None else "gone" if self.after is None else "changed"
        return f"{self.place} ({how})"

    def diff(self) -> str:
        """A short unified diff from where the two begin to differ."""
        before, after = (self.before or "").splitlines(), (self.after or "").splitlines()
        same = next(
            (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
            min(len(before), len(after)),
        )
        start = max(same - 1, 0)
        window = slice(start, start + _COMPARED)
        lines = list(
            unified_diff(
                before[window],
                after[window],
                f"recorded: {self.place}",
                f"asked: {self.place}",
                lineterm="",
                n=1,
            )
        )
        cut = [line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…" for line in lines[:DIFF_LINES]]
        return "\n".join([*cut, *(["…"] if len(lines) > DIFF_LINES else [])])


def digest(text: str) -> str:
    """A short hash of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def writable(text: str, secrets: Iterable[str]) -> str:
    """The text as it may be kept: secrets masked, and no half characters, which no file takes."""
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return mask(text, secrets)


def pieces(model: str, request: Request, secrets: Iterable[str] = ()) -> tuple[Piece, ...]:
    """Everything the answer to `request` depends on, in the order in which a model reads it."""
    known = tuple(secrets)
    return tuple(
        Piece(*(writable(text, known) for text in (piece.label, piece.place, piece.text)))
        for piece in _pieces(model, request)
    )


def changes(recorded: tuple[Piece, ...], asked: tuple[Piece, ...]) -> tuple[Change, ...]:
    """What differs: pieces that stayed are left out, also where others came between them."""
    gone: list[Piece] = []
    new: list[Piece] = []
    matcher = SequenceMatcher(None, _keys(recorded), _keys(asked), autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            gone += recorded[a:b]
            new += asked[c:d]
    found = []
    for piece in new:
        partner = next((other for other in gone if other.label == piece.label), None)
        if partner is not None:
            gone.remove(partner)
        found.append(Change(piece.place, partner.text if partner else None, piece.text))
    return (*found, *(Change(piece.place, piece.text, None) for piece in gone))


def _keys(of: tuple[Piece, ...]) -> list[tuple[str, str]]:
    return [(piece.label, piece.hash) for piece in of]


def _pieces(model: str, request: Request) -> Iterator[Piece]:
    yield Piece("model", "the model", model)
    if request.system:
        yield Piece("system", "the system text", request.system)
    for tool in request.tools:
        body = {"description": tool.description, "parameters": dict(tool.parameters)}
        yield Piece(f"tool {tool.name}", f"tool {tool.name!r}", _json(body))
    if request.output_schema is not None:
        yield Piece("schema", "the output schema", _json(dict(request.output_schema)))
    yield from _messages("history", request.history)
    for number, part in enumerate(request.parts, 1):
        yield from _part(number, part)
    yield from _messages("turn", request.turns)
    options = {name: v for name, v in asdict(request.options).items() if v != _DEFAULTS[name]}
    if options:
        yield Piece("options", "the options", _json(options))
    if request.skill or request.arguments:
        asked = {"skill": request.skill, "arguments": dict(request.arguments)}
        yield Piece("skill", "the offline skill and its arguments", _json(asked))


def _part(number: int, part: Part) -> Iterator[Piece]:
    label = f"{part.kind} {part.name}".strip()
    place = f"part {number}, {part.kind}{f' {part.name!r}' if part.name else ''}"
    yield Piece(label, place, part.text)
    if part.data is not None:
        yield Piece(f"data of {label}", f"the data of {place}", _json(part.data))


def _messages(what: str, messages: tuple[Message, ...]) -> Iterator[Piece]:
    # What a vendor wants back unchanged is no prompt; it came from replies, which are recorded.
    for number, message in enumerate(messages, 1):
        calls = [f"-> {call.name} {_json(dict(call.arguments))}" for call in message.calls]
        results = [
            f"<- {result.name}{' failed' if result.failed else ''}: {result.text}"
            for result in message.results
        ]
        text = "\n".join(filter(None, (message.text, *calls, *results)))
        yield Piece(f"{what} {message.role}", f"{what} {number}, {message.role}", text)


def _json(value: Json) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str)


_DEFAULTS = asdict(Options())
