"""What passes from the job that runs strangers' code to the jobs that trust nothing of it."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from bot.errors import Unusable
from bot.flows.stage_run.packing import pack, unpack


def _tree(folder: Path) -> dict[str, Path]:
    deps, build = folder / "deps", folder / "build"
    (deps / "tiny/priv").mkdir(parents=True)
    (deps / "tiny/priv/tool").write_text("#!/bin/sh\n")
    (deps / "tiny/priv/tool").chmod(0o700)
    (build / "lib/tiny").mkdir(parents=True)
    (build / "lib/tiny/priv").symlink_to(os.path.relpath(deps / "tiny/priv", build / "lib/tiny"))
    return {"deps": deps, "build": build}


def test_a_link_between_the_folders_becomes_a_copy(tmp_path: Path) -> None:
    made = _tree(tmp_path / "made")
    os.utime(made["deps"] / "tiny/priv/tool", (1_700_000_000.5, 1_700_000_000.5))
    assert pack(made, tmp_path / "a.tar") == ()
    here = {name: tmp_path / "here" / name for name in made}
    unpack(tmp_path / "a.tar", here)
    tool = here["build"] / "lib/tiny/priv/tool"
    assert tool.read_text() == "#!/bin/sh\n"
    assert os.access(tool, os.X_OK)
    assert tool.stat().st_mtime == 1_700_000_000.5
    assert not [p for p in (tmp_path / "here").rglob("*") if p.is_symlink()]


def test_what_leads_elsewhere_or_round_is_left_out(tmp_path: Path) -> None:
    made = _tree(tmp_path / "made")
    (tmp_path / "key").write_text("secret")
    os.mkfifo(made["deps"] / "pipe")
    for name, to in (("key", tmp_path / "key"), ("up", "."), ("top", "/"), ("gone", "nowhere")):
        (made["deps"] / "tiny" / name).symlink_to(to)
    left_out = pack(made, tmp_path / "a.tar")
    assert sorted(left_out) == [
        "deps/pipe",
        *(f"deps/tiny/{n}" for n in ("gone", "key", "top", "up")),
    ]
    assert b"secret" not in (tmp_path / "a.tar").read_bytes()


def _member(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


@pytest.mark.parametrize(
    "member",
    [
        _member("deps/a", tarfile.SYMTYPE, "/etc/passwd"),
        _member("deps/a", tarfile.SYMTYPE, "tiny"),
        _member("deps/a", tarfile.LNKTYPE, "deps/tiny"),
        _member("deps/a", tarfile.FIFOTYPE),
        _member("deps/a", tarfile.CHRTYPE),
        _member("deps//a", tarfile.REGTYPE),
        _member("deps/./a", tarfile.REGTYPE),
        _member("elsewhere/a", tarfile.REGTYPE),
    ],
)
def test_an_archive_with_anything_else_is_refused(tmp_path: Path, member: tarfile.TarInfo) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.addfile(member)
    with pytest.raises(Unusable, match="packed something else"):
        unpack(tmp_path / "a.tar", {"deps": tmp_path / "here/deps"})
    assert list((tmp_path / "here/deps").iterdir()) == []


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for _ in range(2):
            tar.addfile(_member("deps/a", tarfile.REGTYPE))
    with pytest.raises(Unusable, match="cannot be unpacked"):
        unpack(tmp_path / "a.tar", {"deps": tmp_path / "deps"})


def test_it_goes_into_a_new_folder_not_where_a_link_of_the_checkout_leads(tmp_path: Path) -> None:
    """A repository may hold a link named `deps` to wherever our own code lies."""
    made = _tree(tmp_path / "made")
    pack(made, tmp_path / "a.tar")
    (tmp_path / "ours").mkdir()
    (tmp_path / "code").mkdir()
    (tmp_path / "code/deps").symlink_to(tmp_path / "ours")
    unpack(tmp_path / "a.tar", {"deps": tmp_path / "code/deps", "build": tmp_path / "b"})
    assert list((tmp_path / "ours").iterdir()) == []
    assert (tmp_path / "code/deps/tiny/priv/tool").is_file()
    assert not (tmp_path / "code/deps").is_symlink()
