"""A corpus of labelled anti-patterns from public documentation, kept beside the checkout.

Its snippets are of every shape: modules, functions, bare statements. What is no module is put in
one, and each is given the application that it leaves out.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.detection.scores import Score, findings
from bot.elixir.rules import rule

HERE = Path(__file__).parent
CORPUS = HERE.parents[2] / "shared" / "corpus" / "corpus.json"
MAP = HERE / "corpus.csv"
"""Which rules cover which entry, and why none does."""

_APPLICATION = {
    "mix.exs": """\
defmodule Sample.MixProject do
  use Mix.Project
  def project, do: [app: :sample, version: "0.1.0"]
  def application, do: [mod: {Sample.Application, []}]
end
""",
    "lib/sample/application.ex": """\
defmodule Sample.Application do
  use Application
  def start(_type, _args) do
    Supervisor.start_link([Sample.Repo], strategy: :one_for_one, name: Sample.Supervisor)
  end
end
""",
}


@dataclass(frozen=True)
class Entry:
    """One anti-pattern: code that has it, code that has not, and the rules that cover it."""

    name: str
    bad: str
    good: str
    rules: tuple[str, ...]
    why_not: str


@dataclass(frozen=True)
class Verdict:
    """What the covering rules say of an entry."""

    entry: Entry
    found: bool
    false: int

    @property
    def score(self) -> Score:
        """The same as counts."""
        return Score(int(self.found), int(not self.found), self.false, int(not self.false))


def covered() -> dict[str, tuple[tuple[str, ...], str]]:
    """Rules and reason by entry, as the map has them."""
    with MAP.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {r["entry"]: (tuple(r["rules"].split()), r["why_not"]) for r in rows}


def read_corpus(file: Path) -> list[Entry]:
    """The entries that have code; none where there is no corpus."""
    if not file.is_file():
        return []
    known = covered()
    entries = []
    for raw in json.loads(file.read_text("utf-8")):
        unknown = "not judged yet" if raw["otp_relevant"] else "not about processes"
        rules, why_not = known.get(raw["name"], ((), unknown))
        entries.append(Entry(raw["name"], raw["bad"] or "", raw["good"] or "", rules, why_not))
    return entries


def judged(entry: Entry) -> Verdict:
    """Run the covering rules over both sides of an entry."""
    rules = tuple(rule(name) for name in entry.rules)
    bad, good = (
        findings(_APPLICATION | {"lib/snippet.ex": as_module(code)}, rules)
        for code in (entry.bad, entry.good)
    )
    return Verdict(entry, bool(bad), len(good))


def as_module(code: str) -> str:
    """A snippet as it could stand in a file."""
    if re.search(r"^\s*defmodule ", code, re.MULTILINE) or not code.strip():
        return code
    if not re.search(r"^\s*defp? ", code, re.MULTILINE):
        code = f"def run(conn, pid) do\n{code}\nend\n"
    return f"defmodule Snippet do\n{code}\nend\n"
