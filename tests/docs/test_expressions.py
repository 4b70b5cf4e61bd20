"""docs/expressions.md: every row is evaluated, every name of the language has its row."""

from __future__ import annotations

import json
import re
from textwrap import indent
from typing import Any

import pytest

from bot.pipeline.expressions.filters import filters
from bot.pipeline.expressions.functions import FUNCTIONS
from bot.pipeline.expressions.operators import INFIX, POSTFIX
from bot.pipeline.expressions.tests import tests as known_tests
from bot.pipeline.scope import AMBIENT, RESERVED
from tests.docs.pages import blocks, codes, tables, text_of
from tests.pipeline.support import load, run

PAGE = "expressions.md"
ROWS = [
    (t.heading, *row)
    for t in tables(PAGE)
    if t.head[:2] == ("expression", "gives")
    for row in t.rows
]


@pytest.fixture(scope="module")
def values() -> list[Any]:
    """What each row's expression gives in the page's own pipeline."""
    sample = next(blocks(PAGE)).text
    written = (f"o{n}: {json.dumps(codes(row[1])[0])}\n" for n, row in enumerate(ROWS))
    result = run(load(sample + "  outputs:\n" + indent("".join(written), "    ")))
    assert result.error is None
    return [result.outputs[f"o{number}"] for number in range(len(ROWS))]


def test_every_row_gives_what_it_says(values: list[Any]) -> None:
    wrong = {
        row[1]: f"gives {value!r}"
        for row, value in zip(ROWS, values, strict=True)
        if json.dumps(value, default=dict) != json.dumps(json.loads(codes(row[2])[0]))
    }
    assert wrong == {}
    assert len(ROWS) > 100


def words_under(*headings: str) -> set[str]:
    """Every word in the code of some tables: of their expressions and of their remarks."""
    rows = [row for row in ROWS if row[0] in headings]
    return set(
        re.findall(
            r"[A-Za-z_]\w*|[=!<>]=?",
            " ".join(" ".join(codes(cell)) for row in rows for cell in (row[1], row[3])),
        )
    )


def called_under(*headings: str) -> set[str]:
    """What the rows call, and the other spellings they name."""
    rows = [row for row in ROWS if row[0] in headings]
    calls = {name for row in rows for name in re.findall(r"([A-Za-z_]\w*)\(", row[1])}
    return calls | {name for row in rows for name in codes(row[3]) if name.isidentifier()}


def test_every_function_has_its_row_and_no_other() -> None:
    named = called_under("Texts", "Lists and maps", "Numbers", "Times")
    assert named - {"item", "index", "key", "value"} == set(FUNCTIONS)


def test_every_filter_has_its_row_and_no_other() -> None:
    rows = [row for row in ROWS if row[0] == "Filters"]
    named = {name for row in rows for name in re.findall(r"\| ([a-z]+)", row[1])}
    named |= {name for row in rows for name in re.findall(r"`([a-z]+)(?:\(|`)", row[3])}
    own = {name for name in filters() if name.isidentifier()}
    assert named - set(FUNCTIONS) - {"true"} == own - set(FUNCTIONS)


def test_every_test_has_its_row_and_no_other() -> None:
    rows = [row for row in ROWS if row[0] == "Tests"]
    named = {name for row in rows for name in re.findall(r" is ([a-z_]+)", row[1])}
    named |= {name for row in rows for name in codes(row[3])}
    assert named == set(known_tests())


def test_every_operator_has_its_row() -> None:
    words = words_under("Operators")
    wanted = {*INFIX, *POSTFIX, "between", "in", "and", "or", "not", "if", "else"}
    assert wanted <= words
    assert {"==", "!=", "<", "<=", ">", ">="} <= words
    code = " ".join(row[1] for row in ROWS if row[0] == "Operators")
    assert {"||", "!", "?", "~", "//", "%"} <= set(re.findall(r"\|\||//|[!?~%]", code))
    assert "`&&`" in text_of(PAGE)


def test_every_name_that_is_always_there_is_told() -> None:
    names = next(t for t in tables(PAGE) if t.heading == "Names")
    told = {code.split(".")[0] for row in names.rows for code in codes(row[0])}
    assert told >= {*RESERVED, *AMBIENT}
