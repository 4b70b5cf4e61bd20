"""`genesis pipeline run --dry-run`: what would be asked, of whom, and about at what cost."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, cast

from bot.core.ports import CommandResult, Edited, Workspace
from bot.core.usage import Usage
from bot.core.verdict import Verdict
from bot.flows.pipelines.asked import Asked, bind
from bot.flows.pipelines.place import open_place
from bot.flows.pipelines.prompted import with_prompt
from bot.flows.pipelines.run import library_for
from bot.flows.watch import Silent
from bot.llm.prices import Prices
from bot.llm.providers import model_for, open_models
from bot.pipeline.dry import Asking, DryEngine, Unrendered
from bot.pipeline.services import CodemodResult, GitResult, Services
from bot.settings import VENDORS, Settings


@dataclass(frozen=True)
class Estimate:
    """One prompt with what it would cost."""

    asking: Asking
    model: str
    """Its name, empty for the offline model."""
    usd: float | None
    """Of one reading of the input; None without a known price."""


@dataclass(frozen=True)
class DryReport:
    """Every prompt in the order of the file."""

    workflow: str
    estimates: tuple[Estimate, ...]
    unrendered: tuple[Unrendered, ...]


def dry_run(asked: Asked, settings: Settings) -> DryReport:
    """Render every prompt without a call and without a change.

    Raises `ConfigError` and `Unusable` as a real run would.
    """
    with ExitStack() as stack:
        place = open_place(asked, settings, Silent(), stack)
        library = library_for(asked.file, place.root)
        loaded = library.load_file(asked.file)
        bound = bind(asked, loaded)
        models = open_models(settings, offline=place.offline)
        place.rehearse()
        engine = DryEngine(models, library=library, services=_inert(place.services(bound.named)))
        try:
            engine.run(with_prompt(loaded, asked.prompt), bound.inputs, given=bound.given)
        finally:
            place.discard()
        found = engine.rehearsal
        prices = Prices.load(settings.prices_file)
        estimates = tuple(_estimate(asking, settings, prices) for asking in found.askings)
        return DryReport(loaded.workflow.name, estimates, tuple(found.unrendered))


def _estimate(asking: Asking, settings: Settings, prices: Prices) -> Estimate:
    vendor = next((name for name in VENDORS if name == asking.provider), None)
    if vendor is None:
        return Estimate(asking, "", 0.0)
    name = model_for(settings, vendor, asking.request.options)
    priced = prices.priced(name, Usage(input_tokens=asking.tokens, calls=1))
    return Estimate(asking, name, None if priced.unpriced_calls else priced.usd)


def _inert(services: Services) -> Services:
    """The same to read; whatever would change or run something only says it did."""
    inert = _Inert(services)
    return Services(
        mix=inert,
        git=inert,
        codemod=inert,
        analyze=services.analyze,
        verify=inert,
        commands=inert,
        files=services.files,
        codebase=cast("Workspace", _ReadOnly(services.codebase)) if services.codebase else None,
    )


@dataclass(frozen=True)
class _ReadOnly:
    workspace: Workspace

    def __getattr__(self, name: str) -> Any:
        return getattr(self.workspace, name)

    def write(self, path: str, content: str) -> Edited:
        return Edited(path=path, diff="")

    def edit(self, path: str, old: str, new: str, **how: bool) -> Edited:
        return Edited(path=path, diff="")

    def remove(self, path: str) -> Edited:
        return Edited(path=path, diff="")

    def copy(self, source: str, destination: str) -> None:
        """Nothing is copied."""

    def mix(self, task: str, args: tuple[str, ...] = (), *, timeout: float = 0) -> CommandResult:
        return _ended(("mix", task, *args))

    def run_test(self, paths: tuple[str, ...] = ()) -> CommandResult:
        return _ended(("mix", "test", *paths))

    def run_credo(self) -> CommandResult:
        return _ended(("mix", "credo"))

    def snapshot(self) -> str:
        return "dry"

    def restore(self, snapshot: str) -> None:
        """Nothing was changed."""


@dataclass(frozen=True)
class _Inert:
    """Every service that acts, without acting."""

    services: Services

    @property
    def allowed(self) -> frozenset[str]:
        commands = self.services.commands
        return commands.allowed if commands is not None else frozenset()

    def run(self, *what: Any, timeout: float) -> CommandResult:
        words = [w for part in what for w in ((part,) if isinstance(part, str) else part)]
        return _ended(tuple(words))

    def diff(self) -> GitResult:
        return GitResult(operation="diff", files=("...",), diff="[the change so far]")

    def status(self) -> GitResult:
        return GitResult(operation="status", files=("...",))

    def commit(self, message: str, *, action: str) -> GitResult:
        return GitResult(operation="commit", commit="...", message=message)

    def undo(self) -> GitResult:
        return GitResult(operation="undo")

    def apply(self, action: str, *, feedback: Any) -> CodemodResult:
        return CodemodResult(status="applied", files=("...",), diff="[the change]")

    def begin(self, action: str) -> CodemodResult:
        return CodemodResult(status="applied")

    def write(self, path: str, content: str) -> CodemodResult:
        return CodemodResult(status="applied", files=(path,), diff="[the change]")

    def verify(self, action: str, *, tests: tuple[str, ...]) -> Verdict:
        return Verdict(status="passed")


def _ended(argv: tuple[str, ...]) -> CommandResult:
    return CommandResult(
        argv=argv, exit_code=0, stdout="[its output]", stderr="", seconds=0.0, passed=True
    )
