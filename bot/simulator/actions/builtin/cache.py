"""actions/cache, also its halves restore and save. Which entries a run sees is its host's rule."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import os
import stat
import tarfile
import uuid
from collections.abc import Sequence
from pathlib import Path

from bot.simulator.actions.builtin.builtin import Builtin
from bot.simulator.actions.host import Cache
from bot.simulator.actions.runner.frame import StepFailed
from bot.simulator.actions.runner.globs import find_entries
from bot.simulator.actions.runner.inside import new_file, open_file
from bot.simulator.actions.runner.unpacking import unpack
from bot.simulator.actions.runner.use import Use

SHARED = {"path": "", "key": "", "upload-chunk-size": "", "enableCrossOsArchive": "false"}
RESTORING = SHARED | {"restore-keys": "", "fail-on-cache-miss": "false", "lookup-only": "false"}
MAX_KEY = 512
MAX_KEYS = 10


async def restore(use: Use) -> None:
    primary, paths = _primary(use), _paths(use)
    keys = [primary, *use.lines("restore-keys")]
    if len(keys) > MAX_KEYS:
        raise StepFailed(f"Key Validation Error: Keys are limited to a maximum of {MAX_KEYS}.")
    found = await use.job.host.find_cache(keys, _version(paths))
    use.give(cache_primary_key=primary, cache_hit="", cache_matched_key="")
    if found is None:
        if use.flag("fail-on-cache-miss"):
            raise StepFailed(
                f"Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key:"
                f" {primary}"
            )
        use.say(f"Cache not found for input keys: {', '.join(keys)}")
        return
    use.give(cache_hit=str(found.key == primary).lower(), cache_matched_key=found.key)
    if use.flag("lookup-only"):
        use.say(f"Cache found and can be restored from key: {found.key}")
        return
    await asyncio.to_thread(_unpack, found, _roots(use))
    use.say(f"Cache restored from key: {found.key}")


async def save(use: Use) -> None:
    await _save(use, _primary(use), _paths(use))


async def both(use: Use) -> None:
    """Restores now; saves at the end of a job that succeeded, unless the key was found."""
    await restore(use)
    if use.running.outputs["cache-hit"] == "true":
        return
    post = functools.partial(_save, use, _primary(use), _paths(use))
    name = use.running.step.name or f"Run {use.uses}"
    use.after(f"Post {name}", post, only_on_success=True)


async def _save(use: Use, key: str, paths: Sequence[str]) -> None:
    archive = use.job.folders.private / f"cache-{uuid.uuid4().hex}.tar"
    most = use.job.settings.limits.folder_bytes
    count = await asyncio.to_thread(_pack, archive, paths, _roots(use), most)
    if not count:
        use.warn(
            "Path Validation Error: Path(s) specified in the action for caching do(es) not exist,"
            " hence no cache is being saved."
        )
    elif await use.job.host.save_cache(key, _version(paths), archive):
        use.say(f"Cache saved with key: {key}")
    else:
        use.say(
            f"Failed to save: Unable to reserve cache with key {key}, another job may be creating"
            " this cache."
        )


def _primary(use: Use) -> str:
    key = use.need("key")
    if len(key) > MAX_KEY or "," in key:
        rule = f"cannot be larger than {MAX_KEY} characters and cannot contain commas."
        raise StepFailed(f"Key Validation Error: {key[:100]} {rule}")
    return key


def _paths(use: Use) -> list[str]:
    use.need("path")
    paths = use.lines("path")
    if any(path.startswith("!") for path in paths):
        raise StepFailed("actions/cache: patterns with '!' are not supported here")
    return paths


def _version(paths: Sequence[str]) -> str:
    """Entries saved for other paths are no match, as on GitHub."""
    return hashlib.sha256("|".join(paths).encode()).hexdigest()


def _roots(use: Use) -> dict[str, Path]:
    """Where the two parts of an archive belong; nothing outside of them is kept or written."""
    return {"workspace": use.workspace, "home": use.job.folders.home}


def _place(path: str, roots: dict[str, Path]) -> tuple[str, str]:
    """The root a path is under, and the pattern below that."""
    base, text = ("home", path[1:].lstrip("/")) if path.startswith("~") else ("workspace", path)
    root = roots[base]
    full = Path(root, text)
    for name, folder in roots.items():
        if full.is_relative_to(folder) and ".." not in full.parts:
            return name, str(full.relative_to(folder)) or "."
    raise StepFailed(f"The path {path[:200]!r} is neither in the work space nor in the home")


def _pack(archive: Path, paths: Sequence[str], roots: dict[str, Path], most: int) -> int:
    """How much was found: files, folders and links; pipes and devices are left out."""
    patterns: dict[str, list[str]] = {name: [] for name in roots}
    for path in paths:
        name, pattern = _place(path, roots)
        patterns[name].append(pattern)
    count = size = 0
    with new_file(archive.parent, archive) as file, tarfile.open(fileobj=file, mode="w") as tar:
        for name, root in roots.items():
            for entry in find_entries(root, patterns[name]):
                size += _add(tar, root, entry, f"{name}/{entry.relative_to(root)}")
                if size > most:
                    raise StepFailed(f"The files have more than {most:,} bytes")
                count += 1
    return count


def _add(tar: tarfile.TarFile, root: Path, entry: Path, name: str) -> int:
    """Gives the size of the content. Links are kept as they are, and nothing is read by them."""
    status = entry.lstat()
    member = tarfile.TarInfo(name)
    member.mtime, member.mode = status.st_mtime, stat.S_IMODE(status.st_mode)
    if stat.S_ISREG(status.st_mode):
        with open_file(root, entry) as file:
            member.size = os.fstat(file.fileno()).st_size
            tar.addfile(member, file)
    elif stat.S_ISLNK(status.st_mode):
        member.type, member.linkname = tarfile.SYMTYPE, os.readlink(entry)
        tar.addfile(member)
    elif stat.S_ISDIR(status.st_mode):
        member.type = tarfile.DIRTYPE
        tar.addfile(member)
    return member.size


def _unpack(cache: Cache, roots: dict[str, Path]) -> None:
    def place(name: str) -> tuple[Path, Path] | None:
        base, _, rest = name.partition("/")
        return (roots[base], roots[base] / rest) if rest else None

    with tarfile.open(cache.archive) as tar:
        unpack(tar, place)


CACHE = Builtin(RESTORING | {"save-always": "false"}, both)
RESTORE = Builtin(RESTORING, restore)
SAVE = Builtin(SHARED, save)
