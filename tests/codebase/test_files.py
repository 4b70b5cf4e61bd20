"""Files of a work tree: nothing outside it is read or written, and a build sees every write."""

from __future__ import annotations

import os
import shutil
import stat
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.codebase.files import WorkFiles
from bot.codebase.paths import parts
from bot.errors import Refused


@pytest.fixture
def files(tmp_path: Path) -> WorkFiles:
    (tmp_path / "tree" / "lib").mkdir(parents=True)
    (tmp_path / "tree" / "lib" / "a.ex").write_bytes(b"one\n")
    (tmp_path / "secret").write_text("outside")
    return WorkFiles(tmp_path / "tree")


OUTSIDE = [
    "",
    ".",
    "..",
    "../secret",
    "lib/../../secret",
    "lib/./a.ex",
    "/etc/passwd",
    "lib//a.ex",
    "lib/",
    "a\0b",
    ".git/config",
    ".GIT/config",
    "lib/.Git/hooks/x",
    ".g\u200cit/config",
    ".git\ufeff/config",
    "\uff0egit/config",
    "git~1/config",
    ".git /config",
    ".git./config",
    ".git::$INDEX_ALLOCATION/config",
    "..\\secret",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_paths_that_leave_the_tree_or_reach_git_are_refused(files: WorkFiles, path: str) -> None:
    for action in (files.read_bytes, files.exists, files.remove, files.touch, files.modified):
        with pytest.raises(Refused):
            action(path)
    with pytest.raises(Refused):
        files.write(path, "x")


SEGMENTS = st.one_of(
    st.sampled_from(["..", ".", "", ".git", ".GiT", "lib", "link", "a.ex", "~", "\0", "\\", "..."]),
    st.text(max_size=4),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.lists(SEGMENTS, max_size=5).map("/".join))
def test_whatever_the_path_nothing_outside_changes(files: WorkFiles, path: str) -> None:
    link = files.root / "link"
    if not link.is_symlink():
        link.symlink_to("..")
    try:
        files.write(path, "x")
    except (Refused, OSError, UnicodeEncodeError):
        pass
    else:
        assert (files.root / path).resolve().is_relative_to(files.root)
        files.remove(path)
    assert sorted(os.listdir(files.root.parent)) == ["secret", "tree"]
    assert (files.root.parent / "secret").read_text() == "outside"
    assert not (files.root / ".git").exists()


@given(st.text(max_size=20))
def test_accepted_components_join_back_to_the_path(path: str) -> None:
    try:
        pieces = parts(path)
    except Refused:
        return
    assert "/".join(pieces) == path
    assert not {"", ".", ".."} & set(pieces)


def test_symlinks_are_followed_neither_as_file_nor_on_the_way(files: WorkFiles) -> None:
    (files.root / "link.ex").symlink_to("lib/a.ex")
    (files.root / "out").symlink_to(files.root.parent)
    (files.root / "in").symlink_to("lib")
    for path in ("link.ex", "out/secret", "in/a.ex"):
        for action in (files.read_bytes, files.remove):
            with pytest.raises(Refused):
                action(path)
        with pytest.raises(Refused):
            files.write(path, "x")
    assert (files.root.parent / "secret").read_text() == "outside"
    assert files.read_bytes("lib/a.ex") == b"one\n"


def test_only_regular_files(files: WorkFiles) -> None:
    os.mkfifo(files.root / "pipe")
    for path in ("pipe", "lib"):
        with pytest.raises(Refused, match="not a regular file"):
            files.read_bytes(path)
        with pytest.raises(Refused, match="not a regular file"):
            files.write(path, "x")
        assert not files.exists(path)


def test_a_file_is_no_directory(files: WorkFiles) -> None:
    with pytest.raises(Refused, match="leads through a file"):
        files.write("lib/a.ex/b.ex", "x")
    with pytest.raises(Refused, match="no such file"):
        files.read_bytes("lib/a.ex/b.ex")
    assert not files.exists("lib/a.ex/b.ex")


def test_a_missing_file(files: WorkFiles) -> None:
    with pytest.raises(Refused, match="no such file"):
        files.read_text("gone/a.ex")
    assert not files.exists("gone/a.ex")
    assert files.modified("gone/a.ex") == 0.0


def test_write_creates_directories_and_replaces_in_one_step(files: WorkFiles) -> None:
    files.write("test/new/a_test.exs", "new")
    assert files.read_text("test/new/a_test.exs") == "new"
    with open(files.root / "lib" / "a.ex", "rb") as reader:
        files.write("lib/a.ex", "two\n")
        assert reader.read() == b"one\n"
    assert files.read_text("lib/a.ex") == "two\n"
    assert os.listdir(files.root / "lib") == ["a.ex"]


def test_a_hard_link_to_a_file_outside_is_not_written_through(files: WorkFiles) -> None:
    os.link(files.root.parent / "secret", files.root / "linked")
    files.write("linked", "ours")
    assert (files.root.parent / "secret").read_text() == "outside"


def test_a_failed_write_leaves_nothing_behind(files: WorkFiles) -> None:
    (files.root / "lib" / "dir").mkdir()
    with pytest.raises(UnicodeEncodeError):
        files.write("lib/a.ex", "\ud800")
    assert files.read_bytes("lib/a.ex") == b"one\n"
    assert sorted(os.listdir(files.root / "lib")) == ["a.ex", "dir"]


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600])
def test_the_mode_is_kept(files: WorkFiles, mode: int) -> None:
    path = files.root / "lib" / "a.ex"
    path.chmod(mode)
    files.write("lib/a.ex", "two")
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_text_takes_the_line_endings_of_the_file(files: WorkFiles) -> None:
    files.write("lib/a.ex", b"one\r\ntwo\r\n")
    files.write("lib/a.ex", "one\nthree\r\nfour\n")
    assert files.read_bytes("lib/a.ex") == b"one\r\nthree\r\nfour\r\n"
    assert files.read_text("lib/a.ex") == "one\r\nthree\r\nfour\r\n"
    files.write("lib/a.ex", b"as\nit\r\nis")
    assert files.read_bytes("lib/a.ex") == b"as\nit\r\nis"


