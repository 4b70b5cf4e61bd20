"""Matrices as GitHub expands them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator.actions.runner.matrix import MatrixError, expand, label


@pytest.mark.parametrize(
    ("matrix", "combinations"),
    [
        ({"a": [1, 2]}, [{"a": 1}, {"a": 2}]),
        ({"a": [1, 2], "b": [3]}, [{"a": 1, "b": 3}, {"a": 2, "b": 3}]),
        ({"a": [1, 2], "exclude": [{"a": 1}]}, [{"a": 2}]),
        ({"a": [1, 2], "exclude": [{"a": "1"}]}, [{"a": 2}]),
        ({"a": [1], "include": [{"a": 1, "x": 5}]}, [{"a": 1, "x": 5}]),
        ({"a": [1], "include": [{"a": 9}]}, [{"a": 1}, {"a": 9}]),
        ({"a": [1, 2], "include": [{"x": 5}]}, [{"a": 1, "x": 5}, {"a": 2, "x": 5}]),
        ({"include": [{"a": 1}, {"b": 2}]}, [{"a": 1}, {"b": 2}]),
    ],
)
def test_expand(matrix: Any, combinations: list[Any]) -> None:
    assert expand(matrix) == combinations


def test_the_example_of_the_documentation() -> None:
    matrix = {
        "fruit": ["apple", "pear"],
        "animal": ["cat", "dog"],
        "include": [
            {"color": "green"},
            {"color": "pink", "animal": "cat"},
            {"fruit": "apple", "shape": "circle"},
            {"fruit": "banana"},
            {"fruit": "banana", "animal": "cat"},
        ],
    }
    assert expand(matrix) == [
        {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
        {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
        {"fruit": "pear", "animal": "cat", "color": "pink"},
        {"fruit": "pear", "animal": "dog", "color": "green"},
        {"fruit": "banana"},
        {"fruit": "banana", "animal": "cat"},
    ]


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([], "not a mapping"),
        ({}, "at least one vector"),
        ({"a": 1}, "not a sequence"),
        ({"a": [1], "exclude": [{"a": 1}]}, "at least one vector"),
        ({"a": [1], "include": ["x"]}, "not a mapping"),
        ({"a": list(range(300))}, "the limit is 256"),
        ({"a": [1], "include": [{}] * 2000}, "'include' has more than 1,024 entries"),
        ({k: list(range(100)) for k in "abcd"}, "more than 256 jobs"),
    ],
)
def test_a_wrong_matrix_is_named(matrix: Any, message: str) -> None:
    with pytest.raises(MatrixError, match=message):
        expand(matrix)


def test_labels_show_scalars_only() -> None:
    assert label({"a": 1.0, "b": {"c": "x", "d": [True]}}) == "1, x, true"
