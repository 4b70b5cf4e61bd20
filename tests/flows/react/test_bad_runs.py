"""Runs that go wrong, and what came too late: what a person reads, and what goes on.

One play for each; docs/troubleshooting.md quotes what is read here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.github.app_auth import App
from tests.e2e.app_support import QUICK_STAGE, STAGE_FILE
from tests.flows.react.bad_input import CHECKS_FILE, RETRY, Bad, files
from tests.flows.react.told import says
from tests.github.hub import Hub, Place

HEAD = QUICK_STAGE.partition("jobs:\n")[0]
REPORT = """\
  report:
    needs: publish
    if: always()
    runs-on: ubuntu-24.04
    env:
      PLAN: ${{ inputs.plan }}
      ATTEMPT: ${{ inputs.attempt }}
      BASE: ${{ inputs.base }}
    steps:
      - run: |
          printf '{"plan": "%s", "stage": 1, "attempt": %s, "base": "%s", MORE}' \\
            "$PLAN" "$ATTEMPT" "$BASE" > outcome.json
      - uses: actions/upload-artifact@v4
        with: {name: genesis-outcome, path: outcome.json}
"""


def stage_file(does: str, report: str = "") -> str:
    """A workflow of stages whose job does this, and a job after it that reports in any case."""
    work = f"  publish:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: {does}\n"
    return f"{HEAD}jobs:\n{work}{REPORT.replace('MORE', report) if report else ''}"


@pytest.fixture
def place(hub: Hub, app: App) -> Place:
    return hub.place(app, files())


def asked(bad: Bad, *, attempts: int = 2) -> str:
    """What a person reads on the dashboard once one is asked, and after that many attempts."""
    stage = bad.comes_to("needs-human")
    assert [run["display_title"].rpartition(" ")[2] for run in bad.runs()] == [
        str(n + 1) for n in range(attempts)
    ]
    bad.look()
    assert len(bad.runs()) == attempts
    assert stage.reason in bad.dashboard()
    return stage.reason


def twice(what: str) -> str:
    return f"The same failure twice in a row: {what}. {RETRY}"


# Checks of the pull request


def test_checks_that_wait_for_approval(hub: Hub, place: Place, tmp_path: Path) -> None:
    with hub.faults({"kind": "approval_required", "name": "pull_request"}):
        bad = Bad.approved(place, tmp_path)
        stage = bad.comes_to("needs-human")
    pull = bad.pull()["number"]
    said = f"GitHub does not begin `CI` on #{pull} before somebody who may write approves it."
    assert stage.reason.startswith(said)
    assert "before somebody who may write approves it" in bad.dashboard()
    (told,) = bad.comments(pull)
    assert told.startswith(said)
    assert says(told, "checks wait for approval")
    assert "Press `Approve workflows to run` there; then it goes on by itself." in told
    assert "Nothing failed, and no attempt is counted." in told
    assert (stage.failures, stage.dropped, stage.reran) == (1, (), ())
    bad.look()
    assert len(bad.comments(pull)) == len(bad.runs()) == 1
    listed = place.by("admin", "GET", "/actions/runs", None, status="action_required")
    (run,) = listed["workflow_runs"]
    place.by("writer", "POST", f"/actions/runs/{run['id']}/approve")
    bad.comes_to("awaiting-review")
    assert [t.partition(".")[0] for t in bad.comments(pull)] == [
        "The checks that waited for approval were approved"
    ]


def test_no_check_begins(hub: Hub, app: App, tmp_path: Path) -> None:
    place = hub.place(app, files(**{CHECKS_FILE: None}))
    bad = Bad.approved(place, tmp_path)
    bad.comes_to("checking")
    bad.post.now = lambda: datetime.now(UTC) + timedelta(minutes=61)
    stage = bad.comes_to("needs-human")
    assert stage.reason == (
        "No check began within 60 minutes: see whether a workflow runs on `pull_request` and its"
        f" runs are allowed to begin, or merge #{bad.pull()['number']} without them."
    )
    assert says(bad.dashboard(), "no check begins")
    place.by("writer", "POST", f"/statuses/{bad.stage().head}", {"state": "success"})
    bad.comes_to("awaiting-review")


# The run


def test_a_run_that_a_person_cancels(hub: Hub, app: App, tmp_path: Path) -> None:
    does = stage_file("sleep 60", '"status": "failed", "reasons": ["the job ended"]')
    place = hub.place(app, files(**{STAGE_FILE: does}))
    bad = Bad.approved(place, tmp_path)
    bad.comes_to("running")
    place.by("writer", "POST", f"/actions/runs/{bad.runs()[0]['id']}/cancel")
    assert asked(bad, attempts=1) == f"Its run was cancelled. {RETRY}"
    assert says(bad.dashboard(), "somebody cancelled the run")
    place.commit("main", {STAGE_FILE: QUICK_STAGE})
    bad.goes_on()


def test_a_runner_that_is_lost(hub: Hub, place: Place, tmp_path: Path) -> None:
    with hub.faults({"kind": "runner_lost", "name": "publish"}):
        bad = Bad.approved(place, tmp_path)
        said = asked(bad)
    assert said.startswith("The same failure twice in a row: the run ended (failure) without")
    assert says(bad.dashboard(), "the runner was lost")
    assert said.endswith(RETRY)
    bad.goes_on()


def test_a_runner_that_is_lost_once_costs_one_attempt(
    hub: Hub, place: Place, tmp_path: Path
) -> None:
    with hub.faults({"kind": "runner_lost", "name": "publish", "count": 1}):
        bad = Bad.approved(place, tmp_path)
        bad.comes_to("awaiting-review")
    assert (bad.stage().attempt, bad.stage().failures) == (2, 2)


# What it reports


@pytest.mark.parametrize(
    ("case", "report", "said"),
    [
        (
            "the report is of another run",
            '"attempt": 9, "status": "nothing"',
            "the run's report is of another attempt",
        ),
        (
            "what the jobs hand over is of another run",
            '"status": "refused", "reasons": ["manifest.json was made for another attempt or in'
            ' another run"]',
            "manifest.json was made for another attempt or in another run",
        ),
        (
            "the run was made of another plan",
            '"status": "refused", "reasons": ["commit 0123456789ab is not in the history of the'
            " plan's ref\"]",
            "commit 0123456789ab is not in the history of the plan's ref",
        ),
    ],
)
def test_a_run_whose_report_is_not_to_be_believed(
    hub: Hub, app: App, tmp_path: Path, case: str, report: str, said: str
) -> None:
    text = stage_file("'true'", report.replace("'", "'\\''"))
    place = hub.place(app, files(**{STAGE_FILE: text}))
    bad = Bad.approved(place, tmp_path)
    assert asked(bad) == twice(said)
    assert says(bad.dashboard(), case)
    assert place.by("admin", "GET", "/pulls", None, state="all") == []
    place.commit("main", {STAGE_FILE: QUICK_STAGE})
    bad.goes_on()


def test_a_report_whose_bytes_are_others(hub: Hub, place: Place, tmp_path: Path) -> None:
    with hub.faults({"kind": "artifact_altered", "name": "genesis-outcome"}):
        bad = Bad.approved(place, tmp_path)
        said = "the run's report is not what the run left: its SHA-256 differs"
        assert asked(bad) == twice(said)
        assert says(bad.dashboard(), "the report was altered")
    assert place.by("admin", "GET", "/pulls", None, state="all") == []
    bad.goes_on()


def test_a_report_that_was_deleted_before_it_was_read(hub: Hub, app: App, tmp_path: Path) -> None:
    # A run that ends at once may be read by the look that began it.
    look = "git ls-remote --exit-code origin refs/heads/go-$ATTEMPT"
    waits = f"      - run: until {look}; do sleep 0.1; done\n"
    held = QUICK_STAGE.replace("      - run: |\n", f"{waits}      - run: |\n")
    place = hub.place(app, files(**{STAGE_FILE: held}))
    bad = Bad.approved(place, tmp_path)
    for attempt in (1, 2):
        place.commit(f"go-{attempt}", {"go": ""})
        run = bad.ended()
        listed = place.by("admin", "GET", f"/actions/runs/{run['id']}/artifacts")["artifacts"]
        (artifact,) = listed
        place.by("writer", "DELETE", f"/actions/artifacts/{artifact['id']}")
        bad.look()
    assert asked(bad) == twice("the run ended (success) without a report")
    assert says(bad.dashboard(), "the report is missing, or was deleted")
    place.commit("main", {STAGE_FILE: QUICK_STAGE})
    bad.goes_on()


# What was asked for is not what is there any more


def test_a_plan_that_is_older_than_the_code(place: Place, tmp_path: Path) -> None:
    bad = Bad.labelled(place, tmp_path)
    bad.look()
    path = "lib/kiosk/receipts.ex"
    place.commit("main", {path: f"# New.\n{place.read(path)}"})
    bad.say("/genesis approve stage 1")
    assert bad.stage().status == "stale"
    said = f"`{path}` changed since the plan was made; `/genesis replan` makes a new one."
    assert said in bad.dashboard()
    assert says(bad.dashboard(), "the plan is older than the code")
    assert bad.runs() == []
    bad.say("/genesis replan")
    bad.say("/genesis approve stage 1")
    bad.comes_to("awaiting-review")


def test_a_run_of_an_older_plan_that_runs_again_changes_nothing(
    place: Place, tmp_path: Path
) -> None:
    with place.hub.faults({"kind": "runner_lost", "name": "publish"}):
        bad = Bad.approved(place, tmp_path)
        asked(bad)
    old = bad.runs()[-1]["id"]
    path = "lib/kiosk/receipts.ex"
    place.commit("main", {path: f"# New.\n{place.read(path)}"})
    bad.say("/genesis replan")
    assert bad.stage().status == "planned"
    place.by("writer", "POST", f"/actions/runs/{old}/rerun")
    assert bad.ended()["conclusion"] == "success"
    bad.look()
    assert bad.stage().status == "planned"
    assert place.by("admin", "GET", "/pulls", None, state="all") == []
    bad.say("/genesis approve stage 1")
    bad.comes_to("awaiting-review")
    assert bad.stage().attempt == 3


# Nothing changed


def test_a_stage_that_leads_to_nothing(hub: Hub, app: App, tmp_path: Path) -> None:
    text = stage_file("'true'", '"status": "nothing"')
    place = hub.place(app, files(**{STAGE_FILE: text}))
    bad = Bad.approved(place, tmp_path)
    what = "Nothing of it can be done without a model, or your word on an action"
    assert asked(bad, attempts=1) == f"{what}. {RETRY}"
    assert says(bad.dashboard(), "nothing came of a stage")


def test_a_stage_that_publishes_what_is_there_already(hub: Hub, app: App, tmp_path: Path) -> None:
    once = (
        'TIP=HEAD; [ "$ATTEMPT" != 1 ] || TIP=HEAD~1\n          git push -q origin "$TIP:refs/gen'
    )
    empty = QUICK_STAGE.replace('git push -q origin "HEAD:refs/gen', once)
    empty = empty.replace("rev-parse HEAD)", "rev-parse $TIP)").replace(
        "'HEAD^{tree}'", '"$TIP^{tree}"'
    )
    place = hub.place(app, files(**{STAGE_FILE: empty}))
    bad = Bad.approved(place, tmp_path)
    stage = bad.comes_to("needs-human")
    assert stage.reason.startswith(
        "GitHub does not open the pull request: 422 Validation Failed: No commits between main and"
        f" genesis/{bad.number}/stage-1. The attempt changed nothing of the base branch."
    )
    assert stage.reason.endswith("`/genesis retry stage 1` makes another attempt.")
    assert says(bad.dashboard(), "what came of it changes nothing")
    bad.goes_on()


def test_workflows_of_the_base_that_changed_meanwhile(place: Place, tmp_path: Path) -> None:
    bad = Bad.approved(place, tmp_path)
    bad.comes_to("awaiting-review")
    place.commit("main", {CHECKS_FILE: f"# New.\n{place.read(CHECKS_FILE)}"})
    bad.say("/genesis retry stage 1")
    said = asked(bad)
    assert said.endswith(f"the App may not write workflows: delete the branch. {RETRY}")
    assert says(bad.dashboard(), "workflows changed on the base")
    branch = f"genesis/{bad.number}/stage-1"
    place.by("writer", "DELETE", f"/git/refs/heads/{branch}")
    bad.look()
    bad.goes_on()
