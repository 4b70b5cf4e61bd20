"""`make bench-bad-input`: damaged files and huge trees, by the thousand: no crash, no hang.

    python -m benchmarks.bad_input [--batches N] [--seed N] [DIR ...]

Each batch damages files of the directories (default: the rules' own samples and a synthetic code
base) and analyses them with all rules in a process of its own, which may take 2 GB and 60 seconds
a file. A batch that dies is named with its seed, so that it can be run again.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.damage import DAMAGES
from benchmarks.memory import peak_megabytes
from benchmarks.synthetic import synthetic
from bot.elixir.analyze import survey
from bot.elixir.rules import all_rules
from bot.elixir.tree import MAX_BYTES, DirectoryTree, MemoryTree

ROOT = Path(__file__).parents[1]
FILES_A_BATCH = 100
SECONDS_A_FILE = 60
BYTES_A_PROCESS = 2_000_000_000
MANY_FILES = 6_000
PATHS = ("lib/a.ex", "test/a_test.exs", "mix.exs", "config/config.exs")

HUGE = {
    "one list": b"[" + b"1, " * 600_000 + b"1]",
    "one map": b"%{" + b"".join(b"key%d: %d, " % (n, n) for n in range(100_000)) + b"z: 1}",
    "one string": b'@a "' + b"x" * 1_900_000 + b'"',
    "one comment": b"# " + b"spawn(fn -> 1 end) " * 100_000,
    "blank lines": b"\n" * 1_900_000,
    "operators in a row": b"x = " + b"a <> " * 380_000 + b"a",
    "one pipe": b"x\n" + b"|> f()\n" * 270_000,
    "many functions": b"".join(b"def f%d(x), do: spawn(fn -> x end)\n" % n for n in range(50_000)),
    "many clauses": b"".join(
        b"def f(%d), do: GenServer.call(:s, %d, :infinity)\n" % (n, n) for n in range(36_000)
    ),
    "callbacks": b"use GenServer\n"
    + b"".join(
        b"def handle_call({:m%d, x}, _, s), do: {:reply, g%d(x), s}\n"
        b"defp g%d(x), do: Process.sleep(x)\n"
        % (n, n, n)
        for n in range(19_000)
    ),
    "one long function": b"def f(x) do\n" + b"send(x, :y)\n" * 150_000 + b"end",
    "calls in a circle": b"".join(
        b"def f%d(x), do: f%d(x) + f%d(x)\n" % (n, (n * 7) % 40_000, (n * 13) % 40_000)
        for n in range(40_000)
    ),
    "one case": b"def f(x) do\ncase x do\n"
    + b"".join(b"%d -> :ok\n" % n for n in range(150_000))
    + b"end\nend",
    "open modules": b"defmodule B do\n" * 130_000,
    "open brackets": b"(" * 1_900_000,
    "children": b"def start(_, _) do\nSupervisor.start_link(["
    + b"".join(b"{B%d, []}, " % n for n in range(120_000))
    + b"C], strategy: :one_for_one)\nend",
    "errors": b"def " * 470_000,
}  # fmt: skip
"""Bodies of one module of nearly 2 MB each."""


def batch(folder: Path, seed: int) -> dict[str, object]:
    """Damage and analyse some files of a folder; the slowest and the memory that was used."""
    rng = random.Random(seed)
    files = sorted(DirectoryTree(folder).files().items())
    slowest, which, notes = 0.0, "", 0
    for _ in range(FILES_A_BATCH):
        path, data = rng.choice(files)
        hurt = rng.sample(DAMAGES, rng.randint(1, 3))
        for damage in hurt:
            data = damage(data, rng)
        named = f"{path} {'+'.join(d.__name__ for d in hurt)}"
        seconds, told = _analysed(dict.fromkeys(PATHS, data))
        notes += told
        if seconds > slowest:
            slowest, which = seconds, named
    return {"slowest": slowest, "which": which, "notes": notes, "mb": _peak()}


def huge(name: str) -> dict[str, object]:
    """Analyse one huge file."""
    data = b"defmodule A do\n" + HUGE[name] + b"\nend\n"
    assert len(data) <= MAX_BYTES, (name, len(data))
    seconds, notes = _analysed({"lib/a.ex": data})
    return {"slowest": seconds, "which": name, "notes": notes, "mb": _peak()}


def _analysed(files: dict[str, bytes]) -> tuple[float, int]:
    signal.alarm(SECONDS_A_FILE)  # its default action ends the process
    started = time.perf_counter()
    analysis = survey(MemoryTree.of(files), jobs=1).analysis
    signal.alarm(0)
    return time.perf_counter() - started, len(analysis.notes)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _in_a_process(*args: str) -> dict[str, object]:
    command = [sys.executable, "-m", "benchmarks.bad_input", "--child", *args]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or [""])[-1]
        return {"died": f"ended with {ran.returncode}: {last}"}
    result: dict[str, object] = json.loads(ran.stdout)
    return result


def _child(kind: str, *args: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (BYTES_A_PROCESS, BYTES_A_PROCESS))
    print(json.dumps(huge(args[0]) if kind == "huge" else batch(Path(args[0]), int(args[1]))))


def _samples(folder: Path) -> Path:
    for rule in all_rules():
        for number, sample in enumerate((*rule.bad, *rule.good)):
            for path, code in sample.tree().items():
                target = folder / "samples" / f"{rule.id}-{number}" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(code)
    return folder / "samples"


def _many_files(folder: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of the command over a tree of very many files."""
    root = folder / "many"
    for number in range(MANY_FILES):
        target = root / f"lib/f{number % 80}/m{number}.ex"
        target.parent.mkdir(parents=True, exist_ok=True)
        code = f"defmodule M{number} do\n  use GenServer\n  def init(x), do: {{:ok, x}}\n"
        code += "".join(f"  def f{n}(x), do: GenServer.call(M{n}, x)\n" for n in range(20))
        target.write_text(code + "end\n")
    command = [str(Path(sys.executable).with_name("genesis")), "analyze", str(root), "--json"]
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started, peak_megabytes(command)


