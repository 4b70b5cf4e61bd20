"""The one way to run a child: argv only, a deadline, an allow-listed environment, no input."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core.verdict import CheckResult, Diagnostic, Status, TestResult

PASSED_THROUGH = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "USER",
    "LOGNAME",
    "MIX_HOME",
    "HEX_HOME",
    "XDG_CACHE_HOME",
)
"""Variables a child may see; everything else, keys and tokens above all, stays here."""

KEPT_OUTPUT = 2_000_000
"""Bytes kept of each stream; the middle of anything longer is dropped."""

_DRAIN_SECONDS = 2.0


@dataclass(frozen=True)
class Completed:
    """A finished (or killed) child process."""

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool = False

    def tail(self, characters: int = 4000) -> str:
        """The end of both streams, standard output first."""
        both = "\n".join(part.strip() for part in (self.stdout, self.stderr) if part.strip())
        return both[-characters:]

    def as_check(
        self,
        name: str,
        status: Status,
        summary: str,
        *,
        diagnostics: tuple[Diagnostic, ...] = (),
        tests: tuple[TestResult, ...] = (),
    ) -> CheckResult:
        """What it showed, as the check of this name."""
        return CheckResult(
            name=name,
            status=status,
            summary=summary,
            argv=self.argv,
            returncode=self.returncode,
            seconds=self.seconds,
            diagnostics=diagnostics,
            tests=tests,
            output_tail=self.tail(),
        )


def child_environment(
    source: Mapping[str, str], extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """`source` reduced to `PASSED_THROUGH`, with UTF-8 forced and `extra` on top."""
    kept = {name: source[name] for name in PASSED_THROUGH if name in source}
    return {**kept, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **(extra or {})}


@dataclass(frozen=True)
class Raw:
    """A finished (or killed) child process with every byte it wrote."""

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes
    seconds: float
    timed_out: bool = False

    def decoded(self) -> Completed:
        """The same as text, the middle of long streams dropped."""
        out, err = _decode(self.stdout), _decode(self.stderr)
        return Completed(self.argv, self.returncode, out, err, self.seconds, self.timed_out)


def run(
    argv: tuple[str, ...],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    stdin: bytes = b"",
) -> Completed:
    """Run `argv` to its end or kill its whole process group after `timeout` seconds.

    Raises `FileNotFoundError` when the program does not exist.
    """
    return run_raw(argv, cwd=cwd, env=env, timeout=timeout, stdin=stdin).decoded()


def run_raw(
    argv: tuple[str, ...],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    stdin: bytes = b"",
) -> Raw:
    """`run` for output that must not be decoded or shortened, such as file contents."""
    started = time.monotonic()
    child = subprocess.Popen(  # noqa: S603 - argv only, never a shell
        argv,
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    timed_out = False
    try:
        out, err = child.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        timed_out = child.poll() is None
        _kill_group(child)
        out, err = _drain(child)
    except BaseException:
        _kill_group(child)
        _drain(child)
        raise
    return Raw(
        argv=argv,
        returncode=child.returncode,
        stdout=out,
        stderr=err,
        seconds=time.monotonic() - started,
        timed_out=timed_out,
    )


def _drain(child: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What was written so far; a disowned grandchild may hold the pipes open for ever."""
    try:
        return child.communicate(timeout=_DRAIN_SECONDS)
    except subprocess.TimeoutExpired as late:
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
        child.wait()
        return late.stdout or b"", late.stderr or b""


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _decode(raw: bytes) -> str:
    if len(raw) > KEPT_OUTPUT:
        half = KEPT_OUTPUT // 2
        raw = raw[:half] + b"\n... output shortened ...\n" + raw[-half:]
    return raw.decode("utf-8", "replace")
