"""Milestones."""

from __future__ import annotations

from typing import Any

from bot.simulator.clock import maybe_stamp, stamp
from bot.simulator.nodes import node_id
from bot.simulator.records.repositories import Milestone
from bot.simulator.views.accounts import maybe_account_view
from bot.simulator.world import World


def milestone_view(world: World, milestone: Milestone) -> dict[str, Any]:
    full_name = world.full_name(world.tables.repositories[milestone.repository_id])
    url = f"{world.urls.repository(full_name)}/milestones/{milestone.number}"
    issues = world.tables.issues
    return {
        "url": url,
        "html_url": world.urls.page(full_name, "milestone", milestone.number),
        "labels_url": f"{url}/labels",
        "id": milestone.id,
        "node_id": node_id("Milestone", milestone.id),
        "number": milestone.number,
        "title": milestone.title,
        "description": milestone.description,
        "creator": maybe_account_view(world, milestone.creator_id),
        "open_issues": issues.count("milestone_state", (milestone.id, "open")),
        "closed_issues": issues.count("milestone_state", (milestone.id, "closed")),
        "state": milestone.state,
        "created_at": stamp(milestone.created_at),
        "updated_at": stamp(milestone.updated_at),
        "due_on": maybe_stamp(milestone.due_on),
        "closed_at": maybe_stamp(milestone.closed_at),
    }
