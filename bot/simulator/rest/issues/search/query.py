"""The query of a search: words, quoted phrases and qualifiers, each of which `-` negates."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.simulator.errors import ApiError

MAX_TEXT = 256
"""Characters of a query beside its qualifiers."""
MAX_OPERATORS = 5

_TERM = re.compile(
    r"""(?P<not>-)?(?:
        (?P<name>[A-Za-z][A-Za-z-]*):(?P<value>(?:"[^"]*"|[^\s"])+)
      | "(?P<phrase>[^"]*)"
      | (?P<word>[^\s"]+)
    )""",
    re.VERBOSE,
)
_VALUE = re.compile(r'(?:"[^"]*"|[^,"])+')
_SCHEMES = ("http", "https")
"""What stands before a colon without being a qualifier."""


@dataclass(frozen=True)
class Term:
    """A qualifier with its alternatives (`label:a,b`), or, without a name, a text to be found."""

    name: str
    values: tuple[str, ...]
    negated: bool = False


def parse_query(text: str) -> list[Term]:
    """Raises:
    ApiError: 422 for what GitHub would not search for, and for OR, which is not known here.
    """
    terms: list[Term] = []
    operators = 0
    negate_next = False
    for match in _TERM.finditer(text):
        word = match["word"]
        if word in ("AND", "NOT"):
            operators += 1
            negate_next = word == "NOT"
            continue
        if word == "OR":
            raise bad_query("The operator OR is not supported.")
        terms.append(_term(match, bool(match["not"]) != negate_next))
        negate_next = False
    if operators > MAX_OPERATORS:
        raise bad_query(f"More than {MAX_OPERATORS} AND / OR / NOT operators were used.")
    if sum(len(value) for term in terms if not term.name for value in term.values) > MAX_TEXT:
        raise bad_query(f"The search is longer than {MAX_TEXT} characters.")
    return terms


def bad_query(message: str, code: str = "invalid") -> ApiError:
    error = {"message": message, "resource": "Search", "field": "q", "code": code}
    return ApiError(422, "Validation Failed", [error])


def _term(match: re.Match[str], negated: bool) -> Term:
    name, value = match["name"], match["value"]
    if name is None:
        return Term("", (match["phrase"] or match["word"] or "",), negated)
    if name.lower() in _SCHEMES:
        return Term("", (f"{name}:{value}",), negated)
    values = [part.replace('"', "") for part in _VALUE.findall(value)]
    return Term(name.lower(), tuple(values), negated)
