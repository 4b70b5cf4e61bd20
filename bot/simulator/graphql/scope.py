"""What resolvers are given, and how they find objects by their global ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphql import GraphQLResolveInfo

from bot.simulator.errors import ApiError
from bot.simulator.graphql.refusals import Refused, no_node
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import can, may_see
from bot.simulator.nodes import parse_node_id
from bot.simulator.records.accounts import Account
from bot.simulator.records.issues import Comment, Issue
from bot.simulator.records.pulls import PullRequest, Review, ReviewComment, ReviewThread
from bot.simulator.records.repositories import Repository
from bot.simulator.state.table import Table
from bot.simulator.state.tables import Tables
from bot.simulator.world import World

PERMISSIONS: dict[type[Any], str] = {
    Issue: "issues",
    Comment: "issues",
    PullRequest: "pull_requests",
    Review: "pull_requests",
    ReviewComment: "pull_requests",
}
"""What an App needs to read objects of a private repository."""


@dataclass(frozen=True)
class Scope:
    """One request's world and caller; resolvers find it as `info.context`."""

    world: World
    caller: Caller

    @property
    def tables(self) -> Tables:
        return self.world.tables

    def actor(self) -> Account:
        if self.caller.actor is None:
            raise ApiError(401, "This endpoint requires you to be authenticated.")
        return self.caller.actor

    def node(self, id: str) -> Any:
        """The record of a global id.

        Raises:
            Refused: for what is not there or not to be seen.
        """
        row = self._row(id)
        if row is None or not self.may_read(row):
            raise no_node(id)
        return row

    def node_of(self, kind: type[Any], id: str) -> Any:
        """The same, of this kind only."""
        row = self.node(id)
        if not isinstance(row, kind):
            raise no_node(id)
        return row

    def repository_of(self, row: Any) -> Repository:
        if isinstance(row, Repository):
            return row
        return self.tables.repositories[row.repository_id]

    def may_read(self, row: Any) -> bool:
        if isinstance(row, Account):
            return True
        repository = self.repository_of(row)
        if not may_see(self.tables, self.caller, repository):
            return False
        if isinstance(row, Review | ReviewComment) and not self._is_published(row):
            return False
        if isinstance(row, ReviewThread):
            # A thread is there for who sees one of its comments.
            comments = self.tables.review_comments.where("thread", row.id)
            return any(self.may_read(comment) for comment in comments)
        permission = PERMISSIONS.get(type(row), "metadata")
        return can(self.tables, self.caller, repository, permission, "read", "read")

    def seen(self, row: Any) -> Any:
        """The row, or None where it is not to be seen."""
        return row if row is not None and self.may_read(row) else None

    def _is_published(self, row: Review | ReviewComment) -> bool:
        review = row if isinstance(row, Review) else self.tables.reviews[row.review_id]
        return review.state != "PENDING" or review.author_id == self.actor().id

    def _row(self, id: str) -> Any:
        parsed = parse_node_id(id)
        if parsed is None:
            return None
        prefix, number = parsed
        tables: dict[str, Table[Any]] = {
            "U": self.tables.accounts,
            "BOT": self.tables.accounts,
            "O": self.tables.accounts,
            "R": self.tables.repositories,
            "I": self.tables.issues,
            "PR": self.tables.pulls,
            "IC": self.tables.comments,
            "PRR": self.tables.reviews,
            "PRRC": self.tables.review_comments,
            "PRRT": self.tables.threads,
            "LA": self.tables.labels,
        }
        return tables[prefix].get(number) if prefix in tables else None


def scope_of(info: GraphQLResolveInfo) -> Scope:
    found: Scope = info.context
    return found


def type_name(row: Any) -> str:
    """The GraphQL type of a record."""
    if isinstance(row, Account):
        return row.type
    names: dict[type[Any], str] = {
        Comment: "IssueComment",
        Review: "PullRequestReview",
        ReviewComment: "PullRequestReviewComment",
        ReviewThread: "PullRequestReviewThread",
    }
    return names.get(type(row), type(row).__name__)


def missing(kind: str, what: str) -> Refused:
    return Refused("NOT_FOUND", f"Could not resolve to {kind} with the {what[:300]}.")
