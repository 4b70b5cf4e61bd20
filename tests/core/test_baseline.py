"""Baselines: what they hold, what is no baseline, what they leave of an analysis."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.baseline import against_baseline, baseline_text, read_baseline, without_known
from bot.core.finding import Listed
from bot.errors import ConfigError
from tests.factories import analysis, finding

FIRST = finding(id="unsupervised-spawn-1111111111", path="lib/b.ex")
SECOND = finding(id="unsupervised-spawn-2222222222", path="lib/a.ex", line=40)


def test_it_lists_one_finding_a_line_in_the_order_of_the_code() -> None:
    text = baseline_text((FIRST, SECOND))
    lines = [line for line in text.splitlines() if '"id"' in line]
    assert [json.loads(line.strip().rstrip(","))["path"] for line in lines] == [
        "lib/a.ex",
        "lib/b.ex",
    ]
    assert '"function": "run/1"' in lines[0]
    assert '"line"' not in text
    assert [e.id for e in read_baseline(text, "b.json")] == [SECOND.id, FIRST.id]


def test_an_empty_one_is_one() -> None:
    assert read_baseline(baseline_text(()), "b.json") == ()


def test_known_findings_are_told_apart_and_what_is_gone_is_told() -> None:
    listed = read_baseline(baseline_text((FIRST, finding(id="unsupervised-spawn-3"))), "b.json")
    found = against_baseline(analysis(FIRST, SECOND), listed)
    assert (found.findings, found.known) == ((SECOND,), (FIRST,))
    assert [e.id for e in found.stale] == ["unsupervised-spawn-3"]


def test_nothing_is_said_of_rules_that_did_not_run() -> None:
    found = against_baseline(analysis(), (Listed(id="x-1", rule="dynamic-atom", path="a.ex"),))
    assert found.stale == ()


def test_what_an_older_revision_had_is_not_gone_from_the_baseline() -> None:
    found = against_baseline(
        without_known(analysis(FIRST, SECOND), {FIRST.id}),
        read_baseline(baseline_text((FIRST,)), "b.json"),
    )
    assert (found.findings, found.known, found.stale) == ((SECOND,), (FIRST,), ())


GOOD = baseline_text((FIRST,))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "b.json:1:1: not JSON: Expecting value"),
        (GOOD[:40], "b.json:3:"),
        ("[]", "is no baseline"),
        ("{}", "is no baseline"),
        ("defmodule A do\nend\n", "not JSON"),
        (GOOD.replace('"version": 1', '"version": 2'), "a newer genesis wrote it: version 2"),
        (GOOD.replace('"version": 1', '"version": "1"'), "a baseline of version 1 has"),
        (GOOD.replace('"version": 1', '"version": 1, "more": 2'), "a baseline of version 1 has"),
        (GOOD.replace('"path"', '"place"'), "findings.0.path: this key is missing"),
        (GOOD.replace('"lib/b.ex"', "5"), "findings.0.path: must be text"),
        (json.dumps({"kind": "otp-genesis-baseline", "version": 1, "findings": {}}), "a list"),
        (GOOD.replace("    {", "<<<<<<< HEAD\n    {"), "b.json:5:1: conflict markers are left"),
        ("[" * 200_000, "not JSON"),
    ],
)
def test_what_is_no_baseline_is_told_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_baseline(text, "b.json")
    assert problem in raised.value.message


@given(st.text(max_size=60) | st.integers(0, len(GOOD)).map(lambda n: GOOD[:n]))
def test_any_text_is_a_baseline_or_a_told_error(text: str) -> None:
    if text.strip() == GOOD.strip():
        assert read_baseline(text, "b.json")
    else:
        with pytest.raises(ConfigError, match=r"^b\.json\b.*: \S"):
            read_baseline(text, "b.json")


TEXTS = st.text(max_size=20)


@given(st.lists(st.tuples(TEXTS, TEXTS), unique_by=lambda pair: pair[0], max_size=5))
def test_whatever_is_in_a_finding_is_read_back(pairs: list[tuple[str, str]]) -> None:
    findings = [finding(id=f"r-{i}", path=path or "a") for path, i in pairs]
    listed = read_baseline(baseline_text(findings), "b.json")
    assert {(e.id, e.path) for e in listed} == {(f.id, f.path) for f in findings}
