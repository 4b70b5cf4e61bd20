"""git runs nothing the repository carries, and knows who the user is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.codebase.git import FALLBACK_EMAIL, FALLBACK_NAME, Git, checked_commit, checked_ref
from bot.codebase.repository import Repository
from bot.codebase.worktree import Worktree
from bot.errors import CommandFailed, Refused, Unusable
from bot.github.store import PlanStore
from tests.codebase.support import FILES, make_repository, open_in, plain_git, settings_in

ATTRIBUTES = b"*.ex filter=a=b diff=evil merge=evil\n"
HOOKS = ("pre-commit", "post-checkout", "post-commit", "reference-transaction", "post-index-change")


def environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home)}


def make_hostile(root: Path, marks: Path) -> Path:
    """A repository in which every known way to run a program leaves a mark of its name."""
    make_repository(root, {**FILES, ".gitattributes": ATTRIBUTES})
    marks.mkdir()

    def program(name: str) -> str:
        script = marks.parent / f"evil-{name}"
        script.write_text(f"#!/bin/sh\ntouch {marks}/{name}\ncat\n", encoding="utf-8")
        script.chmod(0o755)
        return str(script)

    for hook in HOOKS:
        path = root / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {marks}/{hook}\n", encoding="utf-8")
        path.chmod(0o755)
    keys = {
        "core.fsmonitor": "fsmonitor",
        "core.sshCommand": "ssh",
        "core.pager": "pager",
        "core.editor": "editor",
        "credential.helper": "credential",
        "filter.a=b.clean": "clean",
        "filter.a=b.smudge": "smudge",
        "diff.evil.textconv": "textconv",
        "diff.evil.command": "diff-command",
        "diff.external": "external",
        "merge.evil.driver": "merge",
        "gpg.program": "gpg",
    }
    for key, name in keys.items():
        plain_git(root, "config", key, program(name))
    for key in ("commit.gpgSign", "log.showSignature", "filter.a=b.required"):
        plain_git(root, "config", key, "true")
    plain_git(root, "config", "include.path", str(marks.parent / "included"))
    included = f'[filter "more"]\n\tprocess = {program("process")}\n'
    (marks.parent / "included").write_text(included, encoding="utf-8")
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "attributes").write_text("mix.exs filter=more\n", encoding="utf-8")
    return root


def left(marks: Path) -> set[str]:
    return {path.name for path in marks.iterdir()}


def test_the_traps_work_when_git_is_run_without_care(tmp_path: Path) -> None:
    root, marks = make_hostile(tmp_path / "repo", tmp_path / "marks"), tmp_path / "marks"
    (root / "lib" / "shop.ex").write_bytes(b"changed\n")
    (root / "mix.exs").write_bytes(b"changed\n")
    plain_git(root, "status", check=False)
    plain_git(root, "diff", check=False)
    plain_git(root, "add", "--all", check=False)
    plain_git(root, "commit", "-m", "x", check=False)
    expected = {"fsmonitor", "clean", "process", "diff-command", "pre-commit", "gpg"}
    assert expected <= left(marks)


def test_nothing_a_hostile_repository_carries_is_executed(tmp_path: Path) -> None:
    root, marks = make_hostile(tmp_path / "repo", tmp_path / "marks"), tmp_path / "marks"
    for name in ("lib/shop.ex", "mix.exs"):
        (root / name).write_bytes(b"dirty\n")
    for mark in marks.iterdir():
        mark.unlink()

    repository = Repository.open(root, settings_in(tmp_path))
    assert set(repository.dirty()) == {"lib/shop.ex", "mix.exs"}
    repository.read_all(repository.list(repository.head))
    slot = repository.cache / "work"
    tree = Worktree.create(repository, "genesis/local-1/stage-1", repository.head, slot)
    tree.files.write("lib/shop.ex", "defmodule Shop do\nend\n")
    assert "lib/shop.ex" in tree.diff()
    commit = tree.commit("Edit", ["lib/shop.ex"])
    tree.revert(commit, "Undo")
    Worktree.resume(repository, "genesis/local-1/stage-1", repository.head, slot).reset()
    PlanStore(repository).write("local-1", {"plan.json": b"{}"}, "Plan", None)
    repository.git.run("diff", "HEAD", check=False)
    repository.git.run("log", "--patch", "-1", check=False)
    repository.git.run("ls-remote", "ssh://example.invalid/x", check=False)

    assert left(marks) == set()
    assert (root / "lib/shop.ex").read_bytes() == b"dirty\n"


def test_the_callers_git_variables_do_not_redirect_us(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo")
    other = make_repository(tmp_path / "other", {"other.txt": b"x"})
    env = {**environment(tmp_path), "GIT_DIR": str(other / ".git"), "GIT_INDEX_FILE": "/dev/null"}
    git = Git(root, env)
    assert git.line("rev-parse", "HEAD") == plain_git(root, "rev-parse", "HEAD")


def test_identity_is_the_users_own(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo")
    (tmp_path / ".gitconfig").write_text("[user]\nname = Grace\nemail = g@example.org\n")
    assert Git(root, environment(tmp_path)).identity == ("Grace", "g@example.org")
    plain_git(root, "config", "user.name", "Grace H.")
    assert Git(root, environment(tmp_path)).identity == ("Grace H.", "g@example.org")


def test_identity_falls_back_to_ours(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo")
    assert Git(root, environment(tmp_path)).identity == (FALLBACK_NAME, FALLBACK_EMAIL)


def test_line_endings_the_user_configured_do_not_make_the_tree_dirty(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo", {"a.ex": b"one\ntwo\n"})
    (tmp_path / ".gitconfig").write_text("[core]\nautocrlf = true\n")
    (root / "a.ex").write_bytes(b"one\r\ntwo\r\n")
    git = Git(root, environment(tmp_path))
    assert git.run("diff", "--name-only").stdout == ""


def test_failure_names_the_command_and_what_git_said(tmp_path: Path) -> None:
    git = Git(make_repository(tmp_path / "repo"), environment(tmp_path))
    with pytest.raises(CommandFailed, match="cat-file") as caught:
        git.run("cat-file", "blob", "0" * 40)
    assert caught.value.returncode == 128
    assert git.run("cat-file", "blob", "0" * 40, check=False).returncode == 128


def test_a_path_is_never_a_pattern(tmp_path: Path) -> None:
    git = Git(make_repository(tmp_path / "repo"), environment(tmp_path))
    assert git.raw("ls-files", "--", "lib/*.ex", ":(top)mix.exs") == b""
    assert git.raw("ls-files", "--", "mix.exs") == b"mix.exs\n"


def test_the_deadline_is_a_failure(tmp_path: Path) -> None:
    git = Git(make_repository(tmp_path / "repo"), environment(tmp_path))
    os.mkfifo(tmp_path / "never-written")
    with pytest.raises(CommandFailed, match="git took longer"):
        git.run("hash-object", "--no-filters", str(tmp_path / "never-written"), timeout=0.1)


def test_a_directory_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="no such directory"):
        Git(tmp_path / "gone", environment(tmp_path))


def test_git_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="git is not installed"):
        Git(tmp_path, {"PATH": str(tmp_path)})


def test_a_partial_clone_is_not_completed_behind_our_back(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source")
    plain_git(source, "config", "uploadpack.allowFilter", "true")
    flags = ("--quiet", "--no-local", "--filter=blob:none", "--no-checkout")
    plain_git(tmp_path, "clone", *flags, f"file://{source}", "partial")
    repository = Repository.open(tmp_path / "partial", settings_in(tmp_path))
    with pytest.raises(Unusable, match="missing in this partial clone"):
        repository.read(repository.head, "mix.exs")


@pytest.mark.parametrize(
    "name",
    [
        "--upload-pack=x",
        "refs/heads/-x",
        "refs/heads/../main",
        "refs/heads/a..b",
        "refs/heads/a@{1}",
        "refs/heads/a b",
        "refs/heads/a\n",
        "refs/heads/a.lock",
        "refs/heads/a.lock/b",
        "refs/heads/",
        "refs//heads/a",
        "heads/main",
        "refs/heads/a:b",
        "",
    ],
)
def test_odd_ref_names_are_refused(name: str) -> None:
    with pytest.raises(Refused):
        checked_ref(name)


@given(st.text(max_size=30).map(lambda tail: f"refs/heads/{tail}"))
def test_what_we_accept_as_a_ref_holds_nothing_special(name: str) -> None:
    try:
        checked_ref(name)
    except Refused:
        return
    assert not set(name) & set(" ~^:?*[\\\n\0")
    assert not any(piece.startswith(("-", ".")) for piece in name.split("/"))


@pytest.mark.parametrize("sha", ["", "HEAD", "abc", "g" * 40, "a" * 41, "-" * 40, "a" * 40 + "\n"])
def test_only_full_commit_ids_are_commits(sha: str) -> None:
    with pytest.raises(Refused):
        checked_commit(sha)


def test_a_configuration_change_between_two_commands_is_seen(tmp_path: Path) -> None:
    repository = open_in(tmp_path, {**FILES, ".gitattributes": b"*.ex filter=late\n"})
    mark = tmp_path / "mark"
    plain_git(repository.root, "config", "filter.late.clean", f"touch {mark}; cat")
    (repository.root / "lib/shop.ex").write_bytes(b"dirty\n")
    assert repository.dirty() == ("lib/shop.ex",)
    assert not mark.exists()
