"""Samples of the predecessor's features: pipelines, what is said in them, what must hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent
from typing import Any, cast

from bot.codebase.codebase import Codebase
from bot.core.usage import Usage
from bot.errors import ModelUnavailable
from bot.llm.offline import OfflineModel
from bot.llm.scripted import Line, ScriptedModel, call
from bot.llm.types import Model, Reply
from bot.pipeline.budget import Budget
from bot.pipeline.engine import Engine
from bot.pipeline.expressions.expr import holds
from bot.pipeline.load import Library, build, validate
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.record.points import Points
from bot.pipeline.results import RunResult, StepView
from bot.pipeline.steps import default_handlers
from bot.strict_yaml import Document, parse
from tests.fakes.workspace import MemoryWorkspace
from tests.pipeline.support import Events, Tree

V1 = Path(__file__).with_name("v1")


@dataclass(frozen=True)
class Sample:
    """One feature and how it shows."""

    feature: str
    """The first cell of its row."""
    steps: str = ""
    given: str = ""
    """Steps before."""
    head: str = ""
    """Keys of the workflow."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    says: tuple[Any, ...] = ()
    """What the model answers: a text, data, a call, a failure."""
    vendor: str = "anthropic"
    tree: Mapping[str, str] = field(default_factory=dict)
    """The code base."""
    library: Mapping[str, str] = field(default_factory=dict)
    """Files beside the pipeline."""
    holds: str | tuple[str, ...] = ()
    """Conditions over steps, and over what was asked, noticed and written."""
    fails: str = ""
    """Part of the message with which the run fails."""
    command: tuple[str, ...] = ()
    """A command line instead of a pipeline."""
    before: tuple[str, ...] = ()
    """A command before that one."""
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def conditions(self) -> tuple[str, ...]:
        """`holds` as a list."""
        return (self.holds,) if isinstance(self.holds, str) else tuple(self.holds)

    def document(self) -> Document:
        """The pipeline."""
        head = indent("name: test\n" + self.head, "  ").rstrip()
        steps = indent(self.given + self.steps, "    ").rstrip()
        return parse(f"workflow:\n{head}\n  steps:\n{steps}\n", path="sample.yaml", collect=True)


def samples() -> dict[str, list[Sample]]:
    """Every sample, by the file it stands in."""
    return {path.stem: list(_read(path)) for path in sorted(V1.glob("*.yaml"))}


def _read(path: Path) -> list[Sample]:
    entries = parse(path.read_text("utf-8"), path=path.name).value
    return [Sample(**{key: _tuple(value) for key, value in entry.items()}) for entry in entries]


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@dataclass
class Played:
    """A sample that was run."""

    result: RunResult
    seen: Mapping[str, Any]
    """What its conditions may ask about."""

    def wrong(self, sample: Sample) -> list[str]:
        """What does not come out as the sample says."""
        error = str(self.result.error or "")
        if sample.fails:
            return [] if sample.fails in error else [f"fails with {error!r}"]
        if error:
            return [error]
        return [text for text in sample.conditions if not holds(text, self.seen)]


def play(sample: Sample, directory: Path) -> Played:
    """Run a sample with a scripted model and a code base in memory."""
    loaded = build(sample.document(), library=_library(sample, directory))
    model = ScriptedModel(map(_line, sample.says), name=sample.vendor)
    vendors: dict[str, Model] = {sample.vendor: model} if sample.says else {}
    workspace = MemoryWorkspace.of(sample.tree)
    codebase = cast(Codebase, workspace) if sample.tree else None
    tree, events = Tree(files=dict(sample.tree), codebase=codebase), Events()
    written = directory / "written"
    engine = Engine(
        default_handlers(),
        {**vendors, "offline": OfflineModel()},
        library=_library(sample, directory),
        services=tree.services(),
        keeping=Keeping(output_dir=written, points=Points(directory / "points")),
        observer=events,
        sleep=lambda seconds: None,
    )
    result = engine.run(loaded.workflow, sample.inputs, budget=Budget())
    return Played(result, _seen(result, model, workspace, events, written))


def problems(sample: Sample, directory: Path) -> str:
    """What the loader says of a sample, or what stops its run."""
    library = _library(sample, directory)
    found = [p.text() for p in validate(sample.document(), library) if p.severity == "error"]
    return "\n".join(found) or str(play(sample, directory).result.error)


def _library(sample: Sample, directory: Path) -> Library:
    root = directory / "library"
    for name, text in sample.library.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Library(root) if sample.library else Library()


def _line(said: Any) -> Line:
    if isinstance(said, str):
        return said
    if isinstance(said, dict) and "call" in said:
        return call(said["call"], **said["with"])
    if isinstance(said, dict) and "fails" in said:
        return ModelUnavailable("the vendor is overloaded", reason=said["fails"])
    if isinstance(said, dict) and "usd" in said:
        return Reply(said["text"], "m", usage=Usage(10, 5, usd=said["usd"], calls=1))
    return json.dumps(said)


def _seen(
    result: RunResult, model: ScriptedModel, tree: MemoryWorkspace, events: Events, written: Path
) -> dict[str, Any]:
    asked = model.requests
    last = asked[-1] if asked else None
    files = [path for path in written.rglob("*") if path.is_file()] if written.is_dir() else []
    return {
        "asked": [request.prompt() for request in asked],
        "calls": len(asked),
        "history": ", ".join(f"{m.role}: {m.text}" for m in last.history) if last else "",
        "requests": [{"system": r.system, "options": vars(r.options)} for r in asked],
        "options": vars(asked[0].options) if asked else {},
        "tools": [tool.name for tool in asked[0].tools] if asked else [],
        "notices": [event.message for event in events if event.kind == "notice"],
        "written": {path.relative_to(written).as_posix(): path.read_text() for path in files},
        "tree": tree.texts(),
        **{name: StepView(step) for name, step in result.steps.items()},
    }
