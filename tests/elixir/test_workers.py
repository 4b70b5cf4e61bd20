"""One process or several: the same results in the same order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.elixir.workers import POOL_FROM_BYTES, SHARES_PER_JOB, by_file, shares

ROOT = Path(__file__).resolve().parents[2]
FILES = {f"lib/{n}.ex": b"x" * (n * 1_000) for n in range(60)}


def size(path: str, data: bytes) -> tuple[str, int]:
    return path, len(data)


def refuse(path: str, data: bytes) -> int:
    if path == "lib/7.ex":
        raise LookupError(path)
    return len(data)


@pytest.mark.parametrize("jobs", [1, 2, None])
def test_results_stand_in_the_order_of_the_files(jobs: int | None) -> None:
    assert sum(map(len, FILES.values())) > POOL_FROM_BYTES
    assert by_file(FILES, size, jobs=jobs) == [(p, len(d)) for p, d in FILES.items()]


@pytest.mark.parametrize("jobs", [1, 2])
def test_work_may_be_any_function_and_its_failure_is_the_callers(jobs: int) -> None:
    longest = max(map(len, FILES.values()))
    assert max(by_file(FILES, lambda _, data: len(data) / longest, jobs=jobs)) == 1.0
    with pytest.raises(LookupError, match=r"lib/7\.ex"):
        by_file(FILES, refuse, jobs=jobs)


def test_what_is_shared_is_made_ready_before_the_fork_only() -> None:
    """In a process of its own: beside other tests' threads nothing is forked."""
    code = "from tests.elixir import test_workers as t; print(t.made_ready(1), t.made_ready(2))"
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.split() == ["0", "1"]


def made_ready(jobs: int) -> int:
    """How often it was made ready for so many jobs."""
    made: list[int] = []
    by_file(FILES, size, jobs=jobs, before_fork=lambda: made.append(jobs))
    return len(made)


def test_no_files_are_no_work() -> None:
    assert by_file({}, size) == []


@given(st.lists(st.integers(0, 5_000), max_size=80), st.integers(1, 4))
def test_shares_keep_neighbours_together_and_are_about_alike(
    sizes: list[int], processes: int
) -> None:
    files = {str(number): b"x" * size for number, size in enumerate(sizes)}
    found = shares(files, processes)
    assert [path for share in found for path in share] == list(files)
    assert all(found)
    most = sum(sizes) / (processes * SHARES_PER_JOB) + max(sizes, default=0)
    assert all(sum(len(files[path]) for path in share) <= most for share in found)
