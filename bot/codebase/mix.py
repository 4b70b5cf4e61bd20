"""The mix tasks we run on a project, always in MIX_ENV=test and with the build outside its tree."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.codebase.credo_beside import CredoBeside
from bot.codebase.files import WorkFiles
from bot.codebase.process import Completed, child_environment
from bot.codebase.sandbox import Sandbox
from bot.codebase.toolchain import Toolchain
from bot.errors import Refused

FAILED_TESTS = 77
"""Exit status we ask of `mix test` for failing tests, so that nothing else looks like it."""

_APART = 3
"""Seconds between a compile and an edit that mix, which looks at whole seconds, tells apart."""


@dataclass(frozen=True)
class Reporter:
    """A compiled ExUnit formatter that writes its events to the file named by `variable`."""

    lib_dir: Path
    """What ERL_LIBS must name: holds `<app>/ebin`."""
    module: str
    variable: str

    @property
    def environment(self) -> dict[str, str]:
        """Mix 1.15 and later drop code paths that are no dependency: it is loaded before that."""
        loaded = f"-eval code:ensure_loaded('Elixir.{self.module}')"
        return {"ERL_LIBS": str(self.lib_dir), "ELIXIR_ERL_OPTIONS": loaded}


@dataclass(frozen=True)
class TestRun:
    """One `mix test`: the process, and what the reporter wrote (empty when it never ran)."""

    __test__ = False

    completed: Completed
    events: str


@dataclass(frozen=True)
class Timeouts:
    """Seconds each kind of task may take."""

    compile: float = 1800.0
    format: float = 300.0
    credo: float = 900.0
    test: float = 1800.0


@dataclass(frozen=True)
class Mix:
    """A project directory with what is needed to run its tasks."""

    root: Path
    toolchain: Toolchain
    sandbox: Sandbox
    build_path: Path
    """Outside the tree: MIX_BUILD_PATH, created when absent."""
    env: Mapping[str, str]
    """The caller's environment; children see only its allow-listed part."""
    deps_path: Path | None = None
    """Fetched dependencies of the user's own checkout, shown read-only."""
    timeouts: Timeouts = Timeouts()
    tree: Path | None = None
    """The whole checkout where `root` is below it: shown read-only, for path dependencies."""
    neighbours: Mapping[str, Path] = field(default_factory=dict)
    """Applications outside the checkout, shown read-only, by the paths mix.exs has for them."""
    beside: CredoBeside | None = None
    """Credo for a project that names none; None where it is not to be had or not wanted."""

    def compile(self) -> Completed:
        """Compile everything anew: an incremental build hides warnings and same-second edits."""
        return self.task(("compile", "--force"), self.timeouts.compile)

    def format_check(self, paths: tuple[str, ...]) -> Completed:
        """Ask which of `paths` are off the formatter's fixpoint."""
        return self.task(("format", "--check-formatted", "--", *paths), self.timeouts.format)

    def format(self, paths: tuple[str, ...]) -> Completed:
        """Rewrite `paths` to the formatter's fixpoint."""
        return self.task(("format", "--", *paths), self.timeouts.format)

    def credo(self) -> Completed:
        """`mix credo --strict` as JSON; its exit code is a bit mask of categories."""
        return self.task(("credo", "--strict", "--format", "json"), self.timeouts.credo)

    def credo_beside(self, beside: CredoBeside) -> Completed:
        """The same by an installed Credo that reads this project's source; paths are whole.

        Without mix: that would look whether what is installed is up to date, and write there.
        """
        argv = ("--strict", "--format", "json", "--working-dir", str(self.root))
        return self.sandbox.run(
            (str(self.toolchain.elixir), *beside.start, "--", *argv),
            cwd=beside.folder,
            env=self.environment(),
            timeout=self.timeouts.credo,
            readable=(*self.shown(), self.root, beside.folder),
        )

    def test(
        self,
        paths: tuple[str, ...] = (),
        *,
        reporter: Reporter,
        seed: int = 0,
        only: tuple[str, ...] = (),
    ) -> TestRun:
        """Run tests through `reporter`; `paths` may end in `:line`, `only` are tag filters."""
        filters = [part for tag in only for part in ("--only", tag)]
        argv = (
            *("test", "--seed", str(seed), "--exit-status", str(FAILED_TESTS)),
            *("--formatter", reporter.module, "--formatter", "ExUnit.CLIFormatter"),
            *filters,
            *paths,
        )
        with tempfile.TemporaryDirectory(prefix="genesis-results-") as results:
            target = Path(results) / _EVENTS
            done = self.task(
                argv,
                self.timeouts.test,
                extra={**reporter.environment, reporter.variable: str(target)},
                writable=(Path(results),),
                readable=(reporter.lib_dir,),
            )
            raw = _written(Path(results))
        return TestRun(done, raw.decode("utf-8", "replace"))

    def task(
        self,
        argv: tuple[str, ...],
        timeout: float,
        *,
        extra: Mapping[str, str] | None = None,
        writable: tuple[Path, ...] = (),
        readable: tuple[Path, ...] = (),
    ) -> Completed:
        """Run `mix argv` in the project's root."""
        self.build_path.mkdir(parents=True, exist_ok=True)
        shown = (*self.shown(), *readable)
        if self.deps_path is not None and self.deps_path.is_dir():
            shown = (*shown, self.deps_path)
        if self.tree is not None:
            shown = (self.tree, *shown)
        return self.sandbox.run(
            (str(self.toolchain.mix), *argv),
            cwd=self.root,
            env={**self.environment(), **(extra or {})},
            timeout=timeout,
            writable=(self.root, self.build_path, *writable),
            readable=shown,
            placed={place_of(self.root, at): source for at, source in self.neighbours.items()},
        )

    def shown(self) -> tuple[Path, ...]:
        """What the tools themselves need to see."""
        return (*self.toolchain.roots, *self._mix_home())

    def environment(self) -> dict[str, str]:
        """What a mix child sees."""
        settings = {
            "PATH": self.toolchain.search_path,
            "MIX_ENV": "test",
            "MIX_BUILD_PATH": str(self.build_path),
        }
        if self.deps_path is not None:
            settings["MIX_DEPS_PATH"] = str(self.deps_path)
        if self.sandbox.isolated:
            settings["HOME"] = "/tmp"  # noqa: S108 - the sandbox's own, empty and private
            if self._mix_home():
                settings["MIX_HOME"] = str(self._home())
        return child_environment(self.env, settings)

    def freshen(self, paths: tuple[str, ...]) -> None:
        """Make mix see edits of `paths` that keep their size within the second of a compile.

        The edit is dated now and what was compiled a little earlier; a date in the future
        would make mix warn and put it back.
        """
        now = int(time.time())
        for manifest in self.build_path.glob("lib/*/.mix/compile.elixir"):
            if manifest.lstat().st_mtime > now - _APART:
                os.utime(manifest, (now - _APART, now - _APART), follow_symlinks=False)
        files = WorkFiles(self.root)
        for path in paths:
            with suppress(FileNotFoundError, NotADirectoryError, Refused):
                files.date(path, now)

    def _mix_home(self) -> tuple[Path, ...]:
        """Where Hex and rebar are installed; `~/.hex`, which holds keys, stays out."""
        home = self._home()
        return (home,) if home.is_dir() else ()

    def _home(self) -> Path:
        named = self.env.get("MIX_HOME", "")
        return Path(named) if named else Path(self.env.get("HOME", "/")) / ".mix"


def place_of(root: Path, written: str) -> Path:
    """Where mix looks for a path that is written in the mix.exs of `root`: links do not count."""
    return Path(os.path.normpath(root / written))


def unformatted(done: Completed, paths: tuple[str, ...]) -> tuple[str, ...] | None:
    """Those of `paths` that `format_check` listed; `None` when the formatter could not judge."""
    if done.returncode == 0 and not done.timed_out:
        return ()
    listed = set(_LISTED.findall(f"{done.stdout}\n{done.stderr}"))
    return tuple(path for path in paths if path in listed) or None


def at_fixpoint(mix: Mix, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `paths` the formatter would leave alone; none when it could not judge."""
    if not paths:
        return ()
    off = unformatted(mix.format_check(paths), paths)
    return () if off is None else tuple(path for path in paths if path not in off)


def _written(results: Path) -> bytes:
    """What the reporter wrote; nothing where the project's code put a link or a pipe instead."""
    try:
        return WorkFiles(results).read_bytes(_EVENTS, _MOST_EVENTS)
    except Refused:
        return b""


_EVENTS, _MOST_EVENTS = "events.jsonl", 256 * 2**20

_LISTED = re.compile(r"^\s*\* (\S+)$", re.MULTILINE)
