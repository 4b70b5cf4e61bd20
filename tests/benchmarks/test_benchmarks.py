"""What the benchmark measures must be worth measuring; how fast it is, is never tested."""

from __future__ import annotations

import re
import sys
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from benchmarks.analysis import Measured, credo_figures, table
from benchmarks.floor import balanced, on_cores, one_core
from benchmarks.memory import peak_megabytes
from benchmarks.once import again
from benchmarks.pipeline import STEPS, once
from benchmarks.synthetic import write_code_base
from bot.elixir.nodes import parse
from bot.elixir.tree import DirectoryTree


def written(root: Path, seed: int) -> dict[str, bytes]:
    write_code_base(root, megabytes=0.3, seed=seed)
    return dict(DirectoryTree(root).files())


def test_synthetic_code_parses_and_has_the_size_asked_for(tmp_path: Path) -> None:
    files = written(tmp_path, seed=1)
    assert [path for path, data in files.items() if parse(data).root_node.has_error] == []
    assert 0.29e6 < sum(map(len, files.values())) < 0.35e6


def test_the_same_seed_gives_the_same_code_and_another_one_does_not(tmp_path: Path) -> None:
    first, again, other = (written(tmp_path / n, s) for n, s in (("a", 7), ("b", 7), ("c", 8)))
    assert first == again
    assert set(first) != set(other)


def test_synthetic_files_differ(tmp_path: Path) -> None:
    files = written(tmp_path, seed=1)
    assert len(set(files.values())) == len(files)


@given(st.lists(st.binary(max_size=50), max_size=40), st.integers(1, 4))
def test_shares_hold_every_file_once(sources: list[bytes], cores: int) -> None:
    shares = balanced(sources, cores)
    assert sorted(s for share in shares for s in share) == sorted(sources)
    loads = [sum(map(len, share)) for share in shares]
    assert max(loads) - min(loads) <= max(map(len, sources), default=0)


def test_the_large_pipeline_is_right_and_as_large_as_it_says() -> None:
    assert once(STEPS)["steps"] == STEPS


def test_the_floor_runs_on_one_core_and_on_two() -> None:
    sources = [b"defmodule A do\nend\n"] * 4
    assert one_core(sources) > 0
    assert on_cores(sources, 2) > 0


def test_memory_of_children_counts() -> None:
    # The child has to live for longer than the sampler may be held up on a busy machine.
    hold = (
        "import time; x = bytearray(64_000_000); x[::4096] = b'1' * len(x[::4096]); time.sleep(2)"
    )
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}], check=True)"
    assert peak_megabytes([sys.executable, "-c", child]) > 60


def test_the_ratio_compares_neighbouring_rounds() -> None:
    seconds = {"floor": [1.0, 2.0, 4.0], "analysis": [2.0, 4.0, 8.0]}
    seconds |= {
        "floor-1": [1.0],
        "process": [5.0],
        "again": [1.0],
        "warm": [0.05],
        "changed": [0.2],
        "credo": [40.0, 44.0, 80.0],
    }
    cpu = {"floor": [1.0, 1.0, 1.0], "analysis": [3.0, 3.0, 3.0]}
    cpu |= {"floor-1": [2.0], "analysis-1": [3.0]}
    measured = Measured(Path("phoenix"), 1, 1.0, 0, 50.0, seconds, cpu)
    assert measured.ratios() == [2.0, 2.0, 2.0]
    assert measured.cpu_ratios() == [3.0, 3.0, 3.0]
    assert measured.ratios_of_one_core() == [1.5]
    shown = Console(width=80, file=StringIO())
    with shown.capture() as captured:
        shown.print(table([measured], 2))
    assert re.search(r"faster than Credo +│ +1\.5x", captured.get())
    assert re.search(
        r"Credo in turn, s +│ +44\.00 │\n│ +faster than it +│ +11\.0x │"
        r"\n│ +round by round +│ +10\.0-20\.0x",
        captured.get(),
    )
    assert re.search(r"so against Credo +│ +1\.2x", captured.get())
    assert re.search(
        r"nothing changed, s +│ +0\.050 │\n│ +against Credo +│ +120\.0x", captured.get()
    )
    assert re.search(r"that against Credo +│ +6\.0x", captured.get())


@pytest.mark.parametrize("changed", [False, True])
def test_an_analysis_is_timed_with_all_but_one_file_known(tmp_path: Path, changed: bool) -> None:
    written(tmp_path, seed=2)
    assert again(tmp_path, 1, changed=changed)["seconds"] > 0


def test_credo_figures_are_readable() -> None:
    assert credo_figures()["phoenix"]["seconds"] == 6.0
