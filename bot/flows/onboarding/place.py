"""What `genesis doctor` looks at on a person's machine; nothing of the project is run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from bot.codebase.process import child_environment, run
from bot.codebase.repository import Repository
from bot.codebase.sandbox import open_sandbox
from bot.codebase.toolchain import Missing, Toolchain, elixir_requirement, find_toolchain
from bot.config import CONFIG_PATH, InvalidConfig, Problem, read_policy
from bot.core.verdict import Baseline
from bot.errors import ConfigError, OtpError, Refused
from bot.flows.bench import Bench
from bot.flows.pipelines.files import pipeline_files, problems_of
from bot.flows.session import DEFAULT_GOAL, Session
from bot.flows.watch import Watcher
from bot.llm.offline import OfflineModel
from bot.llm.providers import Checked, ask_about, configured_model, open_models, vendors_in_use
from bot.settings import Settings, Vendor
from bot.verify.checks import has_credo

PACKAGES: Mapping[Vendor, str] = {"anthropic": "anthropic", "gemini": "google.genai"}
"""What must be installed for each vendor's models."""

OWN_PIPELINES = ".genesis/pipelines"
"""Where a team's own pipelines are, that are used instead of ours."""

_SECONDS = 20.0


@dataclass(frozen=True)
class ModelFacts:
    """The models a run here may ask."""

    names: Mapping[Vendor, str] = field(default_factory=dict)
    """By vendor, the preferred one first."""
    problem: str = ""
    hint: str = ""
    missing: tuple[Vendor, ...] = ()
    """Vendors whose package is not installed."""
    asked: tuple[Checked, ...] | None = None
    """What the vendors said; None where nobody was asked."""


@dataclass(frozen=True)
class PlaceFacts:
    """One directory, and the machine it is on."""

    path: str
    git: str
    """Its version, empty where there is no git."""
    repository: str
    """What is wrong with the repository, empty where nothing is."""
    hint: str
    mix_file: bool
    requirement: str
    """The `elixir:` of mix.exs, empty where there is none."""
    toolchain: Toolchain | Missing
    credo: bool
    sandbox: str
    """What is missing for isolation, empty where project code is isolated."""
    key: bool
    """Whether a secret is set: then there is no way without isolation."""
    sandbox_mode: str
    folders: Mapping[str, str]
    """What is wrong with those that must be writable, `cache` and `state`; empty: nothing."""
    config: tuple[Problem, ...] | None
    """None where there is no configuration."""
    pipelines: tuple[str, ...] | None
    """What is wrong with pipelines of the team's own; None where there are none."""
    models: ModelFacts
    build: Baseline | str | None = None
    """What a build showed, or why there was none; None where nobody asked for it."""


def look_around(
    path: Path, settings: Settings, watch: Watcher, *, model: bool = False, build: bool = False
) -> PlaceFacts:
    """Everything about `path`; `model` asks the vendors, `build` builds and tests the commit."""
    env = settings.environment
    wrong, hint, root = _repository(path, settings)
    sandbox, key = _sandbox(settings)
    return PlaceFacts(
        path=str(path),
        git=_git_version(env),
        repository=wrong,
        hint=hint,
        mix_file=(path / "mix.exs").is_file(),
        requirement=elixir_requirement(path),
        toolchain=find_toolchain(path, env) if path.is_dir() else Missing("there is no project"),
        credo=path.is_dir() and has_credo(path),
        sandbox=sandbox,
        key=key,
        sandbox_mode=settings.sandbox,
        folders={
            "cache": _writable(settings.cache_dir),
            "state": _writable(settings.state_dir),
        },
        config=_config(root or path),
        pipelines=_pipelines(root or path),
        models=_models(settings, model=model),
        build=_build(path, settings, watch) if build and not wrong else None,
    )


def _git_version(env: Mapping[str, str]) -> str:
    try:
        argv = ("git", "--version")
        done = run(argv, cwd=Path("/"), env=child_environment(env), timeout=_SECONDS)
    except FileNotFoundError:
        return ""
    return done.stdout.strip().removeprefix("git version ") if done.returncode == 0 else ""


def _repository(path: Path, settings: Settings) -> tuple[str, str, Path | None]:
    """What is wrong, what to do, and the top of the checkout."""
    try:
        return "", "", Repository.open(path, settings).root
    except FileNotFoundError:
        return "git is not installed", "install git", None
    except OtpError as error:
        return error.message, error.hint, None


def _sandbox(settings: Settings) -> tuple[str, bool]:
    key = bool(settings.secrets())
    try:
        opened = open_sandbox(settings.sandbox, settings.environment, key_present=key)
    except Refused as error:
        return error.message.removeprefix("no sandbox: "), key
    return opened.notice, key


def _writable(folder: Path) -> str:
    """What stands in the way of writing there; nothing is made for it."""
    try:
        if folder.exists():
            with tempfile.TemporaryFile(dir=folder):
                return ""
        there = next(above for above in folder.parents if above.exists())
    except OSError as error:
        return f"{folder}: {error.strerror or error}"
    return "" if there.is_dir() and os.access(there, os.W_OK | os.X_OK) else str(there)


def _config(root: Path) -> tuple[Problem, ...] | None:
    file = root / CONFIG_PATH
    if not file.is_file():
        return None
    try:
        read_policy(file)
    except InvalidConfig as error:
        return error.problems
    except ConfigError as error:
        return ((error.line, error.column, error.bare),)
    return ()


def _pipelines(root: Path) -> tuple[str, ...] | None:
    folder = root / OWN_PIPELINES
    if not folder.is_dir():
        return None
    try:
        files = pipeline_files([folder])
        found = [(file, problem) for file in files for problem in problems_of(file)]
    except OtpError as error:
        return (error.message,)
    return tuple(
        f"{file.relative_to(root)}:{problem.line}: {problem.message}"
        for file, problem in found
        if problem.severity == "error"
    )


def _models(settings: Settings, *, model: bool) -> ModelFacts:
    try:
        vendors = vendors_in_use(settings)
        names = {vendor: configured_model(settings, vendor) for vendor in vendors}
        missing = tuple(vendor for vendor in vendors if not _installed(PACKAGES[vendor]))
        asked = ask_about(open_models(settings, offline=OfflineModel())) if model else None
    except OtpError as error:
        return ModelFacts(problem=error.message, hint=error.hint)
    return ModelFacts(names, missing=missing, asked=asked)


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def _build(path: Path, settings: Settings, watch: Watcher) -> Baseline | str:
    """The baseline of the commit that is checked out, as `genesis run --fresh` takes it."""
    try:
        repository = Repository.open(path, settings)
        session = Session(repository, repository.head, DEFAULT_GOAL, with_neighbours=True)
        bench = Bench(session, watch, run_id="doctor", anew=True)
        with repository.locked():
            try:
                bench.open()
                return bench.baseline
            finally:
                bench.close()
    except OtpError as error:
        return error.message
