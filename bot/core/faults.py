"""What does not fit a record, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any


def near(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """`; did you mean 'x'?`, or nothing; `cutoff` is how alike they must be, up to 1."""
    found = get_close_matches(word, [str(name) for name in known], 1, cutoff)
    return f"; did you mean {found[0]!r}?" if found else ""


def plainly(kind: str, context: Mapping[str, Any], otherwise: str) -> str:
    """A fault of pydantic's by its kind and context; `otherwise` where it has no words here."""
    return _SAID[kind](context) if kind in _SAID else otherwise


def _always(said: str) -> Callable[[Any], str]:
    return lambda context: said


_SAID: Mapping[str, Callable[[Any], str]] = {
    **{kind: _always("must be text") for kind in ("string_type", "string_unicode")},
    **{
        kind: _always("must be a whole number")
        for kind in ("int_type", "int_from_float", "int_parsing", "int_parsing_size")
    },
    **{kind: _always("must be a number") for kind in ("float_type", "float_parsing")},
    **{kind: _always("must be true or false") for kind in ("bool_type", "bool_parsing")},
    **{kind: _always("must be a list") for kind in ("tuple_type", "list_type")},
    **{
        kind: _always("must be a map")
        for kind in ("dict_type", "model_type", "model_attributes_type")
    },
    **{kind: _always("must not be empty") for kind in ("too_short", "string_too_short")},
    "missing": _always("this key is missing"),
    "none_required": _always("must be null"),
    "finite_number": _always("must be a finite number"),
    "union_tag_not_found": lambda c: f"the key {c['discriminator']} is missing",
    "value_error": lambda c: str(c["error"]),
    "string_too_long": lambda c: f"must have at most {c['max_length']} characters",
    "too_long": lambda c: f"must have at most {c['max_length']} items",
    "greater_than_equal": lambda c: f"must be at least {c['ge']:g}",
    "greater_than": lambda c: f"must be more than {c['gt']:g}",
    "less_than_equal": lambda c: f"must be at most {c['le']:g}",
    "less_than": lambda c: f"must be less than {c['lt']:g}",
}
