"""What Genesis calls its branches and check runs, wherever they are."""

from __future__ import annotations


def branch_of(plan_id: str, stage: int) -> str:
    """Short name of the branch that carries a stage."""
    return f"genesis/{plan_id}/stage-{stage}"


def check_name(stage: int) -> str:
    """What our check run for a stage is called."""
    return f"genesis/stage-{stage}"
