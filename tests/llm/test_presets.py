from __future__ import annotations

from typing import get_args

import pytest

from bot.llm.agents.tools import TOOLS
from bot.llm.catalog import owner
from bot.llm.presets import CHANGING, PRESETS, READING
from bot.pipeline.language.model_steps import Preset


def test_the_language_has_exactly_these_presets() -> None:
    assert tuple(PRESETS) == get_args(Preset)


def test_every_tool_either_reads_or_changes() -> None:
    assert {*READING, *CHANGING} == TOOLS.keys()
    assert not {*READING} & {*CHANGING}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_whole(name: str) -> None:
    preset = PRESETS[name]
    assert preset.system.endswith(".")
    assert preset.description
    assert {*preset.tools} <= TOOLS.keys()
    assert preset.max_turns >= 1
    for model in filter(None, (preset.model, preset.fallback_model)):
        assert owner(model) == "anthropic"


def test_only_development_may_change_files() -> None:
    changing = [name for name, preset in PRESETS.items() if {*preset.tools} & {*CHANGING}]
    assert changing == ["development"]
