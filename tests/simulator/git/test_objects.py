"""Reading and writing objects, compared with git."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.simulator.git import (
    EMPTY_TREE,
    BareRepository,
    ObjectInvalid,
    Person,
    RefRefused,
    TreeEdit,
    UnknownObject,
)
from bot.simulator.git.parsing import (
    format_person,
    format_tree,
    parse_commit,
    parse_person,
    parse_tree,
)
from tests.simulator.git.ordinary import commit_file, git, work_tree

pytestmark = pytest.mark.anyio

ANN = Person("Ann Ö", "ann@example.invalid", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC))
EAST = Person(
    "Bo",
    "bo@example.invalid",
    datetime(2024, 1, 2, tzinfo=timezone(timedelta(hours=5, minutes=30))),
)


async def test_a_commit_is_read(bare: BareRepository, work: Path) -> None:
    commit = await bare.commit(git(work, "rev-parse", "HEAD"))
    assert commit.tree == git(work, "rev-parse", "HEAD^{tree}")
    assert commit.parents == ()
    assert (commit.author.name, commit.author.email) == ("Test Author", "author@example.invalid")
    assert commit.author.date == "2023-11-14T22:13:20Z"
    assert commit.author.when.utcoffset() == timedelta(hours=2)
    assert commit.message == "Begin\n"


async def test_trees_are_listed_as_git_lists_them(tmp_path: Path) -> None:
    work = work_tree(tmp_path / "work")
    (work / "run").write_text("#!/bin/sh\n")
    (work / "run").chmod(0o755)
    (work / "link").symlink_to("mix.exs")
    tip = commit_file(work, "lib/a b/ü.ex", "x")
    bare = BareRepository(tmp_path / "b.git")
    await bare.import_from(work)
    tree = (await bare.commit(tip)).tree
    for recursive, argv in ((False, ()), (True, ("-r", "-t"))):
        entries = await bare.tree(tree, recursive=recursive)
        rows = [
            f"{e.mode} {e.type} {e.sha} {e.size if e.size is not None else '-'}\t{e.path}"
            for e in entries
        ]
        judge = git(bare.path, "ls-tree", *argv, "-l", "-z", tree).split("\0")[:-1]
        assert rows == [
            " ".join(row.split("\t")[0].split()) + "\t" + row.split("\t")[1] for row in judge
        ]
    entry = await bare.entry_at(tip, "lib/a b/ü.ex")
    assert (entry.path, entry.size, await bare.blob(entry.sha)) == ("lib/a b/ü.ex", 1, b"x")
    assert (await bare.entry_at(tip, "")).sha == tree
    assert (await bare.entry_at(tree, "lib")).type == "tree"
    for path in ("none", "lib/none", "mix.exs/below", "lib//a b", "..", "/lib"):
        with pytest.raises(UnknownObject):
            await bare.entry_at(tip, path)
    await bare.close()


async def test_what_is_asked_for_must_be_of_its_type(bare: BareRepository, work: Path) -> None:
    commit = git(work, "rev-parse", "HEAD")
    blob = git(work, "rev-parse", "HEAD:mix.exs")
    for asking in (bare.blob(commit), bare.commit(blob), bare.tag(blob), bare.tree(blob)):
        with pytest.raises(UnknownObject):
            await asking
    for sha in ("1" * 40, "main", "-h", blob[:10], blob + "\n", ""):
        with pytest.raises(UnknownObject):
            await bare.blob(sha)
    assert (await bare.blob(blob)).startswith(b"defmodule")


async def test_reading_survives_the_end_of_its_process(bare: BareRepository, work: Path) -> None:
    blob = git(work, "rev-parse", "HEAD:mix.exs")
    assert await bare.header(blob)
    process = bare._batch._process
    assert process
    process.kill()
    await process.wait()
    assert (await bare.blob(blob)).startswith(b"defmodule")


async def test_a_cancelled_reading_does_not_confuse_the_next(
    bare: BareRepository, work: Path
) -> None:
    blobs = [await bare.write_blob(bytes([n]) * 300_000) for n in range(20)]
    for wait in range(5):
        task = asyncio.ensure_future(bare._batch.contents(blobs))
        for _ in range(wait * 3):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await bare.blob(blobs[wait]) == bytes([wait]) * 300_000


async def test_many_readers_get_each_their_own(bare: BareRepository) -> None:
    blobs = [await bare.write_blob(f"{n}".encode() * (n % 50)) for n in range(200)]
    read = await asyncio.gather(*map(bare.blob, blobs), *map(bare.blob, reversed(blobs)))
    assert read == [f"{n}".encode() * (n % 50) for n in [*range(200), *reversed(range(200))]]


async def test_what_is_written_is_what_git_would_write(bare: BareRepository, work: Path) -> None:
    data = b"\0binary\xff" * 20_000
    blob = await bare.write_blob(data)
    assert blob == git(work, "hash-object", "--stdin", stdin=data) == await bare.write_blob(data)
    assert git(bare.path, "cat-file", "-s", blob) == str(len(data))
    edits = [TreeEdit("lib/b.ex", "100644", blob), TreeEdit("lib.ex", "100755", blob)]
    edits += [TreeEdit("lib-x", "120000", blob), TreeEdit("sub", "160000", "1" * 40)]
    tree = await bare.write_tree(edits)
    listed = git(bare.path, "ls-tree", tree)
    assert git(bare.path, "mktree", "--missing", stdin=listed.encode() + b"\n") == tree
    commit = await bare.write_commit(tree, [], author=ANN, committer=EAST, message="One\n\nTwo")
    assert git(bare.path, "log", "-1", "--format=%an|%ae|%aI|%cI|%B", commit) == (
        "Ann Ö|ann@example.invalid|2024-01-02T03:04:05+00:00|2024-01-02T00:00:00+05:30|One\n\nTwo"
    )
    tag = await bare.write_tag("v1", commit, tagger=EAST, message="Tag\n")
    read = await bare.tag(tag)
    assert (read.name, read.target, read.target_type, read.tagger) == ("v1", commit, "commit", EAST)
    await bare.create_ref("refs/tags/v1", tag)
    git(bare.path, "fsck", "--strict")


async def test_a_tree_is_made_of_a_base_and_edits(bare: BareRepository, work: Path) -> None:
    commit_file(work, "lib/a.ex", "a")
    tip = commit_file(work, "lib/deep/b.ex", "b")
    git(bare.path, "fetch", "-q", str(work), tip)
    base = (await bare.commit(tip)).tree
    blob = await bare.write_blob(b"new")

    async def names(*edits: TreeEdit) -> list[str]:
        tree = await bare.write_tree(edits, base)
        return git(bare.path, "ls-tree", "-r", "--name-only", tree).splitlines()

    assert await names() == ["lib/a.ex", "lib/deep/b.ex", "mix.exs"]
    removal = TreeEdit("lib/deep/b.ex", "100644", None)
    assert await names(removal) == ["lib/a.ex", "mix.exs"]
    assert await names(TreeEdit("lib", "040000", None)) == ["mix.exs"]
    assert await names(TreeEdit("mix.exs/x", "100644", blob)) == [
        "lib/a.ex",
        "lib/deep/b.ex",
        "mix.exs/x",
    ]
    assert await names(TreeEdit("lib", "100644", blob)) == ["lib", "mix.exs"]
    both = (removal, TreeEdit("lib/deep/c.ex", "100644", blob))
    assert await names(*both) == ["lib/a.ex", "lib/deep/c.ex", "mix.exs"]
    with pytest.raises(ObjectInvalid, match="nothing to remove"):
        await names(TreeEdit("none", "100644", None))
    with pytest.raises(ObjectInvalid, match="nothing to remove"):
        await names(TreeEdit("none/none", "100644", None))


BAD_PATHS = ["", "/", "a//b", "a/", "/a", ".", "..", "a/../b", ".git", ".GIT/config", "a/.git/x"]
BAD_PATHS += ["git~1/x", ".git /x", ".gi\u200ct/config", ".git\\x", "a\0b", "x" * 5000, "\ud800"]
BAD_PATHS += ["a/" * 1500 + "b"]


@pytest.mark.parametrize("path", BAD_PATHS)
async def test_paths_that_attack_a_checkout_are_refused(bare: BareRepository, path: str) -> None:
    blob = await bare.write_blob(b"")
    with pytest.raises(ObjectInvalid):
        await bare.write_tree([TreeEdit(path, "100644", blob)])


@pytest.mark.parametrize("path", [".gitignore", "a/.github/x", "...", "a b", "ü", ".gitx", "git~2"])
async def test_paths_that_only_look_like_it_are_taken(bare: BareRepository, path: str) -> None:
    blob = await bare.write_blob(b"")
    tree = await bare.write_tree([TreeEdit(path, "100644", blob)])
    assert (await bare.entry_at(tree, path)).sha == blob


async def test_entries_must_fit_their_objects(bare: BareRepository) -> None:
    blob = await bare.write_blob(b"")
    for mode, sha in (("040000", blob), ("100644", EMPTY_TREE), ("100600", blob), ("", blob)):
        with pytest.raises(ObjectInvalid):
            await bare.write_tree([TreeEdit("a", mode, sha)])
    for sha in ("1" * 40, "x"):
        with pytest.raises(UnknownObject):
            await bare.write_tree([TreeEdit("a", "100644", sha)])


async def test_commits_must_stand_on_something(bare: BareRepository, work: Path) -> None:
    tip = git(work, "rev-parse", "HEAD")
    blob = await bare.write_blob(b"")
    for tree, parents in (
        (blob, [tip]),
        ("1" * 40, []),
        (EMPTY_TREE, [blob]),
        (EMPTY_TREE, ["2" * 40]),
    ):
        with pytest.raises(UnknownObject):
            await bare.write_commit(tree, parents, author=ANN, committer=ANN, message="x")
    for person in (
        Person("a\nb", "c", ANN.when),
        Person("a<", "c", ANN.when),
        Person("a", "c", datetime(1960, 1, 1, tzinfo=UTC)),
        Person("a", "c", datetime(2024, 1, 1)),
    ):
        with pytest.raises(ObjectInvalid):
            await bare.write_commit(EMPTY_TREE, [], author=person, committer=ANN, message="x")
    for message in ("a\0b", "\ud800"):
        with pytest.raises(ObjectInvalid):
            await bare.write_commit(EMPTY_TREE, [], author=ANN, committer=ANN, message=message)
    with pytest.raises(RefRefused):
        await bare.write_tag("a..b", tip, tagger=ANN, message="x")
    with pytest.raises(UnknownObject):
        await bare.write_tag("a", "1" * 40, tagger=ANN, message="x")


async def test_old_and_odd_commits_are_read(bare: BareRepository) -> None:
    raw = (
        f"tree {EMPTY_TREE}\nauthor Zo\xeb <z> 99999999999999 +9999\ncommitter nobody\n"
        "encoding ISO-8859-1\ngpgsig -----BEGIN\n line\n\nÄ\xfc\n"
    ).encode("latin-1", errors="replace")
    sha = git(bare.path, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=raw)
    commit = await bare.commit(sha)
    assert commit.author.name == "Zoë"
    assert commit.author.date.startswith("9999-12-3")
    assert commit.committer == Person("nobody", "", datetime.fromtimestamp(0, UTC))
    assert commit.signature == "-----BEGIN\nline"
    assert commit.message == "Äü\n"


@pytest.mark.parametrize("encoding", ["unicode_escape", "utf-7", "hex", "idna", "no such", "\xff"])
def test_a_message_of_any_encoding_is_text(encoding: str) -> None:
    data = f"tree {EMPTY_TREE}\nencoding {encoding}\n\n\\ud800 +2AA-".encode("latin-1")
    assert parse_commit("1" * 40, data).message.encode()


@given(st.text())
@example("a <b> " + "9" * 5000 + " +0000")
def test_a_person_of_any_text_is_read(text: str) -> None:
    assert parse_person(text).when.tzinfo is not None


@given(
    st.text(st.characters(exclude_characters="<>\n\0", exclude_categories=["Cs"])).map(str.strip),
    st.integers(0, 4_000_000_000),
    st.integers(-720, 840),
)
def test_a_person_is_read_as_written(name: str, seconds: int, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    person = Person(name, "e@x", datetime.fromtimestamp(seconds, zone))
    if "\r" not in name and len(name) < 1000:
        assert parse_person(format_person(person)) == person


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


@given(st.dictionaries(NAMES, st.sampled_from(["040000", "100644"])))
def test_a_tree_is_read_as_written(entries: dict[str, str]) -> None:
    listed = [(mode, name, "ab" * 20) for name, mode in entries.items()]
    assert sorted(parse_tree(format_tree(listed))) == sorted(listed)
