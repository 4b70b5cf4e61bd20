"""Reactions to issues, comments and review comments. GitHub has no webhook for them."""

from __future__ import annotations

from bot.simulator.domain.issues.rights import is_author, require_unlocked, require_write
from bot.simulator.errors import ApiError, not_accessible
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue, Reaction, ReactionContent, Subject
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


def react(
    world: World,
    caller: Caller,
    repository: Repository,
    issue: Issue,
    subject: Subject,
    subject_id: int,
    content: ReactionContent,
) -> tuple[Reaction, bool]:
    """The reaction, and whether it is new: nobody reacts twice in the same way.

    `issue` is the one the subject is or belongs to.

    Raises:
        ApiError: 401, 403.
    """
    require_write(world, caller, repository, "read", issue)
    require_unlocked(world, caller, repository, issue)
    assert caller.actor is not None
    for given in world.tables.reactions.where("subject", (subject, subject_id)):
        if given.account_id == caller.actor.id and given.content == content:
            return given, False
    row = Reaction(
        id=world.tables.next_id(),
        subject=subject,
        subject_id=subject_id,
        account_id=caller.actor.id,
        content=content,
        created_at=world.clock.now(),
    )
    return world.tables.reactions.add(row), True


def unreact(
    world: World, caller: Caller, repository: Repository, issue: Issue, reaction: Reaction
) -> None:
    """Takes back one's own.

    Raises:
        ApiError: 401, 403.
    """
    require_write(world, caller, repository, "read", issue)
    if not is_author(caller, reaction.account_id):
        if caller.is_bot:
            raise not_accessible()
        raise ApiError(403, "Must have admin rights to Repository.")
    world.tables.reactions.remove(reaction)


def forget_reactions(world: World, subject: Subject, subject_id: int) -> None:
    """They go with what they were to."""
    for reaction in world.tables.reactions.where("subject", (subject, subject_id)):
        world.tables.reactions.remove(reaction)
