"""Reactions, one by one and summed up."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

from bot.simulator.clock import stamp
from bot.simulator.nodes import node_id
from bot.simulator.records.issues import Reaction, ReactionContent, Subject
from bot.simulator.views.accounts import maybe_account_view
from bot.simulator.world import World

CONTENTS: tuple[ReactionContent, ...] = get_args(ReactionContent)


def reaction_view(world: World, reaction: Reaction) -> dict[str, Any]:
    return {
        "id": reaction.id,
        "node_id": node_id("Reaction", reaction.id),
        "user": maybe_account_view(world, reaction.account_id),
        "content": reaction.content,
        "created_at": stamp(reaction.created_at),
    }


def reaction_rollup(world: World, subject: Subject, subject_id: int, url: str) -> dict[str, Any]:
    """How many of each; `url` is that of what was reacted to."""
    given = world.tables.reactions.where("subject", (subject, subject_id))
    counts = Counter(reaction.content for reaction in given)
    return {
        "url": f"{url}/reactions",
        "total_count": len(given),
        **{content: counts[content] for content in CONTENTS},
    }