def test_text_that_is_not_utf8_is_refused(files: WorkFiles) -> None:
    files.write("lib/a.ex", b"ab\xff")
    with pytest.raises(Refused, match=r"not UTF-8 \(byte 2\)"):
        files.read_text("lib/a.ex")


def test_a_same_size_edit_in_the_same_second_has_a_later_time(files: WorkFiles) -> None:
    """Mix compares whole seconds and sizes: otherwise a quick rollback is never compiled."""
    seen = [int(files.modified("lib/a.ex"))]
    for content in ("two\n", "one\n", "two\n"):
        files.write("lib/a.ex", content)
        seen.append(int(files.modified("lib/a.ex")))
    assert seen == sorted(set(seen))
    assert seen[1] >= int(time.time()) + 1


def test_list_matches_globs_and_leaves_links_and_git_out(files: WorkFiles) -> None:
    files.write("test/a_test.exs", "")
    (files.root / "out").symlink_to(files.root.parent)
    (files.root / "lib" / "b.ex").symlink_to("a.ex")
    (files.root / ".git").mkdir()
    (files.root / ".git" / "config.ex").touch()
    assert files.list() == ("lib/a.ex", "test/a_test.exs")
    assert files.list(["lib/**/*.ex", "lib/*.ex"]) == ("lib/a.ex",)
    with pytest.raises(Refused):
        files.list(["../*"])


