"""What `supervise_spawn` says to each of its findings in a project of strings."""

from __future__ import annotations

from bot.elixir.fixes.base import Declined, Proposal
from bot.elixir.fixes.supervise_spawn import CODEMOD
from tests.elixir.fixes.support import surveyed


def outcomes(files: dict[str, str]) -> list[Proposal | Declined]:
    """A proposal or the reason against it for each finding, in source order."""
    analysis, project = surveyed(files)
    wanted = [f for f in analysis.findings if f.rule in CODEMOD.rules]
    return [CODEMOD.propose(project, f) for f in wanted]
