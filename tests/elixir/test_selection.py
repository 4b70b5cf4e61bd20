"""Which findings count: rules on and off, severities, files, limits."""

from __future__ import annotations

import pytest

from bot.codebase.paths import Glob
from bot.core.finding import Analysis
from bot.elixir.analyze import survey
from bot.elixir.rules import all_rules, rule
from bot.elixir.selection import RuleChoice, Selection
from bot.elixir.tree import MemoryTree

DESK = """\
defmodule Desk do
  def open(work), do: spawn(work)
  def name(text), do: String.to_atom(text)
end
"""
RULES = tuple(map(rule, ("dynamic-atom", "unsupervised-spawn")))
FILES = {"lib/desk.ex": DESK, "lib/made/shop.ex": DESK.replace("Desk", "Shop")}


def told(selection: Selection, files: dict[str, str] | None = None) -> Analysis:
    tree = MemoryTree.of(FILES if files is None else files)
    return survey(tree, jobs=1, rules=RULES, selection=selection).analysis


def found(selection: Selection) -> set[tuple[str, str]]:
    return {(f.path, f.rule) for f in told(selection).findings}


def test_a_rule_that_is_off_does_not_run() -> None:
    analysis = told(Selection({"dynamic-atom": RuleChoice(off=True)}))
    assert {f.rule for f in analysis.findings} == {"unsupervised-spawn"}
    assert analysis.rules == ("unsupervised-spawn",)


def test_a_severity_is_that_of_all_findings_of_the_rule() -> None:
    analysis = told(Selection({"dynamic-atom": RuleChoice(severity="error")}))
    assert {f.severity for f in analysis.findings if f.rule == "dynamic-atom"} == {"error"}
    assert {f.severity for f in analysis.findings if f.rule != "dynamic-atom"} == {"warning"}


@pytest.mark.parametrize(
    ("selection", "left_out"),
    [
        (Selection(excluded=(Glob.of("lib/made/**"),)), {"dynamic-atom", "unsupervised-spawn"}),
        (
            Selection({"dynamic-atom": RuleChoice(excluded=(Glob.of("**/shop.ex"),))}),
            {"dynamic-atom"},
        ),
        (
            Selection(excluded=(Glob.of("apps/a/lib/made/*.ex"),), folder="apps/a/"),
            {"dynamic-atom", "unsupervised-spawn"},
        ),
        (Selection(excluded=(Glob.of("lib/made/**"),), folder="apps/a/"), set()),
    ],
)
def test_nothing_is_told_of_what_is_left_out(selection: Selection, left_out: set[str]) -> None:
    everything = found(Selection())
    assert len(everything) == 4
    assert everything - found(selection) == {("lib/made/shop.ex", rule) for rule in left_out}


def test_what_is_left_out_is_still_read_for_the_rest() -> None:
    broken = {**FILES, "lib/made/broken.ex": "defmodule Broken do\n  def f(\n"}
    assert [n.path for n in told(Selection(), broken).notes] == ["lib/made/broken.ex"]
    analysis = told(Selection(excluded=(Glob.of("lib/made/**"),)), broken)
    assert (analysis.files, analysis.modules, analysis.notes) == (3, 3, ())


def test_a_comment_in_what_is_left_out_is_none_without_effect() -> None:
    comment = "# genesis:ignore-file unsupervised-spawn -- made by a tool\n"
    files = {"lib/made/shop.ex": comment + DESK}
    spawn = {"unsupervised-spawn": RuleChoice(excluded=(Glob.of("lib/made/**"),))}
    analysis = told(Selection(spawn), files)
    assert (analysis.suppressed, analysis.notes) == ((), ())
    assert [f.rule for f in analysis.findings] == ["dynamic-atom"]


def test_a_suppressed_finding_has_the_severity_of_the_team() -> None:
    files = {"lib/desk.ex": "# genesis:ignore-file dynamic-atom -- bounded by the form\n" + DESK}
    analysis = told(Selection({"dynamic-atom": RuleChoice(severity="info")}), files)
    assert [s.finding.severity for s in analysis.suppressed] == ["info"]


def test_limits_are_those_of_the_team() -> None:
    god = rule("god-process")
    (code,) = god.bad[0].tree().values()
    tree = MemoryTree.of({"lib/a.ex": code})

    def messages(**limits: int) -> list[str]:
        selection = Selection({"god-process": RuleChoice(limits=limits)})
        found = survey(tree, jobs=1, rules=(god,), selection=selection).analysis.findings
        return [f.message for f in found]

    assert "(limit 20)" in messages()[0]
    assert "(limit 12)" in messages(messages=12)[0]
    assert messages(lines=10_000, messages=10_000, fields=10_000, topics=10_000) == []


@pytest.mark.parametrize("limited", [r for r in all_rules() if r.limits], ids=lambda r: r.id)
def test_the_limits_a_rule_declares_are_those_of_its_check(limited: object) -> None:
    from inspect import signature

    from bot.elixir.rules.base import Rule

    assert isinstance(limited, Rule)
    check = limited.check or limited.check_project
    assert check is not None
    defaults = {p.name: p.default for p in list(signature(check).parameters.values())[1:]}
    assert defaults == {limit.name: limit.value for limit in limited.limits}
    names = [limit.name for limit in limited.limits]
    assert all(limit.least <= limit.value for limit in limited.limits)
    assert len(set(names)) == len(names)
