# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.pipeline.load import build
from bot.strict_yaml import parse, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: on", "on"), ("a: no", "no"), ("a: yes", "yes"), ("a: True", "True"),
        ("a: true", True), ("a: false", False), ("a: null", None), ("a: ~", None), ("a:", None),
        ("a: 12:30:00", "12:30:00"), ("a: 2026-01-01", "2026-01-01"), ("a: 012", "012"), ("a: 1_000", "1_000"),
        ("a: 0x1F", "0x1F"), ("a: 12", 12), ("a: -1.5", -1.5), ("a: 1e3", "1e3"), ("a: 1.0e+3", 1000.0), ("a: '12'", "12"),
        ("a: .inf", ".inf"), ("a: !!str 12", "12"), ("a: |\n  true\n", "true\n"), ("on: 1", None),
    ],
)  # fmt: skip
def test_only_what_looks_like_a_value_is_one(text: str, value: object) -> None:
    read_value = parse(text, path="x").value
    assert read_value == ({"on": 1} if text == "on: 1" else {"a": value})
    assert all(isinstance(key, str) for key in read_value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "x:3:1: key 'a' is given twice"),
        ("a: {b: 1, b: 2}\n", "x:1:11: key 'b' is given twice"),
        ("a: [1, 2\n", "x:2:1: not valid YAML"),
        (
            "a: !!python/object/apply:os.system [id]\n",
            "tag 'tag:yaml.org,2002:python/object/apply:os.system'",
        ),
        ("a: !secret b\n", "tag '!secret' is not supported"),
        ("? [a, b]\n: 1\n", "a key must be plain text"),
        ("a: &x {b: *x}\n", "an alias refers to what contains it"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "merge keys are not supported"),
        ("a: 1\n---\nb: 2\n", "not valid YAML"),
        ("[" * 100 + "]" * 100, "nested too deeply"),
        ("a: \x00", "not valid YAML"),
        ("[" + ",".join(["1"] * 250_000) + "]", "too many aliases or values"),
    ],
)
def test_surprises_are_refused_at_their_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(text, path="x")
    assert message in str(error.value)


def test_billion_laughs_is_refused() -> None:
    lines = ["a0: &a0 [lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 2)}]" for n in range(1, 40)]
    with pytest.raises(ConfigError, match="expand to too much"):
        parse("\n".join(lines), path="x")
    many = "a: &a [1]\nb: [" + ", ".join(["*a"] * 200) + "]"
    with pytest.raises(ConfigError, match="too many aliases"):
        parse(many, path="x")


def test_a_50_mb_file_is_refused_without_being_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(ConfigError, match="larger than 1000 kB"):
        read(huge)


def test_what_is_no_file_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    """A pipe would be waited for, and /dev/zero never ends."""
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, Path("/dev/zero")):
        with pytest.raises(ConfigError, match="is not a regular file"):
            read(path)


def test_repeated_keys_can_be_collected_and_the_first_value_stands() -> None:
    document = parse("a: 1\nb: {c: 2, c: 3}\na: 4\n", path="x", collect=True)
    assert document.value == {"a": 1, "b": {"c": 2}}
    assert [str(error) for error in document.repeated] == [
        "x:2:11: key 'c' is given twice",
        "x:3:1: key 'a' is given twice",
    ]


def test_a_place_in_a_document_and_a_line_in_its_texts() -> None:
    document = parse("a:\n  - b: |\n      one\n      two\n    c: 'three'\n", path="x")
    assert document.position(("a", 0, "b")) == (2, 5)
    assert document.position(("a", 0, "b"), line=2) == (4, 1)
    assert document.position(("a", 0, "c"), line=1) == (5, 5)
    assert document.position(("a", 7, "gone")) == (1, 1)
    assert document.position(("a", 0, "gone")) == (2, 5)


def test_a_file_that_is_not_utf8_or_not_there_is_a_config_error(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: \xe9\n")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        read(latin)
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "none.yaml")


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_arbitrary_text_is_a_pipeline_or_a_config_error(text: str) -> None:
    with suppress(ConfigError):
        build(parse(text, path="x"))


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["claude", "a", "{{ a }}", "static", "for_loop", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "workflow name steps type prompt content condition inputs outputs when else".split()
            ),
            inner,
        )
    ),
    max_leaves=15,
)


@given(_VALUES)
@settings(max_examples=300, deadline=None)
def test_arbitrary_structures_are_a_pipeline_or_a_config_error(value: object) -> None:
    with suppress(ConfigError):
        build(parse(json.dumps({"workflow": value}), path="x"))
