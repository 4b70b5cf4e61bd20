"""What GitHub writes into the commits it makes when it merges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.simulator.git import Commit
from bot.simulator.records.pulls import PullRequest
from bot.simulator.world import World


@dataclass(frozen=True)
class Message:
    title: str
    body: str

    @property
    def text(self) -> str:
        """git takes no NUL."""
        return f"{self.title}\n\n{self.body}".replace("\0", "").strip() + "\n"


def merge_message(world: World, pull: PullRequest) -> Message:
    repository = world.tables.repositories.get(pull.head_repository_id)
    owner = None if repository is None else world.owner(repository)
    login = "unknown" if owner is None else owner.login
    title = world.tables.issues[pull.issue_id].title
    return Message(f"Merge pull request #{pull.number} from {login}/{pull.head_ref}", title)


def squash_message(world: World, pull: PullRequest, commits: Sequence[Commit]) -> Message:
    """One commit gives its own message, several the pull request's title and their list."""
    number = f" (#{pull.number})"
    own = [commit for commit in commits if len(commit.parents) < 2]
    if len(own) == 1:
        title, _, body = own[0].message.partition("\n")
        return Message(title + number, "\n".join([body.strip(), *coauthors(own)]).strip())
    listed = "\n\n".join(f"* {commit.message.strip()}" for commit in own)
    trailers = "\n".join(coauthors(own))
    title = world.tables.issues[pull.issue_id].title + number
    return Message(title, f"{listed}\n\n---------\n\n{trailers}" if trailers else listed)


def coauthors(commits: Sequence[Commit]) -> list[str]:
    """A trailer for everybody but the author of the first commit."""
    people = {commit.author.email: commit.author.name for commit in commits}
    first = commits[0].author.email if commits else ""
    return [f"Co-authored-by: {name} <{email}>" for email, name in people.items() if email != first]
