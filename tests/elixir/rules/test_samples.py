"""Every rule's own samples, exemptions and texts, over the whole registry."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.elixir import nodes
from bot.elixir.analyze import survey
from bot.elixir.fixes import all_codemods
from bot.elixir.rules import all_rules
from bot.elixir.rules.base import Exemption, Rule, Sample
from bot.elixir.tree import MemoryTree

RULES = all_rules()
BAD = [(rule, sample) for rule in RULES for sample in rule.bad]
GOOD = [(rule, sample) for rule in RULES for sample in rule.good]
EXEMPTIONS = [(rule, exemption) for rule in RULES for exemption in rule.exemptions]
SAMPLES = [*BAD, *GOOD, *((rule, exemption.sample) for rule, exemption in EXEMPTIONS)]

FOLKLORE = {
    "no such counter in the runtime": r":monitor_count",
    "no such Credo check": r"Check\.Warning\.ProcessDict",
    "unlinking hides the crash": r"Process\.unlink",
    "update_counter is atomic already": r":ets\.select_replace",
}
"""Advice that is wrong however often it is repeated."""

COMMENTS_COUNT = {"infinite-timeout"}
"""Rules for which a comment can be the stated reason that exempts a site."""


def run(rule: Rule, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """(rules found, exemptions met) by one rule on some files."""
    analysis = survey(MemoryTree.of(files), jobs=1, rules=(rule,)).analysis
    return [f.rule for f in analysis.findings], [e.exemption for e in analysis.exempted]


def label(value: object) -> str:
    return (
        value.id if isinstance(value, Rule) else value.name if isinstance(value, Exemption) else ""
    )


def test_registry_lists_rules_once() -> None:
    assert RULES
    assert [i for i, n in Counter(rule.id for rule in RULES).items() if n > 1] == []


@pytest.mark.parametrize("rule", RULES, ids=label)
def test_metadata(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id)
    assert rule.stage in range(1, 6)
    for words in (rule.title, rule.explanation, rule.harm, rule.remedy):
        assert words.strip() == words != ""
    assert len(rule.bad) >= 2
    assert len(rule.good) >= 2
    assert (rule.check is None) != (rule.check_project is None)
    assert all(e.name and e.reason for e in rule.exemptions)
    assert [n for n, c in Counter(e.name for e in rule.exemptions).items() if c > 1] == []


@pytest.mark.parametrize("rule", RULES, ids=label)
def test_what_a_codemod_takes_and_nothing_else_is_called_more_than_advice(rule: Rule) -> None:
    taken = {name for codemod in all_codemods() for name in codemod.rules}
    assert (rule.fix != "advice") is (rule.id in taken)


@pytest.mark.parametrize(("rule", "sample"), BAD, ids=label)
def test_bad_sample_is_found(rule: Rule, sample: Sample) -> None:
    found, _ = run(rule, sample.tree())
    assert found


@pytest.mark.parametrize(("rule", "sample"), GOOD, ids=label)
def test_good_sample_is_silent(rule: Rule, sample: Sample) -> None:
    found, _ = run(rule, sample.tree())
    assert found == []


@pytest.mark.parametrize(("rule", "exemption"), EXEMPTIONS, ids=label)
def test_exemption_is_met_and_named(rule: Rule, exemption: Exemption) -> None:
    found, exempted = run(rule, exemption.sample.tree())
    assert found == []
    assert exempted == [exemption.name]


@pytest.mark.parametrize(("rule", "sample"), SAMPLES, ids=label)
def test_sample_parses(rule: Rule, sample: Sample) -> None:
    for code in sample.tree().values():
        assert not nodes.parse(code.encode()).root_node.has_error


@pytest.mark.parametrize("rule", RULES, ids=label)
def test_no_folklore(rule: Rule) -> None:
    samples = [*rule.good, *(e.sample for e in rule.exemptions)]
    texts = [
        rule.explanation,
        rule.harm,
        rule.remedy,
        *(c for s in samples for c in s.tree().values()),
    ]
    for why, pattern in FOLKLORE.items():
        assert not any(re.search(pattern, words) for words in texts), why


@pytest.mark.parametrize("rule", RULES, ids=label)
def test_triggers_open_the_gate_for_every_sample(rule: Rule) -> None:
    samples = [*rule.bad, *(e.sample for e in rule.exemptions)]
    for sample in samples if rule.triggers else ():
        assert any(
            word in code.encode() for code in sample.tree().values() for word in rule.triggers
        )


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_comments_and_blank_lines_change_nothing(data: st.DataObject) -> None:
    rule, sample = data.draw(st.sampled_from(SAMPLES), label="sample")
    files = sample.tree()
    before = run(rule, files)
    noise = (
        [""] if rule.id in COMMENTS_COUNT else ["", "  # spawn(fn -> :ok end)", "# rescue _ -> nil"]
    )
    for path, code in files.items():
        lines = code.splitlines()
        # A line inside a heredoc is text, not a comment.
        if '"""' in code:
            continue
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(lines)))
            lines.insert(at, data.draw(st.sampled_from(noise)))
        files[path] = "\n".join(lines) + "\n"
    assert run(rule, files) == before
