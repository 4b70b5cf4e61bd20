"""What somebody else put on the base, in the way of an open pull request: the whole App."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.names import branch_of
from tests.e2e.app_support import QUICK_STAGE, STAGE_FILE, Plan, Running, kiosk, until
from tests.e2e.test_app_pulls import moves, reason, status, under_review
from tests.github.hub import Place

pytestmark = pytest.mark.xdist_group("app_conflicts")

CHANGED, OTHER = "lib/kiosk/alarm.ex", "NOTES.md"

NOTING_STAGE = QUICK_STAGE.replace(
    '          echo "# attempt $ATTEMPT" >> lib/kiosk/alarm.ex\n',
    f'          echo "attempt $ATTEMPT" >> {OTHER}\n          git add {OTHER}\n',
)
"""Changes a file that the plan does not quote."""

GIVING_UP = QUICK_STAGE.replace(
    '          printf \'{"plan": "%s", "stage": %s, "attempt": %s, "status": "published",\n',
    "          if [ $ATTEMPT -gt 1 ]; then\n"
    '          printf \'{"plan": "%s", "stage": %s, "attempt": %s, "status": "nothing",\n'
    '            "base": "%s", "reasons": ["nobody calls it any more"]}\' \\\n'
    '            "$PLAN" "$STAGE" "$ATTEMPT" "$(git rev-parse HEAD~1)" > outcome.json\n'
    "          exit 0; fi\n"
    '          printf \'{"plan": "%s", "stage": %s, "attempt": %s, "status": "published",\n',
)
"""Finds nothing to do after its first attempt."""


def pull_now(plan: Plan) -> dict[str, Any]:
    """Its one pull request, with what only a single answer has."""
    (listed,) = plan.pulls()
    found: dict[str, Any] = plan.get(f"/pulls/{listed['number']}")
    return found


def descends(place: Place, older: str, newer: str) -> bool:
    found = place.by("admin", "GET", f"/compare/{older}...{newer}")
    return bool(found["status"] in ("ahead", "identical"))


@pytest.mark.parametrize("path", [OTHER, CHANGED], ids=["unquoted", "quoted"])
def test_what_conflicts_is_made_anew_from_the_fresh_base(app: Running, path: str) -> None:
    """Also where the plan quotes the file: a stage that has begun is brought to its end."""
    stage = NOTING_STAGE if path == OTHER else QUICK_STAGE
    plan, first = under_review(app, app.place(kiosk(**{STAGE_FILE: stage})))
    place = plan.place
    before = place.read(path) if path == CHANGED else ""
    theirs = place.commit("main", {path: f"{before}# theirs\n"}, "maintainer")
    until("another attempt", lambda: len(plan.runs()) == 2)
    until("it waits for review", lambda: status(plan) == "awaiting-review")
    pull = pull_now(plan)
    assert pull["number"] == first["number"]
    assert pull["mergeable"] is True
    assert plan.life()["stages"][0]["cause"] == "conflict"
    assert plan.life()["stages"][0]["base"] == theirs
    assert place.tip("main") == theirs
    assert descends(place, theirs, pull["head"]["sha"])
    said = place.read(path, pull["head"]["sha"])
    assert "theirs" in said
    assert "attempt 2" in said
    assert "attempt 1" not in said
    place.by("maintainer", "PUT", f"/pulls/{pull['number']}/merge", {"merge_method": "squash"})
    until("it is merged", lambda: status(plan) == "merged")
    assert "theirs" in place.read(path)
    assert len(plan.runs()) == 2


def test_a_conflict_that_no_attempt_mends_is_told(app: Running) -> None:
    plan, first = under_review(app, app.place(kiosk(**{STAGE_FILE: GIVING_UP})))
    place = plan.place
    theirs = place.commit("main", {CHANGED: "# theirs alone\n"}, "maintainer")
    until("a person is asked", lambda: status(plan) == "needs-human")
    assert "nobody calls it any more" in reason(plan)
    plan.go_on()
    pull = pull_now(plan)
    assert (pull["head"]["sha"], pull["mergeable"]) == (first["head"]["sha"], False)
    assert len(plan.runs()) == 2
    assert place.tip("main") == theirs
    until("it is shown", lambda: plan.shown("nobody calls it any more"))


def test_a_conflict_on_a_branch_with_a_persons_commit_is_theirs_to_mend(app: Running) -> None:
    plan, _ = under_review(app)
    place, branch = plan.place, branch_of(plan.id, 1)
    mine = place.commit(branch, {"README.md": "Mine\n"}, "maintainer")
    until("a person is asked", lambda: status(plan) == "needs-human")
    before = app.hub.now()
    theirs = place.commit("main", {CHANGED: "# theirs alone\n"}, "writer")
    until("it conflicts", lambda: pull_now(plan)["mergeable"] is False)
    plan.go_on()
    assert "pushed to the branch" in plan.say("/genesis retry stage 1")
    assert (place.tip(branch), place.tip("main")) == (mine, theirs)
    assert [m for m in moves(app, plan, before) if "/dispatches" in m or "refs" in m] == []
    assert len(plan.runs()) == 1
    # They mend it, and it goes on as their pull request.
    text = "# theirs alone\n# attempt 1\n"
    tree = {CHANGED: text, "README.md": "Mine\n"}
    merged = place.loose(tree, theirs, "maintainer", "Merge main")
    place.by("maintainer", "PATCH", f"/git/refs/heads/{branch}", {"sha": merged, "force": True})
    number = pull_now(plan)["number"]
    place.by("maintainer", "PUT", f"/pulls/{number}/merge", {"merge_method": "squash"})
    until("it is merged", lambda: status(plan) == "merged")
    assert place.read(CHANGED) == text


def test_a_conflict_during_an_attempt_leads_to_one_more(app: Running) -> None:
    """The base moves while the attempt that a person asked for is under way."""
    slow = QUICK_STAGE.replace("      - run: |\n", "      - run: |\n          sleep 4\n")
    plan, _ = under_review(app, app.place(kiosk(**{STAGE_FILE: slow})))
    place = plan.place
    plan.say("/genesis retry stage 1")
    until("it is under way", lambda: len(plan.runs()) == 2)
    before = place.read(CHANGED)
    theirs = place.commit("main", {CHANGED: f"{before}# theirs\n"}, "maintainer")
    until("one from the fresh base", lambda: len(plan.runs()) == 3)
    until("it waits for review", lambda: status(plan) == "awaiting-review")
    pull = pull_now(plan)
    assert pull["mergeable"] is True
    assert descends(place, theirs, pull["head"]["sha"])
    plan.go_on()
    assert len(plan.runs()) == 3
