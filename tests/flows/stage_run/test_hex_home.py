"""What `prepare` takes over from a run before on a machine that is used again."""

from __future__ import annotations

from pathlib import Path

from bot.flows.fetching import keep_packages


def test_packages_alone_stay(tmp_path: Path) -> None:
    """A configuration of Hex could name another server and switch its checks off."""
    home, outside = tmp_path / "hex", tmp_path / "outside"
    (home / "packages/hexpm").mkdir(parents=True)
    (home / "packages/hexpm/jason-1.4.4.tar").write_bytes(b"tar")
    (home / "cache").mkdir()
    outside.mkdir()
    (outside / "kept").touch()
    (home / "elsewhere").symlink_to(outside)
    for name in ("hex.config", "cache.ets", "cache/x"):
        (home / name).touch()
    keep_packages(home)
    assert [p.name for p in home.iterdir()] == ["packages"]
    assert (home / "packages/hexpm/jason-1.4.4.tar").read_bytes() == b"tar"
    assert (outside / "kept").exists()


def test_a_link_in_place_of_the_packages_goes_too(tmp_path: Path) -> None:
    home = tmp_path / "hex"
    home.mkdir()
    (home / "packages").symlink_to(tmp_path)
    keep_packages(home)
    assert list(home.iterdir()) == []
