"""Real repositories for tests, made with plain git: a judge that shares no code with ours."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from bot.codebase.repository import Repository
from bot.settings import Settings

FILES = {
    "mix.exs": b"defmodule Shop.MixProject do\nend\n",
    "lib/shop.ex": b"defmodule Shop do\n  def hello, do: :world\nend\n",
    "lib/shop/cart.ex": b"defmodule Shop.Cart do\nend\n",
    ".gitignore": b"/_build/\n/deps/\n*.beam\n",
}


def plain_git(root: Path, *args: str, check: bool = True) -> str:
    """Standard output of git as a user runs it, with an identity and no other settings."""
    program = shutil.which("git")
    assert program
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(root.parent),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        "GIT_ALLOW_PROTOCOL": "file",
    }
    done = subprocess.run([program, *args], cwd=root, env=env, capture_output=True, check=check)
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def write_files(root: Path, files: dict[str, bytes]) -> None:
    """Create `files` below `root`."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def commit_all(root: Path, message: str = "Change") -> str:
    """Commit everything; returns the commit."""
    plain_git(root, "add", "--all")
    plain_git(root, "commit", "--quiet", "--allow-empty", "-m", message)
    return plain_git(root, "rev-parse", "HEAD")


def make_repository(root: Path, files: dict[str, bytes] | None = None, *flags: str) -> Path:
    """A repository with one commit on `main`."""
    root.mkdir(parents=True)
    plain_git(root, "init", "--quiet", "--initial-branch=main", *flags)
    write_files(root, FILES if files is None else files)
    commit_all(root, "Start")
    return root


def settings_in(directory: Path) -> Settings:
    """Settings whose cache is a directory of the test."""
    return Settings(cache_dir=directory / "cache")


def open_in(directory: Path, files: dict[str, bytes] | None = None, *flags: str) -> Repository:
    """A new repository in `directory`, opened."""
    return Repository.open(
        make_repository(directory / "repo", files, *flags), settings_in(directory)
    )


def snapshot(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, modification time and contents of every file of a checkout and of its git directory.

    Objects, our own refs and our own directory are left out: these we may add to.
    """
    ours = (
        "objects/",
        "genesis/",
        "refs/heads/genesis/",
        "refs/genesis/",
        "logs/refs/heads/genesis/",
        "logs/refs/genesis/",
    )
    found: dict[str, tuple[int, int, bytes]] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if name.startswith(tuple(f".git/{part}" for part in ours)) or path.is_dir():
            continue
        status = path.lstat()
        content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        found[name] = (status.st_mode, status.st_mtime_ns, content)
    return found
