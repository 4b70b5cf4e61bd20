"""Checks that wait for approval before they begin: what a person is told of them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.render.github.foreign import silent
from bot.core.render.github.markers import BODY, fit
from bot.core.render.github.red_base import listed

APPROVED = "The checks that waited for approval were approved. They count like any other."


def held(pull: int, names: Sequence[str]) -> str:
    """A sentence without its full stop."""
    them = "it" if len(names) == 1 else "them"
    return (
        f"GitHub does not begin {listed(names)} on #{pull} before somebody who may write approves"
        f" {them}. Press `Approve workflows to run` there; then it goes on by itself"
    )


def held_comment(pull: int, names: Sequence[str]) -> str:
    """The comment on the pull request, without its marker."""
    parts = [
        f"{held(pull, names)}.",
        "Nothing failed, and no attempt is counted. GitHub asks for this where a pull request was"
        " opened with the token of a workflow, and where a rule of the repository or the"
        " organisation wants a person to look first. An App of your own needs no approval:"
        " `genesis serve`, or its token in the workflow.",
    ]
    return fit(silent("\n\n".join(parts)), limit=BODY)
