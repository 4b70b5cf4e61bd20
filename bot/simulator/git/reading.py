"""Objects, read by sha."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.simulator.git.batch import Batch, Header
from bot.simulator.git.directory import GitDirectory, full_sha
from bot.simulator.git.errors import UnknownObject
from bot.simulator.git.memory import Memory
from bot.simulator.git.objects import EMPTY_TREE, Commit, Entry, Kind, Tag
from bot.simulator.git.parsing import kind_of, parse_commit, parse_tag, parse_tree

REMEMBERED = 32 << 20
OVERHEAD = 200
"""Bytes that keeping an object costs beside its content."""


class Objects(GitDirectory):
    """All of these raise UnknownObject for a sha that is not there or is of another type."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._batch = Batch(path, self.environment)
        self._objects: Memory[str, tuple[Header, bytes]] = Memory(REMEMBERED)

    async def close(self) -> None:
        """Ends the reading process; the next reading starts another."""
        await self._batch.close()

    async def header(self, sha: str) -> Header | None:
        """The type and size of an object, or None."""
        return (await self.headers([sha]))[0]

    async def headers(self, shas: Sequence[str]) -> list[Header | None]:
        """The same of many at once."""
        return await self._batch.headers([full_sha(sha) for sha in shas])

    async def commit(self, sha: str) -> Commit:
        return (await self.commits([sha]))[0]

    async def commits(self, shas: Sequence[str]) -> list[Commit]:
        contents = await self._contents(shas, "commit")
        return [parse_commit(sha, data) for sha, data in zip(shas, contents, strict=True)]

    async def tag(self, sha: str) -> Tag:
        return parse_tag(sha, (await self._contents([sha], "tag"))[0])

    async def blob(self, sha: str) -> bytes:
        """Raises TooLarge above 128 MiB."""
        return (await self._contents([sha], "blob"))[0]

    async def tree(self, sha: str, *, recursive: bool = False) -> list[Entry]:
        """In git's order. `recursive` lists the trees, too, each before what is in it."""
        key = ("tree", full_sha(sha), recursive)
        read = self._walk if recursive else self._list
        entries = await self.once(key, lambda: read(sha), lambda found: 300 * len(found))
        return list(entries)

    async def entry_at(self, sha: str, path: str) -> Entry:
        """The entry at a path below a commit or tree. The empty path is the tree itself."""
        header = await self.header(sha)
        if header is not None and header.type == "commit":
            sha = (await self.commit(sha)).tree
        entry = Entry("", "040000", "tree", sha)
        for name in path.split("/") if path else []:
            parent = f"{entry.path}/" if entry.path else ""
            entry = await self._child(entry, name, parent)
        if entry.type != "blob":
            return entry
        found = await self.header(entry.sha)
        return Entry(entry.path, entry.mode, entry.type, entry.sha, found.size if found else None)

    async def _child(self, entry: Entry, name: str, parent: str) -> Entry:
        if entry.type == "tree":
            for mode, found, sha in await self._entries(entry.sha):
                if found == name:
                    return Entry(parent + name, mode, kind_of(mode), sha)
        raise UnknownObject(f"there is nothing at {(parent + name)[:200]!r}")

    async def _entries(self, sha: str) -> list[tuple[str, str, str]]:
        return [] if sha == EMPTY_TREE else parse_tree((await self._contents([sha], "tree"))[0])

    async def _list(self, sha: str) -> list[Entry]:
        entries = await self._entries(sha)
        blobs = [child for mode, _, child in entries if kind_of(mode) == "blob"]
        headers = await self.headers(blobs)
        sizes = {header.sha: header.size for header in headers if header}
        return [Entry(name, mode, kind_of(mode), s, sizes.get(s)) for mode, name, s in entries]

    async def _walk(self, sha: str) -> list[Entry]:
        await self._entries(sha)
        listing = await self.git("ls-tree", "-r", "-t", "-l", "-z", sha)
        lines = listing.stdout.decode(errors="surrogateescape").split("\0")
        return [_listed(line) for line in lines if line]

    async def _contents(self, shas: Sequence[str], kind: Kind) -> list[bytes]:
        known = {sha: self._objects.get(full_sha(sha)) for sha in shas}
        unread = [sha for sha, found in known.items() if found is None]
        if unread:
            contents = await self._batch.contents(unread)
            for sha, (header, data) in zip(unread, contents, strict=True):
                known[sha] = self._objects.put(sha, (header, data), len(data) + OVERHEAD)
        pairs = [pair for pair in map(known.__getitem__, shas) if pair]
        for header, _ in pairs:
            if header.type != kind:
                raise UnknownObject(f"{header.sha} is a {header.type}, not a {kind}")
        return [data for _, data in pairs]


def _listed(line: str) -> Entry:
    head, _, path = line.partition("\t")
    mode, _, sha, size = head.split()
    return Entry(path, mode, kind_of(mode), sha, int(size) if size.isdigit() else None)
