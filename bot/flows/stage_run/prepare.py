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

from bot.codebase.mix import Mix
from bot.codebase.process import Completed
from bot.codebase.remote_git import NETWORK
from bot.codebase.repository import Repository
from bot.codebase.sandbox import Sandbox, open_sandbox
from bot.codebase.toolchain import Missing, Toolchain, find_toolchain
from bot.elixir.mix_deps import declared
from bot.elixir.source import Source
from bot.flows.build_place import build_path
from bot.flows.stage_run.packing import pack
from bot.flows.stage_run.packing import unpack as unpack_places
from bot.flows.watch import Watcher

PREPARED_FILE = "prepared.tar"
SECONDS = 1800.0
DEPS, BUILD, PACKAGES = "deps", "build", "packages"

HEX = ("HEX_MIRROR", "HEX_UNSAFE_HTTPS", "HEX_CACERTS_PATH", "HEX_OFFLINE", "MIX_HOME")
"""Variables by which a machine says where packages come from; none is a key."""
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HEX_CACERTS_PATH")


@dataclass(frozen=True)
class Prepared:
    """What came of it."""

    archive: Path | None = None
    """None where there is nothing to hand over."""
    keep: bool = False
    """Whether a later run may have it too: all of it is there, and what made it saw no more of the
    machine than its own folders."""


@dataclass(frozen=True)
class Fetching:
    """mix with a network and without a secret, confined to its own folders where that works."""

    repository: Repository
    tools: Toolchain
    sandbox: Sandbox
    build: Path
    hex_home: Path

    def run(self, watch: Watcher) -> bool:
        """Whether every task went well; what did not is told."""
        if self.build.exists():
            shutil.rmtree(self.build)
        self.build.mkdir(parents=True)
        keep_packages(self.hex_home)
        for task in (("deps.get",), ("deps.compile",)):
            watch.doing(f"mix {' '.join(task)}")
            done = self._mix(task)
            if done.returncode != 0 or done.timed_out:
                watch.note(f"mix {task[0]} ended with {done.returncode}: {done.tail(600)}")
                return False
        return True

    def _mix(self, task: tuple[str, ...]) -> Completed:
        given = self.repository.settings.environment
        root = self.repository.root
        mix = Mix(self.repository.path, self.tools, self.sandbox, self.build, given)
        named = {n: given[n] for n in (*NETWORK, *HEX) if n in given}
        shown = (Path(given[n]) for n in CERTIFICATES if given.get(n))
        return self.sandbox.run(
            (str(self.tools.mix), *task),
            cwd=self.repository.path,
            env={**named, **mix.environment(), "HEX_HOME": str(self.hex_home)},
            timeout=SECONDS,
            writable=(root, self.build, self.hex_home),
            readable=(*mix.shown(), *(path for path in shown if path.exists())),
            network=True,
        )


def keep_packages(hex_home: Path) -> None:
    """Nothing but packages, which Hex checks, is taken over from a run before."""
    hex_home.mkdir(parents=True, exist_ok=True)
    for entry in hex_home.iterdir():
        if entry.is_symlink() or not entry.is_dir():
            entry.unlink()
        elif entry.name != PACKAGES:
            shutil.rmtree(entry)


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
    return re.sub(r"[^\w.-]", "_", "-".join((*place, folder, *versions)))


def prepare(repository: Repository, hand: Path, hex_home: Path, watch: Watcher) -> Prepared:
    """Dependencies and their build as one archive in `hand`, where there are any.

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
    if not has_dependencies(repository.path):
        watch.note("the project has no dependencies to fetch")
        return Prepared()
    sandbox = open_sandbox(repository.settings.sandbox, environment)
    if sandbox.notice:
        watch.note(sandbox.notice)
    build = hand / BUILD
    fetching = Fetching(repository, tools, sandbox, build, hex_home)
    complete = fetching.run(watch)
    deps = repository.path / DEPS
    if deps.is_symlink() or not deps.is_dir():
        return Prepared()
    archive = hand / PREPARED_FILE
    places = {DEPS: deps, BUILD: build} if build.is_dir() else {DEPS: deps}
    if left_out := pack(places, archive):
        watch.note(f"not packed: {', '.join(left_out[:5])}{' ...' if left_out[5:] else ''}")
    return Prepared(archive, complete and sandbox.isolated)


def unpack(archive: Path, repository: Repository, environment: Mapping[str, str]) -> None:
    """Put what `prepare` packed where a build looks for it; raises `Unusable` for a bad one."""
    tools = find_toolchain(repository.path, environment)
    if isinstance(tools, Missing):
        return
    places = {DEPS: repository.path / DEPS, BUILD: build_path(repository, tools)}
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
