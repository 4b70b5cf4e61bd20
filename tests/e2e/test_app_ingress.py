"""What comes to `/webhook` that should not, or not so, while the App goes on with its work."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.app_support import Plan, Running, until

pytestmark = pytest.mark.xdist_group("app_ingress")

LARGEST = 25 * 1024 * 1024


@pytest.fixture(scope="module")
def plan(app: Running) -> Plan:
    return app.plan(app.place())


def commented(plan: Plan, text: str, comment: int = 1, sender: str = "writer") -> dict[str, Any]:
    """A delivery as GitHub's, made by hand."""
    person = {"login": sender, "type": "User"}
    return {
        "action": "created",
        "installation": {"id": plan.place.installation},
        "repository": {"full_name": plan.place.full_name, "default_branch": "main"},
        "issue": {"number": plan.number, "body": ""},
        "comment": {"id": comment, "body": text, "user": person},
        "sender": person,
    }


@pytest.mark.parametrize("signature", ["", "0" * 64, "0" * 5000], ids=["missing", "wrong", "long"])
def test_a_wrong_or_missing_signature_is_refused_and_leads_to_nothing(
    app: Running, plan: Plan, signature: str
) -> None:
    taken, before = app.metric("genesis_deliveries_total"), app.hub.now()
    body = commented(plan, "/genesis approve")
    assert app.send("issue_comment", body, signature=signature) == 401
    plan.go_on()
    assert plan.runs() == []
    assert app.metric("genesis_deliveries_total") >= taken + 1, "the good one was taken"
    said = [w for w in app.writes(before, plan.place.full_name) if "/dispatches" in w["path"]]
    assert said == []


def test_a_delivery_that_is_sent_again_is_obeyed_once(app: Running, plan: Plan) -> None:
    text = "/genesis cost"
    comment = plan.place.say(plan.number, text)
    first = until("an answer", lambda: plan.answer(comment))
    (sent,) = [d for d in _deliveries(app) if d["payload"].get("comment", {}).get("id") == comment]
    guid, body = sent["guid"], sent["payload"]
    repeated = app.metric("genesis_deliveries_total", fate="repeated")
    assert app.send("issue_comment", body, guid=guid) == 202
    other = body | {"comment": body["comment"] | {"body": "/genesis approve"}}
    assert app.send("issue_comment", other, guid=guid) == 202
    until(
        "both are known",
        lambda: app.metric("genesis_deliveries_total", fate="repeated") == repeated + 2,
    )
    plan.go_on()
    assert plan.answer(comment) == first
    assert plan.runs() == []
    plan.check_single()


def test_an_invented_comment_is_looked_up_and_not_believed(app: Running, plan: Plan) -> None:
    # Signed by the secret, so GitHub's: even so only what GitHub shows counts.
    for comment in (999_999_999, -1, 2**80):
        assert app.send("issue_comment", commented(plan, "/genesis approve", comment)) == 202
    plan.go_on()
    assert plan.runs() == []
    assert {s["status"] for s in plan.life()["stages"]} <= {"planned", "skipped"}


def test_the_largest_payload_is_taken_and_a_larger_one_refused(app: Running, plan: Plan) -> None:
    body = commented(plan, "nothing")
    room = LARGEST - len(str(body)) - 200
    body["comment"]["body"] = "x" * room
    assert app.send("issue_comment", body) == 202
    assert app.send("issue_comment", b"x" * (LARGEST + 1)) == 413
    plan.go_on()


@pytest.mark.parametrize(
    ("event", "body", "fate"),
    [
        ("nothing_we_know", {"action": "created"}, "ignored"),
        ("issues", {"action": "turned_inside_out", "issue": {"number": 1}}, "enqueued"),
        ("star", {}, "ignored"),
        ("issues", b"no JSON", "unreadable"),
        ("issues", b"[1]", "unreadable"),
        ("issues", b"[" * 100_000, "unreadable"),
        ("issue_comment", {"comment": "text", "issue": [1]}, "unreadable"),
        ("push", {"ref": {"a": 1}}, "unreadable"),
        ("installation", {"action": "created", "installation": {"id": 987654}}, "enqueued"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_we_do_not_know_is_acknowledged_and_leads_to_nothing(
    app: Running, plan: Plan, event: str, body: Any, fate: str
) -> None:
    before, known = app.hub.now(), app.metric("genesis_deliveries_total", fate=fate)
    if isinstance(body, dict) and "issue" in body and isinstance(body["issue"], dict):
        body = commented(plan, "") | body
    assert app.send(event, body) == 202
    until(fate, lambda: app.metric("genesis_deliveries_total", fate=fate) > known)
    assert [w for w in app.writes(before) if w["status"] < 400] == []


@pytest.mark.parametrize(
    ("event", "guid"),
    [("issues; rm -rf", "a"), ("issues", "../../x"), ("issues", "x" * 65)],
    ids=["event", "path", "long"],
)
def test_headers_that_are_not_githubs_are_refused(app: Running, event: str, guid: str) -> None:
    assert app.send(event, {}, guid=guid) == 400


def _deliveries(app: Running) -> list[dict[str, Any]]:
    """What was delivered lately, with its payload."""
    found = app.hub.app()
    listed = list(found.pages("/app/hook/deliveries"))[:30]
    wanted = [d for d in listed if d["event"] == "issue_comment"]
    whole: list[Any] = [found.get(f"/app/hook/deliveries/{d['id']}") for d in wanted]
    return [{"guid": d["guid"], "payload": d["request"]["payload"]} for d in whole]
