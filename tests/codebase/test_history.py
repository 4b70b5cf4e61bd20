"""Our commits tell which action they carry out."""

from __future__ import annotations

from pathlib import Path

from bot.codebase.history import commits
from bot.codebase.worktree import Worktree
from tests.codebase.support import open_in


def test_commits_come_back_with_their_trailers_oldest_first(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    branch, base = "genesis/local-1/stage-1", repository.head
    tree = Worktree.create(repository, branch, base, tmp_path / "work")
    for name in ("a", "b"):
        tree.files.write(f"{name}.ex", name)
        trailers = {"Genesis-Plan": "local-1", "Genesis-Action": f"1-{name}"}
        tree.commit(f"Add {name}\n\nA body: with a colon.", [f"{name}.ex"], trailers)
    tree.revert(tree.head(), "Undo b", {"Genesis-Undo": "1-b"})

    found = commits(repository, base, tree.head())
    assert [(c.subject, dict(c.trailers)) for c in found] == [
        ("Add a", {"Genesis-Plan": "local-1", "Genesis-Action": "1-a"}),
        ("Add b", {"Genesis-Plan": "local-1", "Genesis-Action": "1-b"}),
        ("Undo b", {"Genesis-Undo": "1-b"}),
    ]
    assert found[-1].sha == tree.head()
    assert commits(repository, base, base) == ()
    assert commits(repository, tree.head(), base) == ()
