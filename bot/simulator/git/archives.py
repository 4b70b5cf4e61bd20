"""A commit's files as one file."""

from __future__ import annotations

from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from typing import Literal

from bot.simulator.git.errors import GitFailed
from bot.simulator.git.history import History
from bot.simulator.git.process import CHUNK, running

SECONDS = 600.0
Form = Literal["tar.gz", "zip"]


class Archives(History):
    """`export-ignore` of the commit's own .gitattributes counts, as it does on GitHub."""

    async def archive(self, revision: str, form: Form, *, prefix: str = "") -> AsyncIterator[bytes]:
        """Raises UnknownObject before the first part, GitFailed if it breaks off. `prefix` is the
        folder in the archive and ends with a slash.
        """
        sha = await self.resolve(revision)
        return self._stream(("archive", f"--format={form}", f"--prefix={prefix}", sha))

    async def _stream(self, argv: tuple[str, ...]) -> AsyncIterator[bytes]:
        async with running(
            argv, cwd=self.path, stderr=DEVNULL, extra=self.environment, lifetime=SECONDS
        ) as process:
            assert process.stdout
            while chunk := await process.stdout.read(CHUNK):
                yield chunk
            if code := await process.wait():
                raise GitFailed(argv, code, "the archive is not whole")
