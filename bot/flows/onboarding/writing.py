"""Puts files into a person's checkout: what is there is kept, and links are not followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.codebase.files import NoFile, WorkFiles
from bot.codebase.git import Git
from bot.codebase.repository import Repository
from bot.errors import Refused
from bot.github.calls import FOLDER, MOST_BYTES

Fate = Literal["new", "same", "kept", "replaced"]
"""`kept`: another text is there, and was not to be replaced."""


@dataclass(frozen=True)
class Written:
    """One file."""

    path: str
    fate: Fate


def write_files(
    root: Path, files: Mapping[str, str], *, force: bool = False, dry: bool = False
) -> tuple[Written, ...]:
    """Write what is not there yet, with `force` also what is; `dry` writes nothing.

    Raises `Refused` for a path that leads through a link, before anything is written.
    """
    tree = WorkFiles(root)
    fates = tuple(Written(path, _fate(tree, path, text, force)) for path, text in files.items())
    for one in fates:
        if not dry and one.fate in ("new", "replaced"):
            tree.write(one.path, files[one.path])
    return fates


def _fate(tree: WorkFiles, path: str, text: str, force: bool) -> Fate:
    try:
        tree.status(path)
    except NoFile:
        return "new"
    try:
        now = tree.read_text(path, MOST_BYTES)
    except Refused:
        # It is there in some other way: no text, or too large to be ours.
        now = ""
    if now.replace("\r\n", "\n") == text:
        return "same"
    return "replaced" if force else "kept"


def workflows_in(root: Path) -> dict[str, str]:
    """Texts of the workflows of a checkout, by file; those that cannot be read are left out."""
    tree, found = WorkFiles(root), {}
    for path in tree.list((f"{FOLDER}/*.yml", f"{FOLDER}/*.yaml")):
        try:
            found[path.rpartition("/")[2]] = tree.read_text(path, MOST_BYTES)
        except Refused:
            continue
    return found


def default_branch(repository: Repository) -> str:
    """What `origin` calls its default branch, else the branch that is checked out, else `main`."""
    told = _line(repository.git, "symbolic-ref", "--short", "refs/remotes/origin/HEAD")
    return (
        told.removeprefix("origin/")
        or _line(repository.git, "symbolic-ref", "--short", "HEAD")
        or "main"
    )


def remote_name(repository: Repository) -> str:
    """`OWNER/REPO` of `origin` on whatever GitHub; empty where that cannot be seen."""
    url = (
        _line(repository.git, "remote", "get-url", "origin").removesuffix("/").removesuffix(".git")
    )
    parts = url.replace(":", "/").split("/")
    return "/".join(parts[-2:]) if len(parts) > 2 and all(parts[-2:]) else ""


def _line(git: Git, *argv: str) -> str:
    done = git.run(*argv, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
