"""Records with defaults; a test changes the one thing it is about."""

from __future__ import annotations

from typing import Any

from bot.core.finding import Analysis, Finding
from bot.core.plan import STAGE_TITLES, Action, FileRange, Plan, StagePlan


def finding(**changes: Any) -> Finding:
    """A warning of a raw spawn in `lib/a.ex`, line 3."""
    return Finding.model_validate(
        {
            "id": "unsupervised-spawn-0123456789",
            "rule": "unsupervised-spawn",
            "category": "unsupervised-process",
            "stage": 1,
            "severity": "warning",
            "confidence": "high",
            "fix": "automatic",
            "path": "lib/a.ex",
            "line": 3,
            "end_line": 3,
            "column": 5,
            "start_byte": 40,
            "end_byte": 52,
            "module": "A",
            "function": "run/1",
            "message": "`spawn/1` starts a process that no supervisor knows",
            "code": "    spawn(fun)",
            **changes,
        }
    )


def analysis(*findings: Finding, **changes: Any) -> Analysis:
    """An analysis of one file with these findings."""
    fields = {
        "files": 1,
        "lines": 6,
        "modules": 1,
        "findings": findings,
        "rules": ("unsupervised-spawn",),
        **changes,
    }
    return Analysis.model_validate(fields)


def action(**changes: Any) -> Action:
    """An automatic action of stage 1."""
    return Action.model_validate(
        {
            "id": "1-supervise-spawn-abc123",
            "stage": 1,
            "title": "Supervise the job in A.run/1",
            "fix": "automatic",
            "rule": "unsupervised-spawn",
            "finding_ids": ("unsupervised-spawn-0123456789",),
            "files": (FileRange(path="lib/a.ex", line=3, end_line=3, code="    spawn(fun)"),),
            "problem": "Nobody sees a crash.",
            "steps": ("Start it under the supervisor.",),
            "how_to_test": "Run the suite.",
            "done_when": ("the finding is gone",),
            **changes,
        }
    )


def plan(*actions: Action, **changes: Any) -> Plan:
    """A plan with these actions in their stages."""
    stages = tuple(
        StagePlan(
            number=number,
            title=title,
            summary="Summary.",
            problem="Problem.",
            risk="low",
            effort="about 1 hours",
            actions=tuple(a for a in actions if a.stage == number),
            verification=(),
            rollback=(),
        )
        for number, title in STAGE_TITLES.items()
    )
    fields: dict[str, Any] = {
        "id": "local-1",
        "goal": "be calm",
        "commit": "c" * 40,
        "app": "shop",
        "stages": stages,
        "coverage": (),
        "tree_today": "graph TD\n  n0",
        "tree_planned": "graph TD\n  n0",
    }
    return Plan.model_validate(fields | changes)
