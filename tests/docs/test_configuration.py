"""docs/configuration.md says what the code takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from bot.config import load_policy
from bot.core.policy import (
    ALWAYS_PROTECTED,
    NEEDED,
    PROTECTED,
    AnalysisSetting,
    Limits,
    Policy,
    RuleSetting,
)

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text()
ROWS = dict(re.findall(r"^\| `([\w.]+)` \| (.+?) \|", PAGE, re.MULTILINE))
SAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def defaults(record: type[BaseModel], prefix: str = "") -> dict[str, Any]:
    fields = record.model_fields.items()
    return {prefix + n: field.get_default(call_default_factory=True) for n, field in fields}


def told(cell: str) -> Any:
    if cell == "empty":
        return ""
    value = yaml.safe_load(cell.strip("`"))
    return tuple(value) if isinstance(value, list) else value


def test_every_setting_is_told_with_its_default_and_none_is_made_up() -> None:
    settings = defaults(Policy) | defaults(Limits, "limits.")
    settings |= defaults(AnalysisSetting, "analysis.") | defaults(
        RuleSetting, "analysis.rules.RULE."
    )
    elsewhere = {"limits", "analysis", "protected_paths"}
    shown = {name: cell for name, cell in ROWS.items() if name not in NEEDED}
    assert shown.keys() == settings.keys()
    assert {n: told(c) for n, c in shown.items() if n not in elsewhere} == {
        name: value for name, value in settings.items() if name not in elsewhere
    }
    assert {shown[name] for name in elsewhere} == {"see below"}


def test_every_command_is_told_with_its_role() -> None:
    assert {n: told(c) for n, c in ROWS.items() if n in NEEDED} == NEEDED


def test_the_samples_are_valid_and_the_protected_paths_are_the_default_ones() -> None:
    first, analysis, protected = SAMPLES
    assert load_policy(analysis).analysis.rules["dynamic-atom"] == "off"
    assert load_policy(first).run == "manual"
    assert load_policy(protected).protected_paths == PROTECTED
    assert PROTECTED[:4] == ALWAYS_PROTECTED
