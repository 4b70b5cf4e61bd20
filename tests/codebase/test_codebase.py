"""The code base as one object: confined, exact, quick to ask again, honest about what ran."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.codebase.repository import Repository
from bot.codebase.worktree import Worktree
from bot.core.ports import CommandResult, Workspace
from bot.elixir.tree import MAX_BYTES
from bot.errors import NoMatch, Refused, Unusable
from tests.codebase.support import (
    FILES,
    make_repository,
    open_in,
    plain_git,
    settings_in,
    write_files,
)

SPAWNS = "defmodule Shop.Job do\n  def run, do: spawn(fn -> :ok end)\nend\n"


def over(worktree: Worktree) -> Codebase:
    return Codebase(WorkFiles(worktree.project), worktree=worktree)


def worktree_of(repository: Repository, tmp_path: Path) -> Worktree:
    return Worktree.create(repository, "genesis/x/stage-1", repository.head, tmp_path / "work")


@pytest.fixture
def base(tmp_path: Path) -> Codebase:
    return over(worktree_of(open_in(tmp_path), tmp_path))


@pytest.fixture
def plain(tmp_path: Path) -> Codebase:
    write_files(tmp_path / "plain", FILES)
    return Codebase(WorkFiles(tmp_path / "plain"), settings=settings_in(tmp_path))


def root_of(base: Codebase) -> Path:
    assert base.worktree is not None
    return base.worktree.project


def test_it_is_the_workspace_that_tools_ask_for(base: Codebase) -> None:
    workspace: Workspace = base
    assert workspace.list("**/*.ex") == ("lib/shop.ex", "lib/shop/cart.ex")


def test_files_are_read_written_edited_and_removed(base: Codebase) -> None:
    new = base.write("lib/new.ex", "defmodule New do\nend\n")
    assert (new.path, new.created, new.problem) == ("lib/new.ex", True, "")
    assert new.diff.startswith("--- /dev/null\n+++ b/lib/new.ex\n")
    again = base.write("lib/new.ex", "defmodule New do\nend\n")
    assert (again.created, again.diff) == (False, "")
    edited = base.edit("lib/shop.ex", ":world", ":moon")
    assert edited.replacements == 1
    assert "-  def hello, do: :world\n+  def hello, do: :moon\n" in edited.diff
    assert base.read("lib/shop.ex") == "defmodule Shop do\n  def hello, do: :moon\nend\n"
    gone = base.remove("mix.exs")
    assert "+++ /dev/null" in gone.diff
    assert base.list("*") == (".gitignore",)


def test_the_diff_is_what_git_would_apply(base: Codebase, tmp_path: Path) -> None:
    assert base.diff() == ""
    base.edit("lib/shop.ex", ":world", ":moon")
    base.write("lib/new.ex", "x\n")
    base.remove("lib/shop/cart.ex")
    patch = tmp_path / "a.patch"
    patch.write_text(base.diff())
    assert base.worktree is not None
    checkout = base.worktree.repository.root
    plain_git(checkout, "apply", str(patch))
    assert (checkout / "lib/shop.ex").read_text() == base.read("lib/shop.ex")
    assert not (checkout / "lib/shop/cart.ex").exists()


def test_a_project_below_the_top_sees_only_itself(tmp_path: Path) -> None:
    files = {f"apps/shop/{path}": content for path, content in FILES.items()}
    root = make_repository(tmp_path / "repo", {**files, "other.ex": b"other"})
    repository = Repository.open(root / "apps/shop", settings_in(tmp_path))
    worktree = worktree_of(repository, tmp_path)
    base = over(worktree)
    assert base.list() == (".gitignore", "lib/shop.ex", "lib/shop/cart.ex", "mix.exs")
    name = base.snapshot()
    base.edit("lib/shop.ex", ":world", ":moon")
    worktree.files.write("other.ex", "changed by somebody")
    assert "+++ b/lib/shop.ex\n" in base.diff()
    assert "other.ex" not in base.diff()
    base.restore(name)
    assert base.diff() == ""
    assert worktree.files.read_text("other.ex") == "changed by somebody"
    with pytest.raises(Refused):
        base.read("../../other.ex")
    with pytest.raises(Refused, match="not the project"):
        Codebase(WorkFiles(worktree.root), worktree=worktree)


def test_a_project_that_became_a_link_is_refused(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo", {"app/mix.exs": b"", "x": b""})
    repository = Repository.open(root / "app", settings_in(tmp_path))
    worktree = worktree_of(repository, tmp_path)
    (worktree.project / "mix.exs").unlink()
    worktree.project.rmdir()
    worktree.project.symlink_to(tmp_path)
    with pytest.raises(Refused, match="not the project"):
        over(worktree)


PATHS = [
    "../repo/mix.exs",
    "/etc/passwd",
    "lib/../../x",
    ".git/config",
    "lib/.GIT/x",
    ".git\u200b/x",
    "\uff0egit/x",
    "..\\x",
    "a\0b",
    "",
    "lib/new\nline.ex",
    "lib/\u202eex.bil",
    "lib/\ud800.ex",
    "lib/" + "x" * 300,
    "link/passwd",
    "link.ex",
    "lib/pipe",
    "lib",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_tool_touches_what_is_outside_or_odd(base: Codebase, path: str) -> None:
    root = root_of(base)
    (root / "link").symlink_to("/etc")
    (root / "link.ex").symlink_to(root / "mix.exs")
    os.mkfifo(root / "lib" / "pipe")
    before = sorted(root.rglob("*"))
    for action in (
        lambda: base.read(path),
        lambda: base.write(path, "x"),
        lambda: base.edit(path, "a", "b"),
        lambda: base.remove(path),
        lambda: base.outline(f"{path}.ex"),
    ):
        with pytest.raises(Refused):
            action()
    assert sorted(root.rglob("*")) == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["..", ".", "", ".git", "lib", "LIB", "link", "deps", "_Build", "sub"]),
            st.text(max_size=3),
        ),
        max_size=4,
    ).map("/".join)
)
def test_whatever_the_path_only_the_project_changes(plain: Codebase, path: str) -> None:
    outside = plain._files.root.parent
    link = plain._files.root / "link"
    if not link.is_symlink():
        link.symlink_to("..")
    try:
        plain.write(path, "x")
    except Refused:
        pass
    else:
        assert path in plain.list()
        assert plain.read(path) == "x"
        plain.remove(path)
    assert {"_build", "deps"}.isdisjoint(os.listdir(plain._files.root))
    assert sorted(os.listdir(outside)) in (["cache", "plain"], ["plain"])


def test_a_missing_file_suggests_those_that_may_be_meant(base: Codebase) -> None:
    for path in ("shop/cart.ex", "lib/shop/Cart.ex", "lib/shop/carts.ex"):
        for action in (base.read, base.remove):
            with pytest.raises(Refused) as caught:
                action(path)
            assert "there is lib/shop/cart.ex" in caught.value.hint
    with pytest.raises(Refused) as caught:
        base.read("nothing/like/it.txt")
    assert caught.value.hint == "list what there is"


def test_build_output_is_neither_listed_nor_written(base: Codebase) -> None:
    root = root_of(base)
    made = ("_build/a.ex", "deps/jason/b.ex", "cover/c.ex", "assets/node_modules/d.ex")
    umbrella = {"apps/web/mix.exs": b"", "apps/web/deps/e.ex": b""}
    write_files(root, {**dict.fromkeys(made, b"x"), **umbrella, "lib/deps/graph.ex": b"x"})
    listed = base.list("**/*.ex")
    assert listed == ("lib/deps/graph.ex", "lib/shop.ex", "lib/shop/cart.ex")
    for path in (*made, "_BUILD/new.ex", "apps/web/deps/new.ex", "Deps/x"):
        with pytest.raises(Refused, match="build output"):
            base.write(path, "x")
    assert base.read("deps/jason/b.ex") == "x", "a dependency may be looked at"
    base.write("lib/deps/new.ex", "")


def test_a_submodule_is_another_repository(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo", {"app/mix.exs": b"", "a.ex": b""})
    head = plain_git(root, "rev-parse", "HEAD")
    for path in ("app/sub", "outer"):
        plain_git(root, "update-index", "--add", "--cacheinfo", f"160000,{head},{path}")
    plain_git(root, "commit", "--quiet", "-m", "x")
    for where, sub in ((root, "app/sub"), (root / "app", "sub")):
        repository = Repository.open(where, settings_in(tmp_path))
        base = over(worktree_of(repository, tmp_path))
        write_files(root_of(base), {f"{sub}/a.ex": b"theirs"})
        assert f"{sub}/a.ex" not in base.list()
        for path in (f"{sub}/a.ex", f"{sub}/new.ex", f"{sub.upper()}/x", sub):
            with pytest.raises(Refused, match="submodule"):
                base.write(path, "x")
        with pytest.raises(Refused, match="submodule"):
            base.read(f"{sub}/a.ex")
        assert base.diff() == ""


def test_a_submodule_that_comes_with_a_commit_is_seen(base: Codebase) -> None:
    assert base.worktree is not None
    base.write("sub/a.ex", "ours")
    base.remove("sub/a.ex")
    git = base.worktree.git
    head = base.worktree.head()
    git.run("update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    with pytest.raises(Refused, match="submodule"):
        base.write("sub/a.ex", "x")


def test_what_is_too_large_is_neither_read_nor_written(base: Codebase) -> None:
    with open(root_of(base) / "large.ex", "wb") as sparse:
        sparse.truncate(MAX_BYTES + 1)
    for action in (
        lambda: base.read("large.ex"),
        lambda: base.write("large.ex", "small"),
        lambda: base.write("new.ex", "\u00e9" * MAX_BYTES),
        lambda: base.edit("lib/shop.ex", "hello", "x" * MAX_BYTES),
    ):
        with pytest.raises(Refused, match="larger than 2,000,000 bytes"):
            action()
    assert base.read("lib/shop.ex").startswith("defmodule")
    assert base.findings() == ()


def test_text_that_is_no_unicode_is_refused_and_nothing_is_written(base: Codebase) -> None:
    with pytest.raises(Refused, match="no Unicode"):
        base.write("lib/shop.ex", "\ud800")
    with pytest.raises(Refused, match="no Unicode"):
        base.edit("lib/shop.ex", "hello", "\udfff")
    assert base.diff() == ""


def test_an_edit_keeps_mode_and_line_ends(base: Codebase) -> None:
    path = root_of(base) / "lib" / "shop.ex"
    path.write_bytes(b"a\r\nb\r\nc\n")
    path.chmod(0o755)
    base.edit("lib/shop.ex", "a\nb", "1\n2")
    assert path.read_bytes() == b"1\r\n2\r\nc\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o755


def test_a_dry_run_shows_the_diff_and_writes_nothing(base: Codebase) -> None:
    shown = base.edit("lib/shop.ex", ":world", ":moon", dry_run=True)
    assert base.diff() == ""
    assert base.edit("lib/shop.ex", ":world", ":moon") == shown
    assert base.diff() != ""


def test_an_edit_that_misses_changes_nothing(base: Codebase) -> None:
    with pytest.raises(NoMatch, match="not in the file"):
        base.edit("lib/shop.ex", "def helo", "x")
    with pytest.raises(NoMatch, match="occurs 2 times"):
        base.edit("lib/shop.ex", "do", "x")
    assert base.edit("lib/shop.ex", "do", "do", every=True).diff == ""
    assert base.diff() == ""


def test_an_edit_that_breaks_the_syntax_says_so_until_it_is_whole(base: Codebase) -> None:
    broken = base.edit("lib/shop.ex", "  def hello, do: :world\n", "  def hello do\n    1\n")
    assert broken.problem.startswith("line ")
    assert base.edit("lib/shop.ex", "    1\n", "    2\n").problem != ""
    assert base.edit("lib/shop.ex", "    2\n", "    2\n  end\n").problem == ""


def test_findings_and_modules_follow_every_change(base: Codebase) -> None:
    assert base.findings() == ()
    base.write("lib/job.ex", SPAWNS)
    (found,) = base.findings()
    assert (found.rule, found.path, found.line) == ("unsupervised-spawn", "lib/job.ex", 2)
    assert base.findings(rules=("unsupervised-spawn",), paths=("lib",)) == (found,)
    assert base.findings(rules=("blocking-init",)) == ()
    assert base.findings(paths=("lib/jo", "test")) == ()
    assert [m.name for m in base.modules()] == ["Shop.Job", "Shop", "Shop.Cart", "Shop.MixProject"]
    (root_of(base) / "lib/job.ex").write_text(SPAWNS.replace("spawn(fn", "paint(fn"))
    assert base.findings() == (), "also when somebody else wrote it, and in the same moment"
    base.remove("lib/job.ex")
    assert "Shop.Job" not in [m.name for m in base.modules()]
    with pytest.raises(Refused, match="no rule 'nosuch'"):
        base.findings(rules=("nosuch",))


def test_what_cannot_be_analysed_is_left_out_of_the_findings(base: Codebase) -> None:
    root = root_of(base)
    (root / "lib/latin.ex").write_bytes(b"\xe9" + SPAWNS.encode())
    (root / "lib/link.ex").symlink_to("/etc/passwd")
    (root / "lib/dir.ex").mkdir()
    assert base.findings() == ()
    assert len(base.modules()) == 3


def test_an_outline_is_of_elixir_only(base: Codebase) -> None:
    assert "def hello/0" in base.outline("lib/shop.ex")
    with pytest.raises(Refused, match="no Elixir file"):
        base.outline(".gitignore")


def test_the_skeleton_holds_the_modules_and_keeps_to_its_size(base: Codebase) -> None:
    assert "Shop.Cart" in base.skeleton()
    assert len(base.skeleton(max_tokens=60)) < len(base.skeleton())


def test_a_search_keeps_to_its_glob_and_to_what_is_ours(base: Codebase) -> None:
    write_files(root_of(base), {"_build/x.ex": b"hello", "hello.txt": b"hello"})
    found = base.search("hel+o", glob="**/*.ex")
    assert [(m.path, m.line, m.text) for m in found] == [
        ("lib/shop.ex", 2, "  def hello, do: :world")
    ]
    assert {m.path for m in base.search("hello")} == {"hello.txt", "lib/shop.ex"}
    with pytest.raises(Refused):
        base.search("x", glob="../*")


def test_a_snapshot_is_found_by_another_object_on_the_same_tree(base: Codebase) -> None:
    base.write("lib/half.ex", "half")
    name = base.snapshot()
    base.remove("lib/half.ex")
    base.edit("lib/shop.ex", ":world", ":moon")
    assert base.worktree is not None
    other = over(base.worktree)
    other.restore(name)
    assert base.read("lib/half.ex") == "half"
    assert "moon" not in base.read("lib/shop.ex")


def test_without_a_repository_the_diff_is_what_was_done_here(plain: Codebase) -> None:
    assert plain.diff() == ""
    plain.edit("lib/shop.ex", ":world", ":moon")
    name = plain.snapshot()
    plain.remove("mix.exs")
    assert "+++ /dev/null" in plain.diff()
    again = Codebase(plain._files, settings=settings_in(plain._files.root.parent))
    assert again.diff() == "", "a new object begins with what it finds"
    again.restore(name)
    assert again.read("mix.exs") == FILES["mix.exs"].decode()
    assert again.diff().count("diff --git") == 1, "a restored one goes on where that began"
    assert "+  def hello, do: :moon" in again.diff()
    assert not (plain._files.root / ".git").exists()


def test_without_elixir_nothing_is_run(base: Codebase, plain: Codebase) -> None:
    runs: tuple[Callable[[], CommandResult], ...] = (
        lambda: base.mix("compile"),
        base.run_test,
        plain.run_credo,
    )
    for run in runs:
        with pytest.raises(Unusable, match="cannot build here"):
            run()
    with pytest.raises(Refused, match="not on the list"):
        base.mix("run")


def test_many_threads_write_and_read_without_mixing_texts(base: Codebase) -> None:
    texts = {str(n) * 20_000 for n in range(8)}
    base.write("lib/a.ex", min(texts))
    seen: set[str] = set()

    def work(text: str) -> None:
        for _ in range(5):
            base.write("lib/a.ex", text)
            seen.add(base.read("lib/a.ex"))
            base.list()
            base.modules()

    threads = [threading.Thread(target=work, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen
    assert seen <= texts


def test_edits_of_one_file_by_many_threads_all_arrive(base: Codebase) -> None:
    base.write("list.txt", "".join(f"[{n}]\n" for n in range(40)))

    def work(numbers: range) -> None:
        for n in numbers:
            base.edit("list.txt", f"[{n}]", f"({n})")

    threads = [threading.Thread(target=work, args=(range(n, 40, 4),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert base.read("list.txt") == "".join(f"({n})\n" for n in range(40))


def test_a_copy_keeps_bytes_and_mode_and_is_seen_in_the_diff(base: Codebase) -> None:
    script = root_of(base) / "run.sh"
    script.write_bytes(b"#!/bin/sh\n\xff\0")
    script.chmod(0o755)
    name = base.snapshot()
    base.copy("run.sh", "bin/deep/run.sh")
    copied = root_of(base) / "bin/deep/run.sh"
    assert copied.read_bytes() == script.read_bytes()
    assert stat.S_IMODE(copied.stat().st_mode) == 0o755
    assert base.size("bin/deep/run.sh") == base.size("run.sh") == 12
    base.copy("lib/shop.ex", "bin/deep/run.sh")
    assert base.read("bin/deep/run.sh") == base.read("lib/shop.ex")
    assert "bin/deep/run.sh" in base.diff()
    base.restore(name)
    assert not copied.exists()


@pytest.mark.parametrize(
    ("source", "destination"),
    [
        ("../outside", "a"),
        ("lib/shop.ex", "../a"),
        ("lib/shop.ex", "/a"),
        (".git/config", "a"),
        ("lib/shop.ex", ".git/hooks/pre-commit"),
        ("lib/shop.ex", "_build/a"),
        ("lib/shop.ex", "lib"),
        ("lib", "a"),
        ("link", "a"),
        ("nope", "a"),
    ],
)
def test_nothing_is_copied_out_of_or_into_what_is_not_ours(
    base: Codebase, source: str, destination: str
) -> None:
    (root_of(base) / "link").symlink_to("/etc/hostname")
    before = base.list()
    with pytest.raises(Refused):
        base.copy(source, destination)
    assert base.list() == before


def test_the_size_of_what_is_missing_is_refused(base: Codebase) -> None:
    with pytest.raises(Refused, match="no such file"):
        base.size("lib/shop.exs")
