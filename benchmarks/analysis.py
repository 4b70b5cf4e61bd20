"""`make bench`: the full analysis against the parsing floor, and against published Credo figures.

    python -m benchmarks.analysis [--rounds N] [--cores N] [--megabytes N] [--seed N] [--credo DIR]
        [DIR ...]

Without a directory it measures a synthetic code base. Floor and analysis alternate, each in a
fresh process; the table shows medians and the worst round's ratio. With `--credo` and a compiled
Mix project that has Credo, `mix credo --strict` takes its turn in each round.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.memory import peak_megabytes
from benchmarks.synthetic import synthetic
from benchmarks.tables import by_directory

HERE = Path(__file__).parent
GENESIS = Path(sys.executable).with_name("genesis")
KINDS = ("floor", "analysis", "floor-1", "analysis-1", "warm", "changed")
PROCESSES = ("process", "again")
"""The whole command, with nothing in its cache and with everything."""
CREDO_SOURCE = (
    "Credo: `mix credo --strict`, version 1.7.19 on Elixir 1.14, two cores, cold, as measured in "
    "November 2026; the figures are in benchmarks/credo.csv and were not taken on this machine."
)


@dataclass(frozen=True)
class Measured:
    """What was seen for one directory; seconds by kind, one value per round."""

    root: Path
    files: int
    megabytes: float
    findings: int
    peak_mb: float
    seconds: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    worst: float = 0.0
    """Seconds after the change of the file that costs most, in the worst round."""

    def median(self, kind: str) -> float:
        """The median round."""
        return statistics.median(self.seconds[kind])

    def ratios(self) -> list[float]:
        """Analysis to floor, round by round: neighbours in time met the same machine."""
        return _by_round(self.seconds)

    def cpu_ratios(self) -> list[float]:
        """The same in processor seconds, which other work on the machine disturbs less."""
        return _by_round(self.cpu)

    def ratios_of_one_core(self) -> list[float]:
        """The same in one process each, in processor seconds."""
        return _by_round(self.cpu, "-1")


def _by_round(values: dict[str, list[float]], on: str = "") -> list[float]:
    pairs = zip(values[f"analysis{on}"], values[f"floor{on}"], strict=True)
    return [analysis / floor for analysis, floor in pairs]


def measure(root: Path, rounds: int, cores: int, credo: Path | None = None) -> Measured:
    """Alternate floor and analysis `rounds` times, then one run for memory alone.

    `credo`: a Mix project that has Credo, which then takes its turn.
    """
    seconds: dict[str, list[float]] = {kind: [] for kind in (*KINDS, *PROCESSES, "credo")}
    cpu: dict[str, list[float]] = {kind: [] for kind in KINDS}
    last: dict[str, dict[str, float]] = {}
    worst = 0.0
    whole = [str(GENESIS), "analyze", str(root), "--format", "json"]
    for _ in range(rounds):
        for kind in KINDS:
            last[kind] = _once(kind, root, cores)
            seconds[kind].append(last[kind]["seconds"])
            cpu[kind].append(last[kind]["cpu"])
        worst = max(worst, last["changed"]["worst"])
        if credo is not None:
            seconds["credo"].append(_credo(root, credo))
        seconds["process"].append(_timed([*whole, "--no-cache"]))
        with tempfile.TemporaryDirectory(prefix="genesis-bench-") as kept:
            _timed(whole, kept)
            seconds["again"].append(_timed(whole, kept))
    return Measured(
        root=root,
        files=int(last["floor"]["files"]),
        megabytes=last["floor"]["bytes"] / 1e6,
        findings=int(last["analysis"]["findings"]),
        peak_mb=peak_megabytes([*whole, "--no-cache"]),
        seconds=seconds,
        cpu=cpu,
        worst=worst,
    )


def _once(kind: str, root: Path, cores: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.once", kind, str(root), str(cores)]
    shown = subprocess.run(command, cwd=HERE.parent, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(shown.stdout)
    return result


def _credo(root: Path, project: Path) -> float:
    """Seconds of a run over all files; its exit status would only say that it finds something."""
    command = ["mix", "credo", "--strict", "--mute-exit-status", "--working-dir", str(root)]
    command += ["--config-file", str(HERE / "credo.exs")]
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=project)
    return time.perf_counter() - started


def _timed(command: list[str], cache_dir: str = "") -> float:
    env = os.environ | ({"GENESIS_CACHE_DIR": cache_dir} if cache_dir else {})
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=env)
    return time.perf_counter() - started


def credo_figures() -> dict[str, dict[str, float]]:
    """Credo's seconds and peak memory by repository name."""
    with (HERE / "credo.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {r.pop("repository"): {k: float(v) for k, v in r.items()} for r in rows}


def table(results: list[Measured], cores: int) -> Table:
    """One column per directory."""
    title = f"Full analysis against bare parsing, {cores} cores, medians"
    return by_directory(title, [(m.root.name, _column(m)) for m in results])


def _column(m: Measured) -> dict[str, str]:
    credo = credo_figures().get(m.root.name)
    inside, warm, whole, again = (
        f"{credo['seconds'] / m.median(kind):.1f}x" if credo else "no figure"
        for kind in ("analysis", "warm", *PROCESSES)
    )
    return {
        "files": str(m.files),
        "MB": f"{m.megabytes:.2f}",
        "findings": str(m.findings),
        "parse, one core, s": f"{m.median('floor-1'):.2f}",
        "parse, s": f"{m.median('floor'):.2f}",
        "analysis, s": f"{m.median('analysis'):.2f}",
        "analysis / parse": f"{statistics.median(m.ratios()):.2f}",
        "  worst round": f"{max(m.ratios()):.2f}",
        "  in CPU seconds": f"{statistics.median(m.cpu_ratios()):.2f}",
        "  one core, CPU": f"{statistics.median(m.ratios_of_one_core()):.2f}",
        "  faster than Credo": inside,
        "Credo in turn, s": f"{m.median('credo'):.2f}" if _times(m) else "not run",
        "  faster than it": f"{statistics.median(_times(m)):.1f}x" if _times(m) else "",
        "  round by round": f"{min(_times(m)):.1f}-{max(_times(m)):.1f}x" if _times(m) else "",
        "  files a second": f"{m.files / m.median('analysis'):,.0f}",
        "nothing changed, s": f"{m.median('warm'):.3f}",
        "  against Credo": warm,
        "one file changed, s": f"{m.median('changed'):.2f}",
        "  worst of 25 files": f"{m.worst:.2f}",
        "genesis analyze, s": f"{m.median('process'):.2f}",
        "  so against Credo": whole,
        "genesis analyze again, s": f"{m.median('again'):.2f}",
        "  that against Credo": again,
        "peak memory, MB": f"{m.peak_mb:.0f}",
    }


def _times(m: Measured) -> list[float]:
    """How many times faster than Credo, round by round."""
    pairs = zip(m.seconds.get("credo", ()), m.seconds["analysis"], strict=False)
    return [credo / analysis for credo, analysis in pairs]


def main() -> None:
    """Measure what is asked for and print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.analysis")
    parser.add_argument("directories", nargs="*", type=Path, metavar="DIR")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--megabytes", type=float, default=9.0, help="size of the synthetic code")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--credo", type=Path, metavar="DIR", help="a Mix project that has Credo")
    asked = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="genesis-bench-") as scratch:
        roots = asked.directories or [
            synthetic(Path(scratch), megabytes=asked.megabytes, seed=asked.seed)
        ]
        results = []
        for root in roots:
            with console.status(f"measuring {root.name}, {asked.rounds} rounds"):
                results.append(measure(root.resolve(), asked.rounds, asked.cores, asked.credo))
    for start in range(0, len(results), 4):
        console.print(table(results[start : start + 4], asked.cores))
    console.print("parse: tree-sitter over bytes in memory. analysis: all rules, reading included.")
    console.print("genesis analyze: the whole process. peak: with its children, shared pages once.")
    console.print("Aims: 15x Credo or more, 100x where nothing changed, 0.3 s after one change in")
    console.print("9 MB of code, peak up to 400 MB on as much.")
    console.print(CREDO_SOURCE)
    console.print(f"Python {platform.python_version()} below {sys.base_prefix}.")


if __name__ == "__main__":
    main()
