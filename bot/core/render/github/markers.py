"""The hidden line by which a body of ours is found again, and the one way to keep a body short."""

from __future__ import annotations

import re
from collections.abc import Mapping

LIMIT = 65_536
"""Characters of a body; GitHub counts code points and refuses more."""

BODY = 60_000
"""Characters of what we write by ourselves: below the limit, so that a marker always fits."""

CUT = "\n\n_Cut here: the text was too long for GitHub._"

_NAME = re.compile(r"[a-z][a-z0-9-]*\Z")
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*\Z")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_MARKER = re.compile(
    r"<!-- genesis(?P<fields>(?: [a-z][a-z0-9-]*=[A-Za-z0-9][A-Za-z0-9._/:-]*){2,12}) -->"
)


def marker(plan: str, kind: str, **fields: object) -> str:
    """`<!-- genesis plan=42 kind=status -->`, other fields before the kind, in the order given.

    Raises `ValueError` for a value that is more than one plain word.
    """
    pairs = {"plan": plan, **fields, "kind": kind}
    for name, value in pairs.items():
        text = str(value)
        if not _NAME.match(name) or not _VALUE.match(text) or "--" in text:
            raise ValueError(f"{name}={value!r} cannot stand in a marker")
    return f"<!-- genesis {' '.join(f'{name}={value}' for name, value in pairs.items())} -->"


def read(body: str) -> Mapping[str, str] | None:
    """The fields of the marker on the last line of a body, or else on the first; None without.

    Only a whole line counts, so that a quoted body is not taken for the one it quotes.
    """
    lines = body.replace("\r\n", "\n").strip("\n").split("\n")
    for line in (lines[-1], lines[0]):
        found = _MARKER.fullmatch(line.rstrip(" "))
        if found:
            pairs = [pair.partition("=")[::2] for pair in found["fields"].split()]
            fields = dict(pairs)
            if len(fields) == len(pairs) and {"plan", "kind"} <= fields.keys():
                return fields
    return None


def fit(text: str, marker: str = "", limit: int = LIMIT) -> str:
    """`text` with the marker as its last line, cut between lines so that all fits the limit."""
    tail = f"\n\n{marker}" if marker else ""
    if len(text) + len(tail) <= limit:
        return text.rstrip("\n") + tail
    room = limit - len(tail) - len(CUT)
    if room < 0:
        raise ValueError(f"no room for the marker within {limit} characters")
    return _head(text, room) + CUT + tail


def _head(text: str, room: int) -> str:
    """The first whole lines of `text` with what they leave open closed, within `room`."""
    kept, used, ends = 0, 0, ""
    fence, folds = "", 0
    for line in text.split("\n"):
        used += len(line) + 1
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) and line.strip() == mark[1] else fence
        elif mark:
            fence = mark[1]
        else:
            folds = max(0, folds + line.count("<details") - line.count("</details>"))
        closing = (f"\n{fence}" if fence else "") + "\n\n</details>" * folds
        if used - 1 > room:
            break
        if used - 1 + len(closing) <= room:
            kept, ends = used - 1, closing
    return text[:kept] + ends if kept else text[:room]
