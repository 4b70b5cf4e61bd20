"""What the jobs of a stage's workflow run hand to one another; each of them distrusts the others.

A manifest names no author, no trailer and no ref: those `publish` writes itself.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.core.model import Record
from bot.core.state import ActionState
from bot.core.verdict import Proof

MANIFEST_FILE = "manifest.json"
VERDICT_FILE = "verdict.json"

MOST_MANIFEST = 48 * 2**20
"""Bytes of a manifest as JSON."""
MOST_CONTENT = 2 * 2**20
"""Bytes of one file."""
MOST_COMMITS = 200
MOST_MESSAGE = 20_000
"""Characters of a commit message."""

COMMIT = r"^[0-9a-f]{40}$"
DIGEST = r"^[0-9a-f]{64}$"

WorkStatus = Literal["ready", "nothing", "failed", "cannot-build"]
VerifyStatus = Literal["passed", "failed", "cannot-build"]


class FileChange(Record):
    """A file as a commit leaves it."""

    path: str = Field(min_length=1, max_length=1000)
    mode: Literal["100644", "100755"]
    """Regular files only; of a deleted one, as it was."""
    before: str = Field(pattern=r"^(?:[0-9a-f]{40})?$")
    """Blob id in the commit before; empty for a new file."""
    content: str | None = Field(max_length=(MOST_CONTENT + 2) // 3 * 4)
    """Base64; None: the file is deleted."""


class CommitToMake(Record):
    """One action, carried out."""

    action: str = Field(min_length=1, max_length=200)
    message: str = Field(min_length=1, max_length=MOST_MESSAGE)
    """Subject and body, without trailers."""
    proof: Proof = "none"
    files: tuple[FileChange, ...] = Field(min_length=1, max_length=2000)


class Handed(Record):
    """Where a record was made: it counts in the same run of the same repository only."""

    schema_version: Literal[1] = 1
    repository: str
    run: int = Field(ge=0)
    run_attempt: int = Field(ge=1)
    plan: str
    stage: int = Field(ge=1, le=5)
    attempt: int = Field(ge=1)
    base: str = Field(pattern=COMMIT)

    def same_place(self, other: Handed) -> bool:
        """Whether both were made for the same attempt in the same run."""
        names = Handed.model_fields
        return all(getattr(self, name) == getattr(other, name) for name in names)


class Manifest(Handed):
    """What `work` did: the commits to make on top of `base`, oldest first."""

    status: WorkStatus
    split: bool = False
    """Nothing of the repository was run where it was made: nothing in it is verified yet."""
    tree: str = Field(default="", pattern=r"^(?:[0-9a-f]{40})?$")
    """Of the newest commit; empty unless `ready`."""
    made_at: int = Field(default=0, ge=0)
    """Unix time; the date of every commit, so that the same manifest makes the same commits."""
    commits: tuple[CommitToMake, ...] = Field(default=(), max_length=MOST_COMMITS)
    actions: tuple[ActionState, ...] = Field(default=(), max_length=2000)
    unplanned: tuple[str, ...] = Field(default=(), max_length=2000)
    """Actions the code asks for by now that the approved plan does not hold; none was done."""
    tests_before: str = Field(default="", max_length=1000)
    tests_after: str = Field(default="", max_length=1000)
    reasons: tuple[str, ...] = Field(default=(), max_length=100)
    """Why it is not `ready`, or not complete."""
    fingerprint: str = Field(default="", max_length=64)
    usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    tokens: int = Field(default=0, ge=0)
    minutes: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class StageVerdict(Handed):
    """What `verify` found on a fresh machine."""

    status: VerifyStatus
    manifest: str = Field(pattern=DIGEST)
    """SHA-256 of the very bytes of the manifest that was verified."""
    tree: str = Field(default="", pattern=r"^(?:[0-9a-f]{40})?$")
    """The tree that passed; empty unless `passed`."""
    tests_before: str = Field(default="", max_length=1000)
    tests_after: str = Field(default="", max_length=1000)
    reasons: tuple[str, ...] = Field(default=(), max_length=100)
    fingerprint: str = Field(default="", max_length=64)
    minutes: float = Field(default=0.0, ge=0, allow_inf_nan=False)
