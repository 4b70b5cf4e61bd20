"""Killed with -9 in the middle of its work, the server goes on with it at the next start."""

from __future__ import annotations

from pathlib import Path

from tests.durable.support import hint_for, until
from tests.durable.working import working


def test_what_was_under_way_is_done_after_the_next_start(tmp_path: Path) -> None:
    with working(tmp_path, "genesis-1") as first:
        first.enqueue(hint_for(1, "done"))
        until(lambda: first.heard("end", "done"))
        first.enqueue(hint_for(1, "cut", sender="60"))
        first.enqueue(hint_for(2, "cut too", sender="60").model_copy(update={"delivery": "cut-2"}))
        first.enqueue(hint_for(1, "waits"))
        until(lambda: first.heard("begin", "cut") and first.heard("begin", "cut-2"))
        first.kill()
        assert not first.heard("begin", "waits")
    with working(tmp_path, "genesis-1") as second:
        until(lambda: second.heard("begin", "cut") and second.heard("begin", "cut-2"))
        assert not second.heard("begin", "done")
        assert not second.heard("begin", "waits"), "two at a time on one plan"


def test_what_was_done_is_not_done_again_and_what_waited_is(tmp_path: Path) -> None:
    with working(tmp_path, "genesis-1") as first:
        first.enqueue(hint_for(1, "slow", sender="1"))
        for n in range(5):
            first.enqueue(hint_for(1, f"waits-{n}"))
        until(lambda: first.heard("begin", "slow"))
        first.kill()
    with working(tmp_path, "genesis-1") as second:
        until(lambda: all(second.heard("end", f"waits-{n}") for n in range(5)))
        until(lambda: second.heard("end", "slow"))
        counts = [second.heard("begin", d) for d in ("slow", *(f"waits-{n}" for n in range(5)))]
        assert counts == [1] * 6
