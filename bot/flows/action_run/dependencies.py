"""Dependencies of a commit and Credo, fetched before the checks of one job.

It happens in a work tree of ours. Without a sandbox it happens only where no key is: what is left
running when it ends could read the next step's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.codebase.repository import Repository
from bot.codebase.sandbox import Sandbox
from bot.codebase.toolchain import Toolchain
from bot.codebase.worktree import Worktree
from bot.flows.fetching import DEPENDENCIES, Fetching, Place, install_credo, wants_credo
from bot.flows.reconcile import free_branch
from bot.flows.stage_run.prepare import has_dependencies
from bot.flows.watch import Watcher


@dataclass(frozen=True)
class Dependencies:
    """Fetches for one project; what cannot be had is told, and left to the checks."""

    repository: Repository
    tools: Toolchain
    sandbox: Sandbox
    watch: Watcher

    def fetch(self, commit: str, deps: Path, build: Path) -> None:
        """What a commit names, into `deps`, and its build into `build`."""
        directory = self.repository.cache / "worktrees" / "dependencies"
        branch = free_branch(f"dependencies-{commit[:12]}")
        tree = Worktree.create(self.repository, branch, commit, directory)
        try:
            if has_dependencies(tree.project):
                named = {"MIX_DEPS_PATH": str(deps)}
                place = Place(tree.project, build, (tree.root, deps), named)
                self._fetching().run(DEPENDENCIES, place)
        finally:
            tree.remove()

    def install_credo(self) -> None:
        """Beside the project, where it has none and the settings want one."""
        settings = self.repository.settings
        if wants_credo(settings, self.repository.path):
            install_credo(self._fetching(), settings)

    def _fetching(self) -> Fetching:
        settings = self.repository.settings
        home = settings.cache_dir / "hex"
        return Fetching(self.tools, self.sandbox, settings.environment, home, self.watch)
