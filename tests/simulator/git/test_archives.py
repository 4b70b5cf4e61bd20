"""Archives hold what a commit holds."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from bot.simulator.git import BareRepository, UnknownObject
from bot.simulator.git.archives import Form
from tests.simulator.git.ordinary import commit_file, git

pytestmark = pytest.mark.anyio


async def archived(bare: BareRepository, form: Form) -> bytes:
    parts = await bare.archive("main", form, prefix="o-r-abc/")
    return b"".join([part async for part in parts])


async def test_both_forms_hold_the_files(bare: BareRepository, work: Path) -> None:
    commit_file(work, "lib/a.ex", "a\n")
    (work / "secret").write_text("")
    tip = commit_file(work, ".gitattributes", "secret export-ignore\n")
    git(bare.path, "fetch", "-q", str(work), f"{tip}:refs/heads/main")
    await bare.reload()
    names = {"o-r-abc/", "o-r-abc/lib/", "o-r-abc/lib/a.ex", "o-r-abc/mix.exs"}
    names.add("o-r-abc/.gitattributes")
    with zipfile.ZipFile(io.BytesIO(await archived(bare, "zip"))) as zipped:
        assert set(zipped.namelist()) == names
        assert zipped.read("o-r-abc/lib/a.ex") == b"a\n"
    with tarfile.open(fileobj=io.BytesIO(await archived(bare, "tar.gz"))) as tarred:
        assert {m.name + "/" * m.isdir() for m in tarred.getmembers()} == names


async def test_there_is_none_of_nothing(bare: BareRepository) -> None:
    with pytest.raises(UnknownObject):
        await bare.archive("none", "zip")


async def test_a_reader_may_stop_early(bare: BareRepository, work: Path) -> None:
    (work / "big").write_bytes(b"".join(n.to_bytes(4, "big") for n in range(500_000)))
    tip = commit_file(work, "a", "")
    git(bare.path, "fetch", "-q", str(work), tip)
    parts = await bare.archive(tip, "tar.gz")
    assert await anext(parts)
    await parts.aclose()  # type: ignore[attr-defined]  # a generator, though typed by what it gives
