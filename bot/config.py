"""The configuration file of a repository: read strictly, every problem at its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from bot.codebase.paths import Glob
from bot.core.faults import near, plainly
from bot.core.policy import NEEDED, AnalysisSetting, Globs, Policy
from bot.errors import ConfigError, Refused
from bot.strict_yaml import Document, Path_, parse, read_text

CONFIG_PATH = ".github/otp-genesis.yml"
SCHEMA_FILE = "configuration.json"
"""Its JSON Schema, beside that of pipelines."""

Problem = tuple[int, int, str]
"""Line and column from 1, 0 where there is none; what is wrong."""


class InvalidConfig(ConfigError):
    """A configuration that cannot be used; the place is that of its first problem."""

    def __init__(self, path: str, problems: tuple[Problem, ...], *, hint: str = "") -> None:
        line, column, message = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{message}{more}", path=path, line=line, column=column, hint=hint)
        self.problems = problems


def read_policy(path: Path) -> Policy:
    """The policy in a file; raises `InvalidConfig`, and `ConfigError` for a file it cannot read."""
    return load_policy(read_text(path), str(path))


def load_policy(text: str, path: str = CONFIG_PATH) -> Policy:
    """The policy a text says; raises `InvalidConfig` with all that is wrong with it."""
    try:
        document = parse(text, path=path, collect=True)
    except ConfigError as error:
        problem = (error.line, error.column, error.bare)
        raise InvalidConfig(path, (problem,), hint=error.hint) from error
    problems = [(e.line, e.column, e.bare) for e in document.repeated]
    value = {} if document.value is None else document.value
    try:
        # As JSON: there a list is a tuple, and strictness keeps "5" from being 5.
        policy = Policy.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        problems += [_problem(fault, document) for fault in error.errors(include_url=False)]
    else:
        problems += _contradictions(policy, document)
        if not problems:
            return policy
    raise InvalidConfig(path, tuple(sorted(set(problems))))


def schema_text() -> str:
    """The JSON Schema of the configuration, for editors."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_untitled(Policy.model_json_schema()),
        "title": "OTP-Genesis configuration",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _untitled(schema: Any) -> Any:
    """Without the titles pydantic makes of names; a setting called `title` would stay."""
    if isinstance(schema, list):
        return [_untitled(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _untitled(item)
        for key, item in schema.items()
        if not (key == "title" and isinstance(item, str))
    }


def _problem(fault: Any, document: Document) -> Problem:
    # In brackets stands which form of a value was taken, or that it is about the key.
    at = tuple(key for key in fault["loc"] if not str(key).startswith("["))
    keys = ".".join(map(str, at))
    message = _message(fault, at)
    return (*document.position(at), f"{keys}: {message}" if keys else message)


def _message(fault: Any, at: tuple[str | int, ...]) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if not at:
        return "must be a map of settings"
    if kind == "extra_forbidden":
        return f"there is no such setting{near(str(at[-1]), _settings(at[:-1]))}"
    if kind == "literal_error":
        if fault["loc"][-1] == "[key]":
            return f"there is no such command{near(str(at[-1]), NEEDED)}"
        return f"must be {context['expected']}{near(str(fault['input']), _choices(context))}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS[str(at[-1])]
    return plainly(kind, context, str(fault["msg"]))


_PATTERNS = {
    "workflow": "must be the name of a .yml file, without folders",
    "base": "must be the name of a branch",
}


def _choices(context: Any) -> Iterator[str]:
    yield from str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")


def _settings(at: tuple[str | int, ...]) -> Iterator[str]:
    """Names of the settings of the map at a place."""
    record: Any = Policy
    for key in at:
        if get_origin(record) is dict:
            record = _inner(get_args(record)[1])
            continue
        field = record.model_fields.get(key) if _is_record(record) else None
        record = _inner(field.annotation) if field else None
    if _is_record(record):
        yield from record.model_fields


def _is_record(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _inner(annotation: Any) -> Any:
    """The record somewhere within an annotation; a map stays as it is, what has none is None."""
    if _is_record(annotation) or get_origin(annotation) is dict:
        return annotation
    return next((found for arg in get_args(annotation) if (found := _inner(arg))), None)


def _contradictions(policy: Policy, document: Document) -> Iterator[Problem]:
    for name in policy.required_checks:
        if name in policy.ignored_checks:
            at = ("ignored_checks", policy.ignored_checks.index(name))
            where = document.position(at)
            yield (*where, f"ignored_checks: {name!r} cannot be required as well")
    yield from _misfits(policy.analysis, document)
    limits = policy.limits
    if limits.usd_per_plan is not None and (limits.usd_per_stage or 0) > limits.usd_per_plan:
        where = document.position(("limits", "usd_per_stage"))
        yield (*where, "limits.usd_per_stage: is more than the whole plan may cost")


def _misfits(setting: AnalysisSetting, document: Document) -> Iterator[Problem]:
    """What names a rule or a limit that is none, and patterns that cannot be read."""
    if setting == AnalysisSetting():
        return
    from bot.elixir.rules import all_rules  # loads them all, which most configurations never need

    known = {rule.id: rule for rule in all_rules()}
    globs: list[tuple[Path_, Globs]] = [(("analysis", "exclude"), setting.exclude)]
    for name, its in setting.rule_settings().items():
        at = ("analysis", "rules", name)
        if name not in known:
            yield _told(document, at, f"there is no such rule{near(name, known)}")
            continue
        globs.append(((*at, "exclude"), its.exclude))
        limits = {limit.name: limit for limit in known[name].limits}
        for limit, value in its.limits.items():
            where = (*at, "limits", limit)
            if limit not in limits:
                hint = near(limit, limits) if limits else f"; {name!r} has none"
                yield _told(document, where, f"there is no such limit{hint}")
            elif value < limits[limit].least:
                yield _told(document, where, f"must be at least {limits[limit].least}")
    for place, patterns in globs:
        for number, pattern in enumerate(patterns):
            try:
                Glob.of(pattern)
            except Refused as refused:
                yield _told(document, (*place, number), refused.message)


def _told(document: Document, at: Path_, message: str) -> Problem:
    return (*document.position(at), f"{'.'.join(map(str, at))}: {message}")
