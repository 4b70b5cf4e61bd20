"""Gates a change cannot talk its way past: pure functions over the texts before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from bot.core.plan import Action, Change
from bot.core.verdict import CheckResult
from bot.verify.census import Census, take_census

Redetect = Callable[[Action, tuple[Change, ...]], tuple[str, ...]]
"""Runs the analyser on the changed texts; returns the action's findings that are still there."""

NEVER = (".github/*", ".genesis/*", ".git/*", ".gitmodules", ".gitattributes", "config/*.secret*")
"""No action may touch these, whatever it names."""

ONLY_IF_NAMED = (
    *("mix.exs", "*/mix.exs", "mix.lock", ".formatter.exs", "*/.formatter.exs", ".credo.exs"),
    *("test/test_helper.exs", "*/test/test_helper.exs", ".tool-versions", "*mise.toml"),
)

_DEFAULT_RESTARTS, _DEFAULT_SECONDS = 3, 5


def run_gates(
    changes: tuple[Change, ...], action: Action, *, redetect: Redetect | None = None
) -> tuple[CheckResult, ...]:
    """Every gate's result, all named `gate-...`; with `redetect` those of a fix as well."""
    before = {c.path: take_census(c.before) for c in changes if _is_elixir(c.path)}
    after = {c.path: take_census(c.after) for c in changes if _is_elixir(c.path)}
    pairs = {path: (before[path], after[path]) for path in before}
    gates = [
        _gate("changed", [] if _changed(changes) else ["the change changes nothing"]),
        _gate("protected", protected_paths(changes, action)),
        _gate("scope", outside_action(changes, action)),
        _gate("tests", tests_lost(pairs)),
        _gate("skips", silenced(pairs)),
        _gate("restarts", intensity_raised(pairs)),
        _gate("rescue", rescues_widened(pairs)),
    ]
    if redetect is not None:
        # For fixes alone: a new feature may well begin switched off.
        gates.append(_gate("flags", switched_off(pairs)))
        still = redetect(action, changes)
        gates.append(_gate("finding-gone", [f"still found: {text}" for text in still]))
    return tuple(gates)


def protected_paths(changes: tuple[Change, ...], action: Action) -> list[str]:
    """Paths no action may touch, or only one that names them."""
    named = {f.path for f in action.files}
    found = []
    for path in (c.path for c in changes):
        if not _is_clean(path) or any(fnmatchcase(path, pattern) for pattern in NEVER):
            found.append(f"{path!r} must not be touched")
        elif path not in named and any(fnmatchcase(path, pattern) for pattern in ONLY_IF_NAMED):
            found.append(f"{path!r} is touched, but the action does not name it")
    return found


def outside_action(changes: tuple[Change, ...], action: Action) -> list[str]:
    """Changed files that are neither the action's nor a new test."""
    named = {f.path for f in action.files}
    return [
        f"{c.path!r} is none of the action's files"
        for c in changes
        if c.path not in named and not (not c.before and is_test(c.path))
    ]


def tests_lost(pairs: dict[str, tuple[Census, Census]]) -> list[str]:
    """Tests and assertions that were there before and are not now, or were rewritten."""
    found = []
    for path, (before, after) in pairs.items():
        if not is_test(path):
            continue
        found += [f"{path}: test {name} is gone" for name in before.tests - after.tests]
        found += [
            f"{path}: the expectation `{text}` is gone or rewritten"
            for text in before.assertions - after.assertions
        ]
    return found


def silenced(pairs: dict[str, tuple[Census, Census]]) -> list[str]:
    """New skip tags, exclusions of tests and `credo:disable` comments."""
    found = []
    for path, (before, after) in pairs.items():
        if after.skips > before.skips:
            found.append(f"{path}: a test is newly skipped")
        if after.excludes > before.excludes:
            found.append(f"{path}: tests are newly excluded")
        if after.credo_disables > before.credo_disables:
            found.append(f"{path}: a credo:disable comment is new")
    return found


def intensity_raised(pairs: dict[str, tuple[Census, Census]]) -> list[str]:
    """More restarts, or a shorter period, than before or than OTP's defaults of 3 in 5 seconds."""
    found = []
    for path, (before, after) in pairs.items():
        gone, new = before.restarts - after.restarts, after.restarts - before.restarts
        most = max([_DEFAULT_RESTARTS, *_numbers(gone, "max_restarts")])
        least = min([_DEFAULT_SECONDS, *_numbers(gone, "max_seconds")])
        found += [
            f"{path}: max_restarts raised to {n}" for n in _numbers(new, "max_restarts") if n > most
        ]
        found += [
            f"{path}: max_seconds lowered to {n}" for n in _numbers(new, "max_seconds") if n < least
        ]
        found += [f"{path}: {name} is no literal any more" for name, text in new if not _int(text)]
    return found


def rescues_widened(pairs: dict[str, tuple[Census, Census]]) -> list[str]:
    """More clauses that rescue or catch anything than before."""
    return [
        f"{path}: a rescue or catch of everything is new"
        for path, (before, after) in pairs.items()
        if after.broad_rescues > before.broad_rescues
    ]


def switched_off(pairs: dict[str, tuple[Census, Census]]) -> list[str]:
    """New settings outside tests that are off by default: what they guard is not mended."""
    return [
        f"{path}: `{text}` is new, and off unless somebody sets it"
        for path, (before, after) in pairs.items()
        if not is_test(path)
        for text in after.flags - before.flags
    ]


def is_test(path: str) -> bool:
    """By directory, never by a substring: `lib/load_test/` holds no tests."""
    parts = PurePosixPath(path).parts
    return "test" in parts[:-1] and path.endswith(".exs")


def _gate(name: str, complaints: list[str]) -> CheckResult:
    return CheckResult(
        name=f"gate-{name}",
        status="failed" if complaints else "passed",
        summary="; ".join(complaints) or "held",
    )


def _changed(changes: tuple[Change, ...]) -> bool:
    return any(c.before != c.after for c in changes)


def _is_elixir(path: str) -> bool:
    return path.endswith((".ex", ".exs"))


def _is_clean(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and ".git" not in parts


def _numbers(values: Counter[tuple[str, str]], name: str) -> list[int]:
    return [int(t.replace("_", "")) for n, t in values.elements() if n == name and _int(t)]


def _int(text: str) -> bool:
    return text.replace("_", "").isdigit()
