"""Issues and what belongs to them, also where a pull request is seen as an issue."""

from __future__ import annotations

from fastapi import APIRouter

from bot.simulator.rest.issues import (
    assignees,
    comments,
    everywhere,
    issues,
    labels,
    milestones,
    reactions,
    relations,
    timeline,
)
from bot.simulator.rest.issues.search import routes as search

ROUTERS: tuple[APIRouter, ...] = (
    comments.router,
    timeline.router,
    reactions.router,
    labels.router,
    milestones.router,
    assignees.router,
    relations.router,
    issues.router,
    search.router,
    everywhere.router,
)
"""In the order in which their paths are tried: `/issues/comments` before `/issues/{number}`."""
