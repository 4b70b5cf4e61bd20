"""The dependencies of a commit, fetched and compiled before any check needs them.

Whoever fetches runs the project's mix.exs with a network. So it happens in a work tree of ours,
in the sandbox where there is one, and without a sandbox only where no key is: what is left
running when it ends could read the next step's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.codebase.process import Completed, child_environment
from bot.codebase.remote_git import NETWORK
from bot.codebase.repository import Repository
from bot.codebase.sandbox import Sandbox
from bot.codebase.toolchain import Toolchain
from bot.codebase.worktree import Worktree
from bot.flows.reconcile import free_branch
from bot.flows.stage_run.prepare import HEX, SECONDS, has_dependencies
from bot.flows.watch import Watcher

TASKS = (("deps.get",), ("deps.compile",))


@dataclass(frozen=True)
class Dependencies:
    """Fetches for one project."""

    repository: Repository
    tools: Toolchain
    sandbox: Sandbox
    watch: Watcher

    def fetch(self, commit: str, deps: Path, build: Path) -> None:
        """Into `deps`, their build into `build`; what cannot be had is told, and left to mix."""
        directory = self.repository.cache / "worktrees" / "dependencies"
        branch = free_branch(f"dependencies-{commit[:12]}")
        tree = Worktree.create(self.repository, branch, commit, directory)
        try:
            if not has_dependencies(tree.project):
                return
            for place in (deps, build):
                place.mkdir(parents=True, exist_ok=True)
            for task in TASKS:
                self.watch.doing(f"mix {' '.join(task)}")
                done = self._mix(task, tree, deps, build)
                if done.returncode != 0 or done.timed_out:
                    self.watch.note(f"mix {task[0]} ended with {done.returncode}: {done.tail(600)}")
                    return
        finally:
            tree.remove()

    def _mix(self, task: tuple[str, ...], tree: Worktree, deps: Path, build: Path) -> Completed:
        source = self.repository.settings.environment
        named = {name: source[name] for name in (*NETWORK, *HEX) if name in source}
        extra = {
            **named,
            "PATH": self.tools.search_path,
            "MIX_ENV": "test",
            "MIX_BUILD_PATH": str(build),
            "MIX_DEPS_PATH": str(deps),
        }
        home = Path(source.get("MIX_HOME") or Path(source.get("HOME", "/")) / ".mix")
        if self.sandbox.isolated:
            extra |= {"HOME": "/tmp", "MIX_HOME": str(home)}  # noqa: S108 - the sandbox's own
        shown = (*self.tools.roots, *((home,) if home.is_dir() else ()))
        return self.sandbox.run(
            (str(self.tools.mix), *task),
            cwd=tree.project,
            env=child_environment(source, extra),
            timeout=SECONDS,
            writable=(tree.root, deps, build),
            readable=shown,
            network=True,
        )
