"""The onboarding pull request, decided: one, never doubled, never over what people did."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.policy import Policy
from bot.core.render.github import markers
from bot.flows.onboarding.proposal import BRANCH, Decision, Pull, Situation, decide
from bot.flows.onboarding.proposal_text import Caller, new_file_link, proposal
from bot.flows.stage_run.caller import caller_workflow

TOLD = {"plan": "none", "kind": "onboarding", "version": "1"}
CONFIG = "# all of it\n"
BARE = Situation("acme/shop", "https://github.com/acme/shop", "main", False, "missing")
OPEN = Pull(3, "u", open=True, merged=False, told=TOLD)
OURS = replace(BARE, pull=OPEN, tip="a" * 40, text=CONFIG)
CALLER = Caller(
    caller_workflow(owner="acme", ref="main", version="1.2.3"),
    ".github/workflows/otp-genesis.yml",
    "acme",
    "main",
    "1.2.3",
)


@pytest.mark.parametrize(
    ("seen", "decision"),
    [
        (BARE, Decision("proposed", ("branch", "open"))),
        (replace(BARE, workflow="current"), Decision("proposed", ("branch", "open"))),
        (replace(BARE, config=True, workflow="current"), Decision("complete")),
        (replace(BARE, config=True), Decision("by-hand")),
        (replace(BARE, config=True, workflow="old"), Decision("by-hand")),
        (OURS, Decision("proposed")),
        (replace(OURS, text="# older\n"), Decision("proposed", ("commit",))),
        (replace(OURS, text="# theirs\n", others=("ann",)), Decision("proposed")),
        (replace(OURS, pull=replace(OPEN, told={})), Decision("proposed", ("edit",))),
        (
            replace(OURS, text="# older\n", pull=replace(OPEN, told={})),
            Decision("proposed", ("commit", "edit")),
        ),
        (replace(OURS, tip="", text=None), Decision("proposed")),
        (replace(OURS, pull=replace(OPEN, open=False)), Decision("declined")),
        (replace(OURS, pull=replace(OPEN, open=False, merged=True)), Decision("merged")),
        (replace(OURS, pull=None), Decision("proposed", ("open",))),
        (replace(OURS, pull=None, text=""), Decision("proposed", ("commit", "open"))),
        (replace(OURS, pull=None, others=("ann",)), Decision("taken")),
    ],
)
def test_the_table(seen: Situation, decision: Decision) -> None:
    assert decide(seen, TOLD, CONFIG) == decision


situations = st.builds(
    Situation,
    full_name=st.just("acme/shop"),
    web=st.just("w"),
    default_branch=st.just("main"),
    config=st.booleans(),
    workflow=st.sampled_from(("missing", "old", "current")),
    pull=st.none()
    | st.builds(
        Pull,
        number=st.just(3),
        url=st.just("u"),
        open=st.booleans(),
        merged=st.booleans(),
        told=st.sampled_from((TOLD, {})),
    ),
    tip=st.sampled_from(("", "a" * 40)),
    others=st.sampled_from(((), ("ann",))),
    text=st.sampled_from((None, CONFIG, "# older\n")),
    brought=st.booleans(),
)


@given(situations)
def test_whatever_there_is_people_come_first(seen: Situation) -> None:
    decision = decide(seen, TOLD, CONFIG)
    if seen.others:
        assert not {"branch", "commit"} & set(decision.deeds)
    if seen.pull is not None:
        assert not {"branch", "open"} & set(decision.deeds)
        if not seen.pull.open:
            assert decision.deeds == ()
    if seen.tip:
        assert "branch" not in decision.deeds


def body(seen: Situation, **policy: str) -> str:
    return proposal(seen, Policy(**policy), CALLER)


def test_the_link_opens_a_new_file_with_the_whole_workflow_on_the_branch() -> None:
    link = new_file_link(BARE, CALLER.path, CALLER.text, BRANCH)
    parts = urlsplit(link)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
        "https://github.com/acme/shop/new/genesis/onboarding"
    )
    assert parse_qs(parts.query) == {"filename": [CALLER.path], "value": [CALLER.text]}
    assert len(link) < 8000, "servers refuse longer ones"
    assert " " not in link
    assert link in body(BARE)


def test_the_body_says_what_is_left_of_the_workflow() -> None:
    assert "filled in]" in body(BARE)
    for seen, said in (
        (replace(BARE, workflow="current"), "it is there"),
        (replace(BARE, workflow="old"), "A newer workflow"),
        (replace(BARE, brought=True), "this branch has it"),
    ):
        assert said in body(seen)
        assert "filled in]" not in body(seen)


def test_the_marker_changes_with_all_that_the_body_depends_on() -> None:
    states = [BARE, replace(BARE, workflow="old"), replace(BARE, brought=True)]
    found = [markers.read(body(seen)) for seen in states]
    found.append(markers.read(proposal(BARE, Policy(), replace(CALLER, version="1.2.4"))))
    found.append(markers.read(proposal(BARE, Policy(), replace(CALLER, ref="v1"))))
    assert None not in found
    assert len({str(told) for told in found}) == len(found)


def test_the_label_of_the_configuration_is_named() -> None:
    assert "`mend`" in body(BARE, label="mend")
