"""`make bench-context`: the skeleton against repomix, in time and in tokens, on the same files.

    python -m benchmarks.skeleton [--rounds N] [--tools DIR] [DIR ...]

Without a directory it packs a synthetic code base. Both packers alternate, each run is a whole
process with its start-up, and one tokenizer (o200k) counts both texts. repomix runs in its fastest
form: Elixir files only, without its security check. It comes from npm into a temporary folder, or
into the one named by --tools, which is used again. Where it cannot be had, only our own figures are
shown and the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.synthetic import synthetic
from benchmarks.tables import by_directory
from bot.core.tokens import estimate
from bot.elixir.tree import DirectoryTree

HERE = Path(__file__).parent
PACKAGES = ("repomix@1.14.0", "gpt-tokenizer@4.0.0")
INSTALL = "npm install --no-audit --no-fund --loglevel=error --ignore-scripts --prefix".split()
COUNT = """\
const { countTokens } = require("gpt-tokenizer/encoding/o200k_base");
const { readFileSync } = require("fs");
const count = (path) => countTokens(readFileSync(path, "utf8"), { allowedSpecial: "all" });
console.log(JSON.stringify(process.argv.slice(2).map(count)));
"""
MOST_TIME, MOST_TOKENS = 0.5, 0.3


class NotCompared(Exception):
    """Why repomix could not be run."""


@dataclass(frozen=True)
class Peer:
    """repomix and the tokenizer, installed in a folder."""

    folder: Path

    @classmethod
    def install(cls, folder: Path) -> Peer:
        """From npm, unless it is there already; raises `NotCompared`."""
        missing = [name for name in ("node", "npm") if shutil.which(name) is None]
        if missing:
            raise NotCompared(f"{' and '.join(missing)} not found on PATH")
        peer = cls(folder)
        if not peer.repomix.exists():
            done = subprocess.run(
                [*INSTALL, str(folder), *PACKAGES], stderr=subprocess.PIPE, text=True, check=False
            )
            if done.returncode:
                raise NotCompared(f"npm install failed: {done.stderr.strip()[-300:]}")
        (folder / "count.cjs").write_text(COUNT)
        return peer

    @property
    def repomix(self) -> Path:
        """Its program."""
        return self.folder / "node_modules" / "repomix" / "bin" / "repomix.cjs"

    def command(self, root: Path, out: Path) -> list[str]:
        """Pack the Elixir files of a directory as fast as repomix can."""
        chosen = ["--include", "**/*.ex,**/*.exs", "--no-security-check", "--quiet"]
        return ["node", str(self.repomix), str(root), "--output", str(out), *chosen]

    def tokens(self, *texts: Path) -> list[int]:
        """What the tokenizer counts."""
        command = ["node", str(self.folder / "count.cjs"), *map(str, texts)]
        shown = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        counted: list[int] = json.loads(shown)
        return counted


@dataclass(frozen=True)
class Measured:
    """What was seen for one directory: seconds by round, tokens by packer."""

    root: Path
    files: int
    megabytes: float
    process: Sequence[float]
    inside: Sequence[float]
    about: int
    """Our own estimate of our tokens."""
    tokens: int = 0
    their_process: Sequence[float] = ()
    their_tokens: int = 0
    their_files: int = 0

    def time_ratio(self) -> float:
        """The median round's."""
        return statistics.median(self.time_ratios())

    def time_ratios(self) -> list[float]:
        """Ours to theirs, round by round: neighbours in time met the same machine."""
        pairs = zip(self.process, self.their_process, strict=True)
        return [ours / theirs for ours, theirs in pairs]

    def token_ratio(self) -> float:
        """Our tokens to theirs."""
        return self.tokens / self.their_tokens


