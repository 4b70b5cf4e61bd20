"""Text that UTF-8 can hold: JSON and git can give us halves of surrogate pairs."""

from __future__ import annotations

from typing import Any


def whole(value: Any) -> Any:
    """The same with the replacement character in the place of each half, also deep within."""
    match value:
        case str():
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case dict():
            return {whole(name): whole(part) for name, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return type(value)(whole(part) for part in value)
        case _:
            return value
