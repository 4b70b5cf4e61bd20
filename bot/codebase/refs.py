"""Moving refs of ours in the user's repository: compare-and-swap, and nothing beyond our names."""

from __future__ import annotations

from pathlib import Path

from bot.codebase.git import Git, checked_commit, checked_ref
from bot.errors import CommandFailed, Refused, Transient

OURS = ("refs/heads/genesis/", "refs/genesis/")

STALE = 10.0
"""Seconds after which a lock is no longer believed: git holds one for milliseconds."""


def move(
    git: Git, git_dir: Path, name: str, new: str | None, expected: str | None, reason: str
) -> None:
    """Move `name` from `expected` (None: absent) to `new` (None: delete), or not at all.

    Raises `Transient` when it is elsewhere, `Refused` when it is not ours or checked out.
    """
    if not checked_ref(name).startswith(OURS):
        raise Refused(f"{name!r} is not ours to move")
    if git.line("for-each-ref", "--format=%(worktreepath)", name):
        raise Refused(
            f"branch {name.removeprefix('refs/heads/')!r} is checked out",
            hint="switch to another branch and run again",
        )
    # All zeros say `absent` to git, in the length of the repository's object ids.
    old = expected or "0" * len(new or "")
    flags = ("-d", name) if new is None else ("--create-reflog", name, checked_commit(new))
    done = git.run("update-ref", "--no-deref", "-m", reason, *flags, old, check=False)
    if done.returncode == 0:
        return
    if _value(git, name) != expected:
        raise Transient(f"{name} was moved by another process")
    if "File exists" in done.stderr:
        raise Transient(
            f"{name} is being moved by another process",
            hint=f"if no git runs, delete {git_dir / name}.lock",
        )
    if "; cannot create" in done.stderr:
        raise Refused(f"a ref that is a part of {name!r} is in the way", hint="rename that branch")
    raise CommandFailed(("git", "update-ref", name), done.returncode, done.tail())


def clear_stale_locks(git_dir: Path, now: float) -> None:
    """Remove the locks a killed git left on our refs; call it only as the one genesis process."""
    for prefix in OURS:
        for path in (git_dir / prefix).rglob("*.lock"):
            if now - path.lstat().st_mtime > STALE:
                path.unlink(missing_ok=True)


def _value(git: Git, name: str) -> str | None:
    done = git.run("rev-parse", "--verify", "--quiet", name, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
