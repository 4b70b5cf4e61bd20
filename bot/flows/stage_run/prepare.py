"""The job before any secret: fetch and compile the dependencies of the base, whose code it runs.

The work itself has no network, so what it needs is packed here and handed over.
"""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.codebase.credo_beside import CredoBeside
from bot.codebase.repository import Repository
from bot.codebase.sandbox import open_sandbox
from bot.codebase.toolchain import Missing, find_toolchain
from bot.elixir.mix_deps import declared
from bot.elixir.source import Source
from bot.flows.build_place import build_path
from bot.flows.fetching import DEPENDENCIES, Fetching, Place, install_credo, wants_credo
from bot.flows.stage_run.packing import pack
from bot.flows.stage_run.packing import unpack as unpack_places
from bot.flows.watch import Watcher

PREPARED_FILE = "prepared.tar"
DEPS, BUILD, CREDO = "deps", "build", "credo"


@dataclass(frozen=True)
class Prepared:
    """What came of it."""

    archive: Path | None = None
    """None where there is nothing to hand over."""
    keep: bool = False
    """Whether a later run may have it too: all of it is there, and what made it saw no more of the
    machine than its own folders."""


def build_key(repository: Repository) -> str:
    """What parts builds of one base: machine, system, the project's folder, Elixir and OTP."""
    tools = find_toolchain(repository.path, repository.settings.environment)
    versions = (
        ("none",) if isinstance(tools, Missing) else ("elixir", tools.version, "otp", tools.otp)
    )
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        system = {}
    place = (platform.machine(), system.get("ID", platform.system()), system.get("VERSION_ID", ""))
    folder = hashlib.sha256(repository.prefix.encode()).hexdigest()[:8]
    credo = ("credo",) if wants_credo(repository.settings, repository.path) else ()
    return re.sub(r"[^\w.-]", "_", "-".join((*place, folder, *versions, *credo)))


def prepare(repository: Repository, hand: Path, hex_home: Path, watch: Watcher) -> Prepared:
    """Dependencies, their build and Credo as one archive in `hand`, where there are any.

    Packages stay in `hex_home`: Hex holds each against its checksum in mix.lock whenever it takes
    one from there. What cannot be had is told and left to the baseline, whose verdict it is.
    """
    environment = repository.settings.environment
    tools = find_toolchain(repository.path, environment)
    if isinstance(tools, Missing):
        watch.note(f"cannot build here: {tools.reason}")
        return Prepared()
    if tools.note:
        watch.note(tools.note)
    sandbox = open_sandbox(repository.settings.sandbox, environment)
    if sandbox.notice:
        watch.note(sandbox.notice)
    fetching = Fetching(tools, sandbox, environment, hex_home, watch)
    places, complete = _fetched(repository, fetching, hand / BUILD)
    if wants_credo(repository.settings, repository.path):
        beside = install_credo(fetching, repository.settings)
        complete = complete and beside is not None
        places |= {CREDO: beside.folder} if beside is not None else {}
    if not places:
        return Prepared()
    archive = hand / PREPARED_FILE
    if left_out := pack(places, archive):
        watch.note(f"not packed: {', '.join(left_out[:5])}{' ...' if left_out[5:] else ''}")
    return Prepared(archive, complete and sandbox.isolated)


def _fetched(
    repository: Repository, fetching: Fetching, build: Path
) -> tuple[dict[str, Path], bool]:
    """The folders of dependencies and of their build, and whether all of it is there."""
    if not has_dependencies(repository.path):
        fetching.watch.note("the project has no dependencies to fetch")
        return {}, True
    if build.exists():
        shutil.rmtree(build)
    place = Place(repository.path, build, (repository.root,))
    complete = fetching.run(DEPENDENCIES, place)
    deps = repository.path / DEPS
    if deps.is_symlink() or not deps.is_dir():
        return {}, complete
    return ({DEPS: deps, BUILD: build} if build.is_dir() else {DEPS: deps}), complete


def unpack(archive: Path, repository: Repository, environment: Mapping[str, str]) -> None:
    """Put what `prepare` packed where a build looks for it; raises `Unusable` for a bad one."""
    tools = find_toolchain(repository.path, environment)
    if isinstance(tools, Missing):
        return
    places = {DEPS: repository.path / DEPS, BUILD: build_path(repository, tools)}
    if wants_credo(repository.settings, repository.path):
        places[CREDO] = CredoBeside.at(repository.settings.cache_dir, tools).folder
    unpack_places(archive, places)


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
