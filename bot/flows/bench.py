"""Where the work is done: a work tree of our own, the project's Elixir, and the baseline."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.codebase.leftovers import remove_tree
from bot.codebase.mix import Mix, Reporter
from bot.codebase.sandbox import Sandbox, open_sandbox
from bot.codebase.syntax_gate import SyntaxGate
from bot.codebase.toolchain import Missing, Toolchain, find_toolchain
from bot.codebase.worktree import Worktree
from bot.core.names import branch_of
from bot.core.plan import Action, Change
from bot.core.verdict import Baseline
from bot.elixir.analyze import survey
from bot.elixir.changed import with_changes
from bot.elixir.project import Project
from bot.errors import Refused, Unusable
from bot.flows.baselines import baseline_of
from bot.flows.build_place import mix_on
from bot.flows.changes import text_now, uncommitted
from bot.flows.neighbours import neighbours
from bot.flows.reconcile import free_branch
from bot.flows.session import Session
from bot.flows.trees import commit_tree
from bot.flows.trial import Trial
from bot.flows.watch import Silent, Watcher
from bot.verify.reporter import prepare_reporter


@dataclass
class Bench:
    """The work tree of the stage in hand, with everything needed to check it."""

    session: Session
    watch: Watcher = field(default_factory=Silent)
    stage: int = 0
    """The stage whose branch is open; 0 for none."""
    trial: Trial | None = None
    before_open: Callable[[], None] = field(default=lambda: None, repr=False)
    """Called before a work tree is made or taken up: the place to take the lock."""
    run_id: str = ""
    """Names the branch and work tree of work that belongs to no plan."""
    anew: bool = False
    """Whether a baseline of an earlier run is of no use."""
    taken: Baseline | None = None
    """The baseline, once it was needed."""
    _worktree: Worktree | None = field(default=None, repr=False)
    _codebase: Codebase | None = field(default=None, repr=False)
    _base: tuple[str, Project] | None = field(default=None, repr=False)
    _opening: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)
    """Iterations side by side may all be the first to look at the work tree."""

    @property
    def worktree(self) -> Worktree:
        """The open work tree; `open_stage` comes first."""
        assert self._worktree is not None, "no stage is open"
        return self._worktree

    @property
    def directory(self) -> Path:
        """Where this plan's (or this run's) work tree stands, outside the user's checkout."""
        name = self.session.plan.id if self.session.plan is not None else self.run_id
        assert name, "there is neither a plan nor a run"
        return self.session.repository.cache / "worktrees" / name

    @property
    def aside(self) -> Path:
        """Where the base commit is checked out beside the work tree."""
        return self.directory.with_name(f"{self.directory.name}.base")

    def open_stage(self, number: int) -> None:
        """Stand on the stage's branch, which begins where the stage before it ended.

        What is done late goes on top of the newest branch: the branches stay one line.
        """
        state = self.session.need_state()
        host = max([number, *(s.number for s in state.stages if s.tip)])
        if host == self.stage:
            return
        if self._worktree is not None and self._worktree.changed():
            raise Refused(
                "the work tree holds a change of another stage or of no plan",
                hint="commit or undo it before the next action",
            )
        self.before_open()
        earlier = [s.tip for s in state.stages if s.number < host and s.tip]
        start = earlier[-1] if earlier else self.session.commit
        branch = branch_of(self.session.need_plan().id, host)
        repository = self.session.repository
        self._worktree = Worktree.resume(repository, branch, start, self.directory)
        self.stage = host

    def open(self) -> None:
        """Stand anywhere: where we are, on the plan's first stage, or on the run's own branch."""
        with self._opening:
            if self._worktree is None:
                self._open_somewhere()

    def _open_somewhere(self) -> None:
        if self.session.plan is not None:
            self.open_stage(1)
            return
        self.before_open()
        branch = free_branch(self.run_id)
        repository = self.session.repository
        self._worktree = Worktree.resume(repository, branch, self.session.commit, self.directory)

    @property
    def opened(self) -> bool:
        """Whether there is a work tree by now."""
        return self._worktree is not None

    def close(self) -> None:
        """Remove the work trees, also those a killed run left; branches and builds stay."""
        plan = self.session.plan
        for name in filter(None, (plan.id if plan is not None else "", self.run_id)):
            where = self.session.repository.cache / "worktrees" / name
            remove_tree(where)
            remove_tree(where.with_name(f"{name}.base"))
        self._worktree, self.stage = None, 0

    def trial_of(self, action: Action) -> Trial:
        """The attempt in hand, which must be this action's; raises `Refused`."""
        if self.trial is None or self.trial.action.id != action.id:
            raise Refused(f"nothing was changed for {action.id} yet")
        return self.trial

    def doing(self, what: str, action: Action) -> None:
        """Tell the watcher what is under way."""
        self.watch.doing(what, action.id, self.session.place(action))

    @cached_property
    def environment(self) -> dict[str, str]:
        """The caller's environment; children see only its allow-listed part."""
        return dict(self.session.repository.settings.environment)

    @cached_property
    def toolchain(self) -> Toolchain | Missing:
        """The project's own Elixir, or why there is none."""
        if self.session.elsewhere:
            return Missing(self.session.elsewhere)
        return find_toolchain(self.worktree.project, self.environment)

    @cached_property
    def sandbox(self) -> Sandbox:
        """How project code is kept in bounds; its notice is said once."""
        settings = self.session.repository.settings
        key = bool(settings.secrets())
        opened = open_sandbox(settings.sandbox, self.environment, key_present=key)
        if opened.notice:
            self.watch.note(opened.notice)
        return opened

    @cached_property
    def mix(self) -> Mix:
        """Mix on the work tree, building outside of it. Only where there is a toolchain."""
        return self.mix_in(self.worktree)

    def mix_in(self, worktree: Worktree) -> Mix:
        """Mix on one of our work trees; all of them build in one place."""
        assert isinstance(self.toolchain, Toolchain)
        found = neighbours(worktree.repository) if self.session.with_neighbours else {}
        return mix_on(worktree, self.toolchain, self.sandbox, found)

    def buildable(self) -> Mix:
        """Mix on the work tree; raises `Unusable` where the project cannot be built."""
        if isinstance(self.toolchain, Missing):
            raise Unusable(f"cannot build here: {self.toolchain.reason}")
        return self.mix

    @cached_property
    def reporter(self) -> Reporter:
        """Our ExUnit formatter, compiled for the toolchain."""
        assert isinstance(self.toolchain, Toolchain)
        cache = self.session.repository.settings.cache_dir
        return prepare_reporter(self.toolchain, cache, self.environment)

    @cached_property
    def syntax(self) -> SyntaxGate:
        """Elixir's own parser, or tree-sitter where there is no Elixir."""
        tools = self.toolchain if isinstance(self.toolchain, Toolchain) else None
        return SyntaxGate(tools, self.environment)

    @property
    def baseline(self) -> Baseline:
        """What the base commit shows; taken once, before anything is changed."""
        if self.taken is None:
            self.taken = baseline_of(self)
        return self.taken

    @property
    def codebase(self) -> Codebase:
        """The work tree as one object; opened where none is."""
        with self._opening:
            self.open()
            if self._codebase is None or self._codebase.worktree is not self._worktree:
                self._codebase = Codebase(
                    WorkFiles(self.worktree.project),
                    worktree=self.worktree,
                    mix=self.buildable,
                    reporter=lambda: self.reporter,
                    selection=lambda: self.session.selection,
                )
            return self._codebase

    def changes(self) -> tuple[Change, ...]:
        """The uncommitted change, paths relative to the project.

        Raises `Refused` when a file outside the project changed.
        """
        return uncommitted(self.session.repository, self.worktree, self.session.prefix)

    def read(self, path: str) -> str:
        """A file of the project as it is now, empty where there is none."""
        return text_now(self.worktree, self.session.prefix + path)

    def base_project(self) -> Project:
        """The project without the uncommitted change."""
        head = self.worktree.head()
        if self._base is None or self._base[0] != head:
            self._base = (head, self._surveyed(head))
        return self._base[1]

    def committed(self, sha: str, changes: tuple[Change, ...]) -> None:
        """The change became a commit: keep what is known of the project, nothing is read again."""
        if self._base is not None:
            self._base = (sha, with_changes(self._base[1], changes))

    def _surveyed(self, head: str) -> Project:
        if head == self.session.commit:
            return self.session.survey.project
        return survey(commit_tree(self.session.repository, head), jobs=1, rules=()).project
