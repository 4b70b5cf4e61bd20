"""A bare repository as a folder that git runs in."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from bot.simulator.git.errors import UnknownObject
from bot.simulator.git.memory import Memory
from bot.simulator.git.process import LIMIT, SECONDS, Output, run

T = TypeVar("T")
SHA = re.compile(r"[0-9a-f]{40}")
ANSWERS = 32 << 20
"""What the remembered answers of a repository may weigh, about in bytes."""


def full_sha(sha: str) -> str:
    """The sha itself; raises UnknownObject for anything else, so that it can be an argument."""
    if not SHA.fullmatch(sha):
        raise UnknownObject(f"{sha[:80]!r} is not a full sha")
    return sha


class GitDirectory:
    """`path` is the bare repository; nothing else is ever the place of a git command."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._answers: Memory[Hashable, Any] = Memory(ANSWERS)

    @property
    def environment(self) -> dict[str, str]:
        return {"GIT_DIR": str(self.path.absolute())}

    async def git(
        self,
        *argv: str,
        stdin: bytes = b"",
        extra: Mapping[str, str] | None = None,
        accept: Collection[int] = (0,),
        seconds: float = SECONDS,
        limit: int = LIMIT,
        cut: bool = False,
    ) -> Output:
        """As `process.run`, in this repository."""
        return await run(
            argv,
            cwd=self.path,
            stdin=stdin,
            extra=self.environment | dict(extra or {}),
            accept=accept,
            seconds=seconds,
            limit=limit,
            cut=cut,
        )

    async def once(
        self,
        key: Hashable,
        ask: Callable[[], Awaitable[T]],
        weigh: Callable[[T], int] = lambda _: 100,
    ) -> T:
        """The answer to a question about full shas, which stays true for ever."""
        known = self._answers.get(key)
        if known is None:
            answer = await ask()
            self._answers.put(key, (answer,), weigh(answer))
            return answer
        return cast("T", known[0])
