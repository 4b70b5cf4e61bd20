"""How repositories are named, and what Genesis calls its branches and check runs."""

from __future__ import annotations

import re

FULL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}/[A-Za-z0-9._-]{1,100}\Z")
"""OWNER/NAME of a repository; to be matched from its start."""


def branch_of(plan_id: str, stage: int) -> str:
    """Short name of the branch that carries a stage."""
    return f"genesis/{plan_id}/stage-{stage}"


def check_name(stage: int) -> str:
    """What our check run for a stage is called."""
    return f"genesis/stage-{stage}"
