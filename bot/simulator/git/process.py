"""The one way to run git here: no user's configuration or hooks, bounded in time and output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.simulator.git.errors import GitFailed

CHUNK = 1 << 16
SECONDS = 60.0
FOR_EVER = 1e9
LIMIT = 64 << 20
STDERR_LIMIT = 1 << 16
CONFIG = Path(__file__).with_name("gitconfig")
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": str(CONFIG),
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "file",
    "GIT_ASKPASS": "false",
    "GIT_EDITOR": "false",
    "GIT_PAGER": "cat",
    "GIT_DEFAULT_HASH": "sha1",
    "GIT_DEFAULT_REF_FORMAT": "files",
    "LC_ALL": "C",
}


@dataclass(frozen=True)
class Output:
    """What git wrote; `cut` says that it wrote more than was asked for, and was ended."""

    code: int
    stdout: bytes
    stderr: str
    cut: bool = False

    @property
    def text(self) -> str:
        return self.stdout.decode(errors="surrogateescape").strip()


def command(argv: Sequence[str]) -> list[str]:
    return [shutil.which("git") or "git", *argv]


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """An allow-list: of the surroundings only the place of git is kept."""
    git = os.path.dirname(shutil.which("git") or "")
    path = f"{git}{os.pathsep}{os.defpath}" if git else os.defpath
    return {"PATH": path, **ENVIRONMENT, **extra}


@contextlib.asynccontextmanager
async def running(
    argv: Sequence[str],
    *,
    cwd: Path,
    stdin: int | IO[bytes] = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    extra: Mapping[str, str] | None = None,
    lifetime: float | None = None,
) -> AsyncIterator[Process]:
    """A git process which does not outlive the block, nor do its children; it is killed after
    `lifetime` seconds.
    """
    launching = asyncio.create_subprocess_exec(
        *command(argv),
        cwd=cwd,
        env=environment(extra or {}),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
        limit=1 << 20,
    )
    process = await _launched(asyncio.ensure_future(launching))
    ending = asyncio.get_running_loop().call_later(lifetime or FOR_EVER, _kill_group, process.pid)
    try:
        yield process
    except BaseException:
        _kill_group(process.pid)
        raise
    finally:
        ending.cancel()
        if process.returncode is None:
            _kill_group(process.pid)
        await asyncio.shield(process.wait())


async def _launched(launching: asyncio.Future[Process]) -> Process:
    """Who is cancelled meanwhile leaves nothing behind: half a start could not be undone."""
    try:
        return await asyncio.shield(launching)
    except asyncio.CancelledError:
        process = await launching
        _kill_group(process.pid)
        await process.wait()
        raise


async def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    stdin: bytes | IO[bytes] = b"",
    extra: Mapping[str, str] | None = None,
    accept: Collection[int] = (0,),
    seconds: float = SECONDS,
    limit: int = LIMIT,
    cut: bool = False,
) -> Output:
    """Runs git to its end. Raises GitFailed for a code not in `accept`, and for too much output
    unless `cut` asks for its beginning.
    """
    try:
        async with asyncio.timeout(seconds):
            output = await _complete(argv, cwd, stdin, extra, limit)
    except TimeoutError:
        raise GitFailed(argv, -signal.SIGKILL, f"no end after {seconds:g} s") from None
    if output.cut and not cut:
        raise GitFailed(argv, -signal.SIGKILL, f"more than {limit} bytes of output")
    if output.code not in accept and not output.cut:
        raise GitFailed(argv, output.code, output.stderr)
    return output


async def _complete(
    argv: Sequence[str],
    cwd: Path,
    stdin: bytes | IO[bytes],
    extra: Mapping[str, str] | None,
    limit: int,
) -> Output:
    data = stdin if isinstance(stdin, bytes) else b""
    source = subprocess.PIPE if data else subprocess.DEVNULL
    given = source if isinstance(stdin, bytes) else stdin
    async with running(argv, cwd=cwd, stdin=given, extra=extra) as process:
        assert process.stdout
        assert process.stderr
        feeding = asyncio.ensure_future(_feed(process.stdin, data))
        complaints = asyncio.ensure_future(_read(process.stderr, STDERR_LIMIT, drain=True))
        try:
            out, cut = await _read(process.stdout, limit)
            if cut:
                _kill_group(process.pid)
            await feeding
            err, _ = await complaints
            code = await process.wait()
        finally:
            feeding.cancel()
            complaints.cancel()
    return Output(code, out, err.decode(errors="replace"), cut)


async def _feed(pipe: asyncio.StreamWriter | None, data: bytes) -> None:
    if pipe is None:
        return
    with contextlib.suppress(ConnectionError):
        pipe.write(data)
        await pipe.drain()
    with contextlib.suppress(ConnectionError):
        pipe.close()
        await pipe.wait_closed()


async def _read(
    pipe: asyncio.StreamReader, limit: int, *, drain: bool = False
) -> tuple[bytes, bool]:
    """Up to `limit` bytes, and whether there were more; those are thrown away by `drain`."""
    kept = bytearray()
    while chunk := await pipe.read(CHUNK):
        kept += chunk[: limit - len(kept) + 1]
        if len(kept) > limit and not drain:
            break
    return bytes(kept[:limit]), len(kept) > limit


def run_blocking(argv: Sequence[str], *, cwd: Path, extra: Mapping[str, str]) -> bytes:
    """For the one short read that a property needs; everything else is `run`."""
    done = subprocess.run(  # noqa: S603 - argv only, never a shell
        command(argv), cwd=cwd, env=environment(extra), capture_output=True, timeout=SECONDS
    )
    if done.returncode:
        raise GitFailed(argv, done.returncode, done.stderr.decode(errors="replace"))
    return done.stdout


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