def measure(root: Path, rounds: int, scratch: Path, peer: Peer | None) -> Measured:
    """Alternate both packers `rounds` times."""
    ours, theirs = scratch / "skeleton.txt", scratch / "repomix.xml"
    process, inside, their_process = [], [], []
    command = [sys.executable, "-m", "benchmarks.skeleton_once", str(root), str(ours)]
    for _ in range(rounds):
        seconds, shown = _timed(command)
        process.append(seconds)
        inside.append(float(shown))
        if peer is not None:
            their_process.append(_timed(peer.command(root, theirs))[0])
    tokens, their_tokens = peer.tokens(ours, theirs) if peer is not None else (0, 0)
    files = DirectoryTree(root).files()
    return Measured(
        root=root,
        files=len(files),
        megabytes=sum(map(len, files.values())) / 1e6,
        process=process,
        inside=inside,
        about=estimate(ours.read_text("utf-8")),
        tokens=tokens,
        their_process=their_process,
        their_tokens=their_tokens,
        their_files=theirs.read_text("utf-8").count("\n<file path=") if peer is not None else 0,
    )


def _timed(command: list[str]) -> tuple[float, str]:
    started = time.perf_counter()
    done = subprocess.run(command, cwd=HERE.parent, check=True, stdout=subprocess.PIPE, text=True)
    return time.perf_counter() - started, done.stdout


def table(results: Sequence[Measured]) -> Table:
    """One column for each directory."""
    title = "Skeleton against repomix, whole processes, medians"
    return by_directory(title, [(m.root.name, _column(m)) for m in results])


def _column(m: Measured) -> dict[str, str]:
    column = {
        "Elixir files": f"{m.files:,}",
        "MB": f"{m.megabytes:.2f}",
        "skeleton, s": f"{statistics.median(m.process):.2f}",
        "  without start-up": f"{statistics.median(m.inside):.2f}",
        "skeleton, tokens": f"{m.tokens:,}" if m.tokens else f"about {m.about:,}",
    }
    if not m.their_tokens:
        return column
    return column | {
        "  our estimate": f"{m.about:,}",
        "repomix, files": f"{m.their_files:,}",
        "repomix, s": f"{statistics.median(m.their_process):.2f}",
        "repomix, tokens": f"{m.their_tokens:,}",
        "time, ours / theirs": f"{m.time_ratio():.2f}",
        "  best, worst round": f"{min(m.time_ratios()):.2f} {max(m.time_ratios()):.2f}",
        "tokens, ours / theirs": f"{m.token_ratio():.1%}",
        "aims reached": "yes"
        if m.time_ratio() <= MOST_TIME and m.token_ratio() <= MOST_TOKENS
        else "no",
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for and print the table; 1 where nothing could be compared."""
    parser = argparse.ArgumentParser(prog="benchmarks.skeleton")
    parser.add_argument("directories", nargs="*", type=Path, metavar="DIR")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tools", type=Path, help="folder to keep repomix in")
    parser.add_argument("--megabytes", type=float, default=3.0, help="size of the synthetic code")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    console = Console()
    with tempfile.TemporaryDirectory(prefix="genesis-bench-") as scratch:
        roots = asked.directories or [
            synthetic(Path(scratch), megabytes=asked.megabytes, seed=asked.seed)
        ]
        peer, reason = _peer(asked.tools.resolve() if asked.tools else Path(scratch) / "tools")
        results = []
        for root in roots:
            with console.status(f"packing {root.name}, {asked.rounds} rounds"):
                results.append(measure(root.resolve(), asked.rounds, Path(scratch), peer))
    for start in range(0, len(results), 4):
        console.print(table(results[start : start + 4]))
    if peer is None:
        console.print(f"Not compared with repomix: {reason}. The tokens are our own estimate.")
        return 1
    console.print(
        f"{' and '.join(PACKAGES)}; repomix packs Elixir files only, without its security check."
    )
    console.print(f"Aims: at most {MOST_TIME:.0%} of its time and {MOST_TOKENS:.0%} of its tokens.")
    return 0


def _peer(folder: Path) -> tuple[Peer | None, str]:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return Peer.install(folder), ""
    except NotCompared as problem:
        return None, str(problem)


if __name__ == "__main__":
    sys.exit(main())
