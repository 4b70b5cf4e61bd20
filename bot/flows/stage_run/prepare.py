"""The job before any secret: fetch and compile the dependencies of the base, whose code it runs.

The work itself has no network, so what it needs is packed here and handed over.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from bot.codebase.process import Completed, child_environment, run
from bot.codebase.remote_git import NETWORK
from bot.codebase.repository import Repository
from bot.codebase.toolchain import Missing, Toolchain, find_toolchain
from bot.elixir.mix_deps import declared
from bot.elixir.source import Source
from bot.errors import Unusable
from bot.flows.build_place import build_path
from bot.flows.watch import Watcher

PREPARED_FILE = "prepared.tar"
MOST_BYTES = 4 * 2**30
MOST_FILES = 300_000
SECONDS = 1800.0
DEPS, BUILD = "deps", "build"

HEX = ("HEX_MIRROR", "HEX_UNSAFE_HTTPS", "HEX_CACERTS_PATH", "HEX_OFFLINE", "MIX_HOME", "HEX_HOME")
"""Variables by which a machine says where packages come from; none is a key."""


def prepare(repository: Repository, hand: Path, watch: Watcher) -> Path | None:
    """Dependencies and their build as one archive in `hand`; None where there are none.

    What cannot be had is told and left to the baseline, whose verdict it is.
    """
    environment = repository.settings.environment
    tools = find_toolchain(repository.path, environment)
    if isinstance(tools, Missing):
        watch.note(f"cannot build here: {tools.reason}")
        return None
    if tools.note:
        watch.note(tools.note)
    if not has_dependencies(repository.path):
        watch.note("the project has no dependencies to fetch")
        return None
    build = hand / BUILD
    for task in (("deps.get",), ("deps.compile",)):
        watch.doing(f"mix {' '.join(task)}")
        done = _mix(repository, tools, task, build, environment)
        if done.returncode != 0 or done.timed_out:
            watch.note(f"mix {task[0]} ended with {done.returncode}: {done.tail(600)}")
            break
    return _packed(repository.path / DEPS, build, hand / PREPARED_FILE)


def unpack(archive: Path, repository: Repository, environment: Mapping[str, str]) -> None:
    """Put what `prepare` packed where a build looks for it; raises `Unusable` for a bad one."""
    tools = find_toolchain(repository.path, environment)
    if isinstance(tools, Missing):
        return
    places = {DEPS: repository.path / DEPS, BUILD: build_path(repository, tools)}
    try:
        with tarfile.open(archive) as tar:
            members = list(_members(tar))
            for top, place in places.items():
                place.mkdir(parents=True, exist_ok=True)
                mine = [m for name, m in members if name == top]
                tar.extractall(place, mine, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise Unusable(f"what `prepare` packed cannot be unpacked: {error}") from None


def has_dependencies(root: Path) -> bool:
    """Whether a mix.exs of the project names one, or there is a lock file."""
    if (root / "mix.lock").is_file():
        return True
    for file in (root / "mix.exs", *sorted(root.glob("apps/*/mix.exs"))):
        with suppress(OSError):
            found = declared(Source("mix.exs", file.read_bytes()))
            if found.dependencies or not found.complete:
                return True
    return False


def _mix(
    repository: Repository,
    tools: Toolchain,
    task: tuple[str, ...],
    build: Path,
    environment: Mapping[str, str],
) -> Completed:
    named = {n: environment[n] for n in (*NETWORK, *HEX) if n in environment}
    extra = {**named, "PATH": tools.search_path, "MIX_ENV": "test", "MIX_BUILD_PATH": str(build)}
    env = child_environment(environment, extra)
    return run((str(tools.mix), *task), cwd=repository.path, env=env, timeout=SECONDS)


def _packed(deps: Path, build: Path, archive: Path) -> Path | None:
    if not deps.is_dir():
        return None
    with tarfile.open(archive, "w") as tar:
        tar.add(deps, DEPS)
        if build.is_dir():
            tar.add(build, BUILD)
    return archive


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, tarfile.TarInfo]]:
    """Each member with the folder it is for, named from there on; raises `Unusable` for too many.

    The filter of `extractall` keeps them inside and makes no devices.
    """
    size = 0
    for number, member in enumerate(tar):
        size += member.size
        if number >= MOST_FILES or size > MOST_BYTES:
            raise Unusable("what `prepare` packed is too large")
        top, _, rest = member.name.partition("/")
        if top not in (DEPS, BUILD):
            raise Unusable(f"`prepare` packed something else: {member.name!r}")
        if rest:
            linked = member.linkname.partition("/")[2] if member.islnk() else member.linkname
            yield top, member.replace(name=rest, linkname=linked, deep=False)
