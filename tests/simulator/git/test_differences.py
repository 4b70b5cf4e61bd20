"""What changed, compared with what git says of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot.simulator.git import EMPTY_TREE, BareRepository, FileChange, TooLarge, UnknownObject
from bot.simulator.git.differences import PATCH_LINES
from tests.simulator.git.ordinary import commit_file, git, work_tree

pytestmark = pytest.mark.anyio

LINES = "".join(f"line {n}\n" for n in range(20))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    work = work_tree(tmp_path / "source")
    for name in ("edit.ex", "rename.ex", "remove.ex", "mode.ex", "type.ex"):
        (work / name).write_text(f"{name}\n{LINES}")
    (work / "binary").write_bytes(b"\0\1\2")
    commit_file(work, "noend.ex", "a")
    return work


async def brought(source: Path) -> tuple[BareRepository, str, str]:
    """A bare repository with the last commit of the source and its parent."""
    bare = BareRepository(source.parent / "differences.git")
    await bare.import_from(source)
    head = git(source, "rev-parse", "HEAD")
    return bare, git(source, "rev-parse", "HEAD^"), head


async def test_each_kind_of_change(source: Path) -> None:
    text = (source / "edit.ex").read_text()
    (source / "edit.ex").write_text(text.replace("line 9\n", "nine\n9\n"))
    git(source, "mv", "rename.ex", "renamed.ex")
    (source / "renamed.ex").write_text((source / "renamed.ex").read_text() + "more\n")
    (source / "remove.ex").unlink()
    (source / "mode.ex").chmod(0o755)
    (source / "type.ex").unlink()
    (source / "type.ex").symlink_to("edit.ex")
    (source / "binary").write_bytes(b"\0\1\3")
    (source / "noend.ex").write_text("b")
    commit_file(source, 'new ü\n".ex', "diff --git a/x b/x\n@@ -1 +1 @@\n")
    bare, base, head = await brought(source)
    found = {c.filename: c for c in await bare.changes(base, head)}
    await bare.close()
    assert {n: (c.status, c.additions, c.deletions, c.previous) for n, c in found.items()} == {
        "binary": ("modified", 0, 0, None),
        "edit.ex": ("modified", 2, 1, None),
        "mode.ex": ("modified", 0, 0, None),
        'new ü\n".ex': ("added", 2, 0, None),
        "noend.ex": ("modified", 1, 1, None),
        "remove.ex": ("removed", 0, 21, None),
        "renamed.ex": ("renamed", 1, 0, "rename.ex"),
        "type.ex": ("changed", 1, 21, None),
    }
    for name, change in found.items():
        where = f"{base}:{name}" if change.status == "removed" else f"{head}:{name}"
        assert change.sha == git(source, "rev-parse", where)
        assert change.changes == change.additions + change.deletions
    assert found["binary"].patch is None
    assert found["mode.ex"].patch is None
    assert found["edit.ex"].patch == snapshot("""\
@@ -8,7 +8,8 @@ line 5
 line 6
 line 7
 line 8
-line 9
+nine
+9
 line 10
 line 11
 line 12\
""")
    assert found["noend.ex"].patch == snapshot("""\
@@ -1 +1 @@
-a
\\ No newline at end of file
+b
\\ No newline at end of file\
""")
    assert found['new ü\n".ex'].patch == snapshot("""\
