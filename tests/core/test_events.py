"""Deliveries reduced to hints."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.events import Said, Ticked, hint_of
from bot.core.render.github.markers import marker

OURSELVES = "otp-genesis[bot]"
PERSON = {"login": "writer", "type": "User"}
BOT = {"login": OURSELVES, "type": "Bot"}
HERE = {"full_name": "acme/shop", "default_branch": "main"}
BRANCH = "genesis/42/stage-1"
STAGE, PULL = marker("42", "stage", stage=1), marker("42", "pull", stage=1)


def delivered(event: str, **payload: Any) -> Any:
    whole = {"repository": HERE, "installation": {"id": 7}, "sender": PERSON} | payload
    return hint_of("guid-1", event, whole, ourselves=OURSELVES)


def test_a_label_names_the_issue_and_who_put_it_on() -> None:
    issue = {"number": 42, "body": None}
    hint = delivered("issues", action="labeled", issue=issue, label={"name": "otp-refactor"})
    assert (hint.scope, hint.plan, hint.repository, hint.installation) == (
        "plan",
        "42",
        "acme/shop",
        7,
    )
    assert (hint.event, hint.labelled, hint.sender) == ("issues.labeled", "otp-refactor", "writer")


def test_an_issue_that_is_opened_with_a_label_is_no_label_event() -> None:
    issue = {"number": 42, "labels": [{"name": "otp-refactor"}]}
    assert delivered("issues", action="opened", issue=issue).labelled == ""


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("issues", {"issue": {"number": 50, "user": BOT, "body": f"x\n\n{STAGE}"}}),
        ("issue_comment", {"issue": {"number": 51, "user": BOT, "body": PULL}}),
        ("pull_request", {"pull_request": {"number": 51, "head": {"ref": BRANCH}}}),
        ("pull_request_review", {"pull_request": {"head": {"ref": BRANCH}}}),
        ("pull_request_review_thread", {"pull_request": {"head": {"ref": BRANCH}}}),
        ("check_run", {"check_run": {"check_suite": {"head_branch": BRANCH}}}),
        ("check_suite", {"check_suite": {"head_branch": BRANCH}}),
        ("status", {"branches": [{"name": "other"}, {"name": BRANCH}]}),
        ("workflow_run", {"workflow_run": {"head_branch": BRANCH, "display_title": "CI"}}),
        (
            "workflow_run",
            {
                "workflow_run": {
                    "head_branch": "main",
                    "display_title": "genesis 42 stage 1 attempt 3",
                }
            },
        ),
        ("push", {"ref": f"refs/heads/{BRANCH}"}),
        ("delete", {"ref": BRANCH}),
    ],
)
def test_what_belongs_to_a_plan_leads_to_it(event: str, payload: dict[str, Any]) -> None:
    hint = delivered(event, **payload)
    assert (hint.scope, hint.plan) == ("plan", "42")


def test_a_marker_in_the_issue_of_a_person_does_not_lead_away_from_it() -> None:
    issue = {"number": 50, "user": PERSON, "body": f"As in #42.\n\n{STAGE}"}
    hint = delivered("issues", action="labeled", issue=issue, label={"name": "otp-refactor"})
    assert (hint.scope, hint.plan) == ("plan", "50")


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("ping", {}),
        ("push", {"ref": "refs/heads/other"}),
        ("push", {"ref": "refs/genesis/plan-42"}),
        ("pull_request", {"pull_request": {"number": 1, "head": {"ref": "genesis/x/stage-1"}}}),
        ("check_run", {"check_run": {"check_suite": {"head_branch": None}}}),
        ("check_suite", {"check_suite": None}),
        ("workflow_run", {"workflow_run": {"head_branch": "main", "display_title": None}}),
        ("an_event_of_next_year", {"action": "happened"}),
    ],
)
def test_what_belongs_to_no_plan_is_no_hint(event: str, payload: dict[str, Any]) -> None:
    assert delivered(event, **payload) is None


def test_a_push_to_the_default_branch_concerns_every_plan() -> None:
    hint = delivered("push", ref="refs/heads/main")
    assert (hint.scope, hint.plan) == ("repository", "")


def test_an_installation_has_no_repository() -> None:
    hint = delivered("installation", action="suspend", repository=None)
    assert (hint.scope, hint.repository, hint.installation) == ("installation", "", 7)
    assert hint.repository_id == 0


def test_a_repository_is_known_by_what_a_rename_leaves_as_it_is() -> None:
    repository = {"id": 99, "full_name": "acme/shop", "default_branch": "main"}
    hint = delivered("issues", action="closed", repository=repository, issue={"number": 4})
    assert (hint.repository, hint.repository_id, hint.plan) == ("acme/shop", 99, "4")


@pytest.mark.parametrize("event", ["issues", "issue_comment", "pull_request"])
def test_what_we_did_ourselves_is_no_news(event: str) -> None:
    pull = {"head": {"ref": BRANCH}}
    assert delivered(event, sender=BOT, issue={"number": 42}, pull_request=pull) is None


def test_checks_on_our_own_push_are_news() -> None:
    assert delivered("check_suite", sender=BOT, check_suite={"head_branch": BRANCH}) is not None


def test_a_new_comment_is_kept_as_it_was_said() -> None:
    comment = {"id": 9, "body": "/genesis approve", "user": PERSON}
    hint = delivered("issue_comment", action="created", issue={"number": 42}, comment=comment)
    assert hint.said == Said(id=9, body="/genesis approve")
    assert hint.ticked is None


def test_an_edited_comment_says_nothing() -> None:
    comment = {"id": 9, "body": "/genesis approve", "user": PERSON}
    hint = delivered("issue_comment", action="edited", issue={"number": 42}, comment=comment)
    assert (hint.said, hint.ticked) == (None, None)


def test_a_comment_of_a_bot_says_nothing() -> None:
    comment = {"id": 9, "body": "/genesis approve"}
    other = {"login": "other[bot]", "type": "Bot"}
    hint = delivered(
        "issue_comment", action="created", sender=other, issue={"number": 42}, comment=comment
    )
    assert hint.said is None


def test_a_tick_tells_who_and_what_was_there_before() -> None:
    after = "- [x] Approve\n\n" + marker("42", "dashboard")
    comment = {"id": 9, "body": after, "user": BOT}
    before = after.replace("[x]", "[ ]")
    hint = delivered(
        "issue_comment",
        action="edited",
        issue={"number": 42},
        comment=comment,
        changes={"body": {"from": before}},
    )
    assert hint.ticked == Ticked(comment=9, actor="writer", before=before, after=after)


@pytest.mark.parametrize("plan", ["x", "0", "042", "1" * 19])
def test_a_marker_that_names_no_plan_leads_to_the_issue_itself(plan: str) -> None:
    issue = {"number": 50, "body": marker(plan, "stage", stage=1)}
    assert delivered("issues", action="edited", issue=issue).plan == "50"


def test_a_payload_of_another_shape_is_told_by_its_place() -> None:
    with pytest.raises(ValueError, match=r"issues: issue\.number is not what GitHub sends"):
        delivered("issues", action="labeled", issue={"number": "many"})


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
keys = st.sampled_from(["issue", "comment", "label", "sender", "repository", "action", "changes"])


@given(st.sampled_from(["issues", "issue_comment", "push", "status"]), st.dictionaries(keys, json))
def test_any_payload_gives_a_hint_or_says_why_not(event: str, payload: dict[str, Any]) -> None:
    try:
        hint = hint_of("guid", event, payload)
    except ValueError:
        return
    assert hint is None or hint.delivery == "guid"


@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize"])
def test_other_commits_in_a_pull_request_may_touch_the_configuration(action: str) -> None:
    pull = {"number": 9, "head": {"ref": "topic"}}
    hint = delivered("pull_request", action=action, pull_request=pull)
    assert (hint.scope, hint.pull, hint.plan, hint.repository) == ("config", 9, "", "acme/shop")


@pytest.mark.parametrize("action", ["labeled", "edited", "closed", "assigned"])
def test_what_gives_a_pull_request_no_commits_does_not(action: str) -> None:
    pull = {"number": 9, "head": {"ref": "topic"}}
    assert delivered("pull_request", action=action, pull_request=pull) is None


def test_our_own_pull_requests_are_about_their_plan() -> None:
    pull = {"number": 9, "head": {"ref": BRANCH}}
    hint = delivered("pull_request", action="synchronize", pull_request=pull)
    assert (hint.scope, hint.pull, hint.plan) == ("plan", 0, "42")
