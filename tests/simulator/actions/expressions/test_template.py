"""Texts with expressions in them, and conditions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.evaluator import Scope
from bot.simulator.actions.expressions.template import (
    compute,
    compute_tree,
    condition_holds,
    render,
)
from bot.simulator.actions.runner.frame import Status, status_functions

SCOPE = Scope({"env": {"A": "x", "N": 3.0, "L": [1, 2]}})


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("plain", "plain"),
        ("${{ env.A }}", "x"),
        ("a${{ env.A }}b${{env.N}}c", "axb3c"),
        ("${{ '}}' }}", "}}"),
        ("${{ 'it''s }}' }}!", "it's }}!"),
        ("$env {{ env.A }}", "$env {{ env.A }}"),
        ("${{ env.L }}", "Array"),
    ],
)
def test_render(text: str, rendered: str) -> None:
    assert render(text, SCOPE) == rendered


def test_a_value_is_never_rendered_again() -> None:
    hostile = Scope({"env": {"A": "${{ env.B }}", "B": "secret"}})
    assert render("say ${{ env.A }}", hostile) == "say ${{ env.B }}"


def test_one_expression_keeps_its_kind() -> None:
    assert compute("${{ env.L }}", SCOPE) == [1, 2]
    assert compute(" ${{ env.N }}", SCOPE) == " 3"


def test_trees_are_computed_with_their_keys() -> None:
    tree = {"${{ env.A }}": ["${{ env.N }}", True], "k": {"v": "<${{ env.A }}>"}}
    assert compute_tree(tree, SCOPE) == {"x": [3.0, True], "k": {"v": "<x>"}}


@pytest.mark.parametrize("text", ["${{ env.A", "${{ 'a }}", "x ${{ env.A }} ${{"])
def test_an_open_expression_is_an_error(text: str) -> None:
    with pytest.raises(ExpressionError, match="not closed"):
        render(text, SCOPE)


FINE, FAILED, STOPPED = Status(), Status(failed=True), Status(failed=True, stopped=True)


@pytest.mark.parametrize(
    ("condition", "status", "holds"),
    [
        (None, FINE, True),
        (None, FAILED, False),
        ("", FAILED, False),
        ("true", FAILED, False),
        ("env.A == 'x'", FINE, True),
        ("${{ env.A == 'x' }}", FINE, True),
        ("env.A == 'y'", FINE, False),
        ("failure()", FAILED, True),
        ("failure()", FINE, False),
        ("failure() && env.A == 'y'", FAILED, False),
        ("always()", STOPPED, True),
        ("cancelled()", STOPPED, True),
        ("cancelled()", FAILED, False),
        ("failure()", STOPPED, False),
        ("!cancelled()", STOPPED, False),
        ("${{ always() }}", FAILED, True),
        ("'false'", FINE, True),
        ("${{ false }} || false", FINE, True),
    ],
)
def test_conditions(condition: str | None, status: Status, holds: bool) -> None:
    scope = Scope(SCOPE.contexts, status_functions(status))
    assert condition_holds(condition, scope) is holds


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20).filter(lambda t: "${{" not in t)))
def test_data_without_expressions_stays_as_it_is(data: dict[str, Any]) -> None:
    data = {k: v for k, v in data.items() if "${{" not in k}
    assert compute_tree(data, Scope()) == data
