"""Answers that model steps often give, as types their `output_schema` can name."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.core.finding import Severity
from bot.core.model import Record


class Place(Record):
    """A place in the code base."""

    path: str
    line: int = Field(ge=1)


class FileList(Record):
    """Files, in the order in which they matter."""

    files: tuple[str, ...]


class Places(Record):
    """Places where something was found."""

    places: tuple[Place, ...]


class Found(Record):
    """One flaw."""

    rule: str
    """Short name of the flaw, such as `unsupervised-spawn`."""
    severity: Severity
    path: str
    line: int = Field(ge=1)
    message: str
    """What is wrong there and what comes of it, in one or two sentences."""


class Findings(Record):
    """Flaws in a code base, the worst first."""

    findings: tuple[Found, ...]


class Judgement(Record):
    """Whether a change may be committed, and what to do next."""

    status: Literal["passed", "failed"]
    next_action: Literal["commit", "retry", "give_up"]
    reasons: tuple[str, ...]
    """Why it did not pass, one sentence each; empty when it did."""


class Comment(Record):
    """A remark on one place of a change."""

    path: str
    line: int = Field(ge=1)
    severity: Severity
    message: str


class Review(Record):
    """What a reviewer says of a change."""

    approved: bool
    summary: str
    comments: tuple[Comment, ...]


class FileContent(Record):
    """One whole file."""

    path: str
    content: str


class CommitMessage(Record):
    """A commit message."""

    subject: str = Field(min_length=1, max_length=72)
    """In the imperative, without a full stop."""
    body: str
    """Why the change is made; empty when the subject says it."""
