"""The yardsticks of detection: labels are read as written, and what they count is right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.damage import DAMAGES, seeded
from benchmarks.detection import corpus, labelled
from benchmarks.detection.scores import Score, total
from bot.elixir import nodes
from bot.elixir.rules import all_rules

KNOWN = {rule.id for rule in all_rules()}


def test_labels_name_rules_and_are_taken_out() -> None:
    files = {"lib/a.ex": "a # found: raw-send\nb\nc  # found: call-to-self, raw-send\n# found it\n"}
    assert dict(labelled.labels(files)) == {
        ("lib/a.ex", 1, "raw-send"): 1,
        ("lib/a.ex", 3, "call-to-self"): 1,
        ("lib/a.ex", 3, "raw-send"): 1,
    }
    assert labelled.unlabelled(files) == {"lib/a.ex": "a\nb\nc\n# found it\n"}


def test_the_labelled_projects_parse_and_name_known_rules() -> None:
    for files in labelled.projects().values():
        assert {rule for _, _, rule in labelled.labels(files)} <= KNOWN
        for code in labelled.unlabelled(files).values():
            assert not nodes.parse(code.encode()).root_node.has_error


def test_nothing_labelled_is_missed_and_nothing_else_is_found() -> None:
    scores, surprises = labelled.of_projects()
    assert surprises == []
    assert total(scores.values()).found >= 15


def test_the_map_names_known_rules_or_says_why_there_is_none() -> None:
    for entry, (rules, why_not) in corpus.covered().items():
        assert set(rules) <= KNOWN, entry
        assert bool(rules) != bool(why_not), entry


def test_an_entry_is_judged_by_both_of_its_sides(tmp_path: Path) -> None:
    file = tmp_path / "corpus.json"
    raw = {"otp_relevant": True, "bad": "def a(x), do: String.to_atom(x)", "good": ":a"}
    file.write_text(json.dumps([raw | {"name": "smells-dynamic-atom-creation"}]))
    (entry,) = corpus.read_corpus(file)
    verdict = corpus.judged(entry)
    assert (verdict.found, verdict.false) == (True, 0)
    assert verdict.score == Score(found=1, silent=1)
    turned = corpus.judged(corpus.Entry(entry.name, entry.good, entry.bad, entry.rules, ""))
    assert turned.score == Score(missed=1, false=1)


def test_without_a_corpus_there_are_no_entries(tmp_path: Path) -> None:
    assert corpus.read_corpus(tmp_path / "none.json") == []


@pytest.mark.parametrize(
    ("snippet", "begins"),
    [
        ("defmodule A do\nend", "defmodule A do"),
        ("def a, do: 1", "defmodule Snippet do\ndef a, do: 1"),
        ("spawn(f)", "defmodule Snippet do\ndef run(conn, pid) do\nspawn(f)"),
        ("", ""),
    ],
)
def test_a_snippet_becomes_a_module(snippet: str, begins: str) -> None:
    code = corpus.as_module(snippet)
    assert code.startswith(begins)
    assert not nodes.parse(code.encode()).root_node.has_error


def test_ratios_of_nothing_are_none() -> None:
    assert (Score().precision, Score().recall) == (None, None)
    assert (Score(3, 1, 1).precision, Score(3, 1, 1).recall) == (0.75, 0.75)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damage_changes_what_it_gets_and_comes_out_the_same_again(damage: object) -> None:
    code = b'defmodule A do\n  def a(x), do: x\n  @doc """\n  b\n  """\nend\n' * 3
    assert callable(damage)
    outcomes = [damage(code, seeded(number)) for number in (1, 1, 2, 3)]
    assert outcomes[0] == outcomes[1]
    assert any(outcome != code for outcome in outcomes)
