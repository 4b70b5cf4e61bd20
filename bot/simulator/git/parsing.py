"""Commits, tags and trees from their bytes, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import cast

from bot.simulator.git.errors import ObjectInvalid
from bot.simulator.git.objects import Commit, Kind, Person, Tag

PERSON = re.compile(
    r"(?P<name>.*?) ?<(?P<email>[^>]*)>(?: (?P<seconds>-?\d{1,18}) (?P<zone>[+-]\d{4}))?"
)
MODES: Mapping[str, Kind] = {
    "040000": "tree",
    "100644": "blob",
    "100755": "blob",
    "120000": "blob",
    "160000": "commit",
}
PERSON_PART = 2048
"""How many characters of a name and of an email are written."""
LATEST = 253_402_214_399
"""The last second but a day that has a date of four digits, so that it has one in every zone."""


def parse_commit(sha: str, data: bytes) -> Commit:
    headers, message = _split(data)
    author, committer = headers.get("author"), headers.get("committer")
    return Commit(
        sha,
        headers.get("tree", [""])[0],
        tuple(headers.get("parent", [])),
        parse_person(author[0] if author else ""),
        parse_person(committer[0] if committer else ""),
        message,
        headers.get("gpgsig", [None])[0],
    )


def parse_tag(sha: str, data: bytes) -> Tag:
    headers, message = _split(data)
    tagger = headers.get("tagger")
    return Tag(
        sha,
        headers.get("tag", [""])[0],
        headers.get("object", [""])[0],
        cast("Kind", headers.get("type", ["commit"])[0]),
        parse_person(tagger[0]) if tagger else None,
        message,
    )


def parse_person(text: str) -> Person:
    """Never fails: history holds persons without a name and dates of no calendar."""
    match = PERSON.match(text)
    if match is None:
        return Person(text.strip(), "", datetime.fromtimestamp(0, UTC))
    seconds = min(max(int(match["seconds"] or 0), 0), LATEST)
    return Person(match["name"], match["email"], datetime.fromtimestamp(seconds, _zone(match)))


def _zone(match: re.Match[str]) -> timezone:
    zone = match["zone"] or "+0000"
    minutes = int(zone[1:3]) * 60 + int(zone[3:])
    return timezone(timedelta(minutes=min(minutes, 1439)) * (-1 if zone[0] == "-" else 1))


def parse_tree(data: bytes) -> list[tuple[str, str, str]]:
    """(mode of six digits, name, sha) of each entry."""
    entries, at = [], 0
    while at < len(data):
        end = data.index(b"\0", at)
        mode, name = data[at:end].split(b" ", 1)
        sha = data[end + 1 : end + 21].hex()
        entries.append((mode.decode().zfill(6), name.decode(errors="surrogateescape"), sha))
        at = end + 21
    return entries


def kind_of(mode: str) -> Kind:
    """Also of the odd modes that old histories hold, such as 100664."""
    return MODES.get(mode, "blob")


def format_tree(entries: Iterable[tuple[str, str, str]]) -> bytes:
    """The inverse of `parse_tree`, in the order git wants."""

    def order(entry: tuple[str, str, str]) -> bytes:
        return entry[1].encode(errors="surrogateescape") + b"/" * (entry[0] == "040000")

    return b"".join(
        b"%s %s\0%s"
        % (
            mode.lstrip("0").encode(),
            name.encode(errors="surrogateescape"),
            bytes.fromhex(sha),
        )
        for mode, name, sha in sorted(entries, key=order)
    )


def format_commit(
    tree: str, parents: Iterable[str], author: Person, committer: Person, message: str
) -> bytes:
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {format_person(author)}", f"committer {format_person(committer)}"]
    return _joined(lines, message)


def format_tag(name: str, target: str, kind: Kind, tagger: Person, message: str) -> bytes:
    lines = [f"object {target}", f"type {kind}", f"tag {name}", f"tagger {format_person(tagger)}"]
    return _joined(lines, message)


def format_person(person: Person) -> str:
    """Raises ObjectInvalid for what would break the header or the date."""
    if re.search(r"[<>\n\0]", person.name + person.email) or person.when.tzinfo is None:
        raise ObjectInvalid("A name or an email cannot hold <, > or a line break")
    seconds = int(person.when.timestamp())
    if seconds < 0:
        raise ObjectInvalid(f"{person.date} is too early for git")
    name, email = (part.strip()[:PERSON_PART].strip() for part in (person.name, person.email))
    zone = f"{person.when:%z}"[:5]  # git's zones have no seconds
    return f"{name} <{email}> {seconds} {zone}"


def _joined(lines: Iterable[str], message: str) -> bytes:
    if "\0" in message:
        raise ObjectInvalid("a message cannot contain NUL")
    try:
        return ("\n".join(lines) + "\n\n" + message).encode()
    except UnicodeEncodeError as error:
        raise ObjectInvalid("a text is not Unicode") from error


def _split(data: bytes) -> tuple[dict[str, list[str]], str]:
    """Headers by name, with their continuation lines, and the message."""
    head, _, body = data.partition(b"\n\n")
    found = re.search(rb"^encoding (\S+)$", head, re.MULTILINE)
    text = _decode(head, found)
    headers: dict[str, list[str]] = {}
    last: list[str] = []
    for line in text.split("\n"):
        if line.startswith(" ") and last:
            last[-1] += "\n" + line[1:]
            continue
        name, _, value = line.partition(" ")
        last = headers.setdefault(name, [])
        last.append(value)
    return headers, _decode(body, found)


def _decode(data: bytes, encoding: re.Match[bytes] | None) -> str:
    try:
        text = data.decode(encoding[1].decode() if encoding else "utf-8", errors="replace")
    except (LookupError, ValueError):
        text = data.decode(errors="replace")
    # Some encodings, UTF-7 among them, can say halves of characters, which JSON cannot.
    return text.encode(errors="replace").decode()
