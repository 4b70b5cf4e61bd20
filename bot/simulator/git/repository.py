"""A bare repository, from its making to its end."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bot.simulator.git.archives import Archives
from bot.simulator.git.differences import Differences
from bot.simulator.git.directory import full_sha
from bot.simulator.git.errors import GitFailed, RefRefused, UnknownObject, UnusableSource
from bot.simulator.git.objects import Person, RefChange
from bot.simulator.git.parsing import format_person
from bot.simulator.git.process import run
from bot.simulator.git.refnames import is_branch_name, is_ref_name
from bot.simulator.git.sources import GitSource, PlainSource, fast_import, look_at
from bot.simulator.git.writing import Writer

SECONDS = 600.0
IMPORTER = ("Simulator", "simulator@localhost")
MESSAGE = "Import the files of a folder\n"
LEFTOVERS = (
    "*.lock",
    "refs/**/*.lock",
    "objects/tmp_objdir-*",
    "objects/*/tmp_obj_*",
    "objects/pack/tmp_*",
    "incoming-*",
)


class BareRepository(Differences, Archives, Writer):
    """A folder in the care of this process: refs, objects, history, comparisons.

    Nothing is done on construction. One of `create`, `import_from` and `fork_to` makes the
    folder, whole or not at all.
    """

    def exists(self) -> bool:
        return (self.path / "HEAD").is_file()

    async def create(self, default_branch: str = "main") -> None:
        """An empty one. Raises RefRefused for a bad name of the branch."""
        if not is_branch_name(default_branch):
            raise RefRefused(f"{default_branch[:200]!r} is not a name of a branch")
        with self._making() as new:
            await _init(new, default_branch)

    async def import_from(self, source: Path, *, when: datetime | None = None) -> None:
        """Branches and tags of a repository with commits, else one commit of a folder's files,
        dated `when`. Nothing is borrowed from the source, and nothing is written there.

        A detached HEAD becomes `main`. Raises UnusableSource.
        """
        with self._making() as new:
            try:
                await _init(new, "main")
                found = await look_at(source, new)
                if isinstance(found, GitSource):
                    await _clone(found.folder, new)
                    await _attach(new, found)
                    await _check_names(source, new)
                else:
                    await _fill(new, found, when or datetime.now(UTC))
            except GitFailed as error:
                raise UnusableSource(source, error.stderr.strip()[-300:]) from error

    async def fork_to(self, other: BareRepository) -> None:
        """Makes the other, of this one's branches and tags."""
        with other._making() as new:
            async with self.writing():
                await _clone(self.path.absolute(), new)

    async def bring(self, other: BareRepository, sha: str) -> None:
        """Copies a commit of another repository, and all that it needs, into this one."""
        if await self.header(full_sha(sha)) is not None:
            return
        place = str(other.path.absolute())
        argv = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", place, sha)
        try:
            await self.git(*argv, seconds=SECONDS)
        except GitFailed as error:
            raise UnknownObject(f"there is no commit {sha} to bring") from error

    async def recover(self, known: Mapping[str, str]) -> list[RefChange]:
        """After a crash: removes what it left behind, and tells what became of the `known` refs.

        No git process may be at work here meanwhile.
        """
        for pattern in LEFTOVERS:
            for path in self.path.glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return await self.reload(known)

    async def remove(self) -> None:
        """Deletes the folder, and ends what still reads there, also when it is cancelled."""
        try:
            async with self.writing():
                await asyncio.to_thread(shutil.rmtree, self.path)
        finally:
            await self.close()

    @contextlib.contextmanager
    def _making(self) -> Iterator[Path]:
        """A path beside the repository, which becomes it only at the end."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            raise FileExistsError(str(self.path))
        with tempfile.TemporaryDirectory(prefix=".new-", dir=self.path.parent) as folder:
            new = Path(folder) / self.path.name
            yield new
            new.rename(self.path)


async def _init(new: Path, branch: str) -> None:
    argv = ("init", "--bare", "--quiet", "--template=", f"--initial-branch={branch}", "--")
    await run((*argv, str(new)), cwd=new.parent)


async def _clone(source: Path, new: Path) -> None:
    """Files of objects are linked or copied; what the source itself borrows is copied, too."""
    shutil.rmtree(new, ignore_errors=True)
    argv = (
        "clone",
        "--bare",
        "--quiet",
        "--template=",
        "--dissociate",
        "--",
        str(source),
        str(new),
    )
    await run(argv, cwd=new.parent, seconds=SECONDS)
    await run(("config", "--remove-section", "remote.origin"), cwd=new, accept=(0, 128))


async def _attach(new: Path, source: GitSource) -> None:
    """Puts a detached HEAD onto a branch."""
    if source.branch is None:
        await run(("update-ref", "refs/heads/main", source.head), cwd=new)
        await run(("symbolic-ref", "HEAD", "refs/heads/main"), cwd=new)


async def _check_names(source: Path, new: Path) -> None:
    """Raises UnusableSource for a ref whose name no JSON could tell."""
    listing = await run(("for-each-ref", "--format=%(refname)"), cwd=new)
    for name in listing.text.split("\n"):
        if name and not is_ref_name(name):
            raise UnusableSource(source, f"the name of its ref {name[:200]!r} is not UTF-8")


async def _fill(new: Path, source: PlainSource, when: datetime) -> None:
    """One commit of the files, in one pack."""
    argv = ("-c", "pack.compression=1", "-c", "fastimport.unpackLimit=0", "fast-import")
    flags = ("--quiet", "--done", "--date-format=raw")
    person = format_person(Person(*IMPORTER, when))
    with tempfile.TemporaryFile(dir=new) as stream:
        await asyncio.to_thread(stream.writelines, fast_import(source, "main", person, MESSAGE))
        stream.seek(0)
        await run((*argv, *flags), cwd=new, stdin=stream, seconds=SECONDS)
