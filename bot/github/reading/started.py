"""Workflows that were started on a branch by hand or by us, to check what is on it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from bot.core.lifecycle.facts import PullFacts
from bot.core.lifecycle.stages import in_review
from bot.core.lifecycle.state import StageLife
from bot.github.client import Client
from bot.github.reading.context import Reading


def with_started(
    reading: Reading, stage: StageLife, pull: PullFacts, workflows: Sequence[str]
) -> PullFacts:
    """The pull request, with which of `workflows` were started while it is in review."""
    if pull.state != "open" or not in_review(stage):
        return pull
    found = tuple(w for w in workflows if was_started(reading.client, w, pull.head))
    return pull.model_copy(update={"started": found})


def was_started(client: Client, workflow: str, head: str) -> bool:
    """Whether there is a run of it on a commit, whoever started it."""
    where = f"./actions/workflows/{quote(workflow, safe='')}/runs"
    page = client.find(where, head_sha=head, event="workflow_dispatch", per_page=1) or {}
    return bool(page.get("workflow_runs"))
