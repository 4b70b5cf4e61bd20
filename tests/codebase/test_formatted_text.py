from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.codebase.formatted_text import format_texts
from tests.verify.support import toolchain

pytestmark = pytest.mark.elixir

UGLY, NEAT = "def  f( a ),do: a\n", "def f(a), do: a\n"


def _formatted(options: str = "", **texts: tuple[str, str]) -> dict[str, str]:
    return format_texts(toolchain(), options, texts, os.environ)


def test_new_texts_and_those_that_were_neat_are_formatted() -> None:
    found = _formatted(new=("", UGLY), kept=(NEAT, UGLY), same=(NEAT, NEAT))
    assert found == {"new": NEAT, "kept": NEAT}


def test_what_was_not_neat_and_what_does_not_parse_is_left_as_it_is() -> None:
    assert _formatted(ugly=(UGLY, UGLY + UGLY), broken=("", "def f(")) == {}
    assert _formatted() == {}


def test_options_are_read_and_never_evaluated(tmp_path: Path) -> None:
    long = "fun(aaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbb)\n"
    evil = f'[line_length: 30, inputs: [File.write!("{tmp_path}/evil", "x")]]'
    assert _formatted(evil, a=("", long))["a"].count("\n") > 1
    assert _formatted("[locals_without_parens: [field: 2]]", a=("", "field :a, 1\n")) == {}
    assert _formatted("raise :no", a=("", "field :a, 1\n")) == {"a": "field(:a, 1)\n"}
    assert list(tmp_path.iterdir()) == []
