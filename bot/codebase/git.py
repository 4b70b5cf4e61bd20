"""The one way to run git (2.31 or later): no hook, filter, pager or transport is executed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.codebase.process import Completed, Raw, run_raw
from bot.errors import CommandFailed, Refused, Unusable

FALLBACK_NAME = "OTP-Genesis"
FALLBACK_EMAIL = "otp-genesis@users.noreply.github.com"

COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
REF = re.compile(r"refs/(?:[A-Za-z0-9_][A-Za-z0-9._+@-]*/)*[A-Za-z0-9_][A-Za-z0-9._+@-]*\Z")
"""Narrower than git's own rule: no part can be an option, a revision expression, a shell word."""

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_SSH_COMMAND": "false",
    "GIT_ASKPASS": "false",
    "GIT_EDITOR": "false",
    "GIT_SEQUENCE_EDITOR": "false",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}
"""No protocol at all: nothing here talks to a remote, and a partial clone must not start to."""

CONFIG = (
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.untrackedCache", "false"),
    ("core.sshCommand", "false"),
    ("core.gitProxy", "false"),
    ("core.alternateRefsCommand", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.quotePath", "false"),
    ("credential.helper", ""),
    ("diff.external", ""),
    ("commit.gpgSign", "false"),
    ("tag.gpgSign", "false"),
    ("log.showSignature", "false"),
    ("i18n.commitEncoding", "UTF-8"),
    ("i18n.logOutputEncoding", "UTF-8"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("advice.detachedHead", "false"),
)

PLUMBING = frozenset(
    {
        "cat-file",
        "commit-tree",
        "config",
        "for-each-ref",
        "hash-object",
        "init",
        "ls-tree",
        "merge-base",
        "mktree",
        "rev-list",
        "rev-parse",
        "symbolic-ref",
        "update-ref",
        "write-tree",
    }
)
"""Commands that neither convert file contents nor start a configured driver."""

PATCH = (
    *("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--binary", "--unified=3"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--ignore-submodules=all"),
)
"""Flags for a patch that depends on no configuration."""

DRIVER = re.compile(
    r"(?P<section>filter|diff|merge|hook)\.(?P<name>.+)\."
    r"(?:clean|smudge|process|required|textconv|command|driver|event|enabled)\Z",
    re.DOTALL | re.IGNORECASE,
)
NEUTRAL = {
    "filter": (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")),
    "diff": (("textconv", ""), ("command", "")),
    "merge": (("driver", "false"),),
    "hook": (("enabled", "false"), ("command", "false")),
}
"""What a configured driver is overridden with: nothing to run, or a command that only fails."""


class Git:
    """git in one repository, or, with `git_dir`, in a work tree whose git directory lies elsewhere.

    `objects` redirects new objects to another repository's object store. `protocols` and `config`
    are for `bot.codebase.remote_git` alone: what it may speak, and how.
    """

    def __init__(
        self,
        root: Path,
        env: Mapping[str, str],
        git_dir: Path | None = None,
        *,
        objects: Path | None = None,
        timeout: float = 60.0,
        protocols: str = "none",
        config: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.root, self.git_dir, self.timeout = root, git_dir, timeout
        self._plain = {name: value for name, value in env.items() if not name.startswith("GIT_")}
        self._base = {**self._plain, **ENVIRONMENT, "GIT_ALLOW_PROTOCOL": protocols}
        self._config = (*CONFIG, *config)
        if objects is not None:
            self._base["GIT_OBJECT_DIRECTORY"] = str(objects)
        self._user = self._user_config()

    @property
    def identity(self) -> tuple[str, str]:
        """Name and e-mail of the user as git knows them, ours where git knows none."""
        name, email = self._user.get("user.name", [""])[-1], self._user.get("user.email", [""])[-1]
        return (name, email) if name and email else (FALLBACK_NAME, FALLBACK_EMAIL)

    def run(
        self, *args: str, stdin: bytes = b"", timeout: float | None = None, check: bool = True
    ) -> Completed:
        """Run `git <args>`; with `check`, raises `CommandFailed` on failure or the deadline."""
        return self._run(args, stdin, timeout, check=check).decoded()

    def raw(self, *args: str, stdin: bytes = b"", timeout: float | None = None) -> bytes:
        """Standard output of `git <args>`, every byte of it; raises `CommandFailed`."""
        return self._run(args, stdin, timeout, check=True).stdout

    def line(self, *args: str, stdin: bytes = b"") -> str:
        """Standard output of `git <args>` without the final newline; raises `CommandFailed`."""
        return self.raw(*args, stdin=stdin).decode("utf-8", "surrogateescape").rstrip("\n")

    def _run(
        self, args: tuple[str, ...], stdin: bytes, timeout: float | None, *, check: bool
    ) -> Raw:
        drivers = () if args[0] in PLUMBING else self._neutral_drivers()
        config = _as_environment((*self._kept(), *self._config, *drivers))
        done = self._start(args, {**self._base, **config}, stdin, timeout)
        if check and (done.returncode != 0 or done.timed_out):
            raise _failure(done)
        return done

    def _start(
        self,
        args: tuple[str, ...],
        env: Mapping[str, str],
        stdin: bytes = b"",
        timeout: float | None = None,
    ) -> Raw:
        where: tuple[str, ...] = ()
        if self.git_dir is not None:
            where = (f"--git-dir={self.git_dir}", f"--work-tree={self.root}")
        argv = ("git", "--no-pager", *where, *args)
        limit = timeout or self.timeout
        try:
            return run_raw(argv, cwd=self.root, env=env, timeout=limit, stdin=stdin)
        except FileNotFoundError as error:
            if self.root.is_dir():
                raise Unusable("git is not installed", hint="install git and try again") from error
            raise Unusable(f"no such directory: {str(self.root)!r}") from error

    def _user_config(self) -> dict[str, list[str]]:
        """Who the user is and what they trust, read before their configuration is shut out."""
        wanted = r"^(user\.(name|email)|safe\.directory|core\.(autocrlf|eol))$"
        done = self._start(("config", "-z", "--includes", "--get-regexp", wanted), self._plain)
        found: dict[str, list[str]] = {}
        for item in done.stdout.decode("utf-8", "surrogateescape").split("\0"):
            key, _, value = item.partition("\n")
            found.setdefault(key, []).append(value)
        return found

    def _kept(self) -> tuple[tuple[str, str], ...]:
        """The user's trust and line endings, without which their tree reads as foreign or dirty."""
        trusted = [("safe.directory", value) for value in self._user.get("safe.directory", [])]
        names = () if self.git_dir is not None else ("core.autocrlf", "core.eol")
        endings = [(name, self._user[name][-1]) for name in names if name in self._user]
        return (*trusted, *endings)

    def _neutral_drivers(self) -> tuple[tuple[str, str], ...]:
        """An override for each configured driver; read anew each time, for the file may change."""
        env = {**self._base, **_as_environment(self._kept())}
        listed = self._start(("config", "-z", "--includes", "--name-only", "--list"), env)
        names = listed.stdout.decode("utf-8", "surrogateescape").split("\0")
        matches = {(m["section"].lower(), m["name"]) for m in map(DRIVER.match, names) if m}
        return tuple(
            (f"{section}.{name}.{key}", value)
            for section, name in sorted(matches)
            for key, value in NEUTRAL[section]
        )


def nul_ended(paths: Iterable[str]) -> bytes:
    """Paths as git reads them from its input with `-z`, undecodable names included."""
    return "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")


def nul_split(out: bytes) -> tuple[str, ...]:
    """Paths as git writes them with `-z`."""
    return tuple(p for p in out.decode("utf-8", "surrogateescape").split("\0") if p)


def checked_ref(name: str) -> str:
    """`name` if it is a full ref name we are willing to use; raises `Refused`."""
    parts = name.split("/")
    if not REF.match(name) or ".." in name or any(p.endswith((".", ".lock")) for p in parts):
        raise Refused(f"not a ref name: {name!r}")
    return name


def checked_commit(sha: str) -> str:
    """`sha` if it is a full object id; raises `Refused`."""
    if not COMMIT.match(sha):
        raise Refused(f"not a full commit id: {sha!r}")
    return sha


def _as_environment(config: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Configuration by environment: a driver's name may hold `=`, which `-c` would split at."""
    pairs = {"GIT_CONFIG_COUNT": str(len(config))}
    for number, (key, value) in enumerate(config):
        pairs[f"GIT_CONFIG_KEY_{number}"], pairs[f"GIT_CONFIG_VALUE_{number}"] = key, value
    return pairs


def _failure(done: Raw) -> CommandFailed:
    text = done.decoded()
    hint = f"git took longer than {done.seconds:.0f} s" if done.timed_out else ""
    where = ("--git-dir=", "--work-tree=")
    shown = ("git", *(part for part in done.argv[2:] if not part.startswith(where)))
    return CommandFailed(shown, done.returncode, text.tail(), hint=hint)
