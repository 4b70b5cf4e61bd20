"""What a stage's workflow run reports back; read from its artifact, so hostile until checked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.core.model import Record
from bot.core.state import ActionState

OUTCOME_FILE = "outcome.json"
OUTCOME_ARTIFACT = "genesis-outcome"
"""One artifact of the run's `publish` job holds one `OUTCOME_FILE`."""

OutcomeStatus = Literal["published", "nothing", "failed", "cannot-build", "refused"]
"""`nothing`: no action led to a commit; `refused`: `publish` found a rule broken."""


class StageOutcome(Record):
    """How one attempt at a stage ended."""

    schema_version: Literal[1] = 1
    plan: str
    stage: int = Field(ge=1, le=5)
    attempt: int = Field(ge=1)
    status: OutcomeStatus
    base: str
    """The commit it started from."""
    commit: str = ""
    """The newest commit, kept under `published_ref`; empty unless `published`."""
    tree: str = ""
    """Its tree: the one `verify` passed."""
    actions: tuple[ActionState, ...] = ()
    dropped: tuple[str, ...] = ()
    """Actions left out because the checks failed with them."""
    tests_before: str = ""
    tests_after: str = ""
    summary: str = ""
    """Markdown for the pull request: each commit, with its evidence."""
    reasons: tuple[str, ...] = ()
    """Why it is not `published`."""
    fingerprint: str = ""
    """Of the failure; empty where there was none."""
    usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    tokens: int = Field(default=0, ge=0)
    minutes: float = Field(default=0.0, ge=0, allow_inf_nan=False)


def published_ref(plan: str, stage: int, attempt: int) -> str:
    """Where `publish` leaves the commits of an attempt; no workflow starts from there."""
    return f"refs/genesis/published/{plan}-{stage}-{attempt}"


def run_name(plan: str, stage: int, attempt: int) -> str:
    """The name of the workflow run of an attempt: how it is found where no id was given."""
    return f"genesis {plan} stage {stage} attempt {attempt}"
