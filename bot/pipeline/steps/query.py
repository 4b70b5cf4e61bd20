"""The codebase_query step."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from bot.core.ports import Workspace
from bot.elixir.mix_deps import declared
from bot.elixir.mixfile import apps_of
from bot.elixir.source import Source, role_of
from bot.errors import Refused
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.data.code_queries import CodeQueries
from bot.pipeline.expressions.expr import ExpressionError
from bot.pipeline.language.query_steps import CodebaseQueryStep, Criteria, Query


def run_codebase_query(step: CodebaseQueryStep, context: StepContext) -> Outcome:
    """Data: each answer by the name of its query, and `codebase` when that was asked for."""
    workspace = context.need(context.run.services.codebase, "a code base", step)
    queries = CodeQueries(workspace)
    data: dict[str, Any] = {"codebase": _overview(queries)} if step.codebase_context else {}
    for name, query in step.queries.items():
        try:
            data[name] = _answer(query, step, context, queries)
        except Refused as error:
            where = f"step {step.name!r}, query {name!r}"
            raise Refused(f"{where}: {error.message}", hint=error.hint) from error
    return Outcome(data=data, text=json.dumps(data, ensure_ascii=False, indent=2))


def _answer(
    query: Query, step: CodebaseQueryStep, context: StepContext, queries: CodeQueries
) -> dict[str, Any]:
    if query.asks:
        return queries.answer(_filled(query.criteria(query.asks), context))
    answers: dict[str, Any] = {}
    if query.get_project_type:
        answers |= _project(queries.workspace)
    if query.get_dependencies:
        answers |= _dependencies(queries.workspace)
    if query.get_git_status:
        status = context.need(context.run.services.git, "git", step).status()
        answers["git_status"] = {"files": list(status.files), "clean": not status.files}
    return answers


def _filled(criteria: Criteria, context: StepContext) -> Criteria:
    """With its templates filled in; what they give is checked again."""
    said = criteria.model_dump(exclude_unset=True)
    filled = context.resolve(said)
    if filled == said:
        return criteria
    try:
        return type(criteria).model_validate(filled)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        keys = ".".join(map(str, first["loc"]))
        raise ExpressionError(f"{keys}: {first['msg']}, got {first['input']!r:.80}") from error


def _mix_files(workspace: Workspace) -> dict[str, bytes]:
    files = [path for path in workspace.list("**/mix.exs") if role_of(path) == "mix"]
    return {path: workspace.read(path).encode() for path in files}


def _project(workspace: Workspace) -> dict[str, Any]:
    try:
        apps = apps_of(_mix_files(workspace))
    except ValueError as error:
        raise Refused(f"mix.exs cannot be read: {error}") from error
    return {
        "project_type": "elixir" if apps else "unknown",
        "umbrella": any(app.umbrella for app in apps),
        "apps": [
            {
                "name": app.name,
                "path": app.path,
                "elixir": app.requirement,
                "callback": app.callback,
            }
            for app in apps
            if not app.umbrella
        ],
    }


def _dependencies(workspace: Workspace) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    complete = True
    for path, data in _mix_files(workspace).items():
        listed = declared(Source(path, data))
        complete = complete and listed.complete
        for entry in listed.dependencies:
            known = found.setdefault(
                entry.name,
                {"name": entry.name, "requirement": entry.requirement, "only": list(entry.only),
                 **dict(entry.options), "declared_in": []},
            )  # fmt: skip
            known["declared_in"].append(path)
    return {"dependencies": list(found.values()), "dependencies_complete": complete}


def _overview(queries: CodeQueries) -> dict[str, Any]:
    roles = [role_of(path) for path in queries.files if path.endswith((".ex", ".exs"))]
    return {
        **_project(queries.workspace),
        **_dependencies(queries.workspace),
        "files": len(queries.files),
        "source_files": len(roles),
        "test_files": roles.count("test"),
        "modules": len(queries.graph.modules),
    }
