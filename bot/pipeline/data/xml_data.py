"""XML as data and back: attributes as `@name`, text beside children as `#text`.

An element with neither is its text, or null; elements of one name beside each other are a list.
Comments, and white space between elements, are no data. Documents with a DTD are refused: entities
are how XML files attack their readers.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

MAX_DEPTH = 200

_NAME = re.compile(r"[A-Za-z_][\w.-]*(:[A-Za-z_][\w.-]*)?")
_RETURN = {"\r": "&#13;"}
_SPACES = {"\n": "&#10;", "\t": "&#9;"}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def from_xml(text: str) -> dict[str, Any]:
    """A document as a map with its root; raises `ValueError`."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_dtd
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        # The declared encoding was that of the file; this is text already.
        parser.Parse(re.sub(r"\A\ufeff?<\?xml[^>]*\?>", "", text).encode("utf-8", "strict"), True)
    except expat.ExpatError as error:
        raise ValueError(f"not valid XML: {error}") from error
    return reader.root


def _refuse_dtd(*_: Any) -> None:
    raise ValueError("a DTD is not supported")


class _Reader:
    """Builds the data while the parser walks."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self._open: list[tuple[str, dict[str, Any], list[str]]] = [("", self.root, [])]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if len(self._open) > MAX_DEPTH:
            raise ValueError("nested too deeply")
        fields: dict[str, Any] = {f"@{key}": value for key, value in attributes.items()}
        self._open.append((name, fields, []))

    def characters(self, data: str) -> None:
        """Text between tags."""
        self._open[-1][2].append(data)

    def end(self, _: str) -> None:
        """An element ends."""
        name, fields, pieces = self._open.pop()
        text = "".join(pieces)
        children = any(not key.startswith("@") for key in fields)
        if text.strip() and children:
            raise ValueError(f"<{name}> has text between its elements, which JSON cannot keep")
        value: Any = fields
        if not children and fields and text:
            fields["#text"] = text
        elif not fields:
            value = text or None
        self._put(self._open[-1][1], name, value)

    @staticmethod
    def _put(parent: dict[str, Any], name: str, value: Any) -> None:
        if name not in parent:
            parent[name] = value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]


def to_xml(data: Any) -> str:
    """A document from a map with one root; raises `ValueError` for what XML cannot hold."""
    if not isinstance(data, dict) or len(data) != 1:
        raise ValueError("XML needs a map with exactly one key, the root")
    ((name, value),) = data.items()
    if isinstance(value, list):
        raise ValueError("XML has one root, not a list of them")
    pieces: list[str] = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _write(name, value, pieces, 0)
    return "".join([*pieces, "\n"])


def _write(name: str, value: Any, pieces: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an element")
    fields = value if isinstance(value, dict) else {"#text": value}
    attributes = {key[1:]: item for key, item in fields.items() if key.startswith("@")}
    children = {key: item for key, item in fields.items() if key[:1] not in ("@", "#")}
    text = _plain(fields.get("#text"))
    for key in fields:
        if key.startswith("#") and (key != "#text" or children):
            raise ValueError(f"{key!r} cannot stand in <{name}>")
    pieces.append(f"<{name}" + "".join(_attribute(key, item) for key, item in attributes.items()))
    if not text and not children:
        pieces.append("/>")
        return
    pieces.append(f">{escape(text, _RETURN)}")
    for child, items in children.items():
        for item in items if isinstance(items, list) else [items]:
            pieces.append("\n" + "  " * (depth + 1))
            _write(child, item, pieces, depth + 1)
    pieces.append("\n" + "  " * depth if children else "")
    pieces.append(f"</{name}>")


def _attribute(name: str, value: Any) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an attribute")
    return f" {name}={quoteattr(_plain(value), {**_RETURN, **_SPACES})}"


def _plain(value: Any) -> str:
    if isinstance(value, list | dict):
        raise ValueError("a list or a map cannot stand where XML has text")
    if isinstance(value, bool):
        return str(value).lower()
    text = "" if value is None else str(value)
    if _UNPRINTABLE.search(text):
        raise ValueError("a text holds characters XML does not allow")
    return text
