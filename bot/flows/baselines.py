"""The baseline of a job: what its base commit shows, before anything is changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.codebase.toolchain import Missing
from bot.codebase.worktree import Worktree
from bot.core.plan import Action
from bot.core.verdict import Baseline
from bot.verify.baseline import take_baseline, unbuildable

if TYPE_CHECKING:
    from bot.flows.bench import Bench


def baseline_of(bench: Bench) -> Baseline:
    """What the base commit shows, from the cache where it was taken before."""
    repository, base = bench.session.repository, bench.session.commit
    # Projects in different directories of one tree have different baselines.
    tree = f"{repository.tree_of(base)}:{repository.prefix}".removesuffix(":")
    if why := bench.session.elsewhere:
        return Baseline(tree=tree, buildable=False, reason=why, elsewhere=why)
    if isinstance(bench.toolchain, Missing):
        return unbuildable(tree, bench.toolchain)
    if bench.toolchain.note:
        bench.watch.note(bench.toolchain.note)
    bench.watch.doing("baseline: compile, format and tests of the base commit")
    if bench.worktree.head() == base and not bench.worktree.changed():
        return _baseline_in(bench, bench.worktree, tree)
    # Resumed: the stage's branch has moved on, so the base is checked out beside it.
    beside = Worktree.resume(repository, f"{bench.worktree.branch}-base", base, bench.aside)
    try:
        return _baseline_in(bench, beside, tree)
    finally:
        beside.remove()


def _baseline_in(bench: Bench, worktree: Worktree, tree: str) -> Baseline:
    cache = bench.session.repository.settings.cache_dir
    mix = bench.mix if worktree is bench.worktree else bench.mix_in(worktree)
    plan = bench.session.plan
    files = _existing(worktree.project, plan.actions()) if plan is not None else ()
    return take_baseline(
        mix, files, tree, reporter=bench.reporter, cache_dir=cache, anew=bench.anew
    )


def _existing(root: Path, actions: tuple[Action, ...]) -> tuple[str, ...]:
    """Files in `root` that automatic actions change."""
    lines = [line for a in actions if a.fix == "automatic" for line in a.diff.splitlines()]
    paths = {line[6:] for line in lines if line.startswith("+++ b/")}
    return tuple(sorted(path for path in paths if (root / path).is_file()))
