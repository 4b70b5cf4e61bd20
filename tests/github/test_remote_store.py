"""Plans on a server: the simulator as a process, real git on both sides."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from bot.codebase.remote_git import Move, Remote
from bot.errors import Refused, Transient
from bot.github.remote_store import RemoteStore
from bot.github.sealing import Seal
from bot.github.store import PREFIX
from bot.settings import load_settings
from tests.simulator.process import simulating
from tests.simulator.support import make_source


@dataclass
class Server:
    said: dict[str, Any]

    def remote(self, write: bool = False) -> Remote:
        token = self.said["tokens"]["writer" if write else "reader"]
        return Remote(f"{self.said['url']}/acme/shop.git", os.environ, token)

    def store(self, folder: Path, writer: str = "one", key: str = "") -> RemoteStore:
        settings = load_settings(cache_dir=folder / "cache", state_dir=folder / "state")
        mirror, seal = folder / f"{writer}.git", Seal.of(key) if key else None
        return RemoteStore(mirror, self.remote, settings, writer=writer, seal=seal)

    def forge(self, folder: Path, plan: str, on: str) -> str:
        """A commit of somebody who may push, on top of the record."""
        forger = self.store(folder, "forger")
        assert forger.load(plan) is not None
        return forger.save(plan, {"a": b"approved by admin"}, "Plan: noted", on)

    def move(self, git_dir: Path, ref: str, new: str | None, expected: str | None) -> None:
        self.remote(True).push(git_dir, Move(ref, new, expected))

    def tip(self, plan: str) -> str | None:
        return self.remote().refs(f"{PREFIX}{plan}").get(f"{PREFIX}{plan}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    top = tmp_path_factory.mktemp("plans")
    source = make_source(top / "shop")
    with simulating(source, "--state", top / "state", "--private") as (_, said):
        yield Server(said)


@pytest.fixture
def plan(request: pytest.FixtureRequest) -> str:
    """A plan of the test's own."""
    return str(1 + crc32(request.node.name.encode()))


def test_a_plan_comes_back_with_its_history(server: Server, tmp_path: Path, plan: str) -> None:
    store = server.store(tmp_path)
    first = store.save(plan, {"a.json": b"1", "b/c.md": b"text"}, "begin", None)
    second = store.save(plan, {"a.json": b"2"}, "go on", first)
    other = server.store(tmp_path, "two")
    found = other.load(plan)
    assert found is not None
    assert (found.tip, dict(found.files)) == (second, {"a.json": b"2", "b/c.md": b"text"})
    assert [t.message for t in other.store.history(plan)] == ["go on", "begin"]
    assert other.tips()[plan] == second


def test_no_plan_is_none(server: Server, tmp_path: Path, plan: str) -> None:
    assert server.store(tmp_path).load(plan) is None


def test_the_second_of_two_writers_learns_that_it_is_late(
    server: Server, tmp_path: Path, plan: str
) -> None:
    one, two = server.store(tmp_path, "one"), server.store(tmp_path, "two")
    base = one.save(plan, {"a": b"0"}, "begin", None)
    assert two.load(plan) is not None
    won = one.save(plan, {"a": b"1"}, "one", base)
    with pytest.raises(Transient, match="changed by another process"):
        two.save(plan, {"a": b"2"}, "two", base)
    assert server.tip(plan) == won
    found = two.load(plan)
    assert found is not None
    assert found.files["a"] == b"1"
    assert two.save(plan, {"a": b"2"}, "two again", won) == server.tip(plan)


def test_two_writers_of_the_same_content_do_not_both_win(
    server: Server, tmp_path: Path, plan: str
) -> None:
    one, two = server.store(tmp_path, "one"), server.store(tmp_path, "two")
    one.save(plan, {"a": b"same"}, "begin", None)
    with pytest.raises(Transient):
        two.save(plan, {"a": b"same"}, "begin", None)


def test_a_commit_that_was_never_pushed_is_in_nobodys_way(
    server: Server, tmp_path: Path, plan: str
) -> None:
    killed = server.store(tmp_path)
    killed.store.write(plan, {"a": b"lost at first"}, "begin", None)
    first = server.store(tmp_path).save(plan, {"a": b"1"}, "begin", None)
    killed.store.write(plan, {"a": b"lost"}, "go on", first)
    store = server.store(tmp_path)
    assert store.load(plan) is not None
    second = store.save(plan, {"a": b"2"}, "go on", first)
    assert server.tip(plan) == second


