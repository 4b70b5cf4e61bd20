"""Start, calls a second, long lists, dispatch: each against its aim, in one run."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.simulator.calls import Asked, Connection, ask_all
from benchmarks.simulator.dispatch import seconds_to_first_step
from benchmarks.simulator.filling import add_issues, add_pulls
from benchmarks.simulator.serving import Serving, serving, write_source

SHOP = "/repos/acme/source"
FILES = 5_000
ISSUES = 2_000
PULLS = 200


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulator", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=3_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = write_source(folder / "source", FILES)
        starts = [_start(source, folder / f"start-{n}") for n in range(chosen.rounds)]
        again = _start(source, folder / "start-0")
        with serving(source, folder / "state") as running:
            rows = asyncio.run(_measured(running, chosen.calls, source))
    table = Table("figure", "aim", "measured", title="The local GitHub")
    table.add_row(f"start, {FILES} files", "<= 1 s", f"{statistics.median(starts):.2f} s")
    table.add_row("start on kept state", "", f"{again:.2f} s")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _start(source: Path, state: Path) -> float:
    """Seconds from the command to the first answer."""
    began = time.perf_counter()
    with serving(source, state) as running:
        asyncio.run(_one(running))
        return time.perf_counter() - began


async def _one(running: Serving) -> None:
    async with Connection(running.said["api"], running.said["tokens"]["writer"]) as connection:
        answer = await connection.ask(Asked("GET", "/user"))
        assert answer.status == 200, answer


async def _measured(running: Serving, calls: int, source: Path) -> list[tuple[str, str, str]]:
    said = running.said
    api, token = said["api"], said["tokens"]["writer"]
    rows = await _throughput(api, token, calls)
    made = await add_issues(api, token, SHOP, ISSUES)
    rows.append((f"{ISSUES} issues made", "", f"{made:.0f}/s"))
    made = await add_pulls(said, SHOP, PULLS, source)
    rows.append((f"{PULLS} pull requests made", "", f"{made:.0f}/s"))
    rows.append(await _pages(api, token, "issues", "?state=all&per_page=100&page={}", ISSUES))
    rows.append(await _pages(api, token, "pulls", "?state=all&per_page=100&page={}", PULLS))
    times = [await seconds_to_first_step(api, token, SHOP, "clock.yml") for _ in range(5)]
    rows.append(
        (
            "dispatch to first step",
            "<= 300 ms",
            f"{statistics.median(times) * 1e3:.0f} ms (worst {max(times) * 1e3:.0f})",
        )
    )
    return rows


async def _pages(api: str, token: str, kind: str, query: str, rows: int) -> tuple[str, str, str]:
    asked = [Asked("GET", f"{SHOP}/{kind}{query.format(n + 1)}") for n in range(rows // 100)]
    await ask_all(api, token, asked[:1], connections=1)
    answers, _ = await ask_all(api, token, asked, connections=1)
    assert all(len(a.data) == 100 for a in answers), "a page was not full"
    worst = max(a.seconds for a in answers) * 1e3
    middle = statistics.median(a.seconds for a in answers) * 1e3
    return (f"{rows} {kind}, 100 a page", "<= 100 ms", f"{middle:.0f} ms (worst {worst:.0f})")


async def _throughput(api: str, token: str, calls: int) -> list[tuple[str, str, str]]:
    (issue,), _ = await ask_all(
        api, token, [Asked("POST", f"{SHOP}/issues", {"title": "First", "body": "b" * 500})]
    )
    number = issue.data["number"]
    one = f"{SHOP}/issues/{number}"
    mixes = {
        "an issue read": [Asked("GET", one)],
        "a ref read": [Asked("GET", f"{SHOP}/git/ref/heads/main")],
        "a comment made": [Asked("POST", f"{one}/comments", {"body": "c" * 500})],
        "a bot's mix": [
            Asked("GET", SHOP),
            Asked("GET", one),
            Asked("GET", f"{one}/comments?per_page=10"),
            Asked("GET", f"{SHOP}/git/ref/heads/main"),
            Asked("GET", f"{SHOP}/contents/lib/part_1/module_1.ex"),
            Asked("GET", f"{SHOP}/collaborators/writer/permission"),
            Asked("POST", f"{one}/comments", {"body": "c" * 500}),
            Asked("PATCH", one, {"body": "b" * 600}),
        ],
    }
    rows = []
    for name, mix in mixes.items():
        asked = [mix[n % len(mix)] for n in range(calls)]
        _, rate = await ask_all(api, token, asked)
        with floor() as base:
            _, most = await ask_all(base, token, asked)
        shown = f"{rate:.0f}/s, {rate / most:.2f} of a bare server's {most:.0f}/s"
        rows.append((name, ">= 500/s", shown))
    return rows


@contextmanager
def floor() -> Iterator[str]:
    """The address of the bare server."""
    command = [sys.executable, "-m", "benchmarks.simulator.floor"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait(10)


if __name__ == "__main__":
    main()
