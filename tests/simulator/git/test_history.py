"""Revisions and the graph of commits, compared with git."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.simulator.git import BareRepository, UnknownObject
from tests.simulator.git.ordinary import git, work_tree

pytestmark = pytest.mark.anyio


@dataclass
class Forked:
    """main and side leave a common commit; orphan has nothing in common with them."""

    bare: BareRepository
    work: Path
    shas: dict[str, str]


def dated(work: Path, name: str, day: int, author: str = "Ann <ann@example.invalid>") -> str:
    (work / name).write_text(f"{day}")
    git(work, "add", "-A")
    git(
        work, "commit", "-q", "-m", name, f"--author={author}", f"--date=2024-01-{day:02}T00:00:00Z"
    )
    return git(work, "rev-parse", "HEAD")


@pytest.fixture
async def forked(tmp_path: Path) -> AsyncIterator[Forked]:
    work = work_tree(tmp_path / "w")
    shas = {"root": git(work, "rev-parse", "HEAD"), "a": dated(work, "a.ex", 1)}
    git(work, "checkout", "-q", "-b", "side")
    shas["b"] = dated(work, "b.ex", 2, "Bo [x] <bo@example.invalid>")
    shas["c"] = dated(work, "b.ex", 3)
    git(work, "checkout", "-q", "main")
    shas["d"] = dated(work, "d.ex", 4)
    git(work, "tag", "-a", "v1", "-m", "v1")
    git(work, "tag", "-a", "v1-again", "-m", "again", "v1")
    git(work, "tag", "side", "main")
    git(work, "tag", "blob", "HEAD:d.ex")
    git(work, "checkout", "-q", "--orphan", "orphan")
    git(work, "commit", "-q", "-m", "Alone")
    shas["orphan"] = git(work, "rev-parse", "HEAD")
    git(work, "checkout", "-q", "main")
    bare = BareRepository(tmp_path / "b.git")
    await bare.import_from(work)
    yield Forked(bare, work, shas)
    await bare.close()


async def test_names_are_resolved(forked: Forked) -> None:
    shas = forked.shas
    asked = {
        "main": shas["d"],
        "HEAD": shas["d"],
        "heads/main": shas["d"],
        "refs/heads/main": shas["d"],
        "v1": shas["d"],
        "tags/v1": shas["d"],
        "v1-again": shas["d"],
        "side": shas["c"],
        "tags/side": shas["d"],
        shas["b"]: shas["b"],
        shas["b"][:7]: shas["b"],
        shas["b"][:10].upper(): shas["b"],
    }
    assert {name: await forked.bare.resolve(name) for name in asked} == asked


NOT_COMMITS = [
    "",
    "none",
    "main~1",
    "main^{tree}",
    ":/a",
    "@",
    "-h",
    "--all",
    "main..side",
    "a" * 40,
]
NOT_COMMITS += ["blob", "abc", "main:a.ex", "\n", "\ud800", "../HEAD", "FETCH_HEAD", "main\0"]


@pytest.mark.parametrize("name", NOT_COMMITS)
async def test_other_names_mean_nothing(forked: Forked, name: str) -> None:
    with pytest.raises(UnknownObject):
        await forked.bare.resolve(name)


async def messages(forked: Forked, revision: str = "main", **options: object) -> list[str]:
    found = await forked.bare.log(revision, **options)  # type: ignore[arg-type]  # named one by one
    return [commit.message.strip() for commit in found]


async def test_the_log_is_filtered(forked: Forked) -> None:
    assert await messages(forked) == ["d.ex", "a.ex", "Begin"]
    assert await messages(forked, limit=1, skip=1) == ["a.ex"]
    assert await messages(forked, limit=0) == []
    assert await messages(forked, path="a.ex") == ["a.ex"]
    assert await messages(forked, path="*.ex") == []
    assert await messages(forked, path=":(glob)**") == []
    assert await messages(forked, "heads/side", author="bo [X]") == ["b.ex"]
    assert await messages(forked, "heads/side", author=".*") == []
    assert await messages(forked, since=datetime(2030, 1, 1, tzinfo=UTC)) == []
    assert await messages(forked, until=datetime(2020, 1, 1, tzinfo=UTC)) == []
    day = datetime(2023, 11, 14, tzinfo=UTC)
    assert await messages(forked, since=day, until=day.replace(day=15)) == ["d.ex", "a.ex", "Begin"]
    with pytest.raises(UnknownObject):
        await messages(forked, "none")


async def test_the_log_is_counted(forked: Forked) -> None:
    assert await forked.bare.count("main") == 3
    assert await forked.bare.count("main", path="a.ex") == 1
    assert await forked.bare.count("heads/side", author="bo [X]") == 1
    for asking in (forked.bare.count("none"), forked.bare.count("main", path="../x")):
        with pytest.raises(UnknownObject):
            await asking


async def test_commits_between_are_told_oldest_first(forked: Forked) -> None:
    bare, shas = forked.bare, forked.shas
    assert await bare.shas_between(shas["d"], shas["c"]) == [shas["b"], shas["c"]]
    first = await bare.commits_between(shas["d"], shas["c"], limit=1)
    rest = await bare.commits_between(shas["d"], shas["c"], skip=1)
    assert [c.sha for c in (*first, *rest)] == [shas["b"], shas["c"]]
    assert await bare.shas_between(shas["c"], shas["c"]) == []
    for base, head in ((shas["a"], "1" * 40), ("main", shas["a"]), (shas["a"], "--all")):
        with pytest.raises(UnknownObject):
            await bare.shas_between(base, head)


async def test_ancestors_and_bases(forked: Forked) -> None:
    bare, shas = forked.bare, forked.shas
    assert await bare.merge_base(shas["c"], shas["d"]) == shas["a"]
    assert await bare.merge_base(shas["c"], shas["orphan"]) is None
    assert await bare.merge_base(shas["c"], shas["orphan"]) is None
    assert await bare.ahead_behind(shas["d"], shas["c"]) == (2, 1)
    assert await bare.ahead_behind(shas["d"], shas["d"]) == (0, 0)
    assert await bare.is_ancestor(shas["a"], shas["c"])
    assert await bare.is_ancestor(shas["c"], shas["c"])
    assert not await bare.is_ancestor(shas["d"], shas["c"])
    missing = "1" * 40
    for asking in (
        bare.merge_base(shas["a"], missing),
        bare.ahead_behind(missing, shas["a"]),
        bare.is_ancestor(missing, shas["a"]),
    ):
        with pytest.raises(UnknownObject):
            await asking
