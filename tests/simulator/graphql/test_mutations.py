"""Changing by GraphQL."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.graphql.asking import ask, data, error
from tests.simulator.proposing import Heard, commit, move, propose
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

READY = """mutation ($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id,
    clientMutationId: "me"}) { clientMutationId pullRequest { isDraft } } }"""
DRAFT = """mutation ($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id}) {
    pullRequest { isDraft } } }"""
MINIMIZE = """mutation ($id: ID!, $why: ReportedContentClassifiers!) {
    minimizeComment(input: {subjectId: $id, classifier: $why}) {
    minimizedComment { isMinimized minimizedReason } } }"""
UNMINIMIZE = """mutation ($id: ID!) { unminimizeComment(input: {subjectId: $id}) {
    unminimizedComment { isMinimized minimizedReason } } }"""
RESOLVE = """mutation ($id: ID!) { resolveReviewThread(input: {threadId: $id}) {
    thread { isResolved resolvedBy { login } } } }"""
UNRESOLVE = """mutation ($id: ID!) { unresolveReviewThread(input: {threadId: $id}) {
    thread { isResolved resolvedBy { login } } } }"""
REPLY = """mutation ($id: ID!, $body: String!) { addPullRequestReviewThreadReply(input: {
    pullRequestReviewThreadId: $id, body: $body}) { comment { body replyTo { body } } } }"""
AUTO = """mutation ($id: ID!) { enablePullRequestAutoMerge(input: {pullRequestId: $id}) {
    pullRequest { id } } }"""
REFS = """mutation ($id: ID!, $updates: [RefUpdate!]!) { updateRefs(input: {repositoryId: $id,
    refUpdates: $updates}) { clientMutationId } }"""
NULL = "0" * 40


async def thread_of(sim: Simulated) -> str:
    """The id of a thread on a new pull request."""
    await propose(sim)
    remark = {"path": "lib/new.ex", "line": 1, "body": "Why?"}
    body = {"event": "COMMENT", "comments": [remark]}
    made = await sim.as_("reader").post(f"{SHOP}/pulls/1/reviews", json=body)
    assert made.status_code == 200
    query = """{ repository(owner: "acme", name: "shop") { pullRequest(number: 1) {
        reviewThreads(first: 1) { nodes { id } } } } }"""
    found = await data(sim, query)
    id: str = found["repository"]["pullRequest"]["reviewThreads"]["nodes"][0]["id"]
    return id


async def test_a_draft_is_made_ready_and_a_draft_again(sim: Simulated) -> None:
    pull = await propose(sim, draft=True)
    assert pull["mergeable_state"] == "draft"
    heard = Heard(sim)
    found = (await data(sim, READY, id=pull["node_id"]))["markPullRequestReadyForReview"]
    assert found == {"clientMutationId": "me", "pullRequest": {"isDraft": False}}
    await data(sim, READY, id=pull["node_id"])
    await data(sim, DRAFT, id=pull["node_id"])
    assert heard.kinds() == ["pull_request/ready_for_review", "pull_request/converted_to_draft"]
    assert heard.payload("pull_request", "ready_for_review")["pull_request"]["draft"] is False
    heard.payload("pull_request", "converted_to_draft")
    refused = await sim.as_("writer").put(f"{SHOP}/pulls/1/merge", json={})
    assert (refused.status_code, refused.json()["message"]) == (
        405,
        "Pull Request is still a draft",
    )


async def test_strangers_do_not_make_it_ready(sim: Simulated) -> None:
    pull = await propose(sim, draft=True)
    told = await error(sim, READY, as_="reader", id=pull["node_id"])
    assert told["type"] == "FORBIDDEN"
    assert told["path"] == ["markPullRequestReadyForReview"]
    assert sim.world.tables.pulls.one("number", (sim.repository.id, 1)).draft is True  # type: ignore[union-attr]  # it is there
    issue = await sim.as_("reader").post(f"{SHOP}/issues", json={"title": "Issue"})
    told = await error(sim, READY, id=issue.json()["node_id"])
    assert told["type"] == "NOT_FOUND"


async def test_comments_of_all_kinds_are_minimised(sim: Simulated) -> None:
    await thread_of(sim)
    writer = sim.as_("writer")
    comment = (await writer.post(f"{SHOP}/issues/1/comments", json={"body": "Old"})).json()
    (remark,) = (await writer.get(f"{SHOP}/pulls/1/comments")).json()
    (review,) = (await writer.get(f"{SHOP}/pulls/1/reviews")).json()
    for subject in (comment, remark, review):
        found = await data(sim, MINIMIZE, id=subject["node_id"], why="OFF_TOPIC")
        shown = found["minimizeComment"]["minimizedComment"]
        assert shown == {"isMinimized": True, "minimizedReason": "off-topic"}
        found = await data(sim, UNMINIMIZE, id=subject["node_id"])
        shown = found["unminimizeComment"]["unminimizedComment"]
        assert shown == {"isMinimized": False, "minimizedReason": None}
    told = await error(sim, MINIMIZE, as_="reader", id=comment["node_id"], why="SPAM")
    assert told["type"] == "FORBIDDEN"


async def test_a_thread_is_resolved_and_unresolved(sim: Simulated) -> None:
    id = await thread_of(sim)
    heard = Heard(sim)
    found = (await data(sim, RESOLVE, id=id))["resolveReviewThread"]["thread"]
    assert found == {"isResolved": True, "resolvedBy": {"login": "writer"}}
    await data(sim, RESOLVE, id=id)
    assert (await error(sim, UNRESOLVE, as_="reader", id=id))["type"] == "FORBIDDEN"
    found = (await data(sim, UNRESOLVE, as_="maintainer", id=id))["unresolveReviewThread"]
    assert found == {"thread": {"isResolved": False, "resolvedBy": None}}
    assert heard.kinds() == [
        "pull_request_review_thread/resolved",
        "pull_request_review_thread/unresolved",
    ]
    assert heard.payload("pull_request_review_thread", "resolved")["thread"]["node_id"] == id
    heard.payload("pull_request_review_thread", "unresolved")


async def test_who_may_reply_and_who_may_resolve(sim: Simulated) -> None:
    id = await thread_of(sim)
    query = """query ($id: ID!) { node(id: $id) { ... on PullRequestReviewThread {
        viewerCanReply viewerCanResolve } } }"""
    for locked, login, reply, resolve in (
        (False, "reader", True, False),
        (False, "maintainer", True, True),
        (True, "reader", False, False),
        (True, "maintainer", True, True),
    ):
        if locked:
            await sim.as_("admin").put(f"{SHOP}/issues/1/lock")
        found = (await data(sim, query, as_=login, id=id))["node"]
        assert found == {"viewerCanReply": reply, "viewerCanResolve": resolve}, (locked, login)


async def test_a_thread_is_replied_to(sim: Simulated) -> None:
    id = await thread_of(sim)
    heard = Heard(sim)
    found = await data(sim, REPLY, id=id, body="Because.")
    assert found["addPullRequestReviewThreadReply"]["comment"] == {
        "body": "Because.",
        "replyTo": {"body": "Why?"},
    }
    assert heard.kinds() == ["pull_request_review/submitted", "pull_request_review_comment/created"]
    told = await error(sim, REPLY, id=id, body=" ")
    assert told["type"] == "UNPROCESSABLE"


async def test_a_reply_waits_with_the_review_that_is_named(sim: Simulated) -> None:
    id = await thread_of(sim)
    begun = await sim.as_("writer").post(f"{SHOP}/pulls/1/reviews", json={"body": "Soon"})
    heard = Heard(sim)
    query = REPLY.replace("$body: String!", "$body: String!, $review: ID!").replace(
        "body: $body", "body: $body, pullRequestReviewId: $review"
    )
    named = {"id": id, "body": "Because.", "review": begun.json()["node_id"]}
    found = await data(sim, query, **named)
    assert found["addPullRequestReviewThreadReply"]["comment"]["body"] == "Because."
    assert heard.kinds() == []
    shown = await sim.as_("reader").get(f"{SHOP}/pulls/1/comments")
    assert [comment["body"] for comment in shown.json()] == ["Why?"]
    assert (await error(sim, query, as_="maintainer", **named))["type"] == "NOT_FOUND"
    done = await sim.as_("reader").get(f"{SHOP}/pulls/1/reviews")
    named["review"] = done.json()[0]["node_id"]
    assert (await error(sim, query, **named))["type"] == "UNPROCESSABLE"


async def test_auto_merge_is_off(sim: Simulated) -> None:
    pull = await propose(sim)
    told = await error(sim, AUTO, id=pull["node_id"])
    assert told["message"] == "Auto merge is not allowed for this repository"
    assert told["type"] == "UNPROCESSABLE"


async def update(sim: Simulated, *updates: dict[str, Any], as_: str = "writer") -> dict[str, Any]:
    id = (await sim.as_("writer").get(SHOP)).json()["node_id"]
    return await ask(sim, REFS, as_=as_, id=id, updates=list(updates))


async def test_refs_move_together_or_not_at_all(sim: Simulated) -> None:
    one = await commit(sim, "one", {"a": "1"})
    two = await commit(sim, "one", {"a": "2"})
    git = sim.world.git(sim.repository)
    heard = Heard(sim)
    answer = await update(
        sim,
        {"name": "refs/heads/new", "afterOid": one, "beforeOid": NULL},
        {"name": "refs/heads/one", "afterOid": one, "beforeOid": one, "force": True},
    )
    assert answer["errors"][0]["type"] == "STALE_DATA"
    assert answer["data"] == {"updateRefs": None}
    assert git.ref("refs/heads/new") is None
    assert git.ref("refs/heads/one") == two
    assert heard.kinds() == []
    answer = await update(
        sim,
        {"name": "refs/heads/new", "afterOid": one, "beforeOid": NULL},
        {"name": "refs/heads/one", "afterOid": NULL, "beforeOid": two},
    )
    assert "errors" not in answer
    assert git.ref("refs/heads/new") == one
    assert git.ref("refs/heads/one") is None
    assert heard.kinds("push") == ["push", "push"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "refs/heads/one", "afterOid": "ROOT"}, "fast-forward"),
        ({"name": "refs/heads/gone", "afterOid": NULL}, "does not exist"),
        ({"name": "refs/heads/..", "afterOid": "ROOT"}, ""),
        ({"name": "refs/pull/1/head", "afterOid": "ROOT"}, ""),
        ({"name": "refs/heads/x", "afterOid": "f" * 40}, ""),
        ({"name": "refs/heads/x", "afterOid": "short"}, ""),
        ({"name": "refs/heads/main", "afterOid": NULL}, "default branch"),
    ],
)
async def test_refs_that_may_not_move_so(
    sim: Simulated, change: dict[str, Any], words: str
) -> None:
    git = sim.world.git(sim.repository)
    root = git.ref("refs/heads/main") or ""
    await commit(sim, "one", {"a": "1"})
    before = dict(git.refs())
    answer = await update(sim, {k: root if v == "ROOT" else v for k, v in change.items()})
    assert words in answer["errors"][0]["message"]
    assert answer["errors"][0]["type"] in ("UNPROCESSABLE", "FORBIDDEN", "NOT_FOUND")
    assert dict(git.refs()) == before


async def test_only_writers_move_refs(sim: Simulated) -> None:
    sha = await commit(sim, "one", {"a": "1"})
    answer = await update(sim, {"name": "refs/heads/x", "afterOid": sha}, as_="reader")
    assert answer["errors"][0]["type"] == "FORBIDDEN"
    assert sim.world.git(sim.repository).ref("refs/heads/x") is None
    await move(sim, "one", None)
