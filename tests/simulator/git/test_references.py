"""Refs: the cache and the disk say the same, and nobody overtakes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.simulator.git import (
    NULL_SHA,
    BareRepository,
    RefChange,
    RefExists,
    RefMissing,
    RefMoved,
    RefRefused,
    UnknownObject,
)
from tests.simulator.git.ordinary import commit_file, git, ordinary_refs

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shas(bare: BareRepository, work: Path) -> list[str]:
    """The commit of main, and two more."""
    first = git(work, "rev-parse", "HEAD")
    more = [commit_file(work, "a.ex", str(number)) for number in range(2)]
    git(bare.path, "fetch", "-q", str(work), more[-1])
    return [first, *more]


async def test_refs_are_made_moved_and_deleted(bare: BareRepository, shas: list[str]) -> None:
    before = bare.refs()
    await bare.create_ref("refs/heads/x", shas[1])
    await bare.create_ref("refs/pull/1/head", shas[1])
    await bare.update_ref("refs/heads/x", shas[2], shas[1])
    assert bare.ref("refs/heads/x") == shas[2]
    assert bare.branches() == {"main": shas[0], "x": shas[2]}
    assert dict(bare.refs()) == ordinary_refs(bare.path)
    assert list(bare.refs()) == sorted(bare.refs())
    await bare.delete_ref("refs/heads/x")
    await bare.delete_ref("refs/pull/1/head", shas[1])
    assert bare.refs() == before == ordinary_refs(bare.path)
    assert bare.ref("refs/heads/x") is None


async def test_a_ref_is_made_only_once(bare: BareRepository, shas: list[str]) -> None:
    with pytest.raises(RefExists):
        await bare.create_ref("refs/heads/main", shas[1])
    assert ordinary_refs(bare.path)["refs/heads/main"] == shas[0]


async def test_a_ref_elsewhere_than_expected_stays(bare: BareRepository, shas: list[str]) -> None:
    with pytest.raises(RefMoved):
        await bare.update_ref("refs/heads/main", shas[2], shas[1])
    with pytest.raises(RefMoved):
        await bare.delete_ref("refs/heads/main", shas[1])
    with pytest.raises(RefMissing):
        await bare.update_ref("refs/heads/none", shas[2])
    with pytest.raises(RefMissing):
        await bare.delete_ref("refs/heads/none", shas[2])
    assert ordinary_refs(bare.path) == {"refs/heads/main": shas[0]}


@pytest.mark.parametrize(
    "name", ["main", "refs/heads/a..b", "refs/heads/main/below", "HEAD", "refs/heads/" + "x" * 300]
)
async def test_bad_names_are_refused(bare: BareRepository, shas: list[str], name: str) -> None:
    with pytest.raises(RefRefused):
        await bare.create_ref(name, shas[1])
    assert ordinary_refs(bare.path) == {"refs/heads/main": shas[0]} == dict(bare.refs())


@pytest.mark.parametrize("sha", ["1" * 40, NULL_SHA, "main", "", "-d"])
async def test_a_ref_needs_an_object(bare: BareRepository, sha: str) -> None:
    with pytest.raises((RefRefused, UnknownObject)):
        await bare.create_ref("refs/heads/x", sha)
    assert bare.ref("refs/heads/x") is None


async def test_a_branch_needs_a_commit(bare: BareRepository) -> None:
    blob = await bare.write_blob(b"x")
    with pytest.raises(RefRefused):
        await bare.create_ref("refs/heads/x", blob)


async def test_all_changes_are_made_or_none(bare: BareRepository, shas: list[str]) -> None:
    good = RefChange("refs/heads/good", None, shas[1])
    bad = RefChange("refs/heads/main/bad", None, shas[1])
    with pytest.raises(RefRefused):
        await bare.update_refs([good, bad])
    assert bare.ref("refs/heads/good") is None
    assert ordinary_refs(bare.path) == {"refs/heads/main": shas[0]}


async def test_of_many_writers_one_wins(bare: BareRepository, shas: list[str]) -> None:
    tries = [bare.update_ref("refs/heads/main", shas[1], shas[0]) for _ in range(10)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [r for r in results if r is None] == [None]
    assert sum(isinstance(r, RefMoved) for r in results) == 9


async def test_writing_keeps_others_out_and_lets_itself_in(
    bare: BareRepository, shas: list[str]
) -> None:
    async with bare.writing(), bare.writing():
        other = asyncio.ensure_future(bare.update_ref("refs/heads/main", shas[2]))
        await bare.update_ref("refs/heads/main", shas[1], shas[0])
        assert not other.done()
    await other
    assert bare.ref("refs/heads/main") == shas[2]


async def test_a_snapshot_does_not_change(bare: BareRepository, shas: list[str]) -> None:
    before = bare.refs()
    await bare.create_ref("refs/heads/x", shas[1])
    assert "refs/heads/x" not in before


async def test_reload_tells_what_others_did(bare: BareRepository, shas: list[str]) -> None:
    assert bare.ref("refs/heads/main")
    git(bare.path, "update-ref", "refs/heads/main", shas[2])
    git(bare.path, "update-ref", "refs/tags/new", shas[1])
    assert await bare.reload() == [
        RefChange("refs/heads/main", shas[0], shas[2]),
        RefChange("refs/tags/new", None, shas[1]),
    ]
    assert await bare.reload() == []


async def test_after_a_crash_leftovers_are_swept(bare: BareRepository, shas: list[str]) -> None:
    for name in ("refs/heads/main.lock", "packed-refs.lock", "HEAD.lock"):
        (bare.path / name).touch()
    (bare.path / "incoming-x").mkdir()
    (bare.path / "objects" / "tmp_objdir-incoming-x" / "aa").mkdir(parents=True)
    (bare.path / "objects" / "pack" / "tmp_pack_x").touch()
    again = BareRepository(bare.path)
    assert await again.recover({"refs/heads/main": shas[1], "refs/heads/gone": shas[1]}) == [
        RefChange("refs/heads/gone", shas[1], None),
        RefChange("refs/heads/main", shas[1], shas[0]),
    ]
    await again.update_ref("refs/heads/main", shas[2])
    await again.set_default_branch("main")
    assert list(bare.path.glob("incoming-*")) == []
    assert list(bare.path.glob("objects/**/tmp_*")) == []


async def test_the_default_branch(bare: BareRepository) -> None:
    assert bare.default_branch == "main"
    await bare.set_default_branch("trunk")
    assert bare.default_branch == "trunk" == BareRepository(bare.path).default_branch
    with pytest.raises(RefRefused):
        await bare.set_default_branch("a..b")
