"""Opening, reading, editing, closing and locking issues over REST."""

from __future__ import annotations

import httpx
import pytest

from bot.simulator.events import Event
from tests.simulator.rest.issues.stage import app_client, error_of, judged, opened, proposed, told
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

ISSUES = f"{SHOP}/issues"


async def test_an_issue_is_opened_with_all_it_was_given(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    await writer.post(f"{SHOP}/milestones", json={"title": "Soon"})
    heard.clear()
    issue = await opened(
        writer, body="It breaks", labels=["bug", {"name": "urgent"}], assignees=["reader"],
        milestone=1,
    )  # fmt: skip
    assert (issue["number"], issue["state"], issue["body"]) == (1, "open", "It breaks")
    assert [label["name"] for label in issue["labels"]] == ["bug", "urgent"]
    assert issue["assignee"]["login"] == "reader"
    assert issue["milestone"]["open_issues"] == 1
    assert (issue["user"]["login"], issue["author_association"]) == ("writer", "MEMBER")
    assert issue["performed_via_github_app"] is None
    assert told(heard) == [
        "label created",
        "issues opened",
        "issues labeled",
        "issues labeled",
        "issues assigned",
        "issues milestoned",
    ]


async def test_the_event_opened_shows_the_labels_that_are_told_of_next(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    await opened(writer, labels=["bug"], assignees=["writer"])
    opening, labelling, assigning = (event.payload for event in heard)
    assert [label["name"] for label in opening["issue"]["labels"]] == ["bug"]
    assert labelling["label"]["name"] == "bug"
    assert assigning["assignee"]["login"] == "writer"
    assert "label" not in opening


async def test_an_app_signs_what_it_opens(bot: httpx.AsyncClient, heard: list[Event]) -> None:
    issue = await opened(bot)
    assert issue["user"]["login"] == "otp-genesis[bot]"
    assert issue["user"]["type"] == "Bot"
    assert issue["performed_via_github_app"]["slug"] == "otp-genesis"
    # GitHub's description of this payload knows fewer events than an App can ask for.
    heard.clear()


@pytest.mark.parametrize("body", ["", None])
async def test_no_text_is_no_body(writer: httpx.AsyncClient, body: str | None) -> None:
    fields = {} if body is None else {"body": body}
    assert (await opened(writer, **fields))["body"] is None


async def test_a_title_may_be_a_number(sim: Simulated, writer: httpx.AsyncClient) -> None:
    answer = await writer.post(ISSUES, json={"title": 404})
    assert answer.json()["title"] == "404"


async def test_readers_open_issues_but_choose_nothing(
    reader: httpx.AsyncClient, heard: list[Event]
) -> None:
    issue = await opened(reader, labels=["bug", "mine"], assignees=["reader"])
    assert (issue["labels"], issue["assignees"], issue["milestone"]) == ([], [], None)
    assert told(heard) == ["issues opened"]


async def test_triagers_set_labels_but_make_none(
    triager: httpx.AsyncClient, heard: list[Event]
) -> None:
    assert [x["name"] for x in (await opened(triager, labels=["BUG"]))["labels"]] == ["bug"]
    heard.clear()
    answer = await triager.post(ISSUES, json={"title": "x", "labels": ["never seen"]})
    assert answer.status_code == 403
    assert error_of(answer) == {
        "resource": "Repository",
        "field": "label",
        "code": "unauthorized",
    }
    assert heard == []


async def test_nobody_opens_nothing(sim: Simulated, heard: list[Event]) -> None:
    nobody = judged(sim.client())
    assert (await nobody.post(ISSUES, json={"title": "x"})).status_code == 401
    assert (await nobody.get(ISSUES)).json() == []
    assert heard == []


async def test_an_app_needs_its_permission(sim: Simulated, writer: httpx.AsyncClient) -> None:
    await opened(writer)
    blind = app_client(sim, contents="write", issues="read")
    for answer in (
        await blind.post(ISSUES, json={"title": "x"}),
        await blind.patch(f"{ISSUES}/1", json={"title": "x"}),
        await blind.post(f"{ISSUES}/1/labels", json={"labels": ["bug"]}),
        await blind.post(f"{ISSUES}/1/comments", json={"body": "x"}),
    ):
        assert answer.status_code == 403
        assert answer.json()["message"] == "Resource not accessible by integration"
    assert (await blind.get(f"{ISSUES}/1")).json()["title"] == "A bug"


async def test_on_a_pull_request_the_permission_for_those_will_do(sim: Simulated) -> None:
    await proposed(sim)
    await opened(sim.as_("writer"))
    app = app_client(sim, pull_requests="write")
    label = {"labels": ["bug"]}
    assert (await app.post(f"{ISSUES}/1/labels", json=label)).status_code == 200
    assert (await app.post(f"{ISSUES}/2/labels", json=label)).status_code == 403
    assert (await app.post(f"{ISSUES}/1/labels", json={"labels": ["new"]})).status_code == 403


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"title": " "}, {"resource": "Issue", "code": "missing_field", "field": "title"}),
        (
            {"title": "x" * 257},
            {
                "resource": "Issue",
                "code": "custom",
                "field": "title",
                "message": "title is too long (maximum is 256 characters)",
            },
        ),
        (
            {"title": "x", "body": "ö" * 65_537},
            {
                "resource": "Issue",
                "code": "custom",
                "field": "body",
                "message": "body is too long (maximum is 65536 characters)",
            },
        ),
        (
            {"title": "x", "assignees": ["reader", "outsider", "nobody"]},
            {
                "value": ["outsider", "nobody"],
                "resource": "Issue",
                "field": "assignees",
                "code": "invalid",
                "message": "assignees outsider, nobody cannot be assigned to this issue",
            },
        ),
        (
            {"title": "x", "milestone": 7},
            {"value": 7, "resource": "Issue", "field": "milestone", "code": "invalid"},
        ),
        (
            {"title": "x", "labels": ["fine", "y" * 51]},
            {
                "resource": "Label",
                "code": "custom",
                "field": "name",
                "message": "name is too long (maximum is 50 characters)",
            },
        ),
    ],
)
async def test_what_cannot_be_is_refused_whole(
    writer: httpx.AsyncClient, heard: list[Event], fields: object, error: object
) -> None:
    answer = await writer.post(ISSUES, json=fields)
    assert (answer.status_code, error_of(answer)) == (422, error)
    assert heard == []
    assert (await writer.get(ISSUES)).json() == []


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"title": null}',
        b'{"title": ["x"]}',
        b'{"title": "x", "labels": "bug"}',
        b'{"title": "x", "labels": [["bug"]]}',
        b'{"title": "x", "assignees": [1]}',
        b'{"title": true}',
    ],
)
async def test_what_has_the_wrong_form_is_refused(writer: httpx.AsyncClient, body: bytes) -> None:
    answer = await writer.post(ISSUES, content=body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("Invalid request.\n\n")


async def test_the_longest_body_is_taken(writer: httpx.AsyncClient) -> None:
    issue = await opened(writer, body="ö" * 65_536)
    assert len((await writer.get(f"{ISSUES}/1")).json()["body"]) == 65_536
    assert issue["number"] == 1


async def test_what_is_not_there_is_not_found(writer: httpx.AsyncClient) -> None:
    for path in ("/1", "/0", "/99999999999999999999", "/nothing"):
        assert (await writer.get(ISSUES + path)).status_code == 404
        assert (await writer.patch(ISSUES + path, json={"title": "x"})).status_code == 404


async def test_where_issues_are_switched_off_they_are_gone(
    sim: Simulated, writer: httpx.AsyncClient
) -> None:
    await opened(writer)
    await proposed(sim)
    sim.repository.has_issues = False
    for answer in (
        await writer.get(f"{ISSUES}/1"),
        await writer.post(f"{ISSUES}/1/comments", json={"body": "x"}),
        await writer.post(ISSUES, json={"title": "x"}),
    ):
        assert answer.status_code == 410
        assert answer.json()["message"] == "Issues has been disabled in this repository."
    assert (await writer.get(f"{ISSUES}/2")).status_code == 200
    assert [issue["number"] for issue in (await writer.get(ISSUES)).json()] == [2]


async def test_an_archive_is_only_read(sim: Simulated, writer: httpx.AsyncClient) -> None:
    await opened(writer)
    sim.repository.archived = True
    answer = await writer.patch(f"{ISSUES}/1", json={"state": "closed"})
    assert answer.status_code == 403
    assert answer.json()["message"] == "Repository was archived so is read-only."
    assert (await writer.get(f"{ISSUES}/1")).json()["state"] == "open"


async def test_a_private_repository_shows_its_issues_to_its_people(
    sim: Simulated, reader: httpx.AsyncClient, outsider: httpx.AsyncClient
) -> None:
    await opened(reader)
    sim.repository.private = True
    assert (await reader.get(f"{ISSUES}/1")).status_code == 200
    assert (await outsider.get(f"{ISSUES}/1")).status_code == 404
    assert (await outsider.get(ISSUES)).status_code == 404
    assert (await app_client(sim, contents="read").get(ISSUES)).status_code == 403
    assert (await app_client(sim, issues="read").get(f"{ISSUES}/1")).status_code == 200


async def test_texts_are_edited_in_one_event(writer: httpx.AsyncClient, heard: list[Event]) -> None:
    await opened(writer, body="old")
    heard.clear()
    answer = await writer.patch(f"{ISSUES}/1", json={"title": "New", "body": "new"})
    assert (answer.json()["title"], answer.json()["body"]) == ("New", "new")
    [event] = heard
    assert event.payload["changes"] == {"title": {"from": "A bug"}, "body": {"from": "old"}}


async def test_null_takes_away_a_body_and_leaves_a_title(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    await opened(writer, body="old")
    heard.clear()
    answer = await writer.patch(f"{ISSUES}/1", json={"title": None, "body": None})
    assert (answer.json()["title"], answer.json()["body"]) == ("A bug", None)
    assert heard[0].payload["changes"] == {"body": {"from": "old"}}


async def test_an_edit_that_changes_nothing_tells_nobody(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    await opened(writer, body="b", labels=["bug"], assignees=["reader"])
    heard.clear()
    same = {"title": "A bug", "body": "b", "labels": ["Bug"], "assignees": ["READER"]}
    assert (await writer.patch(f"{ISSUES}/1", json=same | {"state": "open"})).status_code == 200
    assert (await writer.patch(f"{ISSUES}/1", json={})).status_code == 200
    assert heard == []


async def test_labels_assignees_and_milestone_are_replaced(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    await writer.post(f"{SHOP}/milestones", json={"title": "Soon"})
    await opened(writer, labels=["bug", "question"], assignees=["reader"])
    heard.clear()
    wanted = {"labels": ["question", "wontfix"], "assignees": ["triager"], "milestone": 1}
    issue = (await writer.patch(f"{ISSUES}/1", json=wanted)).json()
    assert [label["name"] for label in issue["labels"]] == ["question", "wontfix"]
    assert [person["login"] for person in issue["assignees"]] == ["triager"]
    assert issue["milestone"]["number"] == 1
    assert told(heard) == [
        "issues unlabeled",
        "issues labeled",
        "issues unassigned",
        "issues assigned",
        "issues milestoned",
    ]
    empty: dict[str, object] = {"labels": [], "assignee": None, "milestone": None}
    issue = (await writer.patch(f"{ISSUES}/1", json=empty)).json()
    assert (issue["labels"], issue["assignees"], issue["milestone"]) == ([], [], None)


async def test_authors_edit_and_close_their_own(
    outsider: httpx.AsyncClient, heard: list[Event]
) -> None:
    await opened(outsider)
    wanted = {"title": "Mine", "state": "closed", "labels": ["bug"], "assignees": ["outsider"]}
    issue = (await outsider.patch(f"{ISSUES}/1", json=wanted)).json()
    assert (issue["title"], issue["state"]) == ("Mine", "closed")
    assert (issue["labels"], issue["assignees"]) == ([], [])
    assert told(heard) == ["issues opened", "issues edited", "issues closed"]


async def test_others_need_triage(
    writer: httpx.AsyncClient,
    triager: httpx.AsyncClient,
    reader: httpx.AsyncClient,
    heard: list[Event],
) -> None:
    await opened(writer)
    heard.clear()
    refused = await reader.patch(f"{ISSUES}/1", json={"state": "closed"})
    assert refused.status_code == 403
    assert refused.json()["message"] == "Must have admin rights to Repository."
    assert heard == []
    assert (await triager.patch(f"{ISSUES}/1", json={"state": "closed"})).status_code == 200


@pytest.mark.parametrize("reason", [None, "completed", "not_planned", "duplicate"])
async def test_an_issue_is_closed_for_a_reason_and_reopened(
    writer: httpx.AsyncClient, heard: list[Event], reason: str | None
) -> None:
    await opened(writer)
    heard.clear()
    wanted = {"state": "closed"} | ({} if reason is None else {"state_reason": reason})
    closed = (await writer.patch(f"{ISSUES}/1", json=wanted)).json()
    assert (closed["state"], closed["state_reason"]) == ("closed", reason or "completed")
    assert closed["closed_by"]["login"] == "writer"
    assert closed["closed_at"] is not None
    again = (await writer.patch(f"{ISSUES}/1", json={"state": "open"})).json()
    assert (again["state"], again["state_reason"]) == ("open", "reopened")
    assert (again["closed_by"], again["closed_at"]) == (None, None)
    assert told(heard) == ["issues closed", "issues reopened"]


async def test_closing_twice_changes_the_reason_and_tells_once(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    await opened(writer)
    for reason in ("completed", "not_planned", "not_planned"):
        wanted = {"state": "closed", "state_reason": reason}
        assert (await writer.patch(f"{ISSUES}/1", json=wanted)).json()["state_reason"] == reason
    assert told(heard) == ["issues opened", "issues closed"]


async def test_a_reason_without_a_state_is_ignored(writer: httpx.AsyncClient) -> None:
    await opened(writer)
    issue = (await writer.patch(f"{ISSUES}/1", json={"state_reason": "not_planned"})).json()
    assert (issue["state"], issue["state_reason"]) == ("open", None)


@pytest.mark.parametrize("wanted", [{"state": "merged"}, {"state_reason": "boredom"}])
async def test_states_are_those_there_are(writer: httpx.AsyncClient, wanted: object) -> None:
    await opened(writer)
    assert (await writer.patch(f"{ISSUES}/1", json=wanted)).status_code == 422


async def test_a_conversation_is_locked_and_unlocked(
    writer: httpx.AsyncClient, triager: httpx.AsyncClient, heard: list[Event]
) -> None:
    await opened(writer)
    heard.clear()
    assert (await triager.put(f"{ISSUES}/1/lock")).status_code == 403
    reason = {"lock_reason": "too heated"}
    assert (await writer.put(f"{ISSUES}/1/lock", json=reason)).status_code == 204
    assert (await writer.put(f"{ISSUES}/1/lock", json=reason)).status_code == 204
    issue = (await writer.get(f"{ISSUES}/1")).json()
    assert (issue["locked"], issue["active_lock_reason"]) == (True, "too heated")
    assert (await writer.delete(f"{ISSUES}/1/lock")).status_code == 204
    issue = (await writer.get(f"{ISSUES}/1")).json()
    assert (issue["locked"], issue["active_lock_reason"]) == (False, None)
    assert told(heard) == ["issues locked", "issues unlocked"]
    refused = await writer.put(f"{ISSUES}/1/lock", json={"lock_reason": "bored"})
    assert refused.status_code == 422


async def test_a_pull_request_is_an_issue_whose_events_are_its_own(
    sim: Simulated, writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    pull = await proposed(sim)
    heard.clear()
    issue = (await writer.get(f"{ISSUES}/1")).json()
    assert issue["pull_request"]["url"] == pull["url"]
    assert issue["node_id"] == pull["node_id"]
    assert issue["id"] != pull["id"]
    await writer.post(f"{ISSUES}/1/labels", json={"labels": ["bug"]})
    await writer.patch(f"{ISSUES}/1", json={"title": "Better", "assignees": ["reader"]})
    await writer.patch(f"{ISSUES}/1", json={"state": "closed"})
    answer = await writer.patch(f"{ISSUES}/1", json={"state": "open"})
    assert (answer.json()["state"], answer.json()["state_reason"]) == ("open", None)
    assert told(heard) == [
        "pull_request labeled",
        "pull_request edited",
        "pull_request assigned",
        "pull_request closed",
        "pull_request reopened",
    ]


async def test_every_change_of_a_pull_request_as_an_issue_is_told(
    sim: Simulated, writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    await proposed(sim)
    await writer.post(f"{SHOP}/milestones", json={"title": "Soon"})
    heard.clear()
    chosen = {"labels": ["bug"], "assignees": ["reader"], "milestone": 1}
    assert (await writer.patch(f"{ISSUES}/1", json=chosen)).status_code == 200
    nothing: dict[str, object] = {"labels": [], "assignees": [], "milestone": None}
    assert (await writer.patch(f"{ISSUES}/1", json=nothing)).status_code == 200
    await writer.put(f"{ISSUES}/1/lock", json={"lock_reason": "spam"})
    await writer.delete(f"{ISSUES}/1/lock")
    actions = "labeled assigned milestoned unlabeled unassigned demilestoned locked unlocked"
    assert told(heard) == [f"pull_request {action}" for action in actions.split()]
    entries = (await writer.get(f"{ISSUES}/1/events")).json()
    assert [entry["event"] for entry in entries][-8:] == actions.split()


async def test_a_pull_request_without_its_branch_stays_closed(
    sim: Simulated, writer: httpx.AsyncClient
) -> None:
    await proposed(sim)
    await writer.patch(f"{ISSUES}/1", json={"state": "closed"})
    await writer.delete(f"{SHOP}/git/refs/heads/topic")
    assert (await writer.patch(f"{ISSUES}/1", json={"state": "open"})).status_code == 422
    assert (await writer.get(f"{ISSUES}/1")).json()["state"] == "closed"


async def test_what_was_asked_survives_a_restart(sim: Simulated, writer: httpx.AsyncClient) -> None:
    await opened(writer, body="<!-- marker -->", labels=["bug"])
    rows = [row for row in sim.world.journal.rows("Issue") if "marker" in row]
    assert len(rows) == 1
