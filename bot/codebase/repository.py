"""The user's repository: read at will; only `genesis/` branches and `refs/genesis/` are written."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.codebase import lock, refs
from bot.codebase.git import Git, checked_commit, checked_ref
from bot.codebase.git_dir import make_git_dir
from bot.codebase.process import child_environment
from bot.errors import CommandFailed, Refused, Unusable
from bot.settings import Settings


@dataclass(frozen=True)
class Entry:
    """One path of a commit's tree; `size` in bytes, -1 for a submodule."""

    path: str
    mode: str
    size: int
    sha: str

    @property
    def regular(self) -> bool:
        """A plain file: neither symlink nor submodule."""
        return self.mode.startswith("100")


@dataclass(frozen=True)
class Repository:
    """A repository with at least one commit and a checkout that is never touched."""

    root: Path
    """Top of the checkout."""
    path: Path
    """What the user named: `root` or a directory below it."""
    git_dir: Path
    """The directory shared by all work trees."""
    git: Git
    settings: Settings

    @classmethod
    def open(cls, path: Path, settings: Settings) -> Repository:
        """The repository around `path`; raises `Unusable` saying what is wrong with it."""
        where = path.expanduser().resolve()
        if not where.is_dir():
            what = "is not a directory" if where.exists() else "does not exist"
            raise Unusable(f"{str(path)!r} {what}", hint="name a directory inside a git repository")
        git = Git(where, child_environment(settings.environment), timeout=settings.git_timeout)
        common = _common_dir(git, path)
        if git.line("rev-parse", "--is-inside-work-tree") != "true":
            raise Unusable(
                f"{str(path)!r} is a bare repository",
                hint="name a clone that has files checked out",
            )
        root = Path(git.line("rev-parse", "--show-toplevel"))
        top = Git(root, child_environment(settings.environment), timeout=settings.git_timeout)
        born = top.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False)
        if born.returncode != 0:
            raise Unusable(f"{str(path)!r} has no commit yet", hint="commit the project first")
        return cls(root, where, common, top, settings)

    @classmethod
    def bare(cls, git_dir: Path, settings: Settings) -> Repository:
        """A bare one of our own, made if it is not there; it has no checkout to ask about."""
        env = child_environment(settings.environment)
        if not (git_dir / "HEAD").exists():
            git_dir.parent.mkdir(parents=True, exist_ok=True)
            make_git_dir(Git(git_dir.parent, env), git_dir, "sha1")
        git = Git(git_dir, env, timeout=settings.git_timeout)
        return cls(git_dir, git_dir, git_dir, git, settings)

    @property
    def prefix(self) -> str:
        """`path` relative to `root` with forward slashes, empty at the top."""
        return "" if self.path == self.root else self.path.relative_to(self.root).as_posix()

    @property
    def head(self) -> str:
        """Full id of the commit that is checked out."""
        return self.git.line("rev-parse", "--verify", "HEAD^{commit}")

    @property
    def cache(self) -> Path:
        """This repository's own directory below the cache directory; may not exist yet."""
        key = hashlib.sha256(str(self.git_dir).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return self.settings.cache_dir / "repositories" / key

    @property
    def objects(self) -> Path:
        """The object store."""
        return self.git_dir / "objects"

    def branch(self) -> str:
        """Short name of the branch that is checked out, empty when HEAD is detached."""
        done = self.git.run("symbolic-ref", "--quiet", "--short", "HEAD", check=False)
        return done.stdout.strip()

    def dirty(self) -> tuple[str, ...]:
        """Paths that differ from HEAD or are untracked, relative to `root`."""
        return changed_paths(self.git)

    def tracks(self, path: Path) -> bool:
        """Whether the checkout's index has a path below `root`."""
        name = path.relative_to(self.root).as_posix()
        return bool(self.git.raw("ls-files", "-z", "--", name))

    def resolve(self, revision: str) -> str:
        """Full id of the commit a person named; raises `Unusable` when there is none."""
        done = self.git.run(
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            f"{revision}^{{commit}}",
            check=False,
        )
        if done.returncode != 0:
            raise Unusable(
                f"no such commit: {revision!r}", hint="`git log` shows the commits there are"
            )
        return done.stdout.strip()

    def tree_of(self, commit: str) -> str:
        """Id of the commit's tree."""
        return self.git.line("rev-parse", "--verify", f"{checked_commit(commit)}^{{tree}}")

    def list(self, commit: str) -> tuple[Entry, ...]:
        """Every path of the commit in git's order; paths that are no UTF-8 hold surrogates."""
        return entries_of(self.git, commit)

    def read(self, commit: str, path: str) -> bytes:
        """Contents of one file of the commit; raises `Unusable` when it has no such file."""
        name = f"{checked_commit(commit)}:{path}"
        if path.split("/")[0] in {"", ".", ".."}:
            raise Refused(f"not a path inside the repository: {path!r}")
        try:
            return self.git.raw("cat-file", "blob", name)
        except CommandFailed as error:
            if "promisor" in error.tail:
                raise Unusable(
                    f"{path!r} at commit {commit[:12]} is missing in this partial clone",
                    hint="name a clone made without --filter",
                ) from error
            raise Unusable(f"{path!r} is no file at commit {commit[:12]}") from error

    def read_all(self, entries: Iterable[Entry]) -> dict[str, bytes]:
        """Contents by path of many files at once, in one git process."""
        wanted = [entry for entry in entries if entry.regular]
        ids = "".join(f"{entry.sha}\n" for entry in wanted).encode()
        contents = _batch(self.git.raw("cat-file", "--batch", stdin=ids))
        return dict(zip((entry.path for entry in wanted), contents, strict=True))

    def ref(self, name: str) -> str | None:
        """Object id a full ref name points to, None when it does not exist."""
        done = self.git.run("rev-parse", "--verify", "--quiet", checked_ref(name), check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    def refs(self, prefix: str) -> dict[str, str]:
        """Object id by full ref name of every ref below `prefix`, which ends with a slash."""
        out = self.git.line("for-each-ref", "--format=%(refname) %(objectname)", prefix)
        pairs = (line.split(" ") for line in out.splitlines())
        return {name: sha for name, sha in pairs if name.startswith(prefix)}

    def branches(self, prefix: str = "") -> dict[str, str]:
        """Tip by short name of the branches whose name starts with `prefix`."""
        found = self.refs("refs/heads/")
        short = {name.removeprefix("refs/heads/"): sha for name, sha in found.items()}
        return {name: sha for name, sha in short.items() if name.startswith(prefix)}

    def update_ref(
        self, name: str, new: str | None, expected: str | None, reason: str = "genesis"
    ) -> None:
        """Move `name` from `expected` (None: absent) to `new` (None: delete), or not at all.

        Raises `Transient` when it is elsewhere, `Refused` when it is not ours or checked out.
        """
        refs.move(self.git, self.git_dir, name, new, expected, reason)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the one genesis process here; raises `Busy`. Locks of a killed run on our refs go."""
        with lock.locked(self.git_dir):
            refs.clear_stale_locks(self.git_dir, time.time())
            yield


def entries_of(git: Git, commit: str) -> tuple[Entry, ...]:
    """Every path of the commit in git's order; paths that are no UTF-8 hold surrogates."""
    out = git.raw("ls-tree", "-r", "-z", "-l", "--full-tree", checked_commit(commit))
    return tuple(_entry(record) for record in out.split(b"\0") if record)


def changed_paths(git: Git) -> tuple[str, ...]:
    """Paths that differ from HEAD or are untracked and not ignored, sorted."""
    out = git.raw(
        "status",
        "--porcelain=v1",
        "-z",
        "--untracked-files=all",
        "--no-renames",
        "--ignore-submodules=all",
    )
    records = out.decode("utf-8", "surrogateescape").split("\0")
    return tuple(sorted(record[3:] for record in records if record))


def _common_dir(git: Git, path: Path) -> Path:
    done = git.run("rev-parse", "--path-format=absolute", "--git-common-dir", check=False)
    if done.returncode == 0:
        return Path(done.stdout.rstrip("\n"))
    if "dubious ownership" in done.stderr:
        raise Unusable(
            f"{str(path)!r} belongs to another user",
            hint="git config --global --add safe.directory with its path, if you trust it",
        )
    raise Unusable(
        f"{str(path)!r} is not a git repository", hint="run `git init` and commit, or name a clone"
    )


def _entry(record: bytes) -> Entry:
    meta, _, path = record.partition(b"\t")
    mode, _kind, sha, size = meta.decode("ascii").split()
    return Entry(
        path.decode("utf-8", "surrogateescape"), mode, -1 if size == "-" else int(size), sha
    )


def _batch(out: bytes) -> list[bytes]:
    """The contents in an answer of `cat-file --batch`; raises `Unusable` on a missing object."""
    contents: list[bytes] = []
    at = 0
    while at < len(out):
        end = out.index(b"\n", at)
        header = out[at:end].split(b" ")
        if len(header) != 3:
            raise Unusable(
                f"object {header[0].decode()} is missing", hint="complete the partial clone first"
            )
        size = int(header[2])
        contents.append(out[end + 1 : end + 1 + size])
        at = end + size + 2
    return contents
