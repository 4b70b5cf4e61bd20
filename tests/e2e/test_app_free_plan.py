"""Private repositories on GitHub Free, which have no drafts: the whole App."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.core.lifecycle.delivery import NOT_READY
from tests.e2e.app_support import Plan, Running, kiosk, playing, until
from tests.e2e.test_app_pulls import status
from tests.github.hub import OURSELVES, Place

pytestmark = pytest.mark.xdist_group("app_free_plan")

SECOND_TIME = "grep -q '# attempt 2$' lib/kiosk/alarm.ex || { echo 'not yet'; exit 1; }\n"
"""A check that the second attempt passes."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with playing(tmp_path_factory.mktemp("app"), "--free-plan") as running:
        yield running
        running.check_whole()


def asked_for(app: Running, place: Place, after: int) -> list[int]:
    """What became of each wish for a pull request."""
    wrote = app.writes(after, place.full_name)
    return [w["status"] for w in wrote if w["method"] == "POST" and w["path"].endswith("/pulls")]


def labelled(plan: Plan, number: int) -> list[tuple[str, str]]:
    """What happened to the label that stands for a draft, and by whom."""
    events = plan.get(f"/issues/{number}/events", per_page=100)
    about = [e for e in events if e["event"] in ("labeled", "unlabeled")]
    return [(e["event"], e["actor"]["login"]) for e in about if e["label"]["name"] == NOT_READY]


def test_a_label_stands_for_a_draft_until_the_checks_are_green(app: Running) -> None:
    place = app.place(kiosk(**{"ci.sh": SECOND_TIME}))
    assert place.by("admin", "GET", "")["private"]
    before = app.hub.now()
    plan = app.plan(place)
    plan.say("/genesis approve")
    (pull,) = until("a pull request", plan.pulls)
    assert not pull["draft"]
    until("it is red", lambda: len(plan.runs()) == 2)
    assert labelled(plan, pull["number"]) == [("labeled", OURSELVES)], "red is not ready"
    until("it waits for review", lambda: status(plan) == "awaiting-review")
    until("it is ready", lambda: len(labelled(plan, pull["number"])) == 2)
    plan.go_on()
    assert labelled(plan, pull["number"]) == [("labeled", OURSELVES), ("unlabeled", OURSELVES)]
    (pull,) = plan.pulls()
    assert (pull["draft"], pull["state"], pull["labels"]) == (False, "open", [])
    assert asked_for(app, place, before) == [422, 201]

    # Known by now: the next one is not asked to be a draft.
    before = app.hub.now()
    place.by("maintainer", "PATCH", f"/pulls/{pull['number']}", {"state": "closed"})
    until("it is seen", lambda: status(plan) == "cancelled")
    place.by("maintainer", "DELETE", f"/git/refs/heads/{pull['head']['ref']}")
    plan.say("/genesis retry stage 1")
    until("another one", lambda: len(plan.pulls()) == 2)
    until("it is known", lambda: asked_for(app, place, before) == [201])
    number = plan.pulls()[0]["number"]
    until("it is marked", lambda: labelled(plan, number))


def test_where_no_drafts_are_wanted_no_label_is_put(app: Running) -> None:
    place = app.place(kiosk(**{".github__otp-genesis.yml": "draft: false\n"}))
    before = app.hub.now()
    plan = app.plan(place)
    plan.say("/genesis approve")
    (pull,) = until("a pull request", plan.pulls)
    until("it waits for review", lambda: status(plan) == "awaiting-review")
    plan.go_on()
    assert (labelled(plan, pull["number"]), asked_for(app, place, before)) == ([], [201])
