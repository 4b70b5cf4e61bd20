"""`make bench-detect`: what the rules find of what is there, and what they find that is not.

    python -m benchmarks.detect [--corpus FILE]

Three yardsticks: the rules' own samples, labelled projects of ours (benchmarks/detection), and a
corpus of public documentation where it lies beside the checkout; of that only the map from its
entries to our rules is part of this repository.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.detection.corpus import CORPUS, Verdict, judged, read_corpus
from benchmarks.detection.labelled import of_projects
from benchmarks.detection.scores import Score, of_samples, total
from bot.elixir.rules import all_rules


def rules_table(columns: dict[str, dict[str, Score]]) -> Table:
    """One row per rule: found/missed/wrong by yardstick, then precision and recall."""
    shown = Table(title="Found / missed / false, by rule")
    shown.add_column("rule")
    for name in (*columns, "precision", "recall"):
        shown.add_column(name, justify="right")
    for rule in all_rules():
        scores = [scored.get(rule.id, Score()) for scored in columns.values()]
        shown.add_row(rule.id, *map(_cell, scores), *_ratios(total(scores)))
    sums = [total(scored.values()) for scored in columns.values()]
    shown.add_section()
    shown.add_row("all", *map(_cell, sums), *_ratios(total(sums)))
    return shown


def corpus_table(verdicts: Iterable[Verdict]) -> Table:
    """One row per entry of the corpus that a rule covers."""
    shown = Table(title="The corpus, entry by entry")
    for name in ("entry", "rules", "bad code", "good code"):
        shown.add_column(name)
    for v in verdicts:
        bad = "found" if v.found else "MISSED"
        good = "silent" if not v.false else f"{v.false} FALSE"
        shown.add_row(v.entry.name, ", ".join(v.entry.rules), bad, good)
    return shown


def _cell(score: Score) -> str:
    return f"{score.found}/{score.missed}/{score.false}" if score.seen else "-"


def _ratios(score: Score) -> tuple[str, str]:
    return tuple("-" if r is None else f"{r:.0%}" for r in (score.precision, score.recall))  # type: ignore[return-value]  # two of them


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.detect")
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    asked = parser.parse_args()
    console = Console(width=140)
    labelled, surprises = of_projects()
    columns = {"samples": of_samples(), "labelled": labelled}
    entries = read_corpus(asked.corpus)
    verdicts = [judged(entry) for entry in entries if entry.rules]
    if entries:
        columns["corpus"] = {
            rule.id: total(v.score for v in verdicts if rule.id in v.entry.rules)
            for rule in all_rules()
        }
    console.print(rules_table(columns))
    for surprise in surprises:
        console.print(f"  {surprise}", markup=False)
    if not entries:
        console.print(f"no corpus at {asked.corpus}: measured without it", markup=False)
        return
    console.print(corpus_table(verdicts))
    console.print("No rule covers:")
    for entry in entries:
        if not entry.rules:
            console.print(f"  {entry.name}: {entry.why_not}", markup=False)


if __name__ == "__main__":
    main()
