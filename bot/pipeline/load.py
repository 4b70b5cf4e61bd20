"""Finds and loads pipelines: a team's own first, then the ones that ship."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.errors import ConfigError
from bot.pipeline import problems
from bot.pipeline.check import check_references
from bot.pipeline.inputs import fits
from bot.pipeline.spec import PipelineStep, Workflow
from bot.pipeline.strict_yaml import Document, read

_ROOT_KEYS = ("workflow",)


def resources() -> Path:
    """The packaged `pipelines/` directory, in a wheel or in a checkout."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_pipelines", package.parent / "pipelines"):
        if candidate.is_dir():
            return candidate
    raise ConfigError(
        "the packaged pipelines are missing", path=str(package), hint="reinstall otp-genesis"
    )


@dataclass(frozen=True)
class Loaded:
    """A workflow with the file it came from."""

    workflow: Workflow
    document: Document
    expects: tuple[str, ...] = ()
    """Steps a fragment (a bare list of steps) refers to but does not contain."""
    free_names: Mapping[str, bool] = field(default_factory=dict)
    """Names it takes from outside without declaring them; true for those it cannot do without."""


class Library:
    """Directories searched in order for `<name>.yaml` and prompt files; loads each file once."""

    def __init__(self, *overrides: Path, packaged: Path | None = None) -> None:
        self.directories = (*overrides, packaged or resources())
        self._loaded: dict[str, Loaded] = {}

    def find(self, name: str) -> Path | None:
        """The first file of that name; names that leave the directories find nothing."""
        for directory in self.directories:
            base = directory.resolve()
            path = (base / name).resolve()
            if path.is_relative_to(base) and path.is_file():
                return path
        return None

    def load(self, name: str) -> Loaded:
        """A pipeline by name, checked with everything it calls; raises `ConfigError`."""
        return self._load(name, ())

    def load_file(self, path: Path) -> Loaded:
        """A pipeline by path; the pipelines it calls are still found by name."""
        return self._checked(read(path), ())

    def _load(self, name: str, callers: tuple[str, ...]) -> Loaded:
        if name in self._loaded:
            return self._loaded[name]
        path = self.find(name)
        if path is None:
            places = ", ".join(str(directory) for directory in self.directories)
            raise ConfigError("there is no such pipeline", path=name, hint=f"searched {places}")
        loaded = self._checked(read(path), (*callers, name))
        self._loaded[name] = loaded
        return loaded

    def _checked(self, document: Document, callers: tuple[str, ...]) -> Loaded:
        loaded = build(document, library=self)
        for at, step in problems.located_steps(loaded.workflow):
            if isinstance(step, PipelineStep) and step.pipeline_file:
                self._check_call(step, at, document, callers, loaded.workflow)
        return loaded

    def _check_call(
        self,
        step: PipelineStep,
        at: problems.At,
        document: Document,
        callers: tuple[str, ...],
        parent: Workflow,
    ) -> None:
        name, at = step.pipeline_file, problems.rooted(document, (*at, "pipeline_file"))
        if "{" in name:
            raise document.error("pipeline_file must be a literal name", at)
        if name in callers:
            raise document.error(
                f"pipelines call each other in a circle: {' -> '.join((*callers, name))}", at
            )
        if self.find(name) is None:
            raise document.error(f"there is no pipeline {name!r}", at)
        called = self._load(name, callers).workflow
        for key, spec in (called.inputs or {}).items():
            if spec.required and key not in step.inputs:
                raise document.error(f"pipeline {name!r} needs the input {key!r}", at[:-1])
        for key in step.inputs:
            if called.inputs is not None and key not in called.inputs:
                where = (*at[:-1], "inputs", key)
                raise document.error(
                    f"pipeline {name!r} has no input {key!r}{problems.near(key, called.inputs)}",
                    where,
                )


def build(document: Document, *, library: Library | None = None) -> Loaded:
    """A checked workflow from a parsed document; raises `ConfigError` with line and column."""
    body, fragment = _body(document)
    try:
        workflow = Workflow.model_validate(body)
    except ValidationError as error:
        raise problems.from_validation(document, error) from error
    _require_unique_names(document, workflow)
    _require_good_inputs(document, workflow)
    expects, free = check_references(document, workflow, library=library, fragment=fragment)
    return Loaded(workflow, document, expects, free)


def _body(document: Document) -> tuple[Any, bool]:
    value = document.value
    if isinstance(value, list):
        return {"name": Path(document.path).stem, "steps": value}, True
    if not isinstance(value, dict):
        raise document.error("a pipeline file holds 'workflow:' or a list of steps")
    if "workflow" not in value:
        raise document.error(f"the key 'workflow' is missing{problems.near('workflow', value)}")
    for key in value:
        if key not in _ROOT_KEYS:
            raise document.error(f"unknown key {key!r} beside 'workflow'", (key,))
    if not isinstance(value["workflow"], dict):
        raise document.error("'workflow' must be a map", ("workflow",))
    return value["workflow"], False


def _require_unique_names(document: Document, workflow: Workflow) -> None:
    seen: set[str] = set()
    for at, step in problems.located_steps(workflow):
        if step.name in seen:
            raise document.error(
                f"two steps are called {step.name!r}", problems.rooted(document, (*at, "name"))
            )
        seen.add(step.name)


def _require_good_inputs(document: Document, workflow: Workflow) -> None:
    for name, spec in (workflow.inputs or {}).items():
        if spec.default is not None and not fits(spec.default, spec):
            raise document.error(
                f"the default of input {name!r} is not of type {spec.type}",
                ("workflow", "inputs", name, "default"),
            )
