"""Programs a `command` step may run: those the user allowed, in the sandbox, in the work tree."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.codebase.process import child_environment
from bot.errors import Refused, Unusable
from bot.flows.bench import Bench
from bot.pipeline.services import CommandResult

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*\Z")
_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class Commands:
    """A `CommandRunner` over the bench's work tree; no network, no keys, no git directory."""

    bench: Bench
    allowed: frozenset[str]

    def run(self, argv: tuple[str, ...], *, timeout: float) -> CommandResult:
        """Run to the end or to the deadline; raises `Refused`, or `Unusable` for no such program.

        The program is looked up in the system's directories, never in the work tree.
        """
        if argv[0] not in self.allowed or not _NAME.match(argv[0]):
            raise Refused(f"{argv[0]!r} may not be run", hint="allow it with --allow-command")
        self.bench.open()
        tree, sandbox = self.bench.worktree, self.bench.sandbox
        environment = child_environment(self.bench.environment, {"PATH": _PATH})
        if sandbox.isolated:
            environment["HOME"] = "/tmp"  # noqa: S108 - the sandbox's own, empty and private
        try:
            done = sandbox.run(
                argv,
                cwd=tree.project,
                env=environment,
                timeout=timeout,
                writable=(tree.root,),
            )
        except FileNotFoundError:
            raise Unusable(f"there is no program {argv[0]!r} on this machine") from None
        if sandbox.isolated and done.returncode == 1 and _absent(argv[0], done.stderr):
            raise Unusable(f"there is no program {argv[0]!r} on this machine")
        return CommandResult(
            argv=argv,
            exit_code=done.returncode,
            stdout=done.stdout,
            stderr=done.stderr,
            seconds=done.seconds,
            timed_out=done.timed_out,
            passed=done.returncode == 0 and not done.timed_out,
        )


def _absent(program: str, stderr: str) -> bool:
    """Whether bubblewrap itself said that it found no such program."""
    return stderr.startswith(f"bwrap: execvp {program}: No such file")
