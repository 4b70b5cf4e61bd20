"""The inputs of a dispatch are strangers' words until they are checked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.core.lifecycle.commands import Dispatch
from bot.core.lifecycle.outcome import run_name
from bot.errors import Refused, Unusable
from bot.flows.stage_run.caller import caller_workflow
from bot.flows.stage_run.job import INPUTS, Job
from bot.flows.stage_run.order import parse_order
from bot.strict_yaml import parse

SHA = "a" * 40
GOOD = {
    "plan": "42",
    "plan_commit": SHA,
    "stage": "2",
    "attempt": "3",
    "cause": "checks",
    "base": SHA,
    "head": "",
    "only": "2-split",
    "dropped": "2-a-aaaaaa, 2-b-bbbbbb",
    "minutes": "12.5",
    "usd": "",
}
JOB = {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "2"}


def test_texts_become_what_they_say() -> None:
    order = parse_order(json.dumps(GOOD | {"genesis": "0.1.0", "runs_on": "x"}))
    assert (order.stage, order.attempt, order.minutes, order.usd) == (2, 3, 12.5, None)
    assert order.dropped == ("2-a-aaaaaa", "2-b-bbbbbb")
    assert order.run_name == run_name("42", 2, 3)
    assert parse_order(json.dumps(GOOD | {"usd": "1.5"})).usd == 1.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"plan": "../x"},
        {"plan": "42; id"},
        {"plan_commit": "main"},
        {"plan_commit": SHA + "\n"},
        {"stage": "5"},
        {"stage": "0"},
        {"stage": "two"},
        {"attempt": "0"},
        {"cause": "because"},
        {"base": "--upload-pack=id"},
        {"head": "HEAD"},
        {"only": "2-x; id"},
        {"dropped": "2-a-aaaaaa,$(id)"},
        {"minutes": "1e9"},
        {"minutes": "nan"},
        {"minutes": "inf"},
        {"usd": "-1"},
        {"usd": "inf"},
        {"usd": "nan"},
    ],
)
def test_nothing_else_is_taken(wrong: dict[str, str]) -> None:
    with pytest.raises(Unusable, match=f"input '{next(iter(wrong))}"):
        parse_order(json.dumps(GOOD | wrong))


@pytest.mark.parametrize("text", ["", "null", "[]", "3", "{", "[" * 100_000, '{"plan": 1}'])
def test_inputs_of_another_shape_are_refused(text: str) -> None:
    with pytest.raises(Unusable):
        parse_order(text)


def test_a_job_knows_its_run_and_nobody_else_has_one() -> None:
    job = Job.of(JOB | {INPUTS: json.dumps(GOOD)})
    handed = job.handed(job.order())
    assert (handed.repository, handed.run, handed.run_attempt) == ("acme/shop", 7, 2)
    assert job.remote == "https://github.com/acme/shop.git"
    for change in ({"GITHUB_REPOSITORY": "x"}, {"GITHUB_RUN_ID": ""}, {"GITHUB_RUN_ATTEMPT": "a"}):
        with pytest.raises(Unusable, match="no job of a workflow run"):
            Job.of(JOB | change)


def test_outputs_are_single_words(tmp_path: Any) -> None:
    job = Job.of(JOB | {"GITHUB_OUTPUT": str(tmp_path / "out")})
    job.give(status="ready", digest="ab12")
    assert (tmp_path / "out").read_text() == "status=ready\ndigest=ab12\n"
    with pytest.raises(AssertionError):
        job.give(status="ready\nadmin=true")


def test_the_workflow_of_a_repository_asks_for_all_there_is() -> None:
    text = caller_workflow(owner="acme", ref="v1.2.3", version="1.2.3")
    # `on` is a text to this reader, as it is to GitHub's.
    document: Any = parse(text, path="otp-genesis.yml").value
    inputs = document["on"]["workflow_dispatch"]["inputs"]
    assert set(inputs) == set(GOOD)
    assert len(inputs) <= 25
    assert {each["type"] for each in inputs.values()} == {"string"}
    job = document["jobs"]["stage"]
    assert job["uses"] == "acme/otp-genesis/.github/workflows/stage.yml@v1.2.3"
    assert set(job["with"]) == {*GOOD, "genesis"}
    shown = document["run-name"]
    for name in ("plan", "stage", "attempt"):
        shown = shown.replace("${{ inputs." + name + " }}", GOOD[name])
    assert shown == run_name("42", 2, 3)
    with pytest.raises(Refused):
        caller_workflow(owner="acme", ref="main\n  evil: true", version="1")


def test_a_dispatch_says_nothing_the_workflow_does_not_know() -> None:
    command = Dispatch(
        stage=2, attempt=3, cause="checks", workflow="w.yml", base=SHA, head="", minutes=12.5
    )
    assert set(command.model_fields_set) - {"stage", "workflow"} <= set(GOOD)
