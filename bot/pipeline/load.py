"""Finds and loads pipelines: a team's own first, then the ones that ship."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import ConfigError
from bot.pipeline.checks.checker import Caller
from bot.pipeline.checks.examine import Examined, examine
from bot.pipeline.checks.problems import Problem, errors_of, of_error
from bot.pipeline.language.workflow import Workflow
from bot.strict_yaml import Document, read


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
    warnings: tuple[Problem, ...] = ()


class Library:
    """Directories searched in order for `<name>.yaml` and prompt files; loads each file once."""

    def __init__(self, *overrides: Path, packaged: Path | None = None) -> None:
        self.directories = (*overrides, packaged or resources())
        self._examined: dict[str, Examined] = {}

    def find(self, name: str) -> Path | None:
        """The first file of that name; names that leave the directories find nothing.

        `pipelines/` in front may be there or not: some name files from where that folder lies.
        """
        short = name.removeprefix("./").removeprefix("pipelines/")
        for directory in self.directories:
            base = directory.resolve()
            for path in ((base / name).resolve(), (base / short).resolve()):
                if path.is_relative_to(base) and path.is_file():
                    return path
        return None

    def names(self) -> tuple[str, ...]:
        """Every pipeline there is, by the name `find` takes."""
        found = {
            path.relative_to(directory).as_posix()
            for directory in self.directories
            for path in directory.rglob("*.yaml")
        }
        return tuple(sorted(found))

    def load(self, name: str) -> Loaded:
        """A pipeline by name, checked with everything it calls; raises `ConfigError`."""
        if self.find(name) is None:
            places = ", ".join(str(directory) for directory in self.directories)
            raise ConfigError("there is no such pipeline", path=name, hint=f"searched {places}")
        return loaded(self.examined(name))

    def load_file(self, path: Path) -> Loaded:
        """A pipeline by path; the pipelines it calls are still found by name."""
        return loaded(self._of_file(path))

    def examined(self, name: str, callers: tuple[Caller, ...] = ()) -> Examined:
        """All about a pipeline that `find` finds; `callers` are the files that led to it."""
        if name not in self._examined:
            path = self.find(name)
            assert path is not None
            try:
                document = read(path, collect=True)
                examined = examine(document, library=self, callers=(*callers, Caller(name)))
            except ConfigError as error:
                examined = Examined(Document(str(path), None, None), (of_error(error),))
            self._examined[name] = examined
        return self._examined[name]

    def _of_file(self, path: Path) -> Examined:
        document = read(path, collect=True)
        name = self.name_of(path.resolve())
        return examine(document, library=self, callers=(Caller(name),) if name else ())

    def name_of(self, path: Path) -> str:
        """The one name of a file that `find` gives; empty where another one hides it."""
        for directory in self.directories:
            base = directory.resolve()
            if path.is_relative_to(base):
                name = path.relative_to(base).as_posix()
                return name if self.find(name) == path else ""
        return ""

    def problems(self, source: Path | Document) -> list[Problem]:
        """Everything wrong with a file and what it calls, in order; empty when nothing is."""
        try:
            if isinstance(source, Document):
                return list(examine(source, library=self).problems)
            return list(self._of_file(source).problems)
        except ConfigError as error:
            return [of_error(error)]


def validate(source: Path | Document, library: Library | None = None) -> list[Problem]:
    """Everything wrong with a pipeline file, without running it."""
    return (library or Library()).problems(source)


def build(document: Document, *, library: Library | None = None) -> Loaded:
    """A checked workflow from a parsed document; raises `ConfigError` with line and column."""
    return loaded(examine(document, library=library))


def loaded(examined: Examined) -> Loaded:
    """What can run; raises the first error, the others counted."""
    errors = errors_of(examined.problems)
    if errors:
        raise errors[0].error(len(errors) - 1)
    assert examined.called is not None
    return Loaded(
        examined.called.workflow,
        examined.document,
        examined.expects,
        examined.free,
        tuple(problem for problem in examined.problems if problem.severity == "warning"),
    )
