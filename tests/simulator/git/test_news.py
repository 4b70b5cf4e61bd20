"""What a push brought."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.simulator.git import BareRepository, path_changes, shas_beyond
from tests.simulator.support import git, make_source, write_files

pytestmark = pytest.mark.anyio


def committed(folder: Path, message: str, files: dict[str, str]) -> str:
    write_files(folder, files)
    git("add", "-A", cwd=folder)
    git("commit", "-q", "-m", message, cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder).strip()


async def test_commits_are_new_where_no_known_one_has_them(tmp_path: Path) -> None:
    source = make_source(tmp_path / "source")
    first = git("rev-parse", "HEAD", cwd=source).strip()
    second = committed(source, "Two", {"a": "a"})
    third = committed(source, "Three", {"b": "b"})
    bare = BareRepository(tmp_path / "bare.git")
    await bare.import_from(source)
    assert await shas_beyond(bare, third, []) == [first, second, third]
    assert await shas_beyond(bare, third, [first]) == [second, third]
    assert await shas_beyond(bare, first, [third]) == []
    assert await shas_beyond(bare, third, [third]) == []
    await bare.close()


async def test_paths_are_those_that_git_names(tmp_path: Path) -> None:
    source = make_source(tmp_path / "source", {"keep": "1\n", "drop": "2\n", "old name": "3\n" * 9})
    (source / "drop").unlink()
    (source / "old name").rename(source / "new\nname")
    sha = committed(source, "All at once", {"keep": "changed\n", "d" * 40: "x"})
    bare = BareRepository(tmp_path / "bare.git")
    await bare.import_from(source)
    (root,) = (await bare.commit(sha)).parents
    found = await path_changes(bare, await bare.commits([root, sha]))
    assert found[root].added == ("drop", "keep", "old name")
    assert found[sha].added == ("d" * 40, "new\nname")
    assert found[sha].removed == ("drop", "old name")
    assert found[sha].modified == ("keep",)
    assert await path_changes(bare, []) == {}
    await bare.close()


async def test_a_merge_is_shown_by_what_it_brings(tmp_path: Path) -> None:
    source = make_source(tmp_path / "source")
    git("checkout", "-q", "-b", "topic", cwd=source)
    committed(source, "Topic", {"topic.txt": "t"})
    git("checkout", "-q", "main", cwd=source)
    committed(source, "Main", {"main.txt": "m"})
    git("merge", "-q", "--no-edit", "topic", cwd=source)
    bare = BareRepository(tmp_path / "bare.git")
    await bare.import_from(source)
    tip = await bare.commit(git("rev-parse", "HEAD", cwd=source).strip())
    assert (await path_changes(bare, [tip]))[tip.sha].added == ("topic.txt",)
    await bare.close()
