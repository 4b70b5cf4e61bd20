"""How code is written changes no finding: names of variables, layout, order, comments."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.damage import seeded
from bot.elixir import nodes
from bot.elixir.analyze import survey
from bot.elixir.rules import all_rules
from bot.elixir.rules.base import Rule, Sample
from bot.elixir.tree import MemoryTree
from tests.elixir import rewriting
from tests.elixir.rewriting import REWRITINGS

Rewriting = Callable[[bytes, random.Random], bytes]
Outcome = tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]

RULES = all_rules()
SAMPLES = {rule.id: (*rule.bad, *rule.good, *(e.sample for e in rule.exemptions)) for rule in RULES}
COMMENTS_COUNT = {"infinite-timeout"}
"""A comment can be the stated reason that exempts a site."""


def outcome(rule: Rule, files: Mapping[str, bytes], *, in_order: bool = True) -> Outcome:
    """Functions in which the rule finds something, and files in which it leaves something alone.

    A rule that tells of a module once does so in its first function of those that show it.
    """
    analysis = survey(MemoryTree.of(files), jobs=1, rules=(rule,)).analysis
    found: Counter[tuple[str, ...]] = Counter(
        (f.path, f.module, f.function if in_order else "", str(f.severity))
        for f in analysis.findings
    )
    spared: Counter[tuple[str, ...]] = Counter((e.path, e.exemption) for e in analysis.exempted)
    return found, spared


def encoded(sample: Sample) -> dict[str, bytes]:
    return {path: code.encode() for path, code in sample.tree().items()}


def applies(rule: Rule, rewriting_: Rewriting) -> bool:
    return not (rewriting_ is rewriting.commented and rule.id in COMMENTS_COUNT)


@pytest.mark.parametrize("how", REWRITINGS, ids=lambda how: how.__name__)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_samples_said_differently(rule: Rule, how: Rewriting) -> None:
    in_order = how is not rewriting.reordered
    for number, sample in enumerate(SAMPLES[rule.id] if applies(rule, how) else ()):
        before = encoded(sample)
        after = {path: how(data, seeded(number)) for path, data in before.items()}
        if after != before:
            outcomes = [outcome(rule, files, in_order=in_order) for files in (before, after)]
            assert outcomes[0] == outcomes[1], after


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_several_changes_at_once(data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from(RULES), label="rule")
    sample = data.draw(st.sampled_from(SAMPLES[rule.id]), label="sample")
    ways = [how for how in REWRITINGS if applies(rule, how)]
    seed = data.draw(st.integers(0, 1_000), label="seed")
    files = encoded(sample)
    before = outcome(rule, files, in_order=False)
    for how in data.draw(st.lists(st.sampled_from(ways), min_size=1, max_size=3)):
        files = {path: how(code, seeded(seed)) for path, code in files.items()}
    assert outcome(rule, files, in_order=False) == before, files


@pytest.mark.parametrize("how", REWRITINGS, ids=lambda how: how.__name__)
def test_a_rewriting_changes_code_and_keeps_it_valid(how: Rewriting) -> None:
    changed = 0
    for rule in RULES:
        for sample in SAMPLES[rule.id]:
            for code in encoded(sample).values():
                after = how(code, seeded(1))
                changed += after != code
                assert not nodes.parse(after).root_node.has_error, after.decode()
    assert changed >= len(RULES) // 2


def test_what_the_rewritings_do() -> None:
    two = b"  def b(:p, z), do: a(z)\n  def b(:q, _), do: 1\n"
    code = b"defmodule A do\n  def a(x), do: x.y\n\n" + two + b"end\n"
    rng = seeded(3)
    names = rewriting.renamed(code, rng)
    assert b"x" not in names.replace(b"qux", b"")
    assert b".y" in names
    assert b"def a(" in names
    orders = {rewriting.reordered(code, seeded(seed)) for seed in range(12)}
    assert len(orders) == 4
    assert all(sorted(o.split()) == sorted(code.split()) for o in orders)
