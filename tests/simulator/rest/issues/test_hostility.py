"""Whatever is sent, the answer is a refusal or a success, and nothing else is changed."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.simulator.judges.checking import problems_of
from tests.simulator.rest.issues.stage import commented, opened
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

VALUES: list[Any] = [
    None,
    True,
    -1,
    2**70,
    1.5,
    "",
    "\x00",
    "\u202e",
    "🦀" * 300,
    "x" * 70_000,
    [],
    [None],
    [["x"]],
    [{}],
    {},
    {"name": None},
    {"a": {"b": [1]}},
]
ROUTES = {
    "POST /issues": "title body labels assignees assignee milestone",
    "PATCH /issues/1": "title body state state_reason labels assignees assignee milestone",
    "PUT /issues/1/lock": "lock_reason",
    "POST /issues/1/comments": "body",
    "PATCH /issues/comments/{comment}": "body",
    "POST /issues/1/labels": "labels",
    "PUT /issues/1/labels": "labels",
    "POST /issues/1/assignees": "assignees",
    "DELETE /issues/1/assignees": "assignees",
    "POST /issues/1/reactions": "content",
    "POST /issues/1/sub_issues": "sub_issue_id replace_parent",
    "PATCH /issues/1/sub_issues/priority": "sub_issue_id after_id before_id",
    "DELETE /issues/1/sub_issue": "sub_issue_id",
    "POST /issues/1/dependencies/blocked_by": "issue_id",
    "POST /labels": "name color description",
    "PATCH /labels/bug": "new_name name color description",
    "POST /milestones": "title state description due_on",
    "PATCH /milestones/1": "title state description due_on",
}
BODIES = [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 9_000]
QUERIES = (
    "labels since milestone assignee creator mentioned sort state page per_page q type".split()
)
NO_DATES = ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")
"""These have no date in UTC."""
TEXTS = [
    "\x00",
    "'",
    '"',
    "*",
    "..",
    "-",
    ":",
    ",",
    "%",
    "٣",
    "0",
    "-1",
    "9" * 40,
    "🦀",
    "x" * 5_000,
    *NO_DATES,
]


async def test_bodies(sim: Simulated) -> None:
    writer = sim.as_("writer")
    await opened(writer)
    await writer.post(f"{SHOP}/milestones", json={"title": "Soon"})
    comment = (await commented(writer, "x"))["id"]
    for route, fields in ROUTES.items():
        method, path = route.format(comment=comment).split(" ")
        valid = dict.fromkeys(fields.split()[:1], "bug")
        made = [json.dumps(valid | {f: v}).encode() for f in fields.split() for v in VALUES]
        for body in (*BODIES, *made):
            answer = await writer.request(method, SHOP + path, content=body)
            assert answer.status_code < 500, (route, body[:80])
            if answer.status_code >= 400:
                assert problems_of(answer) == [], (route, body[:80])
    assert (await writer.get(f"{SHOP}/issues/1")).status_code == 200
    assert (await writer.get(f"{SHOP}/issues/1/timeline?per_page=100")).status_code == 200
    assert len(list(sim.world.tables.comments)) > 1


async def test_queries(sim: Simulated) -> None:
    writer = sim.as_("writer")
    await opened(writer, labels=["bug"])
    before = [event.id for event in sim.world.tables.timeline]
    paths = ("/issues", "/issues/comments", "/issues/1/timeline", "/milestones", "/labels")
    for path in (*(SHOP + path for path in paths), "/search/issues", "/search/labels", "/issues"):
        for name in QUERIES:
            for text in TEXTS:
                answer = await writer.get(path, params={name: text})
                assert answer.status_code in (200, 404, 422), (path, name, text[:40])
    for text in set(TEXTS) - {".."}:
        for path in (f"{SHOP}/labels/", f"{SHOP}/issues/1/labels/", f"{SHOP}/assignees/"):
            answer = await writer.get(path + quote(text, safe=""))
            assert answer.status_code in (404, 405), (path, text[:40])
    assert [event.id for event in sim.world.tables.timeline] == before


async def test_dates_of_no_calendar(sim: Simulated) -> None:
    writer = sim.as_("writer")
    for date in NO_DATES:
        answer = await writer.post(f"{SHOP}/milestones", json={"title": date, "due_on": date})
        assert (answer.status_code, problems_of(answer)) == (422, [])
    assert (await writer.get(f"{SHOP}/milestones")).json() == []


async def test_paths(sim: Simulated) -> None:
    writer = sim.as_("writer")
    for name in ("-1", "0", "9" * 30, "1.0", "x", "%00", "%2e%2e", "1%2F2", "٣"):
        for path in (
            f"/issues/{name}",
            f"/issues/{name}/comments",
            f"/issues/comments/{name}",
            f"/issues/events/{name}",
            f"/milestones/{name}",
            f"/issues/1/reactions/{name}",
        ):
            assert (await writer.get(SHOP + path)).status_code in (404, 405), path
