"""A `git cat-file` that stays: reading an object costs no process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from bot.simulator.git.errors import GitFailed, TooLarge, UnknownObject
from bot.simulator.git.objects import Kind
from bot.simulator.git.process import SECONDS, running

ARGV = ("cat-file", "--batch-command")
LARGEST = 128 << 20
AT_ONCE = 500
"""Requests before the answers are read, so that neither side waits for ever for the other."""


@dataclass(frozen=True)
class Header:
    """What an object is, without its content."""

    sha: str
    type: Kind
    size: int


class Batch:
    """One at a time; what ends in the middle of an answer is replaced by a new process."""

    def __init__(self, path: Path, extra: Mapping[str, str]) -> None:
        self._path = path
        self._extra = extra
        self._lock = asyncio.Lock()
        self._open: contextlib.AsyncExitStack | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def contents(self, shas: Sequence[str]) -> list[tuple[Header, bytes]]:
        """Raises UnknownObject, and TooLarge above `LARGEST`."""
        async with self._asking() as process:
            return [pair async for pair in _contents(process, shas)]

    async def headers(self, shas: Sequence[str]) -> list[Header | None]:
        """None for an object that is not there."""
        async with self._asking() as process:
            found: list[Header | None] = []
            for start in range(0, len(shas), AT_ONCE):
                some = shas[start : start + AT_ONCE]
                _send(process, "info", some)
                found += [await _header(process) for _ in some]
            return found

    async def close(self) -> None:
        async with self._lock:
            await self._drop()

    @contextlib.asynccontextmanager
    async def _asking(self) -> AsyncIterator[asyncio.subprocess.Process]:
        async with self._lock:
            process = await self._ready()
            try:
                async with asyncio.timeout(SECONDS):
                    yield process
            except UnknownObject:
                raise
            except (TimeoutError, EOFError, ConnectionError, ValueError) as error:
                await self._drop()
                raise GitFailed(ARGV, -1, f"broke off: {error!r}") from error
            except BaseException:
                await self._drop()
                raise

    async def _ready(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            await self._drop()
            stack = contextlib.AsyncExitStack()
            self._process = await stack.enter_async_context(
                running(ARGV, cwd=self._path, stderr=asyncio.subprocess.DEVNULL, extra=self._extra)
            )
            self._open = stack
        return self._process

    async def _drop(self) -> None:
        stack, self._open, self._process = self._open, None, None
        if stack is not None:
            await stack.aclose()


def _send(process: asyncio.subprocess.Process, request: str, shas: Sequence[str]) -> None:
    assert process.stdin
    process.stdin.write("".join(f"{request} {sha}\n" for sha in shas).encode())


async def _header(process: asyncio.subprocess.Process) -> Header | None:
    assert process.stdout
    line = await process.stdout.readline()
    words = line.decode().split()
    if not line.endswith(b"\n"):
        raise EOFError("no answer")
    if len(words) == 2 and words[1] == "missing":
        return None
    sha, kind, size = words
    return Header(sha, cast("Kind", kind), int(size))


async def _contents(
    process: asyncio.subprocess.Process, shas: Sequence[str]
) -> AsyncIterator[tuple[Header, bytes]]:
    """Reads all answers also when one is missing, so that the next question gets its own."""
    assert process.stdout
    for start in range(0, len(shas), AT_ONCE):
        some = shas[start : start + AT_ONCE]
        missing = []
        _send(process, "contents", some)
        for sha in some:
            header = await _header(process)
            if header is None:
                missing.append(sha)
                continue
            if header.size > LARGEST:
                raise TooLarge(f"{header.type} {sha} has {header.size} bytes")
            yield header, (await process.stdout.readexactly(header.size + 1))[:-1]
        if missing:
            raise UnknownObject(f"there is no object {missing[0]}")
