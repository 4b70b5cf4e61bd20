"""Deliveries acknowledged a second, how long each takes, and memory: ours and Probot, in turn."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import AbstractContextManager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.ingress.peers import Figures, Peer, jobs, load, ours, probot, sync_time

CONNECTIONS = (20, 200)
FLAT = 20_000
"""Deliveries after which memory is looked at once more."""
AIM_P99 = 50.0
SLOW_SYNC = 1.0
"""Milliseconds of a sync from which on only the run with 200 connections is judged."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingress", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--deliveries", type=int, default=FLAT)
    parser.add_argument("--folder", type=Path, help="Where deliveries are kept.")
    parser.add_argument("--alone", action="store_true", help="Without the peer.")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="genesis-ingress-") as name:
        folder = Path(name)
        sync = sync_time(folder)
        print(f"one write of 12 kB and its fdatasync here: {sync:.2f} ms")
        print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        found = _compared(folder, chosen.rounds, chosen.seconds, alone=chosen.alone)
        flat = _memory(folder / "memory", chosen.deliveries)
    Console().print(_table(found))
    print(
        f"memory of ours: {flat[0]:.0f} MB, {flat[1]:.0f} MB after {chosen.deliveries:,} deliveries"
        f" and {flat[2]:.0f} MB after as many more"
    )
    if not chosen.alone:
        _judge(found, sync)


def _compared(
    folder: Path, rounds: int, seconds: float, *, alone: bool
) -> dict[tuple[str, int], list[Figures]]:
    found: dict[tuple[str, int], list[Figures]] = defaultdict(list)
    with jobs(1):
        for number in range(rounds):
            servers: list[AbstractContextManager[Peer]] = [ours(folder / f"{number}")]
            servers += [] if alone else [probot()]
            for server in servers:
                with server as peer:
                    load(peer, 20, min(1.0, seconds))
                    for connections in CONNECTIONS:
                        figures = load(peer, connections, seconds)
                        found[peer.name, connections].append(figures)
    return found


def _memory(folder: Path, deliveries: int) -> tuple[float, float, float]:
    with ours(folder) as peer:
        load(peer, 20, 60, most=max(20, deliveries // 10))
        figures = [peer.memory]
        for _ in range(2):
            load(peer, 20, 300, most=deliveries)
            figures.append(peer.memory)
    return figures[0], figures[1], figures[2]


def _table(found: dict[tuple[str, int], list[Figures]]) -> Table:
    table = Table(
        "server", "connections", "a second", "p50 ms", "p99 ms", title="12 kB, signed; medians"
    )
    for (name, connections), runs in found.items():
        table.add_row(
            name if name == "probot" else f"{name} (durable)",
            str(connections),
            f"{_median(runs, 'per_second'):,.0f}",
            f"{_median(runs, 'p50'):.1f}",
            f"{_median(runs, 'p99'):.1f}",
        )
    return table


def _median(runs: list[Figures], name: str) -> float:
    return float(statistics.median(getattr(run, name) for run in runs))


def _judge(found: dict[tuple[str, int], list[Figures]], sync: float) -> None:
    """With a slow disk, 20 clients that wait for each answer cannot keep a core busy."""
    connections = CONNECTIONS[0] if sync <= SLOW_SYNC else CONNECTIONS[1]
    ours, theirs = found["ours", connections], found["probot", connections]
    ratio = _median(ours, "per_second") / _median(theirs, "per_second")
    p99 = _median(found["ours", CONNECTIONS[0]], "p99")
    print(f"{connections} connections: {ratio:.2f} times Probot (aim: 1.00): {_met(ratio >= 1)}")
    print(
        f"{CONNECTIONS[0]} connections: p99 {p99:.1f} ms (aim: below {AIM_P99:.0f}):"
        f" {_met(p99 < AIM_P99)}"
    )


def _met(good: bool) -> str:
    return "met" if good else "MISSED"


def _fetched() -> bool:
    return subprocess.run(["bash", "scripts/probot.sh"]).returncode == 0


if __name__ == "__main__":
    if "--alone" not in sys.argv and not _fetched():
        print("MEASURED WITHOUT THE PEER", file=sys.stderr)
        sys.argv.append("--alone")
    main()
