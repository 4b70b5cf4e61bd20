"""Mix tasks on the work tree, with results that say no more than what was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.codebase.credo import UNPARSED, judge_credo
from bot.codebase.exunit import judge_output, judge_run
from bot.codebase.mix import FAILED_TESTS, Mix, Reporter
from bot.codebase.process import Completed
from bot.core.ports import CommandResult
from bot.errors import Unusable


@dataclass(frozen=True)
class Tasks:
    """What may be run here. Each method raises `Unusable` where there is no Elixir."""

    mix: Callable[[], Mix] | None
    reporter: Callable[[], Reporter] | None

    def run(self, argv: tuple[str, ...], timeout: float) -> CommandResult:
        """Run `mix argv`, which was checked."""
        done = self.buildable().task(argv, timeout)
        if argv[0] == "test":
            status, summary = judge_output(done)
            return _result(done, status == "passed", summary)
        if argv[0] == "credo" and UNPARSED in f"{done.stdout}\n{done.stderr}":
            return _result(done, False, "Credo could not read some files")
        return _result(done, True, "")

    def test(self, paths: tuple[str, ...]) -> CommandResult:
        """The tests of these paths, all when empty; passed only when some ran and none failed."""
        mix = self.buildable()
        if self.reporter is None:
            flags = ("--seed", "0", "--exit-status", str(FAILED_TESTS))
            done = mix.task(("test", *flags, *paths), mix.timeouts.test)
            status, summary = judge_output(done)
            return _result(done, status == "passed", summary)
        run = mix.test(paths, reporter=self.reporter())
        check = judge_run(run, mix.root)
        return _result(run.completed, check.status == "passed", check.summary)

    def credo(self) -> CommandResult:
        """Credo's issues as JSON; passed only when it read every file and found none."""
        done = self.buildable().credo()
        status, summary, _ = judge_credo(done)
        return _result(done, status == "passed", summary)

    def buildable(self) -> Mix:
        """Mix on the work tree; raises `Unusable` where there is none."""
        if self.mix is None:
            raise Unusable(
                "cannot build here: no mix was given for this directory",
                hint="work on a git repository with a mix.exs",
            )
        return self.mix()


def _result(done: Completed, borne_out: bool, summary: str) -> CommandResult:
    return CommandResult(
        argv=done.argv,
        exit_code=done.returncode,
        stdout=done.stdout,
        stderr=done.stderr,
        seconds=done.seconds,
        timed_out=done.timed_out,
        passed=borne_out and done.returncode == 0 and not done.timed_out,
        summary=summary,
    )
