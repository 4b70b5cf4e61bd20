"""A memory that forgets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.git.memory import Memory


def test_what_was_used_longest_ago_goes_first() -> None:
    memory: Memory[str, int] = Memory(8)
    for number, key in enumerate("abcd"):
        memory.put(key, number, 2)
    assert memory.get("a") == 0
    memory.put("e", 4, 2)
    assert [memory.get(key) for key in "abcde"] == [0, None, 2, 3, 4]


def test_what_is_too_heavy_is_not_kept() -> None:
    memory: Memory[str, int] = Memory(8)
    assert memory.put("a", 1, 3) == 1
    assert memory.get("a") is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12))))
def test_it_never_holds_more_than_its_weight(puts: list[tuple[int, int]]) -> None:
    memory: Memory[int, int] = Memory(40)
    for key, weight in puts:
        memory.put(key, weight, weight)
        assert sum(memory.get(n) or 0 for n in range(10)) <= 40
        assert memory.get(key) == (weight if weight <= 10 else None)
