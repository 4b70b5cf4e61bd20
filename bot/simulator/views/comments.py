"""Comments on issues and on the conversations of pull requests."""

from __future__ import annotations

from typing import Any

from bot.simulator.clock import stamp
from bot.simulator.nodes import node_id
from bot.simulator.records.issues import Comment
from bot.simulator.views.accounts import maybe_account_view
from bot.simulator.views.apps import maybe_app_view
from bot.simulator.views.associations import association
from bot.simulator.views.issues import issue_page, issue_url
from bot.simulator.views.reactions import reaction_rollup
from bot.simulator.world import World


def comment_url(world: World, comment: Comment) -> str:
    """In the API."""
    full_name = world.full_name(world.tables.repositories[comment.repository_id])
    return f"{world.urls.repository(full_name)}/issues/comments/{comment.id}"


def comment_view(world: World, comment: Comment) -> dict[str, Any]:
    issue = world.tables.issues[comment.issue_id]
    repository = world.tables.repositories[comment.repository_id]
    url = comment_url(world, comment)
    return {
        "url": url,
        "html_url": f"{issue_page(world, issue)}#issuecomment-{comment.id}",
        "issue_url": issue_url(world, issue),
        "id": comment.id,
        "node_id": node_id("Comment", comment.id),
        "user": maybe_account_view(world, comment.author_id),
        "created_at": stamp(comment.created_at),
        "updated_at": stamp(comment.updated_at),
        "author_association": association(world, repository, comment.author_id),
        "body": comment.body,
        "reactions": reaction_rollup(world, "comment", comment.id, url),
        "performed_via_github_app": maybe_app_view(world, comment.app_id),
        "pin": None,
        "minimized": None if comment.minimized is None else {"reason": comment.minimized},
    }
