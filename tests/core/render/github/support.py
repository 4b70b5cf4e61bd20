"""A plan in the middle of its life, and what GitHub says about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.core.lifecycle.facts import Facts, RepositoryFacts
from bot.core.lifecycle.state import Asked, PlanLife, StageLife
from bot.core.plan import Plan
from bot.core.policy import Policy
from tests.factories import action, plan

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def life(*stages: StageLife, **changes: Any) -> PlanLife:
    """An open plan for issue 42; without stages all five, planned."""
    fields: dict[str, Any] = {
        "plan": "42",
        "repository": "acme/shop",
        "issue": 42,
        "status": "open",
        "requested": Asked(actor="alice", source="label"),
        "goal": "be calm",
        "base_branch": "main",
        "base": "c" * 40,
        "stages": stages or tuple(StageLife(number=n, issue=42 + n) for n in range(1, 6)),
    }
    return PlanLife.model_validate(fields | changes)


def a_plan(**changes: Any) -> Plan:
    """Two actions in stage 1 and one in stage 2."""
    return plan(
        action(invariant="It still runs."),
        action(id="1-name-worker-def456", title="Name the worker", fix="assisted"),
        action(id="2-keep-carts-0a1b2c", stage=2, title="Keep the carts", fix="advice"),
        id="42",
        **changes,
    )


def facts(**changes: Any) -> Facts:
    """An active repository with that plan and the default policy."""
    fields: dict[str, Any] = {
        "now": NOW,
        "repository": RepositoryFacts(full_name="acme/shop", base_branch="main", base="c" * 40),
        "policy": Policy(),
        "issue": None,
        "plan": a_plan(),
    }
    return Facts.model_validate(fields | changes)
