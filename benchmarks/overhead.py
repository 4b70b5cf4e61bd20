"""What the engine itself costs, and how soon the command answers: `python -m benchmarks.overhead`.

Steps that do nothing are run with a trace, as real runs have one; a step's share of the whole is
the engine's overhead. The command's start is a whole process, Python included.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.llm.scripted import ScriptedModel
from bot.llm.types import Reply
from bot.pipeline.engine import Engine
from bot.pipeline.language.workflow import Workflow
from bot.pipeline.load import build
from bot.pipeline.record.checkpoints import Checkpoints
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.record.trace import Trace
from bot.pipeline.steps import default_handlers
from bot.strict_yaml import parse

STEPS = 500
MOST_MS = 1.0
MOST_HELP = 0.25

_PLAIN = '    - {{name: s{n}, type: set_variable, when: "count >= 0", variables: {{count: {n}}}}}\n'
_ASKING = '    - {{name: s{n}, type: claude, prompt: "Question {n} about {{{{ topic }}}}"}}\n'


def workflow(line: str) -> Workflow:
    """`STEPS` steps of one kind."""
    head = "workflow:\n  name: many\n  variables: {count: 0}\n  steps:\n"
    text = head + "".join(line.format(n=n) for n in range(STEPS))
    return build(parse(text, path="many.yaml")).workflow


def run_once(loaded: Workflow, *, paid: bool) -> float:
    """Milliseconds a step, over one whole run."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        keeping = Keeping(trace=Trace(place / "trace.jsonl"))
        if paid:
            keeping = Keeping(trace=keeping.trace, checkpoints=Checkpoints(place / "answers"))
        model = ScriptedModel([Reply("yes", "m")] * STEPS, name="anthropic")
        engine = Engine(default_handlers(), {"anthropic": model}, keeping=keeping)
        started = time.perf_counter()
        result = engine.run(loaded, {"topic": "x"})
        seconds = time.perf_counter() - started
    assert result.error is None, result.error
    return seconds / STEPS * 1000


def help_once() -> float:
    """Seconds from the call of `genesis --help` to its end."""
    command = [sys.executable, "-c", "from bot.cli import main; main()", "--help"]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    plain, asking = workflow(_PLAIN), workflow(_ASKING)
    measured: list[tuple[str, Callable[[], float], str, float | None]] = [
        ("engine, a plain step", lambda: run_once(plain, paid=False), "ms", MOST_MS),
        ("engine, a model step", lambda: run_once(asking, paid=False), "ms", MOST_MS),
        ("the same, its answer put on the disk", lambda: run_once(asking, paid=True), "ms", None),
        ("genesis --help", help_once, "s", MOST_HELP),
    ]
    table = Table("what", "median", "least", "most", "at most")
    for what, once, unit, limit in measured:
        once()
        times = [once() for _ in range(rounds)]
        shown = [f"{f(times):.3f} {unit}" for f in (statistics.median, min, max)]
        table.add_row(what, *shown, f"{limit} {unit}" if limit is not None else "")
    Console().print(table)


if __name__ == "__main__":
    main()
