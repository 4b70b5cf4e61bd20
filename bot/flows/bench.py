"""Where the work is done: a work tree of our own, the project's Elixir, and the baseline to compare with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from bot.codebase.mix import Mix, Reporter
from bot.codebase.sandbox import Sandbox, open_sandbox
from bot.codebase.syntax_gate import SyntaxGate
from bot.codebase.toolchain import Missing, Toolchain, find_toolchain
from bot.codebase.worktree import Worktree
from bot.core.plan import Action, Change
from bot.core.verdict import Baseline
from bot.elixir.analyze import survey
from bot.elixir.project import Project
from bot.errors import Refused
from bot.flows.session import Session
from bot.flows.trees import commit_tree
from bot.verify.baseline import take_baseline, unbuildable
from bot.verify.reporter import prepare_reporter


@dataclass
class Bench:
    """The work tree of the stage in hand, with everything needed to check it."""

    session: Session
    say: Callable[[str], None] = lambda text: None
    stage: int = 0
    started: dict[str, float] = field(default_factory=dict)
    """When the attempt in hand began, by action id; monotonic seconds."""
    _worktree: Worktree | None = field(default=None, repr=False)

    @property
    def worktree(self) -> Worktree:
        """The open work tree; `open_stage` comes first."""
        assert self._worktree is not None, "no stage is open"
        return self._worktree

    @cached_property
    def directory(self) -> Path:
        """Where this plan's work tree stands, outside the user's checkout."""
        return self.session.repository.cache / "worktrees" / self.session.need_plan().id

    def open_stage(self, number: int) -> None:
        """Stand on the stage's branch, which begins where the stage before it ended."""
        if number == self.stage:
            return
        branch = f"genesis/{self.session.need_plan().id}/stage-{number}"
        self._worktree = Worktree.resume(self.session.repository, branch, self._start(number), self.directory)
        self.stage = number

    def _start(self, number: int) -> str:
        assert self.session.state is not None
        earlier = [s for s in self.session.state.stages if s.number < number and s.tip]
        return earlier[-1].tip if earlier else self.session.commit

    @cached_property
    def environment(self) -> dict[str, str]:
        """The caller's environment; children see only its allow-listed part."""
        return dict(self.session.repository.settings.environment)

    @cached_property
    def toolchain(self) -> Toolchain | Missing:
        """The project's own Elixir, or why there is none."""
        return find_toolchain(self.worktree.project, self.environment)

    @cached_property
    def sandbox(self) -> Sandbox:
        """How project code is kept in bounds; its notice is said once."""
        settings = self.session.repository.settings
        opened = open_sandbox(settings.sandbox, self.environment, key_present=bool(settings.secrets()))
        if opened.notice:
            self.say(opened.notice)
        return opened

    @cached_property
    def mix(self) -> Mix:
        """Mix on the work tree, building outside of it. Only where there is a toolchain."""
        assert isinstance(self.toolchain, Toolchain)
        deps = self.session.repository.path / "deps"
        return Mix(
            root=self.worktree.project,
            toolchain=self.toolchain,
            sandbox=self.sandbox,
            build_path=self.session.repository.cache / "build" / self.toolchain.version,
            env=self.environment,
            deps_path=deps if deps.is_dir() else None,
        )

    @cached_property
    def reporter(self) -> Reporter:
        """Our ExUnit formatter, compiled for the toolchain."""
        assert isinstance(self.toolchain, Toolchain)
        return prepare_reporter(self.toolchain, self.session.repository.settings.cache_dir, self.environment)

    @cached_property
    def syntax(self) -> SyntaxGate:
        """Elixir's own parser, or tree-sitter where there is no Elixir."""
        tools = self.toolchain if isinstance(self.toolchain, Toolchain) else None
        return SyntaxGate(tools, self.environment)

    @cached_property
    def baseline(self) -> Baseline:
        """What the base commit shows; taken once, in the work tree before anything is changed."""
        repository = self.session.repository
        tree = repository.tree_of(self.session.commit)
        if isinstance(self.toolchain, Missing):
            return unbuildable(tree, self.toolchain)
        self.say("baseline: compile, format and tests of the base commit")
        if self.worktree.head() == self.session.commit and not self.worktree.changed():
            return self._baseline_in(self.worktree, tree)
        # Resumed: the stage's branch has moved on, so the base is checked out beside it.
        aside = Worktree.resume(
            repository, f"{self.worktree.branch}-base", self.session.commit, self.directory.with_suffix(".base")
        )
        try:
            return self._baseline_in(aside, tree)
        finally:
            aside.remove()

    def _baseline_in(self, worktree: Worktree, tree: str) -> Baseline:
        cache = self.session.repository.settings.cache_dir
        mix = replace(self.mix, root=worktree.project)
        return take_baseline(mix, self._files(), tree, reporter=self.reporter, cache_dir=cache)

    def _files(self) -> tuple[str, ...]:
        """Existing files automatic actions change."""
        paths = {path for a in self.session.need_plan().actions() if a.fix == "automatic" for path in diff_paths(a)}
        return tuple(sorted(path for path in paths if (self.worktree.project / path).is_file()))

    def changes(self) -> tuple[Change, ...]:
        """The uncommitted change, paths relative to the project."""
        prefix = self.session.prefix
        found = []
        for path in self.worktree.changed():
            if not path.startswith(prefix):
                raise Refused(f"a file outside the project changed: {path!r}")
            name = path.removeprefix(prefix)
            found.append(Change(path=name, before=self._committed(path), after=self._now(path)))
        return tuple(found)

    def read(self, path: str) -> str:
        """A file of the project as it is now, empty where there is none."""
        return self._now(self.session.prefix + path)

    def base_project(self) -> Project:
        """The project without the uncommitted change."""
        repository, head = self.session.repository, self.worktree.head()
        return survey(commit_tree(repository, head), jobs=1, rules=()).project

    def _committed(self, path: str) -> str:
        repository, head = self.session.repository, self.worktree.head()
        known = {e.path for e in repository.list(head)}
        return repository.read(head, path).decode("utf-8", "replace") if path in known else ""

    def _now(self, path: str) -> str:
        files = self.worktree.files
        return files.read_bytes(path).decode("utf-8", "replace") if files.exists(path) else ""


def diff_paths(action: Action) -> tuple[str, ...]:
    """Paths an action's previewed diff touches."""
    lines = action.diff.splitlines()
    return tuple(dict.fromkeys(line[6:] for line in lines if line.startswith("+++ b/")))
