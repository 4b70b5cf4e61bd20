"""Questions about the graph of commits."""

from __future__ import annotations

from datetime import datetime

from bot.simulator.git.directory import full_sha
from bot.simulator.git.errors import UnknownObject
from bot.simulator.git.objects import Commit
from bot.simulator.git.revisions import Revisions


class History(Revisions):
    """Shas are full ones of commits; UnknownObject where one is not there."""

    async def log(
        self,
        revision: str,
        *,
        path: str | None = None,
        author: str | None = None,
        committer: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        skip: int = 0,
        limit: int = 30,
    ) -> list[Commit]:
        """Newest first. `author` and `committer` are parts of a name or address, as plain text."""
        argv = [f"--skip={max(skip, 0)}", f"--max-count={max(limit, 0)}"]
        argv += _filters(author, committer, since, until)
        argv += [await self.resolve(revision), "--", *_below(path)]
        shas = await self.once(
            ("log", *argv),
            lambda: self._list_revisions(*argv),
            lambda found: 100 + 90 * len(found),
        )
        return await self.commits(shas)

    async def count(
        self,
        revision: str,
        *,
        path: str | None = None,
        author: str | None = None,
        committer: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """How many commits `log` would give without a limit."""
        tip = await self.resolve(revision)
        argv = ("--count", *_filters(author, committer, since, until), tip, "--", *_below(path))

        async def ask() -> int:
            return int((await self._list_revisions(*argv))[0])

        return await self.once(("count", *argv), ask)

    async def commits_between(
        self, base: str, head: str, *, skip: int = 0, limit: int = 250
    ) -> list[Commit]:
        """What head has and base has not, oldest first."""
        shas = await self.shas_between(base, head)
        return await self.commits(shas[skip : skip + limit])

    async def shas_between(self, base: str, head: str) -> list[str]:
        """All of what `commits_between` reads from."""
        return await self.once(
            ("between", base, head),
            lambda: self._list_revisions(
                "--topo-order", "--reverse", f"{full_sha(base)}..{full_sha(head)}", "--"
            ),
            lambda shas: 100 + 90 * len(shas),
        )

    async def merge_base(self, one: str, other: str) -> str | None:
        """None for histories that have nothing in common."""

        async def ask() -> str | None:
            await self.commits([one, other])
            return (await self.git("merge-base", one, other, accept=(0, 1))).text or None

        return await self.once(("merge-base", one, other), ask)

    async def ahead_behind(self, base: str, head: str) -> tuple[int, int]:
        """How many commits head has that base has not, and the other way round."""

        async def ask() -> tuple[int, int]:
            await self.commits([base, head])
            range_ = f"{base}...{head}"
            counted = await self.git("rev-list", "--left-right", "--count", range_, "--")
            behind, ahead = counted.text.split()
            return int(ahead), int(behind)

        return await self.once(("ahead-behind", base, head), ask)

    async def is_ancestor(self, old: str, new: str) -> bool:
        """Whether going from old to new is a fast-forward; also true for the same commit."""

        async def ask() -> bool:
            await self.commits([old, new])
            asked = await self.git("merge-base", "--is-ancestor", old, new, accept=(0, 1))
            return asked.code == 0

        return await self.once(("ancestor", old, new), ask)

    async def refs_with(self, sha: str, below: str) -> list[str]:
        """The names of the refs below, e.g. `refs/pull/`, that have the commit."""
        await self.commit(sha)
        argv = ("for-each-ref", f"--contains={sha}", "--format=%(refname)", "--", below)
        return (await self.git(*argv)).text.split()

    async def _list_revisions(self, *argv: str) -> list[str]:
        asked = await self.git("rev-list", *argv, accept=(0, 128))
        if asked.code:
            raise UnknownObject(asked.stderr.strip().removeprefix("fatal: "))
        return asked.text.split()


def _line(text: str) -> str:
    return text.replace("\0", "").replace("\n", " ")


def _filters(
    author: str | None, committer: str | None, since: datetime | None, until: datetime | None
) -> list[str]:
    argv = []
    if author is not None or committer is not None:
        argv += ["--fixed-strings", "--regexp-ignore-case"]
    if author is not None:
        argv.append(f"--author={_line(author)}")
    if committer is not None:
        argv.append(f"--committer={_line(committer)}")
    if since is not None:
        argv.append(f"--since={since.isoformat(timespec='seconds')}")
    if until is not None:
        argv.append(f"--until={until.isoformat(timespec='seconds')}")
    return argv


def _below(path: str | None) -> list[str]:
    return [path.strip("/")] if path and path.strip("/") and "\0" not in path else []
