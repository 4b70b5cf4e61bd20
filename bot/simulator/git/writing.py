"""Objects, written one by one as the API asks for them.

They are written as loose objects right here: starting git for each would cost more than all the
rest of the request. A loose object is only its header and content, deflated, at its sha.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterable, Sequence

from bot.simulator.git.directory import full_sha
from bot.simulator.git.errors import ObjectInvalid, RefRefused, UnknownObject
from bot.simulator.git.objects import EMPTY_TREE, Kind, Person, TreeEdit
from bot.simulator.git.parsing import MODES, format_commit, format_tag, format_tree
from bot.simulator.git.reading import Objects
from bot.simulator.git.refnames import is_ref_name
from bot.simulator.git.treepaths import check_path

Level = dict[str, tuple[str, str]]
"""(mode, sha) by name: the entries of one tree."""


class Writer(Objects):
    """Each returns the sha of what it wrote. Nothing here moves a ref."""

    async def write_blob(self, data: bytes) -> str:
        return await self._write("blob", data)

    async def write_tree(self, edits: Iterable[TreeEdit], base_tree: str | None = None) -> str:
        """The base with the edits; a directory left without entries goes.

        Raises ObjectInvalid for a bad path, mode or type and for a removal of what is not there,
        UnknownObject for a missing sha.
        """
        listed = list(edits)
        for edit in listed:
            check_path(edit.path)
        await self._check_targets(listed)
        base = {} if base_tree is None else await self._level(full_sha(base_tree))
        return await self._write_level(base, [(e.path.split("/"), e) for e in listed])

    async def write_commit(
        self,
        tree: str,
        parents: Sequence[str],
        *,
        author: Person,
        committer: Person,
        message: str,
    ) -> str:
        """Raises UnknownObject for a missing tree or parent, ObjectInvalid for a bad person."""
        if tree == EMPTY_TREE:
            await self._write("tree", b"")
        await self._contents([tree], "tree")
        await self._contents(list(parents), "commit")
        return await self._write("commit", format_commit(tree, parents, author, committer, message))

    async def write_tag(self, name: str, target: str, *, tagger: Person, message: str) -> str:
        """An annotated tag; making a ref of it is another step, as in the API."""
        header = await self.header(target)
        if header is None:
            raise UnknownObject(f"there is no object {target}")
        if not is_ref_name(f"refs/tags/{name}"):
            raise RefRefused(f"{name[:200]!r} is not a name of a tag")
        return await self._write("tag", format_tag(name, target, header.type, tagger, message))

    async def _check_targets(self, edits: Sequence[TreeEdit]) -> None:
        wanted = [e for e in edits if e.sha is not None]
        for edit in wanted:
            if edit.mode not in MODES:
                raise ObjectInvalid(f"{edit.mode[:20]!r} is not a mode of an entry")
        stored = [e for e in wanted if MODES[e.mode] != "commit"]
        headers = await self.headers([e.sha or "" for e in stored])
        for edit, header in zip(stored, headers, strict=True):
            if header is None:
                raise UnknownObject(f"there is no object {edit.sha}")
            if header.type != MODES[edit.mode]:
                raise ObjectInvalid(f"{edit.sha} is a {header.type}, not a {MODES[edit.mode]}")

    async def _level(self, sha: str) -> Level:
        return {name: (mode, child) for mode, name, child in await self._entries(sha)}

    async def _write_level(self, level: Level, edits: list[tuple[list[str], TreeEdit]]) -> str:
        below: dict[str, list[tuple[list[str], TreeEdit]]] = {}
        for (name, *rest), edit in edits:
            if rest:
                below.setdefault(name, []).append((rest, edit))
            elif edit.sha is not None:
                level[name] = (edit.mode, full_sha(edit.sha))
            elif level.pop(name, None) is None:
                raise ObjectInvalid(f"there is nothing to remove at {edit.path!r}")
        for name, inner in below.items():
            mode, sha = level.get(name, ("", ""))
            child = await self._level(sha) if mode == "040000" else {}
            written = await self._write_level(child, inner)
            level[name] = ("040000", written)
            if not child:
                del level[name]
        return await self._write("tree", format_tree((m, n, s) for n, (m, s) in level.items()))

    async def _write(self, kind: Kind, data: bytes) -> str:
        raw = f"{kind} {len(data)}\0".encode() + data
        if len(raw) < 1 << 16:
            return self._store(raw)
        return await asyncio.to_thread(self._store, raw)

    def _store(self, raw: bytes) -> str:
        """Whole under its name or not at all."""
        sha = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        place = self.path / "objects" / sha[:2] / sha[2:]
        if place.exists():
            return sha
        place.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="tmp_obj_", dir=place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(zlib.compress(raw, 1))
        os.chmod(name, 0o444)
        os.replace(name, place)
        return sha
