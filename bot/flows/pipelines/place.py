"""Where a pipeline works: a repository's own work tree, a plain directory, or nowhere."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.codebase.repository import Repository
from bot.codebase.worktree import refuse_inside
from bot.errors import Refused, Unusable
from bot.flows.analyses import Analyses, DirectoryAnalyses
from bot.flows.bench import Bench
from bot.flows.conclusions import Conclusions
from bot.flows.mix_tasks import MixTasks
from bot.flows.pipelines.asked import Asked
from bot.flows.pipelines.commands import Commands
from bot.flows.pipelines.packs import Packs
from bot.flows.pipelines.tree_files import TreeFiles, following
from bot.flows.reconcile import free_branch
from bot.flows.services import Codemods, Verifier, WorkGit
from bot.flows.session import Session, goal_of
from bot.flows.skills import Skills
from bot.flows.surveys import selection_of_directory
from bot.flows.watch import Watcher
from bot.llm.offline import OfflineModel
from bot.pipeline.prompts.files import ConfinedFiles
from bot.pipeline.record.points import Point
from bot.pipeline.results import StepEvent
from bot.pipeline.services import Services
from bot.settings import Settings


@dataclass
class WorkTree:
    """A work tree of our own in the user's repository, made when the first step needs it."""

    bench: Bench
    packs: Packs
    stack: ExitStack
    commands: tuple[str, ...] = ()
    _locked: bool = False

    def __post_init__(self) -> None:
        self.bench.before_open = self._lock

    def _lock(self) -> None:
        if not self._locked:
            self.stack.enter_context(self.bench.session.repository.locked())
            self._locked = True

    @property
    def root(self) -> Path:
        """Top of the user's checkout, for its own pipelines."""
        return self.bench.session.repository.root

    def identity(self) -> tuple[str, str]:
        """The repository (with the directory named in it) and the commit worked on."""
        return str(self.bench.session.repository.path), self.bench.session.commit

    @property
    def offline(self) -> OfflineModel:
        """The offline model with every skill."""
        return Skills(self.bench.session, self.bench, packs=self.packs).model()

    def services(self, named: tuple[Path, ...]) -> Services:
        """Everything there is to work with; `named` files may be quoted wherever they are."""
        bench = self.bench
        return Services(
            mix=MixTasks(bench),
            git=WorkGit(bench),
            codemod=Codemods(bench),
            analyze=Analyses(bench),
            verify=Verifier(bench),
            commands=Commands(bench, frozenset(self.commands)),
            files=TreeFiles(named, bench),
            codebase=following(bench),
        )

    def begin(self, run_id: str, *, resumed: bool) -> None:
        """Name the run; what an earlier life committed is made anew from its paid answers."""
        self.bench.run_id = run_id
        if resumed:
            self._lock()
            self._move_branch(None)
            self.bench.session.resume()

    def rehearse(self) -> None:
        """Nothing is to be kept: neither a plan nor a branch."""
        self.bench.run_id = "dry-run"
        self.bench.session.dry_run = True

    def position(self) -> dict[str, str]:
        """The tip of the run's own branch."""
        return {"head": self.bench.worktree.head() if self.bench.opened else ""}

    def restore(self, point: Point) -> None:
        """Branch and work tree as they were at the point.

        Raises `Refused` or `Unusable` where its snapshot is gone; then all is as at the start.
        """
        head = str(point.extra.get("head") or "")
        if head:
            self._move_branch(head if head != self.bench.session.commit else None)
        if not point.snapshot:
            return
        try:
            self.bench.codebase.restore(point.snapshot)
        except (Refused, Unusable):
            self.bench.close()
            self._move_branch(None)
            raise

    def _move_branch(self, tip: str | None) -> None:
        repository, name = self.bench.session.repository, free_branch(self.bench.run_id)
        now = repository.ref(f"refs/heads/{name}")
        if now != tip:
            repository.update_ref(f"refs/heads/{name}", tip, now, reason="genesis: resume")

    def observe(self, event: StepEvent) -> None:
        """Put what the pipeline concludes about a plan's actions into the plan's record."""
        if self.bench.session.plan is not None:
            Conclusions(self.bench.session, self.bench).observe(event)

    def discard(self) -> None:
        """Remove the work tree and whatever is in it."""
        if self.bench.opened:
            self.bench.close()

    def end(self, patch: Path, *, goes_on: bool) -> str:
        """Keep what is uncommitted as a patch; gives the branch, if there is one.

        The work tree is removed, unless the run is to go on from a snapshot in it. A plan's own
        branches are in its record.
        """
        session, bench = self.bench.session, self.bench
        if bench.opened:
            if change := bench.worktree.diff() if bench.worktree.changed() else "":
                patch.write_text(change, "utf-8")
            else:
                patch.unlink(missing_ok=True)
            if not goes_on:
                bench.close()
        if session.plan is not None:
            session.finish()
        name = free_branch(bench.run_id)
        return name if session.repository.ref(f"refs/heads/{name}") else ""


@dataclass(frozen=True)
class Elsewhere:
    """No repository: at most a plain directory the user asked us to work on as it is."""

    directory: Path | None
    packs: Packs
    root: Path | None = None

    def identity(self) -> tuple[str, str]:
        """The directory, and no commit."""
        return (str(self.directory) if self.directory else "", "")

    @property
    def offline(self) -> OfflineModel:
        """The offline model, for packs."""
        return OfflineModel(analyser=self.packs.analyse, planner=self.packs.plan)

    def services(self, named: tuple[Path, ...]) -> Services:
        """Files only; steps that need git or mix say so."""
        if self.directory is None:
            return Services(files=ConfinedFiles(named=named))
        return Services(
            analyze=DirectoryAnalyses(self.directory),
            files=ConfinedFiles(self.directory, named=named),
            codebase=Codebase(
                WorkFiles(self.directory),
                selection=partial(selection_of_directory, self.directory),
            ),
        )

    def begin(self, run_id: str, *, resumed: bool) -> None:
        """Nothing to prepare."""

    def rehearse(self) -> None:
        """Nothing to prepare."""

    def position(self) -> dict[str, str]:
        """Nothing beside the snapshot."""
        return {}

    def restore(self, point: Point) -> None:
        """The directory is as the run left it; it is the user's, and is not turned back."""

    def observe(self, event: StepEvent) -> None:
        """There is no plan to keep a record of."""

    def discard(self) -> None:
        """There is nothing of ours."""

    def end(self, patch: Path, *, goes_on: bool) -> str:
        """No branch."""
        return ""


Place = WorkTree | Elsewhere


def open_place(
    asked: Asked, settings: Settings, watch: Watcher, stack: ExitStack, *, commit: str = ""
) -> Place:
    """Where this call works, at the commit that is checked out unless another one is named.

    Raises `Unusable` when the place it names is not usable.
    """
    packs = Packs(goal_of(asked.prompt))
    if asked.workspace is not None:
        if not asked.workspace.is_dir():
            raise Unusable(f"{str(asked.workspace)!r} is no directory", hint="make it first")
        return Elsewhere(asked.workspace.resolve(), packs)
    try:
        repository = Repository.open(asked.where or Path(), settings)
    except Unusable:
        if asked.where is not None:
            raise
        return Elsewhere(None, packs)
    refuse_inside(repository, repository.cache)
    base, goal = commit or repository.head, goal_of(asked.prompt)
    session = Session(repository, base, goal, with_neighbours=True)
    return WorkTree(Bench(session, watch), packs, stack, asked.commands)
