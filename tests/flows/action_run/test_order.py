"""Inputs of the action, all of them texts."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Exit, Misused
from bot.flows.action_run.order import ActionOrder, parse_order


def order(**inputs: Any) -> ActionOrder:
    return parse_order(json.dumps({name.replace("_", "-"): v for name, v in inputs.items()}))


def refusal(**inputs: Any) -> str:
    with pytest.raises(Misused) as caught:
        order(**inputs)
    assert caught.value.exit_code is Exit.USAGE
    assert caught.value.hint
    return caught.value.message


def test_what_is_left_empty_is_as_if_it_were_not_given() -> None:
    bare = order(command="analyze")
    assert order(command="analyze", path="", fail_on="", max_usd="", stage=" ") == bare
    assert (bare.path, bare.fail_on, bare.max_usd, bare.stage) == ("", "never", None, None)


def test_texts_become_what_they_stand_for() -> None:
    found = order(command="stage", stage="2", max_usd="1.50", cache="false", path="./apps/shop/")
    assert (found.stage, found.max_usd, found.cache, found.path) == (2, 1.5, False, "apps/shop")
    assert order(command="analyze", rules="a-b, c\nd").rules == ("a-b", "c", "d")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "the input 'command' is missing"),
        ({"command": "analize"}, "did you mean 'analyze'?"),
        ({"command": "plan", "gaol": "x"}, "there is no input 'gaol'; did you mean 'goal'?"),
        ({"command": "analyze", "fail_on": "high"}, "'fail-on': must be 'error', 'warning'"),
        ({"command": "stage", "stage": "five"}, "'stage': must be a whole number, not 'five'"),
        ({"command": "stage", "stage": "5"}, "'stage': must be at most 4, not '5'"),
        ({"command": "stage"}, "the input 'stage' is missing"),
        ({"command": "verify", "gates": "perhaps"}, "'gates': must be true or false"),
        ({"command": "stage", "stage": "1", "max_usd": "nan"}, "'max-usd': must be a finite"),
        ({"command": "analyze", "path": "../other"}, "a path below the work space"),
        ({"command": "analyze", "path": "/etc"}, "a path below the work space"),
        ({"command": "verify", "base": "--upload-pack=x"}, "cannot be a commit, branch or tag"),
        ({"command": "stage", "stage": "1", "only": "$(id)"}, "characters that cannot stand"),
        ({"command": "plan", "changed_since": "main"}, "is not for `command: plan`"),
        ({"command": "verify", "elixir_version": "1.18; id"}, "characters that cannot stand"),
    ],
)
def test_a_wrong_input_is_named_with_what_it_may_be(inputs: dict[str, str], said: str) -> None:
    assert said in refusal(**inputs)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000])
def test_inputs_that_are_no_object_are_refused(text: str) -> None:
    with pytest.raises(Misused, match="no JSON object"):
        parse_order(text)


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=30), max_size=4))
def test_whatever_is_given_is_taken_or_refused(inputs: dict[str, str]) -> None:
    with suppress(Misused):
        assert parse_order(json.dumps({"command": "analyze", **inputs})).command


def test_the_action_declares_the_very_inputs_that_are_read(repository: Path) -> None:
    action = yaml.safe_load((repository / "action.yml").read_text())
    fields = {name.replace("_", "-"): f for name, f in ActionOrder.model_fields.items()}
    assert action["inputs"].keys() == fields.keys()
    assert all(entry["description"].strip() for entry in action["inputs"].values())
    defaults = {name: entry.get("default", "") for name, entry in action["inputs"].items()}
    said = {name: value for name, value in defaults.items() if value}
    assert order(command="analyze", **said) == order(command="analyze")
