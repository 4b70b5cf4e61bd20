"""git with a server: fetch, push and ls-remote over HTTP, and nothing else.

The git directories it works in are bare ones of our own, never a checkout of somebody's code.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from bot.codebase.git import COMMIT, Git, checked_commit, checked_ref
from bot.codebase.git_dir import make_git_dir
from bot.codebase.process import Completed, child_environment
from bot.codebase.remote_answers import failed, refused
from bot.core.sanitize import mask
from bot.errors import PushRefused, Refused, Unreachable

PAUSES = (1.0, 2.0, 4.0)
"""Seconds before each further try where the network or the server failed."""

NETWORK = (
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)
"""Variables by which a machine says how it reaches the network."""

CONFIG = (
    ("protocol.version", "2"),
    ("http.sslVerify", "true"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
    ("http.userAgent", "otp-genesis"),
    ("fetch.recurseSubmodules", "false"),
    ("push.recurseSubmodules", "no"),
    ("push.gpgSign", "false"),
    ("push.followTags", "false"),
    ("remote.pushDefault", ""),
)

Answer = TypeVar("Answer")

_PATTERN = re.compile(r"refs/(?:[A-Za-z0-9_][A-Za-z0-9._+@-]*/)*(?:[A-Za-z0-9_][\w.+@-]*)?\*\Z")


@dataclass(frozen=True)
class Move:
    """A ref to be moved from `expected` (None: absent) to `new` (None: deleted), or not at all."""

    ref: str
    new: str | None
    expected: str | None


@dataclass(frozen=True)
class Remote:
    """A repository on a server. The token goes by environment: no argument, URL or file holds it.

    Raises everywhere: `Unauthorised`, `NotThere`, `Unreachable` after the retries, else
    `CommandFailed`. No message holds the token.
    """

    url: str
    """`https://HOST/OWNER/NAME.git`, without user or password."""
    env: Mapping[str, str] = field(repr=False)
    """Of the process; narrowed here."""
    token: str = field(default="", repr=False)
    timeout: float = 300.0
    """Seconds for one try."""
    pause: Callable[[float], None] = field(default=time.sleep, repr=False)

    def __post_init__(self) -> None:
        checked_url(self.url)

    def refs(self, *patterns: str) -> dict[str, str]:
        """Object id by full name of the refs that match; `refs/genesis/*` is a pattern."""
        wanted = tuple(_checked_pattern(p) for p in patterns)

        def ask() -> dict[str, str]:
            git = self._git(Path("/"), Path("/dev/null"))
            argv = ("ls-remote", "--quiet", "--refs", "--end-of-options", self.url, *wanted)
            return _listed(self._run(git, *argv).stdout)

        return self._again(ask)

    def fetch(self, git_dir: Path, *refspecs: str, depth: int = 0, blobless: bool = False) -> None:
        """Bring refs or commits: `refs/heads/x:refs/heads/x`, `<commit>:refs/genesis/base`.

        With `depth` no more commits than that, 0 for all; with `blobless` no file contents. Raises
        `NotThere` for a ref that is absent.
        """
        flags = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--force"]
        flags += [f"--depth={depth}"] if depth else []
        flags += ["--filter=blob:none"] if blobless else []
        specs = tuple(_checked_refspec(r) for r in refspecs)
        if not specs:
            raise Refused("nothing to fetch was named")
        git = self._git(git_dir)
        argv = ("fetch", *flags, "--end-of-options", self.url, *specs)
        self._again(lambda: self._run(git, *argv))

    def clone(self, git_dir: Path, *refspecs: str, depth: int = 0, blobless: bool = False) -> None:
        """`fetch` into a bare git directory that is made for it; nothing is checked out."""
        git_dir.parent.mkdir(parents=True, exist_ok=True)
        make_git_dir(self._git(git_dir.parent), git_dir, "sha1")
        self.fetch(git_dir, *refspecs, depth=depth, blobless=blobless)

    def push(self, git_dir: Path, *moves: Move) -> None:
        """Move refs, all or none, each only from where it is expected; sure of it on return.

        An answer that was lost is looked up: what was moved is done, what was not is tried again.
        Raises `PushRefused`; where it is `stale`, the refs may be anything, our commits' children
        too. `Unreachable` leaves open whether it was done.
        """
        if not moves:
            raise Refused("nothing to push was named")
        for seconds in (*PAUSES, None):
            try:
                self._push(git_dir, moves)
                return
            except PushRefused as error:
                if error.why != "stale" or not self._there(moves):
                    raise
                return
            except Unreachable:
                if self._there(moves):
                    return
                if seconds is None:
                    raise
            self.pause(seconds)

    def _push(self, git_dir: Path, moves: tuple[Move, ...]) -> None:
        leases = (f"--force-with-lease={checked_ref(m.ref)}:{_id(m.expected)}" for m in moves)
        specs = (f"{_id(m.new)}:{m.ref}" for m in moves)
        atomic = ("--atomic",) if len(moves) > 1 else ()
        flags = ("--porcelain", "--no-verify", "--no-signed", "--quiet", *atomic)
        argv = ("push", *flags, *leases, "--end-of-options", self.url, *specs)
        self._run(self._git(git_dir), *argv)

    def _there(self, moves: tuple[Move, ...]) -> bool:
        """Whether every ref is where it was to go."""
        now = self.refs(*(move.ref for move in moves))
        return all(now.get(move.ref) == move.new for move in moves)

    def _run(self, git: Git, *argv: str) -> Completed:
        done = git.run(*argv, timeout=self.timeout, check=False)
        if done.returncode == 0 and not done.timed_out:
            return done
        said = mask(f"{done.stdout}\n{done.stderr}", (self.token, self._basic))
        raise (refused(said) if argv[0] == "push" else None) or failed(argv[0], done, said)

    def _again(self, act: Callable[[], Answer]) -> Answer:
        for seconds in PAUSES:
            try:
                return act()
            except Unreachable:
                self.pause(seconds)
        return act()

    @property
    def _basic(self) -> str:
        return base64.b64encode(f"x-access-token:{self.token}".encode()).decode("ascii")

    def _git(self, root: Path, git_dir: Path | None = None) -> Git:
        network = {name: self.env[name] for name in NETWORK if name in self.env}
        host = urlsplit(self.url)
        header = f"http.{host.scheme}://{host.netloc}/.extraHeader"
        # The empty value first: a header of the machine's own would go beside ours.
        sent = ((header, ""), (header, f"Authorization: Basic {self._basic}")) if self.token else ()
        return Git(
            root,
            child_environment(self.env, network),
            git_dir,
            protocols="http:https",
            config=(*CONFIG, *sent),
        )


def checked_url(url: str) -> str:
    """`url` if it is one of a repository on a server and holds no secret; raises `Refused`."""
    parts = urlsplit(url)
    plain = url.isascii() and url.isprintable() and not any(c in url for c in " \\'\"")
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
        or not plain
    ):
        raise Refused("not the address of a repository: it begins with https:// or http://")
    return url


def _listed(out: str) -> dict[str, str]:
    rows = (line.partition("\t") for line in out.splitlines())
    return {name: sha for sha, _, name in rows if COMMIT.match(sha)}


def _checked_pattern(pattern: str) -> str:
    return pattern if _PATTERN.match(pattern) else checked_ref(pattern)


def _checked_refspec(refspec: str) -> str:
    source, colon, target = refspec.partition(":")
    if not colon or ("*" in source) != ("*" in target):
        raise Refused(f"not a refspec: {refspec!r}")
    if not COMMIT.match(source):
        _checked_pattern(source)
    _checked_pattern(target)
    return refspec


def _id(sha: str | None) -> str:
    return "" if sha is None else checked_commit(sha)
