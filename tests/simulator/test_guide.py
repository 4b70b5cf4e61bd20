"""The guide says what the simulator does."""

from __future__ import annotations

import re
from pathlib import Path

from bot.simulator.faults.plan import MEANINGS, FaultPlan
from bot.simulator.seed import PEOPLE

GUIDE = (Path(__file__).parents[2] / "docs" / "simulator" / "guide.md").read_text()


def test_every_fault_is_in_the_table() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", GUIDE, re.MULTILINE))
    assert rows == MEANINGS


def test_the_sample_plan_is_one() -> None:
    (sample,) = re.findall(r"```json\n(.+?)```", GUIDE, re.DOTALL)
    assert len(FaultPlan.model_validate_json(sample).faults) == 3


def test_all_people_are_introduced() -> None:
    assert [login for login in PEOPLE if f"`{login}`" not in GUIDE] == []