def test_a_deleted_record_is_put_back(server: Server, tmp_path: Path, plan: str) -> None:
    store = server.store(tmp_path)
    tip = store.save(plan, {"a": b"1"}, "begin", None)
    server.move(store.repository.git_dir, f"{PREFIX}{plan}", None, tip)
    found = store.load(plan)
    assert found is not None
    assert found.tip == tip == server.tip(plan)


def test_a_record_that_was_set_back_is_set_forward_again(
    server: Server, tmp_path: Path, plan: str
) -> None:
    store = server.store(tmp_path)
    first = store.save(plan, {"a": b"1"}, "begin", None)
    second = store.save(plan, {"a": b"2"}, "go on", first)
    server.move(store.repository.git_dir, f"{PREFIX}{plan}", first, second)
    found = store.load(plan)
    assert found is not None
    assert found.tip == second == server.tip(plan)


def test_a_record_that_was_overwritten_is_put_back(
    server: Server, tmp_path: Path, plan: str
) -> None:
    store, forger = server.store(tmp_path), server.store(tmp_path, "forger")
    tip = store.save(plan, {"a": b"1"}, "begin", None)
    forged = forger.store.write(plan, {"a": b"approved by admin"}, "forged", None)
    server.move(forger.repository.git_dir, f"{PREFIX}{plan}", forged, tip)
    found = store.load(plan)
    assert found is not None
    assert found.files["a"] == b"1"
    assert server.tip(plan) == tip


@pytest.mark.parametrize("name", ["one", "fresh"])
def test_what_somebody_wrote_on_top_of_a_sealed_record_is_taken_off(
    server: Server, tmp_path: Path, plan: str, name: str
) -> None:
    one = server.store(tmp_path, key="of the App")
    first = one.save(plan, {"a": b"1"}, "begin", None)
    tip = one.save(plan, {"a": b"2"}, "go on", first)
    forged = server.forge(tmp_path, plan, tip)
    assert server.tip(plan) == forged
    found = server.store(tmp_path, name, key="of the App").load(plan)
    assert found is not None
    assert (found.tip, found.files["a"]) == (tip, b"2")
    assert server.tip(plan) == tip


def test_what_another_server_of_the_app_wrote_is_kept_where_somebody_wrote_on_top(
    server: Server, tmp_path: Path, plan: str
) -> None:
    one, two = (server.store(tmp_path, name, key="k") for name in ("one", "two"))
    first = one.save(plan, {"a": b"1"}, "begin", None)
    assert two.load(plan) is not None
    second = two.save(plan, {"a": b"2"}, "go on", first)
    server.forge(tmp_path, plan, second)
    found = one.load(plan)
    assert found is not None
    assert found.tip == second == server.tip(plan)


def test_a_record_without_our_seal_is_refused(server: Server, tmp_path: Path, plan: str) -> None:
    server.store(tmp_path, "other", key="of another App").save(plan, {"a": b"1"}, "begin", None)
    with pytest.raises(Refused, match="bears no seal"):
        server.store(tmp_path, "fresh", key="of the App").load(plan)


def test_a_seal_is_good_for_one_state_of_one_plan() -> None:
    seal = Seal.of("key")
    said = seal.sign("1", "tree", "parent", "nonce")
    commit = "tree tree\nparent parent\nauthor A\n\nPlan\n\nGenesis-Nonce: nonce\n"
    sealed = f"{commit}Genesis-Seal: {said}\n"
    assert seal.fits("1", sealed)
    assert not seal.fits("2", sealed)
    assert not seal.fits("1", commit)
    assert not seal.fits("1", sealed.replace("tree tree", "tree other"))
    assert not seal.fits("1", sealed.replace("parent parent", "parent parent\nparent more"))
    assert not Seal.of("other").fits("1", sealed)
    assert "key" not in repr(seal).replace("Seal", "")


def test_without_a_memory_the_server_is_believed(server: Server, tmp_path: Path, plan: str) -> None:
    tip = server.store(tmp_path).save(plan, {"a": b"1"}, "begin", None)
    fresh = server.store(tmp_path, "fresh").load(plan)
    assert fresh is not None
    assert fresh.tip == tip


def test_secrets_are_masked_before_they_are_stored(
    server: Server, tmp_path: Path, plan: str
) -> None:
    token = "ghp_" + "a" * 36
    store = server.store(tmp_path)
    store.save(plan, {"a": f"key {token}".encode()}, "begin", None)
    found = server.store(tmp_path, "two").load(plan)
    assert found is not None
    assert found.files["a"] == b"key ***"
