"""The branch of a stage: moved by compare-and-swap, so that nobody's commits are lost."""

from __future__ import annotations

from bot.core.lifecycle.commands import MoveBranch
from bot.core.lifecycle.outcome import published_ref
from bot.core.names import branch_of
from bot.errors import Refused
from bot.github.doing.context import Doing
from bot.github.errors import GitHubError

NOWHERE = "0" * 40
_MOVE = """
mutation($repository: ID!, $name: GitRefname!, $before: GitObjectID!, $after: GitObjectID!) {
  updateRefs(input: {repositoryId: $repository, refUpdates: [
    {name: $name, beforeOid: $before, afterOid: $after, force: true}
  ]}) { clientMutationId }
}
"""


def move_branch(doing: Doing, command: MoveBranch) -> None:
    """Put our commit there if the branch is where we left it; raises `Refused` if it is not.

    Only what the run published under its own ref: its report alone could name any commit.
    """
    ref = f"refs/heads/{branch_of(doing.life.plan, command.stage)}"
    now = _tip(doing, ref)
    if now == command.to:
        return
    if now != command.expected:
        raise Refused(f"{ref} is not where it was left: somebody pushed to it or deleted it")
    published = published_ref(doing.life.plan, command.stage, command.attempt)
    if _tip(doing, published) != command.to:
        raise Refused(f"{command.to} is not what the run published at {published}")
    variables = {
        "repository": doing.client.get(".")["node_id"],
        "name": ref,
        "before": command.expected or NOWHERE,
        "after": command.to,
    }
    try:
        doing.client.mutate("contents", _MOVE, variables)
    except GitHubError as error:
        if _tip(doing, ref) != command.to:
            raise Refused(f"{ref} cannot be moved: {error.message}") from error


def _tip(doing: Doing, ref: str) -> str:
    found = doing.client.find(f"./git/ref/{ref.removeprefix('refs/')}")
    return str(found["object"]["sha"]) if found else ""
