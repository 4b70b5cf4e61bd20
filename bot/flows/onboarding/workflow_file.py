"""Reads workflow files as far as it matters here: what starts them, what they call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from bot.errors import ConfigError, OtpError
from bot.flows.stage_run.caller import caller_workflow
from bot.github.calls import CALLS
from bot.strict_yaml import parse

USES = re.compile(
    r"^[ \t]*(?:-[ \t]+)?uses:[ \t]*[\"']?([A-Za-z0-9._-]+/[^\s\"'#@]+@[^\s\"'#]+)", re.MULTILINE
)
"""An action or reusable workflow of a repository; those of the same one begin with a dot."""
_VERSION = re.compile(r"^[ \t]*genesis:[ \t]*[\"']?([A-Za-z0-9._-]+)[\"']?[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True)
class Caller:
    """A workflow of a team that calls ours."""

    owner: str
    ref: str
    version: str
    """That is installed where a runner has no genesis; empty where none is named."""
    inputs: frozenset[str]
    as_printed: bool
    """Whether it is what this version of genesis prints, but for what these say."""


def caller_of(text: str, called: str = "stage.yml") -> Caller | None:
    """The call of that workflow of ours; None where there is none, or the text cannot be read."""
    calls = (call for call in CALLS.finditer(text) if call[3].endswith(f"/{called}"))
    found, document = next(calls, None), document_of(text)
    if found is None or document is None:
        return None
    owner, _, _, ref = found.groups()
    version = _VERSION.search(text)
    named = version[1] if version else ""
    given = triggers(document).get("workflow_dispatch", {}).get("inputs")
    inputs = frozenset(given if isinstance(given, dict) else ())
    return Caller(owner, ref, named, inputs, _as_printed(text, owner, ref, named))


def _as_printed(text: str, owner: str, ref: str, version: str) -> bool:
    try:
        printed = caller_workflow(owner=owner, ref=ref, version=version)
    except OtpError:
        return False
    return text.replace("\r\n", "\n").strip() == printed.strip()


def document_of(text: str) -> Mapping[str, Any] | None:
    """What it says, None where that is no map."""
    try:
        value = parse(text, path="workflow").value
    except ConfigError:
        return None
    return value if isinstance(value, dict) else None


def triggers(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What starts it, by event, with the filters it has."""
    on = document.get("on")
    if isinstance(on, str):
        return {on: {}}
    if isinstance(on, list):
        return {str(event): {} for event in on}
    if isinstance(on, dict):
        return {str(e): f if isinstance(f, dict) else {} for e, f in on.items()}
    return {}


def used(text: str) -> tuple[str, ...]:
    """Actions of other repositories, `owner/name[/path]@ref`, each once."""
    return tuple(dict.fromkeys(USES.findall(text)))


def covers(filters: Mapping[str, Any] | None, base: str) -> bool:
    """Whether a pull request to the base starts what has these filters; paths are not looked at."""
    if filters is None:
        return False
    only, never = filters.get("branches"), filters.get("branches-ignore")
    return (only is None or _fits(base, only)) and not (never and _fits(base, never))


def _fits(branch: str, patterns: object) -> bool:
    """As GitHub reads them: one alone is a list of one, the last that fits decides, `!` is not."""
    fits = False
    for pattern in map(str, patterns if isinstance(patterns, list) else [patterns]):
        if fnmatchcase(branch, pattern.removeprefix("!")):
            fits = not pattern.startswith("!")
    return fits
