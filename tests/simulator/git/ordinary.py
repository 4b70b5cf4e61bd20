"""Ordinary git, as a user runs it: the client and the judge of these tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

QUIET = {"GIT_ALLOW_PROTOCOL": "http:file", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true"}
DATES = {"GIT_AUTHOR_DATE": "1700000000 +0200", "GIT_COMMITTER_DATE": "1700000000 +0200"}


def attempt(folder: Path, *argv: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Runs git in a folder; the caller looks at how it ended."""
    done = subprocess.run(
        ["git", *argv],
        cwd=folder,
        env=os.environ | QUIET | DATES,
        input=stdin,
        capture_output=True,
        timeout=60,
    )
    out, err = (x.decode(errors="surrogateescape") for x in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def git(folder: Path, *argv: str, stdin: bytes = b"") -> str:
    """What git prints; it must end well."""
    done = attempt(folder, *argv, stdin=stdin)
    assert done.returncode == 0, (argv, done.stderr)
    return done.stdout.strip()


def work_tree(folder: Path, branch: str = "main") -> Path:
    """A new repository with one commit of one file."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", branch)
    commit_file(folder, "mix.exs", "defmodule App.MixProject do\nend\n", "Begin")
    return folder


def commit_file(folder: Path, name: str, text: str, message: str = "Change") -> str:
    """Writes, adds and commits a file; the sha of the commit."""
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def ordinary_refs(folder: Path) -> dict[str, str]:
    """Refs as git lists them."""
    lines = git(folder, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.rsplit(" ", 1) for line in lines)
