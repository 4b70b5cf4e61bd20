"""Taking a repository's records out of all tables."""

from __future__ import annotations

from collections.abc import Iterator

from bot.simulator.domain.issues.deletion import unrelate
from bot.simulator.domain.issues.reactions import forget_reactions
from bot.simulator.records.apps import Delivery
from bot.simulator.records.record import Record
from bot.simulator.records.repositories import Repository
from bot.simulator.state.table import Table
from bot.simulator.world import World


def withdraw_rows(world: World, repository: Repository) -> None:
    """All that belongs to it, but for the log of deliveries; and what leads to it elsewhere."""
    # What is related to them may be in other repositories of the owner.
    for issue in world.tables.issues.where("repository", repository.id):
        unrelate(world, issue)
    _forget_reactions(world, repository)
    _loosen_network(world, repository)
    for table in _tables(world):
        for row in table:
            owned = getattr(row, "repository_id", None) == repository.id
            if owned and not isinstance(row, Delivery):
                table.remove(row)
    world.tables.repositories.remove(repository)


def _tables(world: World) -> Iterator[Table[Record]]:
    for value in vars(world.tables).values():
        if isinstance(value, Table):
            yield value


def _forget_reactions(world: World, repository: Repository) -> None:
    tables = world.tables
    for issue in tables.issues.where("repository", repository.id):
        forget_reactions(world, "issue", issue.id)
    for comment in tables.comments.where("repository", repository.id):
        forget_reactions(world, "comment", comment.id)
    for remark in tables.review_comments.where("repository", repository.id):
        forget_reactions(world, "review_comment", remark.id)


def _loosen_network(world: World, repository: Repository) -> None:
    tables = world.tables
    for fork in tables.repositories.where("fork_of", repository.id):
        fork.fork_of_id = repository.fork_of_id
        tables.repositories.save(fork)
    for pull in tables.pulls:
        if pull.head_repository_id == repository.id and pull.repository_id != repository.id:
            pull.head_repository_id = None
            tables.pulls.save(pull)
    for token in tables.tokens:
        if token.repository_ids and repository.id in token.repository_ids:
            token.repository_ids = [id for id in token.repository_ids if id != repository.id]
            tables.tokens.save(token)
    for installation in tables.installations:
        if repository.id in installation.repository_ids:
            left = [id for id in installation.repository_ids if id != repository.id]
            installation.repository_ids = left
            tables.installations.save(installation)
