"""Workflow files of strangers: what they call and what starts them, however they are written."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flows.onboarding.workflow_file import caller_of, document_of, triggers, used
from bot.flows.stage_run.caller import caller_workflow

OURS = caller_workflow(owner="acme", ref="v1", version="1.2.3")


def test_our_own_is_known_and_so_is_a_changed_one() -> None:
    caller = caller_of(OURS)
    assert caller is not None
    assert (caller.owner, caller.ref, caller.version, caller.as_printed) == (
        "acme",
        "v1",
        "1.2.3",
        True,
    )
    assert "plan_commit" in caller.inputs
    other = caller_of(OURS.replace("\n", "\r\n"))
    assert other is not None
    assert other.as_printed
    changed = caller_of(OURS.replace("runs stages", "runs them", 1) + "\n# more\n")
    assert changed is not None
    assert not changed.as_printed


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("on: push\n", {"push"}),
        ("on: [push, pull_request]\n", {"push", "pull_request"}),
        ("on:\n  pull_request:\n  push: {branches: [main]}\n", {"pull_request", "push"}),
        ("'on': push\n", {"push"}),
        ("name: x\n", set()),
        ("on: 5\n", set()),
    ],
)
def test_what_starts_it(text: str, events: set[str]) -> None:
    document = document_of(text)
    assert document is not None
    assert set(triggers(document)) == events


def test_what_it_uses_is_listed_once_and_local_actions_are_not() -> None:
    text = (
        "- uses: a/b@v1\n  uses: a/b@v1\n- uses: ./local\n    uses: 'c/d/e@x' # v2\n# uses: f/g@h\n"
    )
    assert used(text) == ("a/b@v1", "c/d/e@x")


@pytest.mark.parametrize("inputs", ["5", "[{a: b}]", "[a]", "true", "x"])
def test_inputs_that_are_no_map_are_none(inputs: str) -> None:
    text = (
        f"on: {{workflow_dispatch: {{inputs: {inputs}}}}}\njobs:\n  a:\n"
        "    uses: acme/otp-genesis/.github/workflows/stage.yml@v1\n"
    )
    caller = caller_of(text)
    assert caller is not None
    assert caller.inputs == frozenset()


@pytest.mark.parametrize(
    "piece", ["\n", " ", "\t", "uses: ", "- ", "  - uses:\n", "a/", "&a [*a]\n"]
)
def test_a_hostile_file_takes_no_time(piece: str) -> None:
    text = piece * (500_000 // len(piece))
    began = time.monotonic()
    used(text)
    caller_of(text)
    assert time.monotonic() - began < 10


@given(st.text(max_size=300))
def test_any_text_is_read_or_is_none(text: str) -> None:
    document = document_of(text)
    assert document is None or isinstance(triggers(document), dict)
    assert caller_of(text) is None
    used(text)
