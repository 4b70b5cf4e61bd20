"""Labels."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bot.simulator.nodes import node_id
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Label
from bot.simulator.world import World


def label_view(world: World, label: Label) -> dict[str, Any]:
    repository = world.tables.repositories[label.repository_id]
    url = world.urls.repository(world.full_name(repository))
    return {
        "id": label.id,
        "node_id": node_id("Label", label.id),
        "url": f"{url}/labels/{quote(label.name, safe='')}",
        "name": label.name,
        "color": label.color,
        "default": label.default,
        "description": label.description,
        "archived_at": None,
        "archived_by": None,
    }


def labels_of(world: World, issue: Issue) -> list[Label]:
    """In the order in which the issue got them."""
    found = map(world.tables.labels.get, issue.label_ids)
    return [label for label in found if label is not None]
