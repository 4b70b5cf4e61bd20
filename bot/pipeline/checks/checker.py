"""What the checks of one file share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.core.faults import near
from bot.pipeline.checks.problems import Report
from bot.pipeline.language.pipeline_step import PipelineStep
from bot.pipeline.language.step_base import At
from bot.pipeline.language.workflow import GeminiFunction, Workflow
from bot.strict_yaml import Document

if TYPE_CHECKING:
    from bot.pipeline.load import Library


@dataclass(frozen=True)
class Caller:
    """A file in a chain of calls."""

    name: str
    bounded: bool = False
    """The call that goes on from it says how deep it may go."""

    def calling(self, step: PipelineStep) -> Caller:
        """The same, going on with this step."""
        return Caller(self.name, step.config.max_depth is not None)


@dataclass
class Checker:
    """What is known about the whole file, or about one pipeline written inside it."""

    report: Report
    library: Library | None
    workflow: Workflow
    all_steps: frozenset[str]
    all_variables: frozenset[str]
    fragment: bool = False
    callers: tuple[Caller, ...] = ()
    """Files that led here, this one last."""
    lost: frozenset[str] = frozenset()
    """Names that stood in parts of the file that could not be read."""
    base: At = ()
    """Where the pipeline stands in the file."""
    expects: list[str] = field(default_factory=list)
    free: dict[str, bool] = field(default_factory=dict)
    """Names nobody defines, which are inputs; true for those that must be given."""

    @property
    def document(self) -> Document:
        """The file."""
        return self.report.document

    @property
    def open_names(self) -> bool:
        """No declared inputs, so an unknown name is an input."""
        return self.workflow.inputs is None

    @property
    def types(self) -> Mapping[str, Mapping[str, Any]]:
        """JSON Schemas the file names."""
        return self.workflow.types

    @property
    def functions(self) -> Mapping[str, GeminiFunction]:
        """Functions the file declares."""
        return self.workflow.gemini_functions

    def near(self, word: str, known: Iterable[str]) -> str:
        """`; did you mean 'x'?`, or nothing; after so many problems nobody looks for it."""
        return near(word, known) if len(self.report.problems) < 100 else ""

    def error(self, message: str, at: At, *, hint: str = "", line: int = 0) -> None:
        """Report an error at a path inside this pipeline."""
        self.report.add(message, (*self.base, *at), hint=hint, line=line)

    def warn(self, message: str, at: At, *, hint: str = "") -> None:
        """Report what loads and runs, and is hardly meant."""
        self.report.warn(message, (*self.base, *at), hint=hint)
