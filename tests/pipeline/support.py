"""In-memory services and short ways to load and run a pipeline written in a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

from bot.codebase.codebase import Codebase
from bot.core.finding import Analysis
from bot.core.verdict import Verdict
from bot.errors import Refused, Unusable
from bot.llm.types import Model
from bot.pipeline.budget import Budget
from bot.pipeline.engine import Engine
from bot.pipeline.load import Library, Loaded, build
from bot.pipeline.record.checkpoints import Checkpoints
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.record.points import Point
from bot.pipeline.record.trace import Trace
from bot.pipeline.results import RunResult, StepEvent
from bot.pipeline.services import CodemodResult, CommandResult, GitResult, Services
from bot.pipeline.steps import default_handlers
from bot.strict_yaml import parse


def load(text: str, *, library: Library | None = None) -> Loaded:
    """A pipeline from indented YAML."""
    return build(parse(dedent(text), path="test.yaml"), library=library)


def steps(text: str, head: str = "") -> Loaded:
    """A workflow with these steps, and `head` above them."""
    body = "workflow:\n  name: test\n"
    body += "".join(f"  {line}\n" for line in dedent(head).strip().splitlines())
    body += "  steps:\n" + "".join(f"    {line}\n" for line in dedent(text).strip().splitlines())
    return build(parse(body, path="test.yaml"))


def library(directory: Path, **files: str) -> Library:
    """Pipelines written in a test: file name (`__` for a folder) to what stands below its name."""
    for name, body in files.items():
        path = directory / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"workflow: {{name: {path.stem}, {body}}}")
    return Library(directory)


def run(
    loaded: Loaded,
    inputs: Mapping[str, Any] | None = None,
    *,
    models: Mapping[str, Model] | None = None,
    services: Services | None = None,
    budget: Budget | None = None,
    trace: Trace | None = None,
    checkpoints: Checkpoints | None = None,
    resume: Point | None = None,
    **engine: Any,
) -> RunResult:
    """Run it with the shipped handlers; nothing sleeps."""
    keeping = Keeping(trace=trace or Trace(None), checkpoints=checkpoints)
    made = Engine(
        default_handlers(),
        models or {},
        services=services,
        **{"sleep": lambda seconds: None, "keeping": keeping, **engine},
    )
    return made.run(loaded.workflow, inputs or {}, budget=budget, resume=resume)


class Events(list[StepEvent]):
    """An observer that keeps what it saw."""

    def __call__(self, event: StepEvent) -> None:
        self.append(event)

    def finished(self) -> list[tuple[str, str]]:
        """Name and status of every step that ended."""
        return [(e.name, e.result.status) for e in self if e.kind == "finished" and e.result]


@dataclass
class Tree:
    """A work tree in memory: all services at once, with a list of what was done to it."""

    files: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    codemods: dict[str, CodemodResult] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset({"echo"})
    exit_code: int = 0
    changed: dict[str, str] = field(default_factory=dict)
    codebase: Codebase | None = None
    """A real one, for steps that need it; what changes in it is changed in the tree."""
    begun: str = ""
    feedback: list[Any] = field(default_factory=list)

    def write(self, path: str, content: str) -> CodemodResult:
        """Write one file."""
        self.changed[path] = content
        self.done.append(f"write {path}")
        return CodemodResult(status="applied", files=(path,), diff=f"+++ {path}\n")

    def services(self) -> Services:
        """Itself, as everything a run needs."""
        return Services(
            mix=_Mix(self), git=_Git(self), codemod=_Codemod(self), analyze=_Analyze(self),
            verify=_Verify(self), commands=_Commands(self), files=_Files(self),
            codebase=self.codebase,
        )  # fmt: skip


@dataclass
class _Mix:
    tree: Tree

    def run(self, task: str, args: tuple[str, ...], *, timeout: float) -> CommandResult:
        if task == "forbidden":
            raise Refused(f"mix {task} is not on the list")
        return ended(("mix", task, *args), self.tree.exit_code)


@dataclass
class _Commands:
    tree: Tree

    @property
    def allowed(self) -> frozenset[str]:
        return self.tree.allowed

    def run(self, argv: tuple[str, ...], *, timeout: float) -> CommandResult:
        self.tree.done.append(" ".join(argv))
        return ended(argv, self.tree.exit_code)


@dataclass
class _Git:
    tree: Tree

    def diff(self) -> GitResult:
        paths = tuple(self.tree.changed)
        diff = "".join(f"+++ {p}\n" for p in paths)
        if self.tree.codebase is not None:
            diff += self.tree.codebase.diff()
        return GitResult(operation="diff", files=paths, diff=diff)

    def status(self) -> GitResult:
        return GitResult(operation="status", files=tuple(self.tree.changed))

    def commit(self, message: str, *, action: str) -> GitResult:
        if not self.tree.changed and self.tree.codebase is None:
            raise Refused("nothing to commit")
        self.tree.files.update(self.tree.changed)
        self.tree.changed.clear()
        self.tree.done.append(f"commit {action}: {message}")
        return GitResult(operation="commit", commit=f"c{len(self.tree.done)}", message=message)

    def undo(self) -> GitResult:
        paths = tuple(self.tree.changed)
        self.tree.changed.clear()
        self.tree.done.append("undo")
        if self.tree.codebase is not None and self.tree.begun:
            self.tree.codebase.restore(self.tree.begun)
        return GitResult(operation="undo", files=paths)


@dataclass
class _Codemod:
    tree: Tree

    def apply(self, action: str, *, feedback: Any) -> CodemodResult:
        self.tree.feedback.append(feedback)
        if action not in self.tree.codemods:
            raise Unusable(f"the plan has no action {action!r}")
        result = self.tree.codemods[action]
        self.tree.changed.update(dict.fromkeys(result.files, "new"))
        self.tree.done.append(f"apply {action}")
        return result

    def begin(self, action: str) -> CodemodResult:
        self.tree.done.append(f"begin {action}")
        if self.tree.codebase is not None:
            self.tree.begun = self.tree.codebase.snapshot()
        return CodemodResult(status="applied")

    def write(self, path: str, content: str) -> CodemodResult:
        return self.tree.write(path, content)


@dataclass
class _Analyze:
    tree: Tree

    def analyze(self, *, rules: tuple[str, ...], paths: tuple[str, ...]) -> Analysis:
        return Analysis(files=1, lines=1, modules=1, findings=(), rules=rules or ("all",))


@dataclass
class _Verify:
    tree: Tree

    def verify(self, action: str, *, tests: tuple[str, ...]) -> Verdict:
        self.tree.done.append(f"verify {action} {','.join(tests)}".strip())
        return self.tree.verdicts.pop(0)


@dataclass
class _Files:
    tree: Tree

    def read(self, path: str) -> str:
        if path not in self.tree.files:
            raise Unusable(f"there is no file {path!r}")
        return self.tree.files[path]


def ended(argv: tuple[str, ...], exit_code: int = 0) -> CommandResult:
    """A program that printed its arguments."""
    return CommandResult(
        argv=argv,
        exit_code=exit_code,
        stdout=" ".join(argv),
        stderr="",
        seconds=0.1,
        passed=exit_code == 0,
    )


VISION = Path(__file__).resolve().parents[1] / "fixtures" / "vision"
"""The pipelines of the vision, to the byte: they have to load and run as they are."""