def test_a_walk_follows_no_link_and_enters_no_other_repository(files: WorkFiles) -> None:
    (files.root / "out").symlink_to(files.root.parent)
    (files.root / "lib" / "loop").symlink_to("..")
    os.mkfifo(files.root / "lib" / "pipe")
    (files.root / "nested" / ".git").mkdir(parents=True)
    (files.root / "nested" / "secret.ex").touch()
    (files.root / "gitfile").mkdir()
    (files.root / "gitfile" / ".git").write_text("gitdir: elsewhere")
    (files.root / "gitfile" / "a.ex").touch()
    (files.root / "a\\b.ex").touch()
    assert list(files.walk()) == ["lib/a.ex"]
    assert files.list(["**/*.ex", "*/*/*", "out/*"]) == ("lib/a.ex",)
    for path in ("nested/secret.ex", "gitfile/a.ex", "nested/deep/new.ex"):
        with pytest.raises(Refused, match="another repository"):
            files.read_bytes(path)
        with pytest.raises(Refused, match="another repository"):
            files.write(path, "x")
    assert sorted(os.listdir(files.root / "nested")) == [".git", "secret.ex"]


def test_a_walk_tells_size_and_time_and_enters_where_it_may(files: WorkFiles) -> None:
    files.write("_build/x", "built")
    files.write("deps/y", "fetched")
    asked: dict[str, frozenset[str]] = {}

    def enter(folder: str, beside: frozenset[str]) -> bool:
        asked[folder] = beside
        return folder != "_build"

    walked = files.walk(enter)
    assert list(walked) == ["deps/y", "lib/a.ex"]
    assert walked["lib/a.ex"].st_size == 4
    beside = frozenset({"_build", "deps", "lib"})
    assert asked == dict.fromkeys(("_build", "deps", "lib"), beside)


def test_a_folder_that_becomes_a_link_during_a_walk_is_not_followed(files: WorkFiles) -> None:
    files.write("z/inner/b.ex", "b")

    def enter(folder: str, beside: frozenset[str]) -> bool:
        if folder == "z/inner":
            shutil.rmtree(files.root / "z" / "inner")
            (files.root / "z" / "inner").symlink_to(files.root.parent)
        return True

    assert list(files.walk(enter)) == ["lib/a.ex"]


def test_a_root_that_is_gone_is_told(tmp_path: Path) -> None:
    files = WorkFiles(tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        files.walk()


def test_a_large_file_is_read_only_where_nobody_minds(files: WorkFiles) -> None:
    with open(files.root / "sparse", "wb") as sparse:
        sparse.truncate(1_000_000_000_000)
    with pytest.raises(Refused, match="larger than 10 bytes"):
        files.read_bytes("sparse", 10)
    assert files.read_bytes("lib/a.ex", 4) == b"one\n"
    assert files.read_text("lib/a.ex", 4) == "one\n"
    with pytest.raises(Refused, match="larger than 3 bytes"):
        files.read_text("lib/a.ex", 3)


@pytest.mark.parametrize(
    ("there", "new"),
    [
        ("lib/a.ex", "lib/A.ex"),
        ("lib/a.ex", "LIB/b.ex"),
        ("lib/caf\u00e9.ex", "lib/cafe\u0301.ex"),
        ("lib/cafe\u0301/a.ex", "lib/caf\u00e9/b.ex"),
        ("lib/a.ex", "lib/a\u200b.ex"),
        ("lib/stra\u00dfe.ex", "lib/STRASSE.ex"),
    ],
)
def test_no_second_spelling_of_a_name_is_created(files: WorkFiles, there: str, new: str) -> None:
    files.write(there, "first")
    with pytest.raises(Refused, match=r"differs from .* only in case or in Unicode form"):
        files.write(new, "second")
    assert files.read_text(there) == "first"
    assert not files.exists(new)


def test_names_that_differ_already_stay_writable(files: WorkFiles) -> None:
    (files.root / "lib" / "A.ex").write_bytes(b"two\n")
    files.write("lib/a.ex", "1\n")
    files.write("lib/A.ex", "2\n")
    assert (files.read_text("lib/a.ex"), files.read_text("lib/A.ex")) == ("1\n", "2\n")
