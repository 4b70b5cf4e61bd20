"""How long it takes to check a large pipeline: `python -m benchmarks.pipeline [--rounds N]`.

Each round reads and checks the file in a process of its own, so that nothing is known already;
imports are done before the clock starts. CPU seconds are given beside those on the clock, as
other work on the machine does not show in them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.pipeline.checks.examine import examine
from bot.pipeline.checks.problems import errors_of
from bot.pipeline.language.spec import walk
from bot.pipeline.load import Library
from bot.strict_yaml import parse

STEPS = 500
MOST_SECONDS = 0.5

_HEAD = """\
workflow:
  name: large
  inputs:
    goal: {type: string, required: true}
    files: {type: list, default: []}
  variables: {done: []}
  steps:
"""
_ASK = """\
    - name: ask_NN
      type: claude
      prompt:
        - type: static
          content: |
            Look at {{ goal }}, part NN.
            Files: {{ files | join(', ') }}
      output_schema:
        type: object
        required: [status, items]
        properties:
          status: {enum: [passed, failed, skipped_NN]}
          items: {type: array, items: {type: object, properties: {path: {type: string}}}}
    - name: each_NN
      type: for_loop
      data_source: steps.ask_NN.items
      steps:
        - name: add_NN
          type: set_variable
          variables: {done: "{{ done + [item.path ~ 'NN'] }}"}
"""
_PICK = """\
    - name: pick_NN
      type: switch
      expression: ask_NN.status
      cases:
        passed: [{name: commit_NN, type: git, operation: commit, message: "{{ goal }} NN"}]
        failed: [{name: undo_NN, type: git, operation: undo}]
    - name: judge_NN
      type: llm
      when: "steps.ask_NN.status == 'passed' and length(done) > NN"
      prompt:
        - {type: previous_response, step: ask_NN, extract: "items[0].path"}
        - {type: static, content: "Judge {{ goal }} NN: {{ ask_NN.items | length }}"}
"""
_SET = """\
    - name: set_MM
      type: set_variable
      variables: {x_MM: "{{ done | length + MM }}", y: "{{ goal }} MM"}
"""


def large(steps: int) -> str:
    """A file with so many steps: prompts, schemas, loops, switches, no text twice."""
    return _HEAD + "".join(_blocks(steps))


def _blocks(steps: int) -> Iterator[str]:
    for number in range(steps // 10):
        yield (_ASK + _PICK).replace("NN", str(number))
        for part in range(3):
            yield _SET.replace("MM", str(number * 10 + part))


def once(steps: int) -> dict[str, float]:
    """Check such a file: `seconds` on the clock and `cpu` seconds."""
    text, library = large(steps), Library()
    started, used = time.perf_counter(), time.process_time()
    found = examine(parse(text, path="large.yaml", collect=True), library=library)
    took = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - used}
    if found.called is None or errors_of(found.problems):
        raise SystemExit(f"the file is meant to be right: {found.problems[0]}")
    count = sum(1 for _ in walk(found.called.workflow.steps))
    return {**took, "steps": count, "bytes": len(text)}


def main(arguments: list[str]) -> int:
    """Print the figures; 1 when the median takes longer than it may."""
    parser = argparse.ArgumentParser(prog="benchmarks.pipeline", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.once:
        sys.stdout.write(json.dumps(once(STEPS)))
        return 0
    command = [sys.executable, "-m", "benchmarks.pipeline", "--once"]
    rounds = [json.loads(_run(command)) for _ in range(asked.rounds)]
    seconds = statistics.median(each["seconds"] for each in rounds)
    table = Table("what", "steps", "kB", "seconds", "CPU seconds", "at most")
    table.add_row(
        "check a pipeline",
        f"{rounds[0]['steps']:g}",
        f"{rounds[0]['bytes'] / 1000:.0f}",
        f"{seconds:.3f}",
        f"{statistics.median(each['cpu'] for each in rounds):.3f}",
        f"{MOST_SECONDS:g}",
    )
    Console().print(table)
    return int(seconds > MOST_SECONDS)


def _run(command: list[str]) -> str:
    root = Path(__file__).parents[1]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
