"""Answers questions about a code base, from its files and the outlines of its modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bot.core import regex
from bot.core.ports import ModuleOutline, Workspace
from bot.errors import Refused
from bot.pipeline.data.code_graph import (
    CodeGraph,
    by_directory,
    counterparts,
    is_elixir,
    is_of,
    is_test,
    reached,
)
from bot.pipeline.language.query_steps import (
    AnalyzeImpact,
    Criteria,
    FindDependencies,
    FindDependents,
    FindFiles,
    FindFunctions,
    FindModules,
    FindRelated,
)

_PRIVATE = frozenset({"defp", "defmacrop", "defguardp"})


@dataclass(frozen=True)
class CodeQueries:
    """The questions of one step, which all see the same tree."""

    workspace: Workspace

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Every file."""
        return self.workspace.list()

    @cached_property
    def graph(self) -> CodeGraph:
        """Which file uses which."""
        return CodeGraph(self.workspace.modules())

    def answer(self, criteria: Criteria) -> dict[str, Any]:
        """The answer as data; raises `Refused` for a file that is not there."""
        return _ANSWERS[type(criteria)](self, criteria)

    def known(self, path: str) -> str:
        """The path of a file of Elixir that exists."""
        if path not in self.graph.in_file:
            self.workspace.size(path)
            if not path.endswith((".ex", ".exs")):
                raise Refused(f"{path!r} is no Elixir file", hint="only Elixir is understood")
        return path

    def find_files(self, wanted: FindFiles) -> dict[str, Any]:
        """`{files, count}`."""
        found: Iterable[str] = self.workspace.list(wanted.pattern)
        if wanted.related_to:
            related = {entry["file"] for entry in self._related(wanted.related_to)}
            found = [path for path in found if path in related]
        dropped = {path for glob in wanted.exclude_patterns for path in self.workspace.list(glob)}
        kept = [
            path
            for path in found
            if path not in dropped
            and is_of(wanted.type, path)
            and not (wanted.exclude_tests and is_test(path))
            and not (wanted.language and not is_elixir(path))
            and path.endswith(f".{wanted.extension.removeprefix('.')}" if wanted.extension else "")
            and wanted.contains in path
        ]
        return _counted("files", self._of_size(kept, wanted))

    def _of_size(self, paths: list[str], wanted: FindFiles) -> list[str]:
        low = wanted.min_size if wanted.min_size is not None else wanted.size_min
        high = wanted.max_size if wanted.max_size is not None else wanted.size_max
        if low is None and high is None:
            return paths
        sizes = {path: self.workspace.size(path) for path in paths}
        return [p for p in paths if (low or 0) <= sizes[p] and (high is None or sizes[p] <= high)]

    def find_functions(self, wanted: FindFunctions) -> dict[str, Any]:
        """`{functions: [{module, name, arity, kind, line, path, documented}], count}`."""
        found = [
            {"module": module.name, "path": module.path, **function.model_dump()}
            for module in self._modules(wanted.in_file, wanted.in_files, wanted.exclude_tests)
            if wanted.module in ("", module.name)
            for function in module.functions
            if wanted.name in ("", function.name)
            and wanted.arity in (None, function.arity)
            and wanted.kind in (None, function.kind)
            and not (wanted.public_only and function.kind in _PRIVATE)
            and not (wanted.with_annotation and not function.documented)
            and (not wanted.pattern or regex.matches(wanted.pattern, function.name))
        ]
        return _counted("functions", found)

    def find_modules(self, wanted: FindModules) -> dict[str, Any]:
        """`{modules: [{name, path, line, behaviours, functions}], count}`."""
        found = [
            {
                "name": module.name,
                "path": module.path,
                "line": module.line,
                "behaviours": list(module.behaviours),
                "functions": len(module.functions),
            }
            for module in self._modules(wanted.in_file, wanted.in_files, wanted.exclude_tests)
            if wanted.with_behaviour in ("", *module.behaviours)
            and (not wanted.pattern or regex.matches(wanted.pattern, module.name))
        ]
        return _counted("modules", found)

    def _modules(
        self, in_file: str, in_files: str | tuple[str, ...], exclude_tests: bool
    ) -> Iterator[ModuleOutline]:
        named = [in_files] if isinstance(in_files, str) else list(in_files)
        places = {path for glob in named for path in self._matching(glob)}
        if in_file:
            places.add(self.known(in_file))
        for module in self.graph.modules:
            inside = not (in_file or named) or module.path in places
            if inside and not (exclude_tests and is_test(module.path)):
                yield module

    def _matching(self, glob: str) -> tuple[str, ...]:
        found = self.workspace.list(glob)
        if not found:
            raise Refused(f"no file matches {glob!r}")
        return found

    def find_dependencies(self, wanted: FindDependencies) -> dict[str, Any]:
        """`{file, direct, transitive, external}`: files, and modules of others."""
        path = self.known(wanted.for_file)
        direct = reached(self.graph.uses, path, depth=1)
        far = (
            reached(self.graph.uses, path, depth=wanted.max_depth)
            if wanted.include_transitive
            else []
        )
        return {
            "file": path,
            "direct": direct,
            "transitive": [file for file in far if file not in direct],
            "external": self.graph.external(path),
            "count": len(direct),
        }

    def find_dependents(self, wanted: FindDependents) -> dict[str, Any]:
        """`{file, direct, transitive, tests}`; tests stand among the others, too."""
        path = self.known(wanted.of_file)
        direct = self._users(path, 1, wanted.include_tests)
        far = (
            self._users(path, wanted.max_depth, wanted.include_tests)
            if wanted.include_transitive
            else []
        )
        further = [file for file in far if file not in direct]
        answer: dict[str, Any] = {
            "file": path,
            "direct": direct,
            "transitive": further,
            "tests": [file for file in dict.fromkeys([*direct, *far]) if is_test(file)],
            "count": len(direct),
        }
        if wanted.group_by_directory:
            answer["by_directory"] = by_directory([*direct, *further])
        return answer

    def _users(self, path: str, depth: int | None, tests: bool) -> list[str]:
        found = reached(self.graph.used_by, path, depth=depth)
        return [file for file in found if tests or not is_test(file)]

    def find_related(self, wanted: FindRelated) -> dict[str, Any]:
        """`{related: [{file, relation}], count}`, the closest relation of each file."""
        entries = self._related(wanted.file)
        chosen = [e for e in entries if not wanted.types or e["relation"] in wanted.types]
        return _counted("related", chosen[: wanted.max_results])

    def _related(self, path: str) -> list[dict[str, str]]:
        self.known(path)
        users, used = (
            reached(self.graph.used_by, path, depth=1),
            reached(self.graph.uses, path, depth=1),
        )
        folder = path.rpartition("/")[0]
        beside = [file for file in self.files if file.rpartition("/")[0] == folder and file != path]
        opposite = "source" if is_test(path) else "test"
        relations = [
            *((file, opposite) for file in counterparts(path, self.files)),
            *((file, "test") for file in users if is_test(file)),
            *((file, "dependent") for file in users),
            *((file, "dependency") for file in used),
            *((file, "directory") for file in beside),
        ]
        first: dict[str, str] = {}
        for file, relation in relations:
            first.setdefault(file, relation)
        return [{"file": file, "relation": relation} for file, relation in first.items()]

    def analyze_impact(self, wanted: AnalyzeImpact) -> dict[str, Any]:
        """`{directly_affected, potentially_affected, test_files, impact_score}`."""
        path = self.known(wanted.file)
        direct = self._users(path, 1, False)
        further = [f for f in self._users(path, wanted.max_depth, False) if f not in direct]
        reach = reached(self.graph.used_by, path, depth=wanted.max_depth)
        found = {*counterparts(path, self.files), *(file for file in reach if is_test(file))}
        tests = sorted(file for file in found if is_test(file)) if wanted.include_tests else []
        return {
            "file": path,
            "directly_affected": direct,
            "potentially_affected": further,
            "test_files": tests,
            "impact_score": 3 * len(direct) + len(further) + 2 * len(tests),
        }


def _counted(name: str, found: list[Any]) -> dict[str, Any]:
    return {name: found, "count": len(found)}


_ANSWERS: dict[type[Criteria], Callable[..., dict[str, Any]]] = {
    FindFiles: CodeQueries.find_files,
    FindFunctions: CodeQueries.find_functions,
    FindModules: CodeQueries.find_modules,
    FindDependencies: CodeQueries.find_dependencies,
    FindDependents: CodeQueries.find_dependents,
    FindRelated: CodeQueries.find_related,
    AnalyzeImpact: CodeQueries.analyze_impact,
}
