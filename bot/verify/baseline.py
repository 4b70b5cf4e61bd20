"""What the base commit shows, taken once per tree and cached."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from bot.codebase.exunit import check_tests, key
from bot.codebase.mix import Mix, Reporter
from bot.codebase.toolchain import Missing
from bot.core.verdict import Baseline, CheckResult, TestResult
from bot.verify.checks import check_compile, check_credo, check_format

FIRST_SEED = 0
"""Verification runs use this seed too, so that an order-dependent failure shows on both sides."""

_SCHEMA = "2"


def take_baseline(
    mix: Mix,
    files: tuple[str, ...],
    tree_id: str,
    *,
    reporter: Reporter,
    cache_dir: Path,
    runs: int = 2,
    anew: bool = False,
) -> Baseline:
    """Checks of the tree in `mix.root`; `files` are those a change may touch.

    Tests run `runs` times: seed 0, then 1, 2, ...; those that disagree are flaky. `anew`: without
    a look at what was taken before.
    """
    stored = _cache_file(mix, files, tree_id, runs, cache_dir)
    known = None if anew else _load(stored)
    if known is not None:
        return known
    taken = _take(mix, files, tree_id, reporter, runs)
    _store(stored, taken)
    return taken


def unbuildable(tree_id: str, missing: Missing) -> Baseline:
    """The baseline where there is no Elixir to build with."""
    return Baseline(tree=tree_id, buildable=False, reason=missing.reason)


def _take(
    mix: Mix, files: tuple[str, ...], tree_id: str, reporter: Reporter, runs: int
) -> Baseline:
    off = check_format(mix, files)
    formatted = _at_fixpoint(files, off)
    built = check_compile(mix)
    if built.status != "passed":
        return _baseline(mix, tree_id, (built, off), formatted, reason=built.summary)
    tested = check_tests(mix, reporter, seed=FIRST_SEED)
    if tested.status in ("cannot-build", "timed-out") or _never_ran(tested):
        return _baseline(mix, tree_id, (built, off, tested), formatted, reason=tested.summary)
    again = [check_tests(mix, reporter, seed=FIRST_SEED + n) for n in range(1, runs)]
    checks = (built, off, check_credo(mix), tested)
    return _baseline(mix, tree_id, checks, formatted, flaky=_disagreeing((tested, *again)))


def _baseline(
    mix: Mix,
    tree_id: str,
    checks: tuple[CheckResult, ...],
    formatted: tuple[str, ...],
    *,
    reason: str = "",
    flaky: tuple[str, ...] = (),
) -> Baseline:
    return Baseline(
        tree=tree_id,
        elixir=mix.toolchain.version,
        buildable=not reason,
        reason=reason,
        checks=checks,
        flaky=flaky,
        formatted=formatted,
    )


def _never_ran(tested: CheckResult) -> bool:
    return tested.status == "failed" and not tested.tests


def _disagreeing(runs: tuple[CheckResult, ...]) -> tuple[str, ...]:
    states: dict[str, set[str]] = {}
    for run in runs:
        for test in run.tests:
            states.setdefault(key(test), set()).add(_outcome(test))
    return tuple(sorted(name for name, seen in states.items() if len(seen) > 1))


def _red(check: CheckResult) -> bool:
    return any(_outcome(test) == "failed" for test in check.tests)


def _outcome(test: TestResult) -> str:
    return "failed" if test.state == "invalid" else test.state


def _at_fixpoint(files: tuple[str, ...], check: CheckResult) -> tuple[str, ...]:
    """None when the formatter could not run: then nobody knows."""
    if check.status == "passed":
        return files
    off = {d.path for d in check.diagnostics}
    return tuple(f for f in files if f not in off) if off else ()


def _cache_file(mix: Mix, files: tuple[str, ...], tree_id: str, runs: int, cache_dir: Path) -> Path:
    facts = (_SCHEMA, tree_id, mix.toolchain.version, mix.toolchain.otp, str(runs), *files)
    if mix.beside is not None:
        facts += (f"credo {mix.beside.folder.name}",)
    facts += tuple(_surroundings(mix))
    digest = hashlib.sha256("\0".join(facts).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return cache_dir / "baselines" / f"{digest}.json"


def _surroundings(mix: Mix) -> Iterator[str]:
    """What else than the tree and its Elixir decides what the checks show."""
    yield "isolated" if mix.sandbox.isolated else "not isolated"
    yield from (f"{name}={value}" for name, value in sorted(mix.environment().items()))
    yield f"seconds {mix.timeouts}"
    for written, folder in sorted(mix.neighbours.items()):
        yield f"{written} {folder}"
        yield from _dated(folder)


def _dated(folder: Path) -> Iterator[str]:
    """Each file of a path dependency with its size and date; what is built in it is none of it."""
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - {".git", "_build", "deps", "node_modules"})
        for path in (Path(top, name) for name in sorted(names)):
            with suppress(OSError):
                seen = path.lstat()
                yield f"{path} {seen.st_size} {seen.st_mtime_ns}"


def _load(path: Path) -> Baseline | None:
    try:
        return Baseline.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _store(path: Path, baseline: Baseline) -> None:
    """Only what will be true tomorrow: what is missing today may be installed then.

    A test may fail for what is missing, too; kept, it would hide a failure of tomorrow.
    """
    if not baseline.buildable or any(c.name == "test" and _red(c) for c in baseline.checks):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(baseline.model_dump_json())
    os.replace(name, path)
