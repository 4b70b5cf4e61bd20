"""Reviews, review comments and threads over REST."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.simulator.domain.pulls.review_comments import add_reply, resolve_thread
from bot.simulator.domain.pulls.reviews import add_review
from tests.simulator.judges.checking import problems_of
from tests.simulator.proposing import Heard, caller_of, commit, propose
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

REVIEWS = f"{SHOP}/pulls/1/reviews"
COMMENTS = f"{SHOP}/pulls/1/comments"
LINES = "".join(f"line {n}\n" for n in range(1, 41))


async def with_text(sim: Simulated) -> dict[str, Any]:
    """`text.txt` of 40 lines on main, of which the pull request changes line 20."""
    await commit(sim, "main", {"text.txt": LINES})
    return await propose(sim, files={"text.txt": LINES.replace("line 20\n", "line twenty\n")})


def said(answer: httpx.Response) -> Any:
    assert answer.status_code == 422, answer.text
    assert problems_of(answer) == []
    return answer.json()["errors"]


async def test_a_review_with_comments(sim: Simulated) -> None:
    pull = await with_text(sim)
    heard = Heard(sim)
    made = await sim.as_("maintainer").post(
        REVIEWS,
        json={
            "event": "REQUEST_CHANGES",
            "body": "Not so.",
            "comments": [
                {"path": "text.txt", "line": 20, "body": "A number, please."},
                {"path": "text.txt", "line": 20, "side": "LEFT", "body": "This was better."},
                {"path": "text.txt", "start_line": 18, "line": 22, "body": "All of it."},
                {"path": "text.txt", "position": 1, "body": "Above."},
            ],
        },
    )
    assert made.status_code == 200, made.text
    assert problems_of(made) == []
    assert made.json()["state"] == "CHANGES_REQUESTED"
    assert (
        heard.kinds()
        == ["pull_request_review/submitted"] + ["pull_request_review_comment/created"] * 4
    )
    assert heard.payload("pull_request_review", "submitted")["review"]["state"] == (
        "changes_requested"
    )
    shown = [
        payload["comment"] for payload in heard.payloads("pull_request_review_comment", "created")
    ]
    assert [(c["line"], c["side"], c["start_line"]) for c in shown] == [
        (20, "RIGHT", None),
        (20, "LEFT", None),
        (22, "RIGHT", 18),
        (17, "RIGHT", None),
    ]
    assert shown[0]["diff_hunk"].splitlines()[-1] == "+line twenty"
    assert shown[0]["commit_id"] == pull["head"]["sha"]
    listed = await sim.as_("reader").get(COMMENTS)
    assert problems_of(listed) == []
    assert len(listed.json()) == 4
    assert (await sim.as_("reader").get(f"{SHOP}/pulls/1")).json()["review_comments"] == 4


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ({"path": "text.txt", "line": 30}, "Pull request review thread line must be part"),
        ({"path": "text.txt", "line": 21, "side": "LEFT", "start_line": 30}, "thread start_line"),
        ({"path": "other.txt", "line": 1}, "Path could not be resolved"),
        ({"path": "text.txt", "position": 40}, "position must be part of the diff"),
        ({"path": "text.txt", "position": 0}, "position must be part of the diff"),
    ],
)
async def test_a_comment_outside_of_the_diff_refuses_the_whole_review(
    sim: Simulated, comment: dict[str, Any], words: str
) -> None:
    await with_text(sim)
    heard = Heard(sim)
    body = {"event": "COMMENT", "comments": [comment | {"body": "?"}]}
    (error,) = said(await sim.as_("maintainer").post(REVIEWS, json=body))
    assert words in error
    assert (await sim.as_("maintainer").get(REVIEWS)).json() == []
    assert heard.kinds() == []


async def test_own_work_is_not_approved_by_oneself(sim: Simulated) -> None:
    await propose(sim)
    writer = sim.as_("writer")
    answer = await writer.post(REVIEWS, json={"event": "APPROVE"})
    assert said(answer) == ["Can not approve your own pull request"]
    answer = await writer.post(REVIEWS, json={"event": "REQUEST_CHANGES", "body": "No."})
    assert said(answer) == ["Can not request changes on your own pull request"]
    assert (await writer.post(REVIEWS, json={"event": "COMMENT", "body": "Hm."})).status_code == 200


async def test_a_pending_review_is_its_authors_secret_until_it_is_submitted(
    sim: Simulated,
) -> None:
    await with_text(sim)
    heard = Heard(sim)
    maintainer, reader = sim.as_("maintainer"), sim.as_("reader")
    remark = {"path": "text.txt", "line": 20, "body": "Why?"}
    made = await maintainer.post(REVIEWS, json={"comments": [remark]})
    assert problems_of(made) == []
    review = made.json()
    assert review["state"] == "PENDING"
    assert "submitted_at" not in review
    assert heard.kinds() == []
    for path in (REVIEWS, COMMENTS, f"{SHOP}/pulls/comments"):
        assert (await reader.get(path)).json() == []
    assert (await reader.get(f"{REVIEWS}/{review['id']}")).status_code == 404
    assert (await reader.get(f"{SHOP}/pulls/1")).json()["review_comments"] == 0
    (hidden,) = (await maintainer.get(f"{REVIEWS}/{review['id']}/comments")).json()
    assert (await reader.get(f"{SHOP}/pulls/comments/{hidden['id']}")).status_code == 404
    assert (await maintainer.get(f"{SHOP}/pulls/comments/{hidden['id']}")).status_code == 200
    second = await maintainer.post(REVIEWS, json={"event": "COMMENT", "body": "x"})
    assert said(second) == ["User can only have one pending review per pull request"]
    submitted = await maintainer.post(
        f"{REVIEWS}/{review['id']}/events", json={"event": "APPROVE", "body": "Good."}
    )
    assert problems_of(submitted) == []
    assert submitted.json()["state"] == "APPROVED"
    assert heard.kinds() == ["pull_request_review/submitted", "pull_request_review_comment/created"]
    assert len((await reader.get(COMMENTS)).json()) == 1
    again = await maintainer.post(f"{REVIEWS}/{review['id']}/events", json={"event": "COMMENT"})
    assert said(again) == ["Can not submit a review that is not pending"]


async def test_a_pending_review_can_be_thrown_away_and_a_submitted_one_not(sim: Simulated) -> None:
    await with_text(sim)
    maintainer = sim.as_("maintainer")
    remark = {"path": "text.txt", "line": 20, "body": "Why?"}
    review = (await maintainer.post(REVIEWS, json={"comments": [remark]})).json()
    gone = await maintainer.delete(f"{REVIEWS}/{review['id']}")
    assert gone.status_code == 200
    assert len(sim.world.tables.threads) == len(sim.world.tables.review_comments) == 0
    review = (await maintainer.post(REVIEWS, json={"event": "APPROVE"})).json()
    kept = await maintainer.delete(f"{REVIEWS}/{review['id']}")
    assert said(kept) == ["Can not delete a non-pending pull request review"]


async def test_a_review_is_edited_and_dismissed(sim: Simulated) -> None:
    await propose(sim)
    maintainer = sim.as_("maintainer")
    review = (await maintainer.post(REVIEWS, json={"event": "APPROVE", "body": "Yes"})).json()
    heard = Heard(sim)
    edited = await maintainer.put(f"{REVIEWS}/{review['id']}", json={"body": "Yes!"})
    assert problems_of(edited) == []
    changes = heard.payload("pull_request_review", "edited")["changes"]
    assert changes == {"body": {"from": "Yes"}}
    path = f"{REVIEWS}/{review['id']}/dismissals"
    assert (await sim.as_("reader").put(path, json={"message": "no"})).status_code == 403
    dismissed = await sim.as_("writer").put(path, json={"message": "Too old."})
    assert problems_of(dismissed) == []
    assert dismissed.json()["state"] == "DISMISSED"
    heard.payload("pull_request_review", "dismissed")
    again = await sim.as_("writer").put(path, json={"message": "Again."})
    assert said(again) == ["Can not dismiss a dismissed pull request review"]
    events = (await maintainer.get(f"{SHOP}/issues/1/timeline")).json()
    assert "review_dismissed" in [event["event"] for event in events]


async def test_a_comment_by_itself_and_its_replies(sim: Simulated) -> None:
    pull = await with_text(sim)
    heard = Heard(sim)
    wanted = {"body": "Why?", "commit_id": pull["head"]["sha"], "path": "text.txt", "line": 20}
    made = await sim.as_("maintainer").post(COMMENTS, json=wanted)
    assert made.status_code == 201, made.text
    assert problems_of(made) == []
    first = made.json()
    replied = await sim.as_("writer").post(
        f"{COMMENTS}/{first['id']}/replies", json={"body": "As it reads better."}
    )
    assert problems_of(replied) == []
    assert replied.json()["in_reply_to_id"] == first["id"]
    assert replied.json()["diff_hunk"] == first["diff_hunk"]
    more = await sim.as_("reader").post(
        COMMENTS, json={"body": "I see.", "in_reply_to": replied.json()["id"]}
    )
    assert more.json()["in_reply_to_id"] == first["id"]
    assert (
        heard.kinds()
        == [
            "pull_request_review/submitted",
            "pull_request_review_comment/created",
        ]
        * 3
    )
    heard.payloads("pull_request_review_comment", "created")
    assert len(sim.world.tables.threads) == 1
    reviews = (await sim.as_("reader").get(REVIEWS)).json()
    assert [(r["state"], r["body"]) for r in reviews] == [("COMMENTED", "")] * 3


async def test_a_comment_is_edited_and_deleted(sim: Simulated) -> None:
    pull = await with_text(sim)
    wanted = {"body": "Why?", "commit_id": pull["head"]["sha"], "path": "text.txt", "line": 20}
    made = (await sim.as_("reader").post(COMMENTS, json=wanted)).json()
    path = f"{SHOP}/pulls/comments/{made['id']}"
    heard = Heard(sim)
    assert (await sim.as_("outsider").patch(path, json={"body": "!"})).status_code == 403
    assert (await sim.as_("triager").delete(path)).status_code == 403
    edited = await sim.as_("reader").patch(path, json={"body": "Why not?"})
    assert problems_of(edited) == []
    assert problems_of(await sim.as_("reader").get(path)) == []
    assert heard.payload("pull_request_review_comment", "edited")["changes"] == {
        "body": {"from": "Why?"}
    }
    assert (await sim.as_("writer").delete(path)).status_code == 204
    heard.payload("pull_request_review_comment", "deleted")
    assert (await sim.as_("writer").get(path)).status_code == 404
    assert len(sim.world.tables.threads) == 0


async def test_a_comment_must_be_part_of_the_diff(sim: Simulated) -> None:
    pull = await with_text(sim)
    wanted = {"body": "?", "commit_id": pull["head"]["sha"], "path": "text.txt", "line": 1}
    errors = said(await sim.as_("reader").post(COMMENTS, json=wanted))
    assert errors[0]["message"] == "pull_request_review_thread.line must be part of the diff"
    wanted = {"body": "?", "commit_id": "0" * 40, "path": "text.txt", "line": 20}
    assert "commit_id" in said(await sim.as_("reader").post(COMMENTS, json=wanted))[0]
    answer = await sim.as_("reader").post(COMMENTS, json={"body": "?"})
    assert (answer.status_code, problems_of(answer)) == (422, [])
    wanted = {"body": " ", "commit_id": pull["head"]["sha"], "path": "text.txt", "line": 20}
    assert said(await sim.as_("reader").post(COMMENTS, json=wanted))[0]["code"] == "missing_field"
    assert (await sim.as_("reader").get(COMMENTS)).json() == []


async def test_comments_follow_their_lines_until_these_are_gone(sim: Simulated) -> None:
    pull = await with_text(sim)
    first = pull["head"]["sha"]
    wanted = {"body": "?", "commit_id": first, "path": "text.txt", "line": 20}
    made = (await sim.as_("reader").post(COMMENTS, json=wanted)).json()
    path = f"{SHOP}/pulls/comments/{made['id']}"
    pushed = LINES.replace("line 20\n", "line twenty\n").replace("line 2\n", "line 2\nmore\n")
    second = await commit(sim, "feature", {"text.txt": pushed})
    moved = (await sim.as_("reader").get(path)).json()
    assert (moved["line"], moved["commit_id"]) == (21, second)
    assert (moved["original_line"], moved["original_commit_id"]) == (20, first)
    assert moved["position"] is not None
    await commit(sim, "feature", {"text.txt": pushed.replace("line twenty\n", "line XX\n")})
    outdated = (await sim.as_("reader").get(path)).json()
    assert (outdated["line"], outdated["position"], outdated["commit_id"]) == (None, None, second)
    assert outdated["original_line"] == 20


async def test_a_comment_on_an_older_commit_follows_from_there(sim: Simulated) -> None:
    first = (await with_text(sim))["head"]["sha"]
    pushed = LINES.replace("line 20\n", "line twenty\n")
    await commit(sim, "feature", {"text.txt": pushed.replace("line 2\n", "line 2\nmore\n")})
    wanted = {"body": "?", "commit_id": first, "path": "text.txt", "line": 20}
    made = (await sim.as_("reader").post(COMMENTS, json=wanted)).json()
    assert (made["line"], made["commit_id"]) == (20, first)
    lines = pushed.replace("line 2\n", "line 2\nmore\nand more\n")
    third = await commit(sim, "feature", {"text.txt": lines})
    moved = (await sim.as_("reader").get(f"{SHOP}/pulls/comments/{made['id']}")).json()
    assert (moved["line"], moved["commit_id"]) == (22, third)


async def test_a_comment_follows_also_while_the_pull_request_was_closed(sim: Simulated) -> None:
    pull = await with_text(sim)
    wanted = {"body": "?", "commit_id": pull["head"]["sha"], "path": "text.txt", "line": 20}
    made = (await sim.as_("reader").post(COMMENTS, json=wanted)).json()
    writer = sim.as_("writer")
    await writer.patch(f"{SHOP}/pulls/1", json={"state": "closed"})
    pushed = LINES.replace("line 20\n", "line twenty\n").replace("line 2\n", "line 2\nmore\n")
    await commit(sim, "feature", {"text.txt": pushed})
    path = f"{SHOP}/pulls/comments/{made['id']}"
    assert (await writer.get(path)).json()["line"] == 20
    await writer.patch(f"{SHOP}/pulls/1", json={"state": "open"})
    assert (await writer.get(path)).json()["line"] == 21


async def test_a_review_ends_the_request_for_it(sim: Simulated) -> None:
    await propose(sim)
    writer = sim.as_("writer")
    asked = await writer.post(f"{SHOP}/pulls/1/requested_reviewers", json={"reviewers": ["reader"]})
    assert asked.status_code == 201
    await sim.as_("reader").post(REVIEWS, json={"event": "COMMENT", "body": "Seen."})
    assert (await writer.get(f"{SHOP}/pulls/1")).json()["requested_reviewers"] == []


async def test_nobody_speaks_in_a_locked_conversation_but_writers(sim: Simulated) -> None:
    await propose(sim)
    assert (await sim.as_("maintainer").put(f"{SHOP}/issues/1/lock")).status_code == 204
    body = {"event": "COMMENT", "body": "But!"}
    assert (await sim.as_("reader").post(REVIEWS, json=body)).status_code == 403
    assert (await sim.as_("maintainer").post(REVIEWS, json=body)).status_code == 200


async def test_a_pending_reply_is_told_to_nobody(sim: Simulated) -> None:
    pull = await with_text(sim)
    wanted = {"body": "Why?", "commit_id": pull["head"]["sha"], "path": "text.txt", "line": 20}
    await sim.as_("maintainer").post(COMMENTS, json=wanted)
    (thread,) = sim.world.tables.threads
    (first,) = sim.world.tables.review_comments
    writer = caller_of(sim, "writer")
    (proposed,) = sim.world.tables.pulls
    review = add_review(sim.world, writer, sim.repository, proposed, proposed.head_sha, "")
    add_reply(sim.world, writer, review, first, "My secret")
    heard = Heard(sim)
    resolve_thread(sim.world, writer, sim.repository, thread, True)
    told = heard.payload("pull_request_review_thread", "resolved")["thread"]
    assert [comment["body"] for comment in told["comments"]] == ["Why?"]
