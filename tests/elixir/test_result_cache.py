"""What is kept between runs: found again, bounded, and never trusted to be whole."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.elixir.result_cache import NO_CACHE, ResultCache

NUMBERS = TypeAdapter(list[int])
KEYS = [b"%032d" % n for n in range(8)]


def cache(folder: Path, **changes: object) -> ResultCache:
    return ResultCache(folder / "analyses" / "results.sqlite", **changes)  # type: ignore[arg-type]  # by name


def file_of(kept: ResultCache) -> Path:
    assert kept.file is not None
    return kept.file


def test_values_are_found_again_by_their_keys(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    kept.put({KEYS[0]: [1], KEYS[1]: [2, 3]}, NUMBERS)
    assert cache(tmp_path).get(KEYS[:3], NUMBERS) == {KEYS[0]: [1], KEYS[1]: [2, 3]}
    kept.put({KEYS[0]: [4]}, NUMBERS)
    assert kept.get([KEYS[0]], NUMBERS) == {KEYS[0]: [4]}


def test_more_keys_than_one_question_may_name(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    many = {b"%032d" % n: [n] for n in range(1_300)}
    kept.put(many, NUMBERS)
    assert kept.get(many, NUMBERS) == many


def test_no_cache_holds_nothing_and_looking_makes_no_folder(tmp_path: Path) -> None:
    NO_CACHE.put({KEYS[0]: [1]}, NUMBERS)
    assert NO_CACHE.get([KEYS[0]], NUMBERS) == {}
    assert cache(tmp_path).get([KEYS[0]], NUMBERS) == {}
    assert list(tmp_path.iterdir()) == []


def test_a_value_of_another_kind_is_absent(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    kept.put({KEYS[0]: ["a"]}, TypeAdapter(list[str]))
    assert kept.get([KEYS[0]], NUMBERS) == {}


def test_what_was_asked_for_last_stays_longest(tmp_path: Path) -> None:
    now = [0.0]
    kept = cache(tmp_path, most_bytes=40, clock=lambda: now[0])
    for hour, key in enumerate(KEYS[:4]):
        now[0] = hour * 10_000
        kept.put({key: [1111111]}, NUMBERS)  # nine bytes of forty
    now[0] = 50_000
    assert kept.get([KEYS[0]], NUMBERS)
    now[0] = 60_000
    kept.put({KEYS[4]: [1111111]}, NUMBERS)
    left = kept.get(KEYS, NUMBERS)
    assert set(left) == {KEYS[0], KEYS[3], KEYS[4]}


def test_what_would_fill_the_cache_alone_is_not_kept(tmp_path: Path) -> None:
    kept = cache(tmp_path, most_bytes=100)
    kept.put({KEYS[0]: [1] * 100, KEYS[1]: [1]}, NUMBERS)
    assert set(kept.get(KEYS, NUMBERS)) == {KEYS[1]}


@pytest.mark.parametrize("text", [b"", b"no database", b"SQLite format 3\x00" + b"\xff" * 4_000])
def test_a_file_that_is_no_store_is_made_anew(tmp_path: Path, text: bytes) -> None:
    kept = cache(tmp_path)
    file_of(kept).parent.mkdir()
    file_of(kept).write_bytes(text)
    assert kept.get(KEYS, NUMBERS) == {}
    kept.put({KEYS[0]: [1]}, NUMBERS)
    assert kept.get(KEYS, NUMBERS) == {KEYS[0]: [1]}


def test_rows_that_nobody_stored_so_are_absent(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    kept.put({key: [1] for key in KEYS}, NUMBERS)
    with sqlite3.connect(file_of(kept)) as store:
        store.execute("UPDATE results SET text = 'x' WHERE key = ?", (KEYS[0],))
        store.execute("UPDATE results SET text = substr(text, 1, 17) WHERE key = ?", (KEYS[1],))
        store.execute(
            "UPDATE results SET text = (SELECT text FROM results WHERE key = ?) WHERE key = ?",
            (KEYS[3], KEYS[2]),
        )
    store.close()
    assert set(kept.get(KEYS, NUMBERS)) == set(KEYS[3:])


def test_a_table_of_another_form_is_made_anew(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    file_of(kept).parent.mkdir()
    with sqlite3.connect(file_of(kept)) as store:
        store.execute("CREATE VIEW results AS SELECT 1 AS key")
    store.close()
    assert kept.get(KEYS, NUMBERS) == {}


def test_a_store_in_use_is_gone_without(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    kept.put({KEYS[0]: [1]}, NUMBERS)
    with sqlite3.connect(file_of(kept)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert kept.get(KEYS, NUMBERS) == {}
        other.rollback()
    other.close()
    assert kept.get(KEYS, NUMBERS) == {KEYS[0]: [1]}


@pytest.mark.parametrize("place", ["a file", "a folder"])
def test_a_place_that_cannot_be_used_is_gone_without(tmp_path: Path, place: str) -> None:
    kept = cache(tmp_path)
    if place == "a file":
        (tmp_path / "analyses").write_text("")
    else:
        file_of(kept).mkdir(parents=True)
    kept.put({KEYS[0]: [1]}, NUMBERS)
    assert kept.get(KEYS, NUMBERS) == {}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A store of some entries as bytes."""
    kept = cache(tmp_path_factory.mktemp("whole"))
    kept.put({key: list(range(n * 40)) for n, key in enumerate(KEYS)}, NUMBERS)
    return file_of(kept).read_bytes()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_torn_or_scratched_store_gives_what_was_stored_or_nothing(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    kept = cache(tmp_path_factory.mktemp("torn"))
    file_of(kept).parent.mkdir()
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 30))):
        broken[data.draw(st.integers(0, len(broken) - 1))] ^= data.draw(st.integers(1, 255))
    file_of(kept).write_bytes(broken[: data.draw(st.integers(0, len(broken)))])
    found = kept.get(KEYS, NUMBERS)
    assert all(found[key] == list(range(KEYS.index(key) * 40)) for key in found)
    kept.put({KEYS[0]: [7]}, NUMBERS)
    assert kept.get([KEYS[0]], NUMBERS) in ({}, {KEYS[0]: [7]}, {KEYS[0]: []})


def test_one_that_only_reads_makes_no_file_and_leaves_what_is_there(tmp_path: Path) -> None:
    reader = replace(cache(tmp_path), keeps=False)
    reader.put({KEYS[0]: [1]}, NUMBERS)
    assert list(tmp_path.iterdir()) == []
    cache(tmp_path).put({KEYS[0]: [2]}, NUMBERS)
    reader.put({KEYS[0]: [3]}, NUMBERS)
    assert reader.get([KEYS[0]], NUMBERS) == {KEYS[0]: [2]}
