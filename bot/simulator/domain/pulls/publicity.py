"""Which review comments are there for everybody."""

from __future__ import annotations

from bot.simulator.records.pulls import ReviewComment
from bot.simulator.world import World


def is_published(world: World, comment: ReviewComment) -> bool:
    """Not while its review is pending: until then it is its author's secret."""
    return world.tables.reviews[comment.review_id].state != "PENDING"
