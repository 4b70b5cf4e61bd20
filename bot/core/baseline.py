"""A baseline: the findings a team lives with for now, as a file people can read and merge."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from bot.core.faults import plainly
from bot.core.finding import Analysis, Finding, Listed
from bot.core.sanitize import one_line
from bot.errors import ConfigError

KIND, VERSION = "otp-genesis-baseline", 1


def baseline_text(findings: Iterable[Finding]) -> str:
    """The file: one finding a line, in the order of the code, so that changes merge."""
    entries = [
        Listed(
            id=f.id, rule=f.rule, path=f.path, module=f.module, function=f.function,
            message=one_line(f.message),
        )
        for f in sorted(findings, key=lambda f: (f.path, f.module, f.function, f.id))
    ]  # fmt: skip
    lines = [json.dumps(e.model_dump(exclude_defaults=True), ensure_ascii=False) for e in entries]
    inside = ",\n".join(f"    {line}" for line in lines)
    listed = f"[\n{inside}\n  ]" if lines else "[]"
    return f'{{\n  "kind": "{KIND}",\n  "version": {VERSION},\n  "findings": {listed}\n}}\n'


def read_baseline(text: str, path: str) -> tuple[Listed, ...]:
    """What a baseline lists; raises `ConfigError` with the place for a file that is none."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        conflict = any(line.startswith("<<<<<<< ") for line in text.splitlines())
        what = "conflict markers are left in it" if conflict else f"not JSON: {error.msg}"
        raise ConfigError(what, path=path, line=error.lineno, column=error.colno) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError("not JSON: it is nested too deeply", path=path) from error
    if not isinstance(value, dict) or value.get("kind") != KIND:
        raise ConfigError(f"is no baseline: it has no kind {KIND!r}", path=path)
    version = value.get("version")
    if isinstance(version, int) and version > VERSION:
        raise ConfigError(
            f"a newer genesis wrote it: version {version}, this one reads {VERSION}",
            path=path,
            hint="update genesis, or write the baseline anew with this one",
        )
    if version != VERSION or set(value) != {"kind", "version", "findings"}:
        raise ConfigError(f"a baseline of version {VERSION} has kind, version, findings", path=path)
    if not isinstance(value["findings"], list):
        raise ConfigError("findings: must be a list", path=path)
    return tuple(_entry(entry, number, path) for number, entry in enumerate(value["findings"]))


def without_known(analysis: Analysis, ids: Iterable[str]) -> Analysis:
    """The same with the findings of these ids told apart, as known."""
    known = frozenset(ids)
    old = tuple(f for f in analysis.findings if f.id in known)
    new = tuple(f for f in analysis.findings if f.id not in known)
    return analysis.model_copy(update={"findings": new, "known": (*analysis.known, *old)})


def against_baseline(analysis: Analysis, listed: Iterable[Listed]) -> Analysis:
    """The same with what the baseline lists told apart, and what it lists in vain.

    Nothing is said of entries of rules that did not run.
    """
    entries = tuple(listed)
    there = {f.id for f in (*analysis.findings, *analysis.known)}
    stale = tuple(e for e in entries if e.id not in there and e.rule in analysis.rules)
    known = without_known(analysis, (e.id for e in entries))
    return known.model_copy(update={"stale": stale})


def _entry(entry: Any, number: int, path: str) -> Listed:
    try:
        return Listed.model_validate(entry, strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        keys = ".".join(map(str, ("findings", number, *fault["loc"])))
        said = plainly(fault["type"], fault.get("ctx", {}), str(fault["msg"]))
        raise ConfigError(f"{keys}: {said}", path=path) from error