def _runs(roots: list[Path], batches: int, seed: int) -> Iterator[tuple[str, dict[str, object]]]:
    for name in HUGE:
        yield f"huge: {name}", _in_a_process("huge", name)
    for root in roots:
        for number in range(seed, seed + batches):
            yield f"{root.name}, seed {number}", _in_a_process("batch", str(root), str(number))


def main() -> None:
    """Run what is asked for; ends with 1 where something died."""
    if sys.argv[1:2] == ["--child"]:
        _child(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="benchmarks.bad_input")
    parser.add_argument("directories", nargs="*", type=Path, metavar="DIR")
    parser.add_argument("--batches", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    console = Console(width=120)
    shown = Table(title=f"Bad input, {FILES_A_BATCH} damaged files a batch")
    for name in ("what", "slowest, s", "which", "notes", "peak MB"):
        shown.add_column(name)
    died = []
    with tempfile.TemporaryDirectory(prefix="genesis-bench-") as scratch:
        folder = Path(scratch)
        roots = asked.directories or [
            _samples(folder),
            synthetic(folder, megabytes=1, seed=asked.seed),
        ]
        for what, result in _runs(roots, asked.batches, asked.seed):
            if "died" in result:
                died.append(f"{what}: {result['died']}")
                continue
            cells = (
                f"{result['slowest']:.2f}",
                result["which"],
                result["notes"],
                f"{result['mb']:.0f}",
            )
            shown.add_row(what, *map(str, cells))
        seconds, megabytes = _many_files(folder)
    console.print(shown)
    console.print(f"{MANY_FILES:,} files: {seconds:.1f} s, {megabytes:.0f} MB at most")
    for line in died:
        console.print(f"DIED {line}", markup=False)
    sys.exit(1 if died else 0)


if __name__ == "__main__":
    main()
