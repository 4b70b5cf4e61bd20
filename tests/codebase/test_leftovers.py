"""A directory goes although something is written to it meanwhile."""

from __future__ import annotations

from pathlib import Path

from bot.codebase.leftovers import TRIES, remove_tree


def test_a_tree_is_removed(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c").write_text("x")
    assert remove_tree(tmp_path / "a")
    assert not (tmp_path / "a").exists()
    assert remove_tree(tmp_path / "never")


def test_what_cannot_be_removed_at_once_is_tried_again(tmp_path: Path) -> None:
    stuck = tmp_path / "file"
    stuck.write_text("no directory, so rmtree leaves it")
    pauses: list[float] = []

    def unstick(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            stuck.unlink()

    assert remove_tree(stuck, unstick)
    assert len(pauses) == 3


def test_trying_ends(tmp_path: Path) -> None:
    stuck = tmp_path / "file"
    stuck.write_text("x")
    pauses: list[float] = []
    assert not remove_tree(stuck, pauses.append)
    assert len(pauses) == TRIES
