"""Ways into data: `a.b`, `a[0]`, `$.suites[*].tests[?(@.status == 'failed')].name`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_DOTTED = re.compile(r"[^.\[\]{}\s]+(\.[^.\[\]{}\s]+)*")

Picks = Callable[[str, list[Any]], list[bool]]
"""Whether a condition holds, for each item."""

_START = re.compile(r"\$\.?")
_SEGMENT = re.compile(r"\.?([^.\[\]\s$][^.\[\]]*)|\[(-?\d+|\*)\]|\['([^']*)'\]|\.(\*)")


@dataclass(frozen=True)
class Where:
    """`[?(condition)]`: the items it holds for."""

    condition: str


@dataclass(frozen=True)
class All:
    """`[*]`: every item of a list, every value of a map."""


Segment = str | int | Where | All


def parse_path(path: str) -> tuple[Segment, ...]:
    """The segments of a way; raises `ValueError` saying what is wrong with it."""
    begin = _START.match(path)
    position = begin.end() if begin else 0
    found: list[Segment] = []
    while position < len(path):
        if path.startswith("[?(", position):
            end = _closing(path, position + 2)
            found.append(Where(path[position + 3 : end]))
            position = end + 2
            continue
        segment = _SEGMENT.match(path, position)
        if segment is None:
            raise ValueError(f"{path!r} is no way into data; stuck at {path[position:][:20]!r}")
        key, index, quoted, star = segment.groups()
        if key is not None or quoted is not None:
            found.append(key if key is not None else quoted)
        else:
            found.append(All() if star or index == "*" else int(index))
        position = segment.end()
    if not found and not begin:
        raise ValueError("a way into data is empty")
    return tuple(found)


def _closing(path: str, start: int) -> int:
    """Where the bracket opened at `start` closes, before `]`."""
    depth, quote = 0, ""
    for position in range(start, len(path)):
        character = path[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
            if depth == 0 and path.startswith(")]", position):
                return position
    raise ValueError(f"{path!r}: a bracket is not closed")


def is_single(path: Sequence[Segment]) -> bool:
    """Whether the way leads to one value at most."""
    return not any(isinstance(segment, All | Where) for segment in path)


def find(data: Any, path: Sequence[Segment], picks: Picks) -> list[Any]:
    """Every value the way leads to, in order; what is not there is left out."""
    found = [data]
    for segment in path:
        found = [value for item in found for value in _step(item, segment, picks)]
    return found


def _step(data: Any, segment: Segment, picks: Picks) -> list[Any]:
    if isinstance(segment, str):
        return [data[segment]] if isinstance(data, Mapping) and segment in data else []
    items = list(data.values()) if isinstance(data, Mapping) else data
    if not isinstance(items, list | tuple):
        return []
    if isinstance(segment, int):
        inside = isinstance(data, list | tuple) and -len(items) <= segment < len(items)
        return [items[segment]] if inside else []
    if isinstance(segment, All):
        return list(items)
    kept = picks(segment.condition, list(items))
    return [item for item, keep in zip(items, kept, strict=True) if keep]


def value_at(data: Any, path: str) -> Any:
    """The value a dotted way leads to, None where it ends early."""
    for key in path.split("."):
        if isinstance(data, Mapping):
            data = data.get(key)
        elif isinstance(data, list | tuple) and key.isdigit() and int(key) < len(data):
            data = data[int(key)]
        else:
            return None
    return data


def with_value(data: Any, path: str, value: Any) -> dict[str, Any]:
    """A copy of a map with the value at a dotted way; maps on the way are made or copied."""
    key, _, rest = path.partition(".")
    inner = data if isinstance(data, Mapping) else {}
    return {**inner, key: with_value(inner.get(key), rest, value) if rest else value}


def dotted(path: str) -> str:
    """A way of names only, or nothing; raises `ValueError` for anything else."""
    if path and not _DOTTED.fullmatch(path):
        raise ValueError(f"{path!r} is no dotted way such as 'report.items'")
    return path
