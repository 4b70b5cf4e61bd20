"""The onboarding pull request: what is there, and so what is to be done about it.

It adds the configuration and asks a person to add the workflow, for our App may not write what is
below `.github/workflows` (docs/permissions.md). There is one of it, ever: one that was closed is
not opened again, and a branch that somebody else has worked on is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

BRANCH = "genesis/onboarding"

Workflow = Literal["missing", "old", "current"]


@dataclass(frozen=True)
class Pull:
    """Our pull request, from its branch to the default one."""

    number: int
    url: str
    open: bool
    merged: bool
    told: Mapping[str, str]
    """Its marker: what it was written for."""


@dataclass(frozen=True)
class Situation:
    """What a repository shows."""

    full_name: str
    web: str
    """Address of its page."""
    default_branch: str
    config: bool
    """Whether the default branch has a configuration."""
    workflow: Workflow
    """On the default branch."""
    pull: Pull | None = None
    """The newest of ours, whatever became of it."""
    tip: str = ""
    """Commit of our branch, empty where there is none."""
    others: tuple[str, ...] = ()
    """Who else has commits on our branch."""
    text: str | None = None
    """The configuration on our branch."""
    brought: bool = False
    """Whether our branch has the workflow, which a person put there."""


Deed = Literal["branch", "commit", "open", "edit"]
"""`branch`: our commit on a new one; `commit`: another one on top of ours."""

Result = Literal["complete", "declined", "merged", "by-hand", "taken", "proposed"]
"""`by-hand`: nothing for us to propose; `taken`: the branch is somebody else's."""


@dataclass(frozen=True)
class Decision:
    """What to do, in order, and how it stands then."""

    result: Result
    deeds: tuple[Deed, ...] = ()


def decide(seen: Situation, marker: Mapping[str, str], config: str) -> Decision:
    """`marker` and `config` are as this version wants them.

    The body is written anew only where its marker is another one: what people wrote into it stays
    as long as it is true.
    """
    if seen.config and seen.workflow == "current":
        return Decision("complete")
    pull = seen.pull
    if pull is not None and not pull.open:
        return Decision("merged" if pull.merged else "declined")
    if pull is not None:
        renewed: tuple[Deed, ...] = ()
        if seen.tip and not seen.others and seen.text != config:
            renewed = ("commit",)
        if pull.told != marker:
            renewed = (*renewed, "edit")
        return Decision("proposed", renewed)
    if seen.config:
        return Decision("by-hand")
    if seen.others:
        return Decision("taken")
    if not seen.tip:
        return Decision("proposed", ("branch", "open"))
    # A life of ours before this one ended between its commit and its pull request.
    return Decision("proposed", ("open",) if seen.text == config else ("commit", "open"))
