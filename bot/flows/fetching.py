"""What checks need from outside: dependencies, and Credo beside projects that have none.

Whoever fetches runs a mix.exs with a network. So no secret is there, and it is confined to folders
of its own where a sandbox works.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.codebase.credo_beside import CredoBeside
from bot.codebase.mix import Mix
from bot.codebase.process import Completed
from bot.codebase.remote_git import NETWORK
from bot.codebase.sandbox import Sandbox
from bot.codebase.toolchain import Toolchain
from bot.flows.watch import Watcher
from bot.settings import Settings
from bot.verify.checks import has_credo

SECONDS = 1800.0
PACKAGES = "packages"
HEX = ("HEX_MIRROR", "HEX_UNSAFE_HTTPS", "HEX_CACERTS_PATH", "HEX_OFFLINE", "MIX_HOME")
"""Variables by which a machine says where packages come from; none is a key."""
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HEX_CACERTS_PATH")

DEPENDENCIES = (("deps.get",), ("deps.compile",))
CREDO = (("deps.get",), ("compile",))


@dataclass(frozen=True)
class Place:
    """Where mix runs, and what it may write to besides Hex's home."""

    folder: Path
    build: Path
    writable: tuple[Path, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fetching:
    """mix with a network; what cannot be had is told, and left to the checks."""

    tools: Toolchain
    sandbox: Sandbox
    environment: Mapping[str, str]
    """The caller's; children see only its allow-listed part."""
    hex_home: Path
    watch: Watcher

    def run(self, tasks: tuple[tuple[str, ...], ...], place: Place) -> bool:
        """Whether every task went well; what did not is told."""
        for folder in (place.build, *place.writable):
            if folder.is_symlink():
                # The project may have laid it, and the sandbox would open what it leads to.
                self.watch.note(f"{folder.name} is a link: nothing is fetched through it")
                return False
            folder.mkdir(parents=True, exist_ok=True)
        keep_packages(self.hex_home)
        for task in tasks:
            self.watch.doing(f"mix {' '.join(task)}")
            done = self._mix(task, place)
            if done.returncode != 0 or done.timed_out:
                self.watch.note(f"mix {task[0]} ended with {done.returncode}: {done.tail(600)}")
                return False
        return True

    def _mix(self, task: tuple[str, ...], place: Place) -> Completed:
        given = self.environment
        mix = Mix(place.folder, self.tools, self.sandbox, place.build, given)
        named = {name: given[name] for name in (*NETWORK, *HEX) if name in given}
        shown = (Path(given[name]) for name in CERTIFICATES if given.get(name))
        own = {"HEX_HOME": str(self.hex_home), **place.variables}
        return self.sandbox.run(
            (str(self.tools.mix), *task),
            cwd=place.folder,
            env={**named, **mix.environment(), **own},
            timeout=SECONDS,
            writable=(*place.writable, place.build, self.hex_home),
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


def wants_credo(settings: Settings, project: Path) -> bool:
    """Whether a project is to be checked by a Credo that it does not name itself."""
    return settings.credo == "beside" and not has_credo(project)


def install_credo(fetching: Fetching, settings: Settings) -> CredoBeside | None:
    """Credo in a folder of our own; None where it is not to be had."""
    beside = CredoBeside.at(settings.cache_dir, fetching.tools)
    if beside.ready:
        return beside
    fetching.watch.doing("Credo, beside the project")
    beside.lay_out()
    place = Place(beside.folder, beside.build, (beside.folder,), beside.environment())
    if not fetching.run(CREDO, place):
        return None
    beside.done()
    return beside
