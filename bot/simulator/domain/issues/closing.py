"""Issues that commits and pull requests speak of: noted, and closed where they say so."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.simulator.domain.issues.issues import close_issue
from bot.simulator.domain.issues.references import close_keywords, references, resolve_reference
from bot.simulator.domain.issues.rights import may_write
from bot.simulator.domain.issues.timeline import note
from bot.simulator.git import Commit
from bot.simulator.identity.caller import Caller
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


def close_named(
    world: World, caller: Caller, repository: Repository, text: str, commit_id: str | None = None
) -> None:
    """Closes the open issues that `text` says it closes.

    Whoever may change the default branch may do so here; elsewhere it takes the right to close.
    """
    for reference in close_keywords(text):
        found = resolve_reference(world, repository, reference)
        if found is None or found[1].pull_id is not None or found[1].state == "closed":
            continue
        there, issue = found
        if there.id == repository.id or may_write(world, caller, there, "triage"):
            close_issue(world, caller, there, issue, commit_id=commit_id)


def note_commits(
    world: World,
    caller: Caller,
    repository: Repository,
    branch: str,
    commits: Sequence[Commit],
    new: Collection[str],
) -> None:
    """Of a push of `commits` to `branch`, of which those with a sha in `new` are on no other."""
    for commit in commits:
        if commit.sha in new:
            _note_references(world, caller, repository, commit)
        if branch == repository.default_branch:
            close_named(world, caller, repository, commit.message, commit.sha)


def _note_references(world: World, caller: Caller, repository: Repository, commit: Commit) -> None:
    for reference in references(commit.message):
        found = resolve_reference(world, repository, reference)
        if found is not None and found[0].id == repository.id:
            note(world, found[1], "referenced", caller, commit_id=commit.sha)
