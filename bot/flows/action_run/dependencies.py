"""What checks need from outside: dependencies of a commit, and Credo beside the project.

Whoever fetches runs a mix.exs with a network. So it happens in a work tree of ours, in the sandbox
where there is one, and without a sandbox only where no key is: what is left running when it ends
could read the next step's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.codebase.credo_beside import CredoBeside
from bot.codebase.mix import Mix
from bot.codebase.remote_git import NETWORK
from bot.codebase.repository import Repository
from bot.codebase.sandbox import Sandbox
from bot.codebase.toolchain import Toolchain
from bot.codebase.worktree import Worktree
from bot.flows.reconcile import free_branch
from bot.flows.stage_run.prepare import CERTIFICATES, HEX, SECONDS, has_dependencies
from bot.flows.watch import Watcher
from bot.verify.checks import has_credo

DEPENDENCIES = (("deps.get",), ("deps.compile",))
CREDO = (("deps.get",), ("compile",))


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
                places = (tree.root, deps, build)
                self._tasks(DEPENDENCIES, tree.project, build, places, {"MIX_DEPS_PATH": str(deps)})
        finally:
            tree.remove()

    def install_credo(self) -> None:
        """Beside the project, where it has none and the settings want one."""
        settings = self.repository.settings
        beside = CredoBeside.at(settings.cache_dir, self.tools)
        unwanted = settings.credo != "beside" or has_credo(self.repository.path)
        if unwanted or beside.ready:
            return
        self.watch.doing("Credo, beside the project")
        beside.lay_out()
        places = (beside.folder,)
        if self._tasks(CREDO, beside.folder, beside.build, places, beside.environment()):
            beside.done()

    def _tasks(
        self,
        tasks: tuple[tuple[str, ...], ...],
        where: Path,
        build: Path,
        places: tuple[Path, ...],
        extra: Mapping[str, str],
    ) -> bool:
        """Whether all went well; `places` are the folders they may write to."""
        home = self.repository.settings.cache_dir / "hex"
        for place in (*places, home):
            place.mkdir(parents=True, exist_ok=True)
        given = self.repository.settings.environment
        mix = Mix(where, self.tools, self.sandbox, build, given)
        named = {name: given[name] for name in (*NETWORK, *HEX) if name in given}
        certificates = (Path(given[name]) for name in CERTIFICATES if given.get(name))
        for task in tasks:
            self.watch.doing(f"mix {' '.join(task)}")
            done = self.sandbox.run(
                (str(self.tools.mix), *task),
                cwd=where,
                env={**named, **mix.environment(), "HEX_HOME": str(home), **extra},
                timeout=SECONDS,
                writable=(*places, home),
                readable=(*mix.shown(), *(path for path in certificates if path.exists())),
                network=True,
            )
            if done.returncode != 0 or done.timed_out:
                self.watch.note(f"mix {task[0]} ended with {done.returncode}: {done.tail(600)}")
                return False
        return True
