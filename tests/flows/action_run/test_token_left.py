"""A token in the checkout is told of where project code could read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bot.codebase.repository import Repository
from bot.codebase.sandbox import Sandbox
from bot.flows.action_run.token_left import warn_of_token
from bot.flows.watch import Silent
from bot.settings import load_settings
from tests.flows.support import git, repository

HEADER = "http.https://github.example/.extraheader"


@dataclass
class Noting(Silent):
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)


def told(root: Path, sandbox: Sandbox) -> list[str]:
    watch = Noting()
    warn_of_token(Repository.open(root, load_settings(cache_dir=root.parent)), sandbox, watch)
    return watch.notes


def test_only_without_a_sandbox_and_only_where_one_was_left(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    assert told(root, Sandbox("auto")) == []
    git(root, "config", "--local", HEADER, "AUTHORIZATION: basic c2VjcmV0")
    (note,) = told(root, Sandbox("auto"))
    assert "`persist-credentials: false`" in note
    assert "c2VjcmV0" not in note
    assert told(root, Sandbox("auto", bwrap=Path("/usr/bin/bwrap"))) == []


def test_one_in_a_file_that_is_included_counts(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    kept = tmp_path / "credentials"
    git(root, "config", "--file", str(kept), HEADER, "AUTHORIZATION: basic c2VjcmV0")
    git(root, "config", "--local", "include.path", str(kept))
    assert len(told(root, Sandbox("auto"))) == 1
