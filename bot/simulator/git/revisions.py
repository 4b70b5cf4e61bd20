"""From what a person writes to a commit."""

from __future__ import annotations

import re

from bot.simulator.git.directory import SHA
from bot.simulator.git.errors import UnknownObject
from bot.simulator.git.reading import Objects
from bot.simulator.git.references import HEADS, References

ABBREVIATED = re.compile(r"[0-9a-fA-F]{4,40}")
PREFIXES = ("refs/heads/", "refs/tags/", "refs/", "")
DEPTH = 20
"""Tags of tags are peeled this often."""


class Revisions(References, Objects):
    """Names in the order of the API: a branch wins over a tag of the same name."""

    async def resolve(self, revision: str) -> str:
        """The sha of the commit that a branch, tag, `heads/x`, `tags/x`, full name of a ref, HEAD
        or full or abbreviated sha means. Raises UnknownObject, also where there is no commit.
        """
        return await self._peeled(await self._named(revision), revision)

    async def _named(self, revision: str) -> str:
        name = HEADS + self.default_branch if revision == "HEAD" else revision
        for prefix in PREFIXES:
            if found := self.ref(prefix + name):
                return found
        if SHA.fullmatch(revision):
            return revision
        if ABBREVIATED.fullmatch(revision):
            asked = await self.git(
                "rev-parse", "--verify", "-q", f"{revision}^0", accept=(0, 1, 128)
            )
            if SHA.fullmatch(asked.text):
                return asked.text
        raise UnknownObject(f"there is no revision {revision[:200]!r}")

    async def _peeled(self, sha: str, revision: str) -> str:
        for _ in range(DEPTH):
            header = await self.header(sha)
            if header is not None and header.type == "commit":
                return sha
            if header is None or header.type != "tag":
                break
            sha = (await self.tag(sha)).target
        raise UnknownObject(f"{revision[:200]!r} is not a commit")
