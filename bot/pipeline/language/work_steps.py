"""Steps that act on the work tree or run something; none of them holds other steps."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from bot.pipeline.language.step_base import StepBase


class CommandStep(StepBase):
    """Run one allow-listed program. Never a shell: one list item per argument."""

    templated: ClassVar[tuple[str, ...]] = ("command",)

    type: Literal["command"]
    command: tuple[str, ...] = Field(min_length=1)
    allow_failure: bool = False
    """A non-zero exit code is a result, not a failure."""


class CodemodStep(StepBase):
    """Change files in the work tree: carry out a plan's action, or write one file."""

    templated: ClassVar[tuple[str, ...]] = ("action", "feedback", "path", "content")

    type: Literal["codemod"]
    action: str = ""
    """Id of the plan's action to carry out."""
    feedback: Any = None
    """What failed in the attempt before."""
    by_model: bool = False
    """Change nothing: only stand where the action belongs, for a step that lets a model do it."""
    path: str = ""
    """Write this file instead, with `content`."""
    content: str | None = None

    @model_validator(mode="after")
    def _one_job(self) -> CodemodStep:
        if bool(self.action) == bool(self.path) or (self.content is not None) != bool(self.path):
            raise ValueError("a codemod step takes either 'action', or 'path' and 'content'")
        return self


class AnalyzeStep(StepBase):
    """Run the static OTP analyser on the work tree."""

    templated: ClassVar[tuple[str, ...]] = ("rules", "paths")

    type: Literal["analyze"]
    rules: str | tuple[str, ...] = ()
    """Only these rules; all when empty."""
    paths: str | tuple[str, ...] = ()
    """Only these paths; everything when empty."""


class VerifyStep(StepBase):
    """Check the work tree against the baseline; gives a verdict, never a failure."""

    templated: ClassVar[tuple[str, ...]] = ("action", "tests")

    type: Literal["verify"]
    action: str = ""
    """Id of the action whose change is judged; empty judges the tree alone."""
    tests: str | tuple[str, ...] = ()
    """Generated test files that must be red before the change and green after."""


class MixStep(StepBase):
    """Run one mix task of the allow-list."""

    templated: ClassVar[tuple[str, ...]] = ("task", "args")

    type: Literal["mix"]
    task: str
    args: tuple[str, ...] = ()
    allow_failure: bool = False
    """A non-zero exit code is a result, not a failure."""


class GitStep(StepBase):
    """One operation on the work tree: `diff`, `status`, `commit`, or `undo` (drop the change)."""

    templated: ClassVar[tuple[str, ...]] = ("message", "action")

    type: Literal["git"]
    operation: Literal["diff", "status", "commit", "undo"]
    message: str = ""
    action: str = ""
    """Id of the action a commit belongs to; goes into its trailers."""

    @model_validator(mode="after")
    def _commit_has_message(self) -> GitStep:
        if (self.operation == "commit") != bool(self.message):
            raise ValueError("'message' belongs to, and only to, operation 'commit'")
        return self


WorkStep = CommandStep | CodemodStep | AnalyzeStep | VerifyStep | MixStep | GitStep
