"""Commits made of a manifest by plumbing alone: nothing is checked out, nothing is executed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.codebase.git import Git, checked_commit
from bot.codebase.repository import Entry, entries_of
from bot.core.lifecycle.manifest import CommitToMake, Manifest
from bot.errors import Refused
from bot.flows.stage_run.rules import content_of


@dataclass(frozen=True)
class Signature:
    """Who makes the commits, and for whom."""

    name: str
    email: str
    requester: str = ""
    """`Name <e-mail>` of the person who asked; empty where nobody is known."""


@dataclass(frozen=True)
class Built:
    """The commits, oldest first, by action; `tree` is that of the newest."""

    commits: Mapping[str, str]
    tip: str
    tree: str
    lines: int
    """Added and removed, together; a binary file counts as none."""


@dataclass(frozen=True)
class Builder:
    """Makes commits in a bare git directory that holds the base."""

    git: Git

    @classmethod
    def at(cls, git_dir: Path, nowhere: Path, env: Mapping[str, str]) -> Builder:
        """`nowhere` is an empty folder that git takes for the work tree, and that stays empty."""
        nowhere.mkdir(parents=True, exist_ok=True)
        return cls(Git(nowhere, env, git_dir))

    def entries(self, commit: str) -> tuple[Entry, ...]:
        """Every path of a commit."""
        return entries_of(self.git, commit)

    def texts(self, manifest: Manifest) -> dict[str, str]:
        """What the files it changes hold in its base, as far as they are there."""
        paths = {file.path for commit in manifest.commits for file in commit.files}
        found = [e for e in self.entries(manifest.base) if e.path in paths and e.regular]
        blobs = {e.path: self.git.raw("cat-file", "blob", e.sha) for e in found}
        return {path: data.decode("utf-8", "replace") for path, data in blobs.items()}

    def build(self, manifest: Manifest, signature: Signature) -> Built:
        """All commits of it upon its base."""
        parent = checked_commit(manifest.base)
        self.git.run("read-tree", "--empty")
        self.git.run("read-tree", parent)
        made: dict[str, str] = {}
        tree = ""
        for commit in manifest.commits:
            self._stage(commit)
            tree = self.git.line("write-tree")
            parent = self._commit(commit, tree, parent, manifest, signature)
            made[commit.action] = parent
        return Built(made, parent, tree, self._lines(manifest.base, parent))

    def _stage(self, commit: CommitToMake) -> None:
        rows = []
        for file in commit.files:
            data = content_of(file)
            if data is None:
                rows.append(f"0 {'0' * 40}\t{file.path}\0")
                continue
            blob = self.git.line("hash-object", "-w", "--no-filters", "--stdin", stdin=data)
            rows.append(f"{file.mode} {blob}\t{file.path}\0")
        self.git.run("update-index", "-z", "--index-info", stdin="".join(rows).encode())

    def _commit(
        self,
        commit: CommitToMake,
        tree: str,
        parent: str,
        manifest: Manifest,
        signature: Signature,
    ) -> str:
        who = f"{signature.name} <{signature.email}>"
        trailers = [f"Genesis-Plan: {manifest.plan}", f"Genesis-Action: {commit.action}"]
        trailers += [f"Co-authored-by: {signature.requester}"] if signature.requester else []
        trailers += [f"Signed-off-by: {who}"]
        message = f"{commit.message.strip()}\n\n" + "\n".join(trailers) + "\n"
        # Written as an object, because then neither a variable nor the clock says who and when.
        when = f"{manifest.made_at} +0000"
        head = f"tree {tree}\nparent {parent}\nauthor {who} {when}\ncommitter {who} {when}\n\n"
        raw = f"{head}{message}".encode()
        return self.git.line("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)

    def _lines(self, base: str, tip: str) -> int:
        out = self.git.raw("diff-tree", "-r", "--no-renames", "--numstat", "-z", base, tip)
        rows = [record.split(b"\t") for record in out.split(b"\0") if record.count(b"\t") == 2]
        if not rows:
            raise Refused("the commits change nothing")
        return sum(int(count) for row in rows for count in row[:2] if count.isdigit())
