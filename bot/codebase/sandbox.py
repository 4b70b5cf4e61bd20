"""Run a project's code without network, keys or git: bubblewrap, or loudly less."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from bot.codebase.process import Completed, child_environment, run
from bot.errors import Refused

Mode = Literal["required", "auto", "off"]

# Not /opt: an Elixir there is shown by itself, and a runner of one's own may lie beside it.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
_ETC = (
    "/etc/alternatives",
    "/etc/erlang",
    "/etc/group",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/ssl/certs",
)
_NETWORK = ("/etc/resolv.conf", "/etc/ssl/openssl.cnf", "/etc/ssl/cert.pem", "/etc/pki/tls")
_PROBE_SECONDS = 20.0
_NOTHING: Mapping[Path, Path] = MappingProxyType({})
# bubblewrap's own pid 1 keeps its environment readable inside, so it starts with nothing but this.
_BARE = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


@dataclass(frozen=True)
class Sandbox:
    """Where children run; `bwrap` is `None` when only the scrubbed environment protects."""

    mode: Mode
    bwrap: Path | None = None
    notice: str = ""
    """Why there is no isolation; show it to the user. Empty when isolated."""

    @property
    def isolated(self) -> bool:
        """True when children run inside bubblewrap."""
        return self.bwrap is not None

    def run(
        self,
        argv: tuple[str, ...],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout: float,
        writable: tuple[Path, ...] = (),
        readable: tuple[Path, ...] = (),
        placed: Mapping[Path, Path] = _NOTHING,
        stdin: bytes = b"",
        network: bool = False,
    ) -> Completed:
        """Run `argv` in `cwd` with exactly `env`; `writable` directories must exist.

        `placed` are directories to read, by the path at which they are to be seen; one whose place
        is taken stays away. `network` is for fetching dependencies where no secret is.
        """
        if self.bwrap is None:
            leashed = (*_leash(env), *argv)
            done = run(leashed, cwd=cwd, env=env, timeout=timeout, stdin=stdin)
            return replace(done, argv=argv)
        shown = _bound(placed, readable, writable)
        command = (*self._prefix(cwd, env, shown, network), *argv)
        done = run(command, cwd=Path("/"), env=_BARE, timeout=timeout, stdin=stdin)
        return Completed(
            argv, done.returncode, done.stdout, done.stderr, done.seconds, done.timed_out
        )

    def _prefix(
        self,
        cwd: Path,
        env: Mapping[str, str],
        shown: tuple[str, ...],
        network: bool,
    ) -> tuple[str, ...]:
        args = [str(self.bwrap), "--die-with-parent", "--new-session", "--unshare-all"]
        args += ["--share-net"] if network else []
        for path in (*_SYSTEM, *_ETC, *(_NETWORK if network else ())):
            args += ["--ro-bind-try", path, path]
        args += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 - private
        args += [*shown, "--chdir", str(cwd), "--clearenv"]
        for name, value in env.items():
            args += ["--setenv", name, value]
        return (*args, "--")


def _leash(env: Mapping[str, str]) -> tuple[str, ...]:
    """What makes a child die when we are killed; it reaches mix, which replaces itself by beam.

    Without util-linux a killed run leaves its mix behind until that ends by itself.
    """
    found = shutil.which("setpriv", path=env.get("PATH", ""))
    return (found, "--pdeathsig", "KILL", "--") if found else ()


def open_sandbox(mode: Mode, env: Mapping[str, str], *, key_present: bool = False) -> Sandbox:
    """Probe bubblewrap once; `auto` falls back with a notice, unless a key could be read then.

    Raises `Refused` where isolation is needed and not to be had.
    """
    if mode == "off" and not key_present:
        return Sandbox(mode, notice="sandbox off: project code runs with network and your files")
    found = shutil.which("bwrap", path=env.get("PATH", ""))
    why = _probe(Path(found)) if found else "bubblewrap (bwrap) is not installed"
    if found and not why:
        return Sandbox(mode, bwrap=Path(found))
    if mode == "required" or key_present:
        raise Refused(
            f"no sandbox: {why}",
            hint="install bubblewrap and allow unprivileged user namespaces",
        )
    return Sandbox(
        mode,
        notice=f"not isolated: {why}; project code runs with a scrubbed environment only",
    )


def _probe(bwrap: Path) -> str:
    """Empty when a child starts in a sandbox, else what stopped it."""
    sandbox = Sandbox("required", bwrap=bwrap)
    with tempfile.TemporaryDirectory() as scratch:
        done = sandbox.run(
            ("/bin/true",),
            cwd=Path(scratch),
            env=child_environment(_BARE),
            timeout=_PROBE_SECONDS,
            writable=(Path(scratch),),
        )
    if done.returncode == 0:
        return ""
    return f"bubblewrap does not work here ({done.tail(200).strip() or done.returncode})"


def _bound(
    placed: Mapping[Path, Path], readable: tuple[Path, ...], writable: tuple[Path, ...]
) -> tuple[str, ...]:
    """What shows directories to a child, each without its git directory."""
    args: list[str] = []
    taken = [*map(Path, (*_SYSTEM, *_ETC, *_NETWORK, "/proc", "/dev")), *readable, *writable]
    for place in sorted(placed):
        if not any(place.is_relative_to(p) or p.is_relative_to(place) for p in taken):
            taken.append(place)
            args += ["--ro-bind", str(placed[place]), str(place), *_hide_git(placed[place], place)]
    for tree in readable:
        args += ["--ro-bind", str(tree), str(tree), *_hide_git(tree, tree)]
    for tree in writable:
        args += ["--bind", str(tree), str(tree), *_hide_git(tree, tree)]
    return tuple(args)


def _hide_git(tree: Path, place: Path) -> tuple[str, ...]:
    """Cover the git directory of `tree`, which is seen at `place`."""
    git = tree / ".git"
    if git.is_dir():
        return ("--tmpfs", str(place / ".git"))
    if git.exists():
        return ("--ro-bind", "/dev/null", str(place / ".git"))
    return ()
