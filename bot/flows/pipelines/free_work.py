"""Work of a pipeline that belongs to no plan: its own branch, judged as a whole."""

from __future__ import annotations

from bot.core.plan import Action, FileRange
from bot.core.sanitize import one_line
from bot.core.verdict import Verdict
from bot.elixir import edit
from bot.errors import Refused
from bot.flows.bench import Bench
from bot.pipeline.services import CodemodResult, GitResult
from bot.verify.verify import verify_change, verify_tree

RUN = "Genesis-Run"
"""Trailer of a commit that belongs to no plan: the run that made it."""


def write(bench: Bench, path: str, content: str) -> CodemodResult:
    """Write one file as it is; an edit that no longer parses is not written."""
    bench.open()
    before = bench.read(path)
    if path.endswith((".ex", ".exs")):
        errors = bench.syntax.check({path: before}, {path: content}).errors
        if errors:
            reason = f"the edited {path} does not parse: {errors[path]}"
            return CodemodResult(status="unchanged", reason=reason)
    bench.worktree.files.write(bench.session.prefix + path, content)
    return CodemodResult(status="applied", files=(path,), diff=edit.diff(bench.changes()))


def commit(bench: Bench, message: str) -> GitResult:
    """Commit everything that changed to the run's own branch; raises `Refused` for nothing."""
    if not bench.opened or bench.stage:
        what = "a plan's stage takes commits of its actions only" if bench.stage else "no change"
        raise Refused(f"nothing to commit: {what}", hint="name the action in `action:`")
    if not message.strip():
        raise Refused("a commit needs a message")
    changes, prefix = bench.changes(), bench.session.prefix
    paths = tuple(prefix + change.path for change in changes)
    sha = bench.worktree.commit(message.strip(), paths, {RUN: one_line(bench.run_id)})
    bench.committed(sha, changes)
    return GitResult(
        operation="commit", commit=sha, files=tuple(c.path for c in changes), message=message
    )


def verify(bench: Bench) -> Verdict:
    """Compile, format, Credo, tests and the gates on everything that is not committed."""
    bench.open()
    mix, changes = bench.buildable(), bench.changes()
    if not changes:
        return verify_tree(mix, bench.reporter, bench.baseline, progress=bench.watch.doing)
    return verify_change(
        mix,
        bench.reporter,
        bench.baseline,
        whole_change(tuple(change.path for change in changes)),
        changes,
        progress=bench.watch.doing,
    )


def whole_change(paths: tuple[str, ...]) -> Action:
    """An action that names every changed file: what no plan limits may touch what it touches.

    Files that no action may touch (`.github`, `.genesis`) stay out of bounds all the same.
    """
    return Action(
        id="change",
        stage=1,
        title="The uncommitted change",
        fix="advice",
        rule="",
        finding_ids=(),
        files=tuple(FileRange(path=path, line=1, end_line=1, code="") for path in paths),
        problem="",
        steps=(),
        how_to_test="",
        done_when=(),
    )
