"""The checks on a project directory: compile, format, credo. Tests are in `bot.codebase.exunit`."""

from __future__ import annotations

import re
from pathlib import Path

from bot.codebase.blockers import blocker, last_words
from bot.codebase.credo import judge_credo
from bot.codebase.credo_beside import within
from bot.codebase.mix import Mix, unformatted
from bot.core.ci_log.compiler import parse_compile
from bot.core.verdict import CheckResult, Diagnostic

_CREDO_DEPENDENCY = re.compile(r"\{\s*:credo\b")


def check_compile(mix: Mix) -> CheckResult:
    """Compile everything; `failed` means it does not compile, warnings are listed."""
    done = mix.compile()
    found = _in_project(parse_compile(done.stdout, done.stderr), mix.root)
    warnings = sum(d.severity == "warning" for d in found)
    missing = blocker(done)
    if done.timed_out:
        return done.as_check("compile", "timed-out", f"no end after {done.seconds:.0f} s")
    if missing:
        return done.as_check("compile", "cannot-build", missing)
    if done.returncode != 0:
        errors = [d for d in found if d.severity == "error"]
        why = errors[-1].message.splitlines()[0] if errors else last_words(done)
        return done.as_check("compile", "failed", f"does not compile: {why}", diagnostics=found)
    return done.as_check("compile", "passed", f"compiles, {warnings} warnings", diagnostics=found)


def check_format(mix: Mix, paths: tuple[str, ...]) -> CheckResult:
    """Whether `paths` are at the formatter's fixpoint; each that is not is a diagnostic."""
    if not paths:
        return CheckResult(name="format", status="not-run", summary="no files to check")
    done = mix.format_check(paths)
    if done.timed_out:
        return done.as_check("format", "timed-out", f"no end after {done.seconds:.0f} s")
    if done.returncode == 0:
        return done.as_check("format", "passed", f"{len(paths)} files formatted")
    off = tuple(
        Diagnostic(tool="format", severity="error", path=p, message="is not formatted")
        for p in unformatted(done, paths) or ()
    )
    if off:
        return done.as_check("format", "failed", f"{len(off)} files not formatted", diagnostics=off)
    missing = blocker(done)
    if missing:
        return done.as_check("format", "cannot-build", missing)
    return done.as_check("format", "failed", f"mix format ended with {done.returncode}")


def check_credo(mix: Mix) -> CheckResult:
    """Credo's issues: by the project's own in MIX_ENV=test, else by one that stands beside it."""
    if has_credo(mix.root):
        done = mix.credo()
    elif mix.beside is not None:
        done = mix.credo_beside(mix.beside)
    else:
        return CheckResult(name="credo", status="not-run", summary="the project has no Credo")
    status, summary, issues = judge_credo(done)
    return done.as_check("credo", status, summary, diagnostics=within(issues, mix.root))


def has_credo(root: Path) -> bool:
    """Whether a mix.exs of the project names Credo as a dependency."""
    files = (root / "mix.exs", *sorted(root.glob("apps/*/mix.exs")))
    return any(
        _CREDO_DEPENDENCY.search(f.read_text(encoding="utf-8", errors="replace"))
        for f in files
        if f.is_file()
    )


def _in_project(found: tuple[Diagnostic, ...], root: Path) -> tuple[Diagnostic, ...]:
    """Without the diagnostics of dependencies; an umbrella application's get its directory."""
    kept = []
    for diagnostic in found:
        path = _project_path(diagnostic.path, root)
        if path or not diagnostic.path:
            kept.append(diagnostic.model_copy(update={"path": path}))
    return tuple(kept)


def _project_path(path: str, root: Path) -> str:
    if not path:
        return ""
    if Path(path).is_absolute():
        inside = Path(path).is_relative_to(root)
        return Path(path).relative_to(root).as_posix() if inside else ""
    if path.split("/", 1)[0] == "deps":
        return ""
    if (root / path).is_file():
        return path
    matches = sorted(root.glob(f"apps/*/{path}"))
    return matches[0].relative_to(root).as_posix() if matches else ""
