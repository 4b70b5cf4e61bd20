"""Plans in refs: nothing is lost, nobody wins twice, no secret is kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.codebase.repository import Repository
from bot.errors import Refused, Transient, Unusable
from bot.github.store import PlanStore
from tests.codebase.support import open_in, plain_git, settings_in, snapshot

WRITER = """
import sys
from pathlib import Path
from bot.codebase.repository import Repository
from bot.errors import Transient
from bot.github.store import PlanStore
from bot.settings import Settings

root, cache, name, wins = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
store = PlanStore(Repository.open(root, Settings(cache_dir=cache)))
sys.stdin.readline()
while wins:
    tip = store.tip("local-1")
    count = int(store.read("local-1", tip)["count"])
    try:
        store.write("local-1", {"count": b"%d" % (count + 1)}, f"{name} {wins}", tip)
    except Transient:
        continue
    wins -= 1
"""


@pytest.fixture
def store(tmp_path: Path) -> PlanStore:
    return PlanStore(open_in(tmp_path))


def start(script: str, repository: Repository, tmp_path: Path, *args: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", script, str(repository.root), str(tmp_path / "cache"), *args]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, text=True)


def test_each_transition_is_a_commit_over_the_one_before(store: PlanStore) -> None:
    first = store.write("local-1", {"plan.json": b"{}", "README.md": b"# Plan"}, "Plan", None)
    second = store.write(
        "local-1", {"state.json": b"1", "attempts/1/1.json": b"2"}, "Attempt\n\nwhy", first
    )
    assert store.read("local-1") == {
        "README.md": b"# Plan",
        "attempts/1/1.json": b"2",
        "plan.json": b"{}",
        "state.json": b"1",
    }
    assert store.read("local-1", first) == {"README.md": b"# Plan", "plan.json": b"{}"}
    history = store.history("local-1")
    assert [(t.sha, t.message) for t in history] == [(second, "Attempt"), (first, "Plan")]
    root = store.repository.root
    assert plain_git(root, "rev-parse", "refs/genesis/plan-local-1") == second
    assert plain_git(root, "rev-list", "--count", second) == "2"
    assert plain_git(root, "fsck", "--strict") == ""


def test_a_file_is_replaced_and_deep_paths_stay(store: PlanStore) -> None:
    first = store.write("7", {"attempts/1/1.json": b"a", "state.json": b"1"}, "x", None)
    store.write("7", {"attempts/1/2.json": b"b", "state.json": b"2"}, "y", first)
    assert store.read("7") == {
        "attempts/1/1.json": b"a",
        "attempts/1/2.json": b"b",
        "state.json": b"2",
    }


def test_a_writer_that_is_behind_is_told_and_changes_nothing(store: PlanStore) -> None:
    first = store.write("local-1", {"a": b"1"}, "x", None)
    second = store.write("local-1", {"a": b"2"}, "y", first)
    for expected in (None, first):
        with pytest.raises(Transient, match="another process"):
            store.write("local-1", {"a": b"3"}, "z", expected)
    assert store.tip("local-1") == second


def test_two_writers_of_the_same_content_make_two_commits(tmp_path: Path, store: PlanStore) -> None:
    """Byte-identical commits let both writers believe that they won."""
    other = PlanStore(Repository.open(store.repository.root, settings_in(tmp_path)))
    ours = store.write("local-1", {"a": b"1"}, "x", None)
    theirs = other.write("local-2", {"a": b"1"}, "x", None)
    assert ours != theirs
    body = plain_git(store.repository.root, "log", "-1", "--format=%B", ours)
    assert f"Genesis-Writer: {store.writer}" in body
    assert "Genesis-Nonce: " in body


def test_processes_that_race_lose_no_transition(tmp_path: Path, store: PlanStore) -> None:
    store.write("local-1", {"count": b"0"}, "start", None)
    writers = [start(WRITER, store.repository, tmp_path, f"w{i}", "8") for i in range(4)]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    assert store.read("local-1")["count"] == b"32"
    messages = [t.message for t in store.history("local-1")]
    assert len(messages) == 33
    assert sorted(messages[:-1]) == sorted(f"w{i} {n}" for i in range(4) for n in range(1, 9))


def test_only_one_process_gets_a_new_id(tmp_path: Path, store: PlanStore) -> None:
    other = PlanStore(Repository.open(store.repository.root, settings_in(tmp_path)))
    mine, theirs = store.next_id(), other.next_id()
    assert mine == theirs == "local-1"
    store.write(mine, {"a": b"1"}, "x", None)
    with pytest.raises(Transient):
        other.write(theirs, {"a": b"2"}, "x", None)
    assert other.next_id() == "local-2"


def test_kill_9_in_the_middle_of_writing_leaves_a_readable_plan(
    tmp_path: Path, store: PlanStore
) -> None:
    store.write("local-1", {"count": b"0"}, "start", None)
    seen = store.tip("local-1")
    writer = start(WRITER, store.repository, tmp_path, "w", "1000000")
    assert writer.stdin
    writer.stdin.write("\n")
    writer.stdin.flush()
    while store.tip("local-1") == seen:
        assert writer.poll() is None
    writer.kill()
    writer.communicate()
    count = int(store.read("local-1")["count"])
    assert count == len(store.history("local-1")) - 1 >= 1


def test_ids_are_listed_and_counted(store: PlanStore) -> None:
    assert (store.list(), store.latest(), store.next_id()) == ((), None, "local-1")
    # The latest comes last: a second may begin between two of them.
    for plan_id in ("42", "local-2", "local-10"):
        store.write(plan_id, {"a": b""}, "x", None)
    plain_git(store.repository.root, "update-ref", "refs/genesis/plan-odd", "HEAD")
    assert store.list() == ("42", "local-2", "local-10")
    assert store.next_id() == "local-11"
    assert store.latest() == "local-10"


@pytest.mark.parametrize("plan_id", ["", "local-0", "../1", "1/x", "local-1\n", "-1", "x", "01"])
def test_what_is_no_id_is_named(store: PlanStore, plan_id: str) -> None:
    with pytest.raises(Unusable, match="not a plan id"):
        store.read(plan_id)


def test_a_plan_that_does_not_exist_lists_those_that_do(store: PlanStore) -> None:
    store.write("local-1", {"a": b""}, "x", None)
    with pytest.raises(Unusable, match="no such plan: 'local-9'") as caught:
        store.history("local-9")
    assert caught.value.hint == "plans here: local-1"


@pytest.mark.parametrize("path", ["", "/a", "a//b", "../a", ".git/x", "a/.git", "-x", "a\nb", "a "])
def test_odd_file_names_are_refused(store: PlanStore, path: str) -> None:
    with pytest.raises(Refused, match="not a path in a plan"):
        store.write("local-1", {path: b""}, "x", None)
    assert store.list() == ()


def test_secrets_are_masked_before_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "very-secret-value")
    store = PlanStore(open_in(tmp_path))
    text = b'{"code": "key = very-secret-value"}'
    tip = store.write("local-1", {"plan.json": text}, "About very-secret-value", None)
    assert store.read("local-1") == {"plan.json": b'{"code": "key = ***"}'}
    assert "very-secret" not in plain_git(store.repository.root, "cat-file", "-p", tip)
    found = plain_git(
        store.repository.root, "cat-file", "--batch-all-objects", "--batch", check=False
    )
    assert "very-secret" not in found


def test_bytes_that_are_no_text_are_kept(store: PlanStore) -> None:
    store.write("local-1", {"a": b"\xff\x00\r\n"}, "x", None)
    assert store.read("local-1") == {"a": b"\xff\x00\r\n"}


def test_clones_do_not_fetch_plans_and_mirrors_do(tmp_path: Path, store: PlanStore) -> None:
    store.write("local-1", {"a": b""}, "x", None)
    plain_git(tmp_path, "clone", "--quiet", "repo", "clone")
    plain_git(tmp_path, "clone", "--quiet", "--mirror", "repo", "mirror")
    name = "refs/genesis/plan-local-1"
    assert name not in plain_git(tmp_path / "clone", "for-each-ref")
    assert name in plain_git(tmp_path / "mirror", "for-each-ref")


def test_writing_a_plan_touches_nothing_of_the_user(store: PlanStore) -> None:
    before = snapshot(store.repository.root)
    tip = store.write("local-1", {"a": b"1"}, "x", None)
    store.write("local-1", {"a": b"2"}, "y", tip)
    assert snapshot(store.repository.root) == before
