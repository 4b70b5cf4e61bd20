"""Tell what this machine lacks from what is wrong with the code, by mix's own words."""

from __future__ import annotations

import re

from bot.codebase.process import Completed
from bot.core.verdict import UNSEEN

_BLOCKERS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"Could not find Hex, which is needed to build dependency :(\w+)"),
        "Hex is not installed (needed for dependency {0})",
    ),
    (re.compile(r"Could not find an SCM for dependency :(\w+)"), "no way to fetch dependency {0}"),
    (
        re.compile(
            r"on Elixir v(\S+) but it has declared in its mix.exs file "
            r"it supports only Elixir ([^\n]+)"
        ),
        "the project wants Elixir {1}, here is {0}",
    ),
    (
        re.compile(r'Could not find "?(rebar3?)"?, which is needed'),
        "{0} is not installed (needed by an Erlang dependency)",
    ),
    (
        re.compile(r"Unknown dependency :?(\w+) given to :import_deps"),
        "dependency {0} is not fetched",
    ),
)
_RAISED = re.compile(r"^\*\* \([\w.]+\) ([^\n]+)", re.MULTILINE)
_IN_CONFIG = re.compile(r"\bConfig\.__(?:eval|import)__!|Mix\.Tasks\.Loadconfig")
_UNCHECKED = re.compile(r"^Unchecked dependencies for environment", re.MULTILINE)
_UNCHECKED_NAME = re.compile(r"^\* (\w+)", re.MULTILINE)
_NO_SUCH_PATH = re.compile(r"^\* (\w+) \((.+)\)\n\s+the dependency is not available$", re.MULTILINE)
"""Of what can be fetched mix says how."""


def last_words(done: Completed) -> str:
    """The first exception's message, else the last line of output, else the exit code."""
    both = f"{done.stderr}\n{done.stdout}"
    raised = _RAISED.search(both)
    if raised:
        return raised.group(1).strip()
    lines = [line.strip() for line in both.splitlines() if line.strip()]
    return lines[-1] if lines else f"ended with {done.returncode}"


def blocker(done: Completed) -> str:
    """Why the project cannot be built here, naming what is missing; empty when nothing is."""
    if done.returncode == 0:
        return ""
    both = f"{done.stdout}\n{done.stderr}"
    for pattern, reason in _BLOCKERS:
        match = pattern.search(both)
        if match:
            return reason.format(*match.groups())
    if "Mix.CLI.load_mix_exs" in both:
        return f"mix.exs does not load: {last_words(done)}"
    if _IN_CONFIG.search(both):
        return f"the configuration does not load: {last_words(done)}"
    if _UNCHECKED.search(both):
        if absent := dict.fromkeys(f"{n} ({path})" for n, path in _NO_SUCH_PATH.findall(both)):
            return f"{UNSEEN} {', '.join(absent)}"
        names = ", ".join(dict.fromkeys(_UNCHECKED_NAME.findall(both)))
        return f"dependencies are not fetched: {names}"
    return ""
