"""Git directories of our own: no attribute of the project changes a byte in them."""

from __future__ import annotations

from pathlib import Path

from bot.codebase.git import Git

ATTRIBUTES = "* -text !eol -filter -ident !working-tree-encoding !merge !diff -export-subst\n"


def make_git_dir(git: Git, directory: Path, kind: str) -> Path:
    """Make a bare one for object ids of a `kind` (`sha1`); returns its `info` directory."""
    flags = ("--bare", "--quiet", "--template=", f"--object-format={kind}")
    git.run("init", *flags, "--", str(directory))
    info = directory / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text(ATTRIBUTES, encoding="utf-8")
    return info


def object_kind(git: Git) -> str:
    """What kind of object ids the repository has."""
    return git.line("rev-parse", "--show-object-format")
