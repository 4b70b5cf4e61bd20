"""docs/pipeline_ex.md: every row has a sample that shows what the row says."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bot.pipeline.expressions.expr import holds
from tests.cli.support import inside
from tests.docs.pages import codes, first_column, prose, tables
from tests.docs.samples import Sample, play, problems, samples

PAGE = "pipeline_ex.md"
HEAD = ("feature", "in v1", "here", "note")
ROWS = [row for table in tables(PAGE) if table.head == HEAD for row in table.rows]
HERE = {row[0]: row[2] for row in ROWS}
NOTE = {row[0]: row[3] for row in ROWS}
SAMPLES = [sample for each in samples().values() for sample in each]

ADD = """\
workflow:
  name: add
  steps: [{name: a, type: set_variable, variables: {n: 1}}]
  outputs: {n: a.n}
"""
FILES = {
    "a.yaml": ADD,
    "input.yaml": ADD.replace("n: 1}", "n: '{{ length(x) }}'}"),
    "write.yaml": ADD.replace("variables", "output_to_file: a.json, variables"),
    "ask.yaml": "workflow: {name: ask, steps: [{name: a, type: claude, prompt: say hello}]}",
}


def test_every_row_has_a_sample_and_every_sample_a_row() -> None:
    features = [row[0] for row in ROWS]
    named = [sample.feature for sample in SAMPLES]
    assert sorted(set(features) - set(named)) == []
    assert sorted(set(named) - set(features)) == []
    assert len(features) == len(set(features))
    assert len(named) == len(set(named))
    assert len(features) > 150


def test_rows_use_the_words_the_page_explains() -> None:
    assert {row[1] for row in ROWS} == first_column(PAGE, "Every feature of pipeline_ex", "in v1")
    assert set(HERE.values()) == {"works", "different", "refused"}
    assert [row[0] for row in ROWS if row[2] != "works" and not row[3]] == []


def said(feature: str) -> str:
    """The message a row quotes."""
    return str(re.findall(r'"([^"]+)"', NOTE[feature])[0])


@pytest.mark.parametrize(
    "sample", [s for s in SAMPLES if not s.command], ids=lambda s: str(s.feature)
)
def test_a_feature_shows_what_its_row_says(sample: Sample, tmp_path: Path) -> None:
    if HERE[sample.feature] == "refused":
        assert said(sample.feature) in problems(sample, tmp_path)
        return
    assert sample.conditions or sample.fails
    assert play(sample, tmp_path).wrong(sample) == []


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.command], ids=lambda s: str(s.feature))
def test_a_command_does_what_its_row_says(
    sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENESIS_STATE_DIR", str(tmp_path / "state"))
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    if sample.before:
        inside(*sample.before, env=sample.env)
    ran = inside(*sample.command, env=sample.env)
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")]
    seen = {"code": ran.code, "out": ran.out, "err": ran.err, "files": files}
    if HERE[sample.feature] == "refused":
        assert said(sample.feature) in ran.err
        return
    assert [text for text in sample.conditions if not holds(text, seen)] == [], ran.out + ran.err


def twins(sample: Sample) -> dict[str, Sample]:
    """The sample with each further key of its row in the place of the one it shows."""
    names = [code for code in codes(sample.feature) if re.fullmatch(r"[a-z]\w+", code)]
    text = f"{sample.head}\n{sample.steps}"
    shown = next((name for name in names if re.search(rf"\b{name}: ", text)), "")
    others = [name for name in names if shown and not re.search(rf"\b{name}: ", text)]
    return {
        other: replace(
            sample,
            head=re.sub(rf"\b{shown}: ", f"{other}: ", sample.head),
            steps=re.sub(rf"\b{shown}: ", f"{other}: ", sample.steps),
        )
        for other in others
    }


REFUSED = [sample for sample in SAMPLES if HERE.get(sample.feature) == "refused"]


@pytest.mark.parametrize("sample", [s for s in REFUSED if twins(s)], ids=lambda s: str(s.feature))
def test_the_other_keys_of_a_row_are_refused_as_well(sample: Sample, tmp_path: Path) -> None:
    for name, twin in twins(sample).items():
        found = problems(twin, tmp_path)
        assert re.search(rf"{name}: (not supported here|unknown key)", found), name


def test_the_page_counts_its_rows() -> None:
    count = Counter(row[2] for row in ROWS)
    told = (
        f"{len(ROWS)} features: {count['works']} work, {count['different']} are deliberately "
        f"different, {count['refused']} are refused"
    )
    assert told in prose(PAGE)
