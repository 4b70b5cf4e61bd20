"""The commented configuration: as it is, and with everything in it switched on."""

from __future__ import annotations

import re

import pytest
import yaml

from bot.config import load_policy
from bot.core.policy import NEEDED, AnalysisSetting, Limits, Policy
from bot.flows.onboarding.configuration import configuration_text

SETTING = re.compile(r"^#(?! \S|$)", re.MULTILINE)
"""A `#` before a setting; prose has one blank after it."""


def switched_on(text: str) -> str:
    return SETTING.sub("", text)


def test_as_it_is_it_sets_nothing() -> None:
    assert load_policy(configuration_text()) == Policy()
    assert yaml.safe_load(configuration_text()) is None


def test_switched_on_it_is_valid_and_says_the_defaults() -> None:
    policy = load_policy(switched_on(configuration_text()))
    assert policy.permissions == NEEDED
    assert policy.model_copy(update={"permissions": {}}) == Policy()


def test_every_setting_is_in_it() -> None:
    shown = yaml.safe_load(switched_on(configuration_text()))
    assert set(shown) == set(Policy.model_fields)
    assert set(shown["limits"]) == set(Limits.model_fields)
    assert set(shown["analysis"]) == set(AnalysisSetting.model_fields)


@pytest.mark.parametrize(
    "name", sorted({*Policy.model_fields, *Limits.model_fields, *AnalysisSetting.model_fields})
)
def test_every_setting_is_explained(name: str) -> None:
    """The line above it is a comment, and stays one when all is switched on."""
    lines = switched_on(configuration_text()).splitlines()
    at = next(i for i, line in enumerate(lines) if line.strip().startswith(f"{name}:"))
    assert re.match(r" *# \S", lines[at - 1])


def test_each_setting_can_be_switched_on_alone() -> None:
    text = configuration_text()
    tops = [m.start() for m in re.finditer(r"^#[a-z]", text, re.MULTILINE)]
    assert len(tops) == len(Policy.model_fields)
    for start in tops:
        block = re.match(r"(?:#(?! \S).+\n?)+", text[start:])
        assert block is not None
        changed = text[:start] + switched_on(block[0]) + text[start + len(block[0]) :]
        assert load_policy(changed).version == 1


def test_no_line_is_longer_than_editors_like() -> None:
    assert max(map(len, configuration_text().splitlines())) <= 100
