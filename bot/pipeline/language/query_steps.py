"""The codebase_query step, as written in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from bot.core import regex
from bot.core.model import Record
from bot.core.regex_program import PatternError
from bot.pipeline.language.step_base import Name, StepBase

_ONLY_ELIXIR = "only Elixir is understood; use find_modules and find_functions"
_NO_HISTORY = "the history is not part of a code base; use a git or command step"


def _pattern(value: str) -> str:
    try:
        regex.compiled(value)
    except PatternError as error:
        raise ValueError(f"bad pattern {value!r}: {error}") from error
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]


class Criteria(Record):
    """What a query looks for: one map, or a list of maps that together make one."""


class FindFiles(Criteria):
    """Files by kind, name and relation."""

    refused: ClassVar[Mapping[str, str]] = {
        "modified_since": "a checkout does not know when a file changed; use a git or command step",
    }

    type: Literal["source", "test", "config", "main", "all"] = "all"
    """`source` is all Elixir, `main` what is deployed and mix.exs, the others by their place."""
    pattern: str = "**/*"
    exclude_patterns: tuple[str, ...] = ()
    exclude_tests: bool = False
    related_to: str = ""
    """Tests of this file, what it uses and what uses it."""
    language: Literal["elixir"] | None = None
    extension: str = ""
    contains: str = ""
    """In the path."""
    min_size: int | None = Field(default=None, ge=0)
    max_size: int | None = Field(default=None, ge=0)
    size_min: int | None = Field(default=None, ge=0)
    """The same as `min_size`."""
    size_max: int | None = Field(default=None, ge=0)
    """The same as `max_size`."""


class FindFunctions(Criteria):
    """Functions and macros of modules."""

    refused: ClassVar[Mapping[str, str]] = {"with_decorator": "Elixir has no decorators"}

    in_file: str = ""
    in_files: str | tuple[str, ...] = ()
    """Paths or globs."""
    module: str = ""
    name: str = ""
    pattern: Pattern = ""
    """A regular expression, found in the name."""
    arity: int | None = Field(default=None, ge=0)
    type: Literal["function"] | None = None
    kind: Literal["def", "defp", "defmacro", "defmacrop", "defguard", "defdelegate"] | None = None
    public_only: bool = False
    with_annotation: Literal["@doc"] | None = None
    exclude_tests: bool = False


class FindModules(Criteria):
    """Modules by name, place and behaviour."""

    in_file: str = ""
    in_files: str | tuple[str, ...] = ()
    pattern: Pattern = ""
    """A regular expression, found in the name."""
    with_behaviour: str = ""
    exclude_tests: bool = False


class FindDependencies(Criteria):
    """What a file uses."""

    refused: ClassVar[Mapping[str, str]] = {
        "include_stdlib": "modules of others stand apart, under 'external'",
    }

    for_file: str = ""
    include_transitive: bool = False
    max_depth: int | None = Field(default=None, ge=1)


class FindDependents(Criteria):
    """What uses a file."""

    of_file: str = ""
    include_transitive: bool = False
    max_depth: int | None = Field(default=None, ge=1)
    include_tests: bool = True
    group_by_directory: bool = False


class FindRelated(Criteria):
    """Files that have to do with one, and how."""

    file: str = ""
    types: tuple[Literal["test", "source", "dependency", "dependent", "directory"], ...] = ()
    """All of them when empty."""
    max_results: int = Field(default=20, ge=1)


class AnalyzeImpact(Criteria):
    """Whom a change of a file concerns."""

    file: str = ""
    include_tests: bool = True
    max_depth: int = Field(default=3, ge=1)


T = TypeVar("T")


def _shape(value: Any) -> str:
    return "list" if isinstance(value, list | tuple) else "map"


OneOrMany = Annotated[
    Annotated[T, Tag("map")] | Annotated[tuple[T, ...], Tag("list")], Discriminator(_shape)
]

_FINDS: dict[str, str] = {
    "find_files": "",
    "find_functions": "",
    "find_modules": "",
    "find_dependencies": "for_file",
    "find_dependents": "of_file",
    "find_related": "file",
    "analyze_impact": "file",
}
"""Queries, and the file each must name."""
_GETS = ("get_project_type", "get_dependencies", "get_git_status")


class Query(Record):
    """One question; those that begin with `get_` may be asked together."""

    refused: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("find_classes", "find_exports", "find_interfaces", "find_imports"), _ONLY_ELIXIR
        ),
        **dict.fromkeys(
            ("get_recent_commits", "get_contributors", "get_change_frequency"), _NO_HISTORY
        ),
        "get_changed_files": "use get_git_status",
        "find_references": "use find_dependents, or an agent step that searches",
        "find_circular_dependencies": "use a mix step: xref graph --format cycles",
        "find_entry_points": "use find_modules with with_behaviour: Application",
    }

    find_files: OneOrMany[FindFiles] | None = None
    find_functions: OneOrMany[FindFunctions] | None = None
    find_modules: OneOrMany[FindModules] | None = None
    find_dependencies: OneOrMany[FindDependencies] | None = None
    find_dependents: OneOrMany[FindDependents] | None = None
    find_related: OneOrMany[FindRelated] | None = None
    analyze_impact: OneOrMany[AnalyzeImpact] | None = None
    get_project_type: Literal[True] | None = None
    get_dependencies: Literal[True] | None = None
    get_git_status: Literal[True] | None = None

    @model_validator(mode="after")
    def _asks(self) -> Query:
        finds = [name for name in _FINDS if getattr(self, name) is not None]
        gets = [name for name in _GETS if getattr(self, name)]
        if len(finds) + bool(gets) != 1:
            raise ValueError("a query asks one thing: one find_... or analyze_..., or some get_...")
        for name in finds:
            criteria = self.criteria(name)
            if (file := _FINDS[name]) and not getattr(criteria, file):
                raise ValueError(f"{name!r} needs {file!r}")
        return self

    def criteria(self, name: str) -> Criteria:
        """What one of its questions says, taken together; raises `ValueError` for a key twice."""
        given = getattr(self, name)
        parts: tuple[Criteria, ...] = given if isinstance(given, tuple) else (given,)
        said: dict[str, Any] = {}
        for part in parts:
            for key in part.model_fields_set:
                if key in said:
                    raise ValueError(f"{name!r} gives {key!r} twice")
                said[key] = getattr(part, key)
        return type(parts[0]).model_validate(said) if parts else _empty(name)

    @property
    def asks(self) -> str:
        """The find or analysis it is; empty for gets."""
        return next((name for name in _FINDS if getattr(self, name) is not None), "")


def _empty(name: str) -> Criteria:
    raise ValueError(f"{name!r} is an empty list; write an empty map to ask for all")


class CodebaseQueryStep(StepBase):
    """Ask about the structure of the code base. Answers come from the source, not from text."""

    templated: ClassVar[tuple[str, ...]] = ("queries",)
    refused: ClassVar[Mapping[str, str]] = {
        **StepBase.refused,
        "workspace_dir": "questions are always about the code base",
    }

    type: Literal["codebase_query"]
    queries: dict[Name, Query] = Field(default_factory=dict)
    codebase_context: bool = False
    """Also tell, as `codebase`, what kind of project this is and how large."""

    @model_validator(mode="after")
    def _something(self) -> CodebaseQueryStep:
        if not self.queries and not self.codebase_context:
            raise ValueError("'queries' must not be empty")
        if "codebase" in self.queries:
            raise ValueError("a query cannot be called 'codebase'; codebase_context is")
        return self
