"""The loop of reviews: what is asked for, what the next attempt is told, what each thread hears."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from bot.core.names import branch_of
from bot.flows.stage_run.caller import caller_workflow
from tests.e2e.app_support import (
    QUICK_STAGE,
    ROOT,
    STAGE_FILE,
    Plan,
    Running,
    kiosk,
    other_app,
    until,
)
from tests.e2e.test_app_pulls import moves, reason, status, under_review
from tests.github.hub import OURSELVES, Place

pytestmark = pytest.mark.xdist_group("app_reviews")

CHANGED = "lib/kiosk/alarm.ex"

LISTENING_STAGE = QUICK_STAGE.replace(
    '          echo "# attempt $ATTEMPT" >> lib/kiosk/alarm.ex\n',
    '          echo "# attempt $ATTEMPT" >> lib/kiosk/alarm.ex\n'
    '          git fetch -q origin "refs/genesis/plan-$PLAN"\n'
    '          git show "$PLAN_COMMIT:lifecycle.json" > told.json\n'
    "          git add told.json\n",
).replace("      PLAN: ", "      PLAN_COMMIT: ${{ inputs.plan_commit }}\n      PLAN: ")
"""One whose commit shows what the attempt was told."""

RED_LATER = "grep -q '# attempt 1$' lib/kiosk/alarm.ex || { echo 'not this way'; exit 1; }\n"
"""A check that only the first attempt passes."""

STUBBORN_STAGE = QUICK_STAGE.replace("# attempt $ATTEMPT", "# supervised")
"""One that can do only one thing, as codemods do."""


def remark(text: str) -> dict[str, Any]:
    """A thread on what the attempt changed."""
    return {"path": CHANGED, "position": 1, "body": text}


def review(plan: Plan, who: str, body: str, *remarks: str) -> int:
    """Ask for changes; the id of the review."""
    where = f"/pulls/{plan.pulls()[0]['number']}/reviews"
    said = {"event": "REQUEST_CHANGES", "body": body, "comments": [remark(r) for r in remarks]}
    return int(plan.place.by(who, "POST", where, said)["id"])


def threads(plan: Plan) -> list[tuple[list[tuple[str, str]], bool]]:
    """What was said in each thread of the pull request, and whether it is resolved."""
    query = """
    query($owner: String!, $name: String!, $number: Int!) {
      repository(owner: $owner, name: $name) { pullRequest(number: $number) {
        reviewThreads(first: 50) { nodes { isResolved comments(first: 50) {
          nodes { body author { login } } } } } } } }
    """
    owner, _, name = plan.place.full_name.partition("/")
    variables = {"owner": owner, "name": name, "number": plan.pulls()[0]["number"]}
    url = plan.running.hub.said["api"].replace("/v3", "/graphql")
    answer = plan.running.hub.hand("admin").post(url, json={"query": query, "variables": variables})
    pull = answer.json()["data"]["repository"]["pullRequest"]
    return [
        ([(c["author"]["login"], c["body"]) for c in t["comments"]["nodes"]], t["isResolved"])
        for t in pull["reviewThreads"]["nodes"]
    ]


def answers(plan: Plan) -> list[list[str]]:
    """What we said in each thread."""
    ours = OURSELVES.removesuffix("[bot]")
    return [[text for who, text in said if who == ours] for said, _ in threads(plan)]


def told(plan: Plan, head: str) -> dict[str, Any]:
    """What the attempt that made a commit knew of its stage."""
    life = json.loads(plan.place.read("told.json", head))
    found: dict[str, Any] = life["stages"][0]
    return found


def attempts(plan: Plan) -> list[int]:
    return [int(name.rpartition(" ")[2]) for name in plan.runs()]


def landed(plan: Plan, attempt: int) -> dict[str, Any]:
    """The pull request once an attempt is on its branch and waits for people."""
    until(f"attempt {attempt}", lambda: attempts(plan) == list(range(1, attempt + 1)))
    until("it waits for review", lambda: status(plan) == "awaiting-review")
    pull: dict[str, Any] = plan.pulls()[0]
    return pull


def test_a_review_is_taken_up_once_and_each_thread_is_answered_once(app: Running) -> None:
    plan, first = under_review(app, app.place(kiosk(**{STAGE_FILE: LISTENING_STAGE})))
    place = plan.place
    # Who may not, changes nothing: a reader, and a machine that may write.
    review(plan, "reader", "I want it gone.", "From a reader.")
    token = other_app(app, place, pull_requests="write", contents="write")
    said = httpx.post(
        f"{app.hub.said['api']}/repos/{place.full_name}/pulls/{first['number']}/reviews",
        json={"event": "REQUEST_CHANGES", "body": "Beep."},
        headers={"authorization": f"Bearer {token}"},
        trust_env=False,
    )
    assert (said.status_code, said.json()["state"]) == (200, "CHANGES_REQUESTED")
    plan.go_on()
    assert (status(plan), attempts(plan)) == ("awaiting-review", [1])
    assert answers(plan) == [[]]

    before = app.hub.now()
    asked = review(plan, "writer", "Not like this.", "Use a Task.", "Name it.")
    second = landed(plan, 2)
    assert second["number"] == first["number"]
    assert second["head"]["ref"] == branch_of(plan.id, 1)
    assert second["head"]["sha"] != first["head"]["sha"]
    known = told(plan, second["head"]["sha"])
    assert known["cause"] == "review"
    for text in ("Not like this.", "writer: Use a Task.", "writer: Name it.", "reader: From a"):
        assert text in known["feedback"]
    assert "Beep" not in known["feedback"]
    # Moved from exactly where it was: by nobody's push.
    assert not [m for m in moves(app, plan, before) if "/git/refs" in m]

    until("all are answered", lambda: all(answers(plan)))
    assert [len(said) for said in answers(plan)] == [1, 1, 1]
    assert all(second["head"]["sha"] in said[0] for said in answers(plan))
    assert [resolved for _, resolved in threads(plan)] == [True, True, True]

    # The same review is heard of again, as the same delivery and as another one.
    (sent,) = [d for d in _deliveries(app) if d["payload"].get("review", {}).get("id") == asked]
    for guid in (sent["guid"], ""):
        assert app.send("pull_request_review", sent["payload"], guid=guid) == 202
    plan.go_on()
    assert (status(plan), attempts(plan)) == ("awaiting-review", [1, 2])
    assert [len(said) for said in answers(plan)] == [1, 1, 1]

    # Another review is another attempt, for what is open now.
    review(plan, "writer", "Better, but.", "Still no Task.")
    third = landed(plan, 3)
    known = told(plan, third["head"]["sha"])
    assert "Still no Task." in known["feedback"]
    assert "Name it." not in known["feedback"]
    until("it is answered", lambda: all(answers(plan)))
    assert [len(said) for said in answers(plan)] == [1, 1, 1, 1]
    assert len(plan.pulls()) == 1


def test_an_attempt_that_uses_the_budget_up_asks_a_person(app: Running) -> None:
    config = {".github__otp-genesis.yml": "limits: {attempts: 1}\n", "ci.sh": RED_LATER}
    plan, first = under_review(app, app.place(kiosk(**config)))
    review(plan, "writer", "Not like this.", "Use a Task.")
    until("a person is asked", lambda: status(plan) == "needs-human")
    assert "`limits.attempts`" in reason(plan)
    assert "/genesis retry stage 1" in reason(plan)
    # What was given is there, its thread was told of it, and nothing more happens by itself.
    assert attempts(plan) == [1, 2]
    assert plan.pulls()[0]["head"]["sha"] != first["head"]["sha"]
    until("it is answered", lambda: all(answers(plan)))
    plan.go_on()
    assert [len(said) for said in answers(plan)] == [1]
    assert (status(plan), attempts(plan)) == ("needs-human", [1, 2])
    until("it is shown", lambda: plan.shown("`limits.attempts`"))


def test_an_attempt_that_can_do_nothing_else_says_so(app: Running) -> None:
    place = app.place(kiosk(**{STAGE_FILE: STUBBORN_STAGE}))
    plan, first = under_review(app, place)
    review(plan, "writer", "Not like this.", "Use a Task.")
    until("a person is asked", lambda: status(plan) == "needs-human")
    assert "the same changes again" in reason(plan)
    until("it is answered", lambda: all(answers(plan)))
    ((said, resolved),) = threads(plan)
    assert "could not be taken up" in said[-1][1]
    assert not resolved, "who asked decides whether it is settled"
    # Nothing is pushed that is nothing else.
    assert plan.pulls()[0]["head"]["sha"] == first["head"]["sha"]
    plan.go_on()
    assert [len(said) for said in answers(plan)] == [1]
    # Asked once more, it tries once more, and answers what is new.
    review(plan, "maintainer", "Please.", "Or a GenServer.")
    until("another attempt", lambda: attempts(plan) == [1, 2, 3])
    until("it is answered", lambda: all(answers(plan)))
    assert [len(said) for said in answers(plan)] == [1, 1]
    until("a person is asked", lambda: status(plan) == "needs-human")
    # It is a person's turn, who may take it as it is.
    where = f"/pulls/{first['number']}/merge"
    plan.place.by("maintainer", "PUT", where, {"merge_method": "squash"})
    until("it is merged", lambda: status(plan) == "merged")
    assert attempts(plan) == [1, 2, 3]


@pytest.mark.elixir
@pytest.mark.timeout(600)
def test_the_real_stage_makes_the_same_changes_again_and_says_so(app: Running) -> None:
    """Codemods alone, as without a model: no review makes them do something else."""
    ours = app.hub.hand("admin").post("/orgs/acme/repos", json={"name": "otp-genesis"})
    assert ours.status_code == 201, ours.text
    text = (ROOT / ".github" / "workflows" / "stage.yml").read_text()
    shared = Place(app.hub, app.hub.app(), "acme/otp-genesis")
    body = {"content": base64.b64encode(text.encode()).decode(), "message": "Stages"}
    shared.by("admin", "PUT", "/contents/.github/workflows/stage.yml", body)
    caller = caller_workflow(owner="acme", ref="main", version="0.1.0")
    plan = app.plan(app.place(kiosk(**{STAGE_FILE: caller})))
    plan.say("/genesis approve")
    until("it waits for review", lambda: status(plan) == "awaiting-review", 240)
    (pull,) = plan.pulls()
    changed = plan.get(f"/pulls/{pull['number']}/files")[0]["filename"]
    said = {"path": changed, "position": 1, "body": "Use a Task."}
    where = f"/pulls/{pull['number']}/reviews"
    asked = {"event": "REQUEST_CHANGES", "body": "Not like this.", "comments": [said]}
    plan.place.by("writer", "POST", where, asked)
    until("a person is asked", lambda: status(plan) == "needs-human", 240)
    assert "the same changes again" in reason(plan)
    until("it is answered", lambda: all(answers(plan)))
    ((words, resolved),) = threads(plan)
    assert ("could not be taken up" in words[-1][1], resolved) == (True, False)
    assert plan.pulls()[0]["head"]["sha"] == pull["head"]["sha"]
    assert attempts(plan) == [1, 2]


def _deliveries(app: Running) -> list[dict[str, Any]]:
    """Reviews that were delivered lately, with the payload."""
    found = app.hub.app()
    listed = list(found.pages("/app/hook/deliveries"))[:100]
    wanted = [d for d in listed if d["event"] == "pull_request_review"]
    whole: list[Any] = [found.get(f"/app/hook/deliveries/{d['id']}") for d in wanted]
    return [{"guid": d["guid"], "payload": d["request"]["payload"]} for d in whole]