@@ -0,0 +1,2 @@
+diff --git a/x b/x
+@@ -1 +1 @@\
""")
    assert (found["type.ex"].patch or "").endswith("+edit.ex\n\\ No newline at end of file")
    assert (found["renamed.ex"].patch or "").endswith("+more")


async def test_a_first_commit_is_compared_with_nothing(source: Path) -> None:
    bare, _, _ = await brought(source)
    root = git(source, "rev-list", "--max-parents=0", "HEAD")
    (change,) = await bare.changes(EMPTY_TREE, root)
    assert (change.status, change.filename, change.additions) == ("added", "mix.exs", 2)
    assert (await bare.diff_text(EMPTY_TREE, root)).startswith("diff --git a/mix.exs b/mix.exs\n")
    assert "Subject: [PATCH] Begin" in await bare.patch_text(EMPTY_TREE, root)
    await bare.close()


async def test_many_files_are_cut_and_asked_for_once(source: Path) -> None:
    for number in range(310):
        (source / f"f{number:04}.ex").write_text(f"{number}\n")
    commit_file(source, "z.ex", "")
    bare, base, head = await brought(source)
    assert len(await bare.changes(base, head)) == 300
    git_files = await bare.changes(base, head, limit=3000)
    assert [c.filename for c in git_files] == [f"f{n:04}.ex" for n in range(310)] + ["z.ex"]
    assert all(c.patch for c in git_files[:-1])
    assert git_files[-1].patch is None
    bare.path.rename(bare.path.with_name("away.git"))
    assert await bare.changes(base, head, limit=3000) == git_files
    await bare.close()


async def test_a_large_patch_is_left_out_of_its_file_alone(source: Path) -> None:
    (source / "large.ex").write_text("x\n" * (PATCH_LINES + 1))
    (source / "long.ex").write_text("y" * 600_000)
    commit_file(source, "small.ex", "z\n")
    bare, base, head = await brought(source)
    found = {c.filename: c for c in await bare.changes(base, head)}
    assert found["large.ex"].additions == PATCH_LINES + 1
    assert found["large.ex"].patch is None
    assert found["long.ex"].patch is None
    assert found["small.ex"].patch == "@@ -0,0 +1 @@\n+z"
    await bare.close()


async def test_what_does_not_fit_at_all_is_refused_or_cut(source: Path) -> None:
    for number in range(5):
        (source / f"huge{number}.ex").write_text((f"{number}" * 99 + "\n") * 80_000)
    commit_file(source, "small.ex", "z\n")
    bare, base, head = await brought(source)
    changes = await bare.changes(base, head)
    assert [c.additions for c in changes] == [80_000] * 5 + [1]
    assert {c.patch for c in changes} == {None}
    with pytest.raises(TooLarge):
        await bare.diff_text(base, head)
    with pytest.raises(TooLarge):
        await bare.patch_text(base, head)
    await bare.close()


async def test_texts_are_what_head_changed_since_it_left(source: Path) -> None:
    git(source, "checkout", "-q", "-b", "head")
    commit_file(source, "one.ex", "1\n", "One")
    head = commit_file(source, "two.ex", "2\n", "Two")
    git(source, "checkout", "-q", "main")
    base = commit_file(source, "three.ex", "3\n", "Three")
    bare, _, _ = await brought(source)
    assert await bare.diff_text(base, head) == git(source, "diff", f"{base}...{head}") + "\n"
    patch = await bare.patch_text(base, head)
    assert [x for x in patch.splitlines() if x.startswith("Subject")] == [
        "Subject: [PATCH 1/2] One",
        "Subject: [PATCH 2/2] Two",
    ]
    assert "three.ex" not in patch
    for one, other in (("1" * 40, head), (base, "--stat"), ("HEAD", head)):
        for asking in (bare.diff_text, bare.patch_text):
            with pytest.raises(UnknownObject):
                await asking(one, other)
        with pytest.raises(UnknownObject):
            await bare.changes(one, other)
    await bare.close()


async def test_a_patch_applies(source: Path, tmp_path: Path) -> None:
    (source / "binary").write_bytes(b"\0\7" * 50)
    commit_file(source, "ü.ex", "1\n", "Ünicode")
    bare, base, head = await brought(source)
    patch = await bare.patch_text(base, head)
    await bare.close()
    git(tmp_path, "clone", "-q", str(source), "again")
    git(tmp_path / "again", "reset", "-q", "--hard", base)
    git(tmp_path / "again", "am", "-q", stdin=patch.encode())
    assert git(tmp_path / "again", "rev-parse", "HEAD^{tree}") == git(
        source, "rev-parse", "HEAD^{tree}"
    )


def test_a_change_counts_its_lines() -> None:
    change = FileChange("added", "a", None, "1" * 40, 2, 0, None)
    assert replace(change, deletions=3).changes == 5
