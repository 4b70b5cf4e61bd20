"""Checks and failures of real workflow runs."""

from __future__ import annotations

import pytest

from bot.core.lifecycle.checks import CheckFacts, Failure
from bot.core.lifecycle.commands import Dispatch, MarkReady, PutCheck, PutComment, RerunFailed
from bot.core.lifecycle.decide import decide
from bot.core.lifecycle.outcome import StageOutcome
from bot.core.lifecycle.reviewing import to_rerun
from bot.errors import Unreachable
from bot.github.doing.runs import CannotRerun
from bot.github.errors import Suspended
from tests.github.between import Between
from tests.github.hub import OURSELVES, Hub, Place
from tests.github.scenes import Scene
from tests.github.waiting import until, with_workflow

CI = """\
on: {push: {branches: ['genesis/**']}}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo 'password hunter2-hunter2'
          cat <<'END'

            1) test greets (ShopTest)
               lib/fix.ex:7
               Assertion with == failed
               code:  assert 1 == 2
               left:  1
               right: 2
               stacktrace:
                 lib/fix.ex:9: (test)
                 deps/other/lib/other.ex:3: Other.go/0

          1 test, 1 failure
          END
          exit $CODE
        env: {CODE: '%s'}
"""


def proposed(place: Place, code: int | None = None) -> Scene:
    """A pull request of ours, on a base whose CI ends with `code`."""
    if code is not None:
        with_workflow(place, "ci.yml", CI % code)
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    scene.pull(1)
    return scene


def checks(scene: Scene) -> dict[str, CheckFacts]:
    pull = scene.facts().stages[0].pull
    assert pull is not None
    assert len({c.name for c in pull.checks}) == len(pull.checks)
    return {check.name: check for check in pull.checks}


def ended(scene: Scene) -> CheckFacts:
    def look() -> CheckFacts | None:
        found = checks(scene).get("test")
        return found if found is not None and found.status == "completed" else None

    found: CheckFacts = until(look, "the check ends")
    return found


def failure(scene: Scene) -> Failure | None:
    return scene.facts().stages[0].failure


def status(place: Place, head: str, state: str, context: str = "ci/old") -> None:
    body = {"state": state, "context": context, "target_url": "https://ci.example/1"}
    place.by("writer", "POST", f"/statuses/{head}", body)


def test_a_green_job(place: Place) -> None:
    scene = proposed(place, 0)
    check = ended(scene)
    assert (check.app, check.ours, check.conclusion) == ("github-actions", False, "success")
    (run,) = place.by("admin", "GET", "/actions/runs")["workflow_runs"]
    assert check.run == run["id"]
    assert failure(scene) is None


def test_a_red_job_with_what_its_log_says(place: Place) -> None:
    scene = proposed(place, 3)
    check = ended(scene)
    assert check.conclusion == "failure"
    found = failure(scene)
    assert found is not None
    assert (found.head, found.runs, found.rerun) == (scene.life.stage(1).head, (check.run,), ())
    assert "test greets" in found.text
    assert "hunter2" not in found.text
    assert found.fingerprint
    # A dependency's file is named in the log, too, but is not the repository's.
    assert found.paths == ("lib/fix.ex",)
    assert found.annotations
    place.by("writer", "POST", f"/actions/runs/{check.run}/rerun-failed-jobs")

    def ran_again() -> bool:
        ended(scene)
        found = failure(scene)
        return found is not None and bool(found.rerun)

    until(ran_again, "it ran again")
    again = failure(scene)
    assert again is not None
    assert (again.rerun, again.fingerprint) == ((check.run,), found.fingerprint)


def test_a_log_is_downloaded_once_and_without_our_token(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = proposed(place, 1)
    ended(scene)
    scene.app = hub.app(spy.api)
    assert failure(scene) == failure(scene)
    logs = [call for call in spy.calls if call.path.endswith("/logs")]
    assert len(logs) == 1
    followed = spy.calls[spy.calls.index(logs[0]) + 1]
    assert (followed.token, followed.status) == ("", 200)


def test_a_log_that_is_gone_leaves_the_names_of_what_failed(hub: Hub, place: Place) -> None:
    with hub.faults({"kind": "log_missing"}):
        scene = proposed(place, 1)
        ended(scene)
        found = failure(scene)
    assert found is not None
    assert (found.text, found.fingerprint, found.paths) == ("Failed: test", "test", ())


def test_a_log_that_cannot_be_had_now_is_waited_for(hub: Hub, place: Place) -> None:
    scene = proposed(place, 1)
    ended(scene)
    scene.app = hub.app()
    with (
        hub.faults({"kind": "error", "path": "/repos/*/actions/jobs/*/logs"}),
        pytest.raises(Unreachable),
    ):
        scene.facts()
    found = failure(scene)
    assert found is not None
    assert "test greets" in found.text


def test_nothing_is_a_failure_before_all_has_ended(place: Place) -> None:
    scene = proposed(place)
    head = scene.life.stage(1).head
    status(place, head, "failure")
    status(place, head, "pending", "ci/other")
    assert failure(scene) is None
    status(place, head, "success", "ci/other")
    found = failure(scene)
    assert found is not None
    assert (found.text, found.runs) == ("Failed: ci/old", ())


def test_what_is_not_required_neither_fails_nor_is_waited_for(place: Place) -> None:
    place.commit("main", {".github/otp-genesis.yml": "version: 1\nrequired_checks: [ci/a]\n"})
    scene = proposed(place)
    head = scene.life.stage(1).head
    status(place, head, "failure", "ci/a")
    status(place, head, "pending", "ci/b")
    found = failure(scene)
    assert found is not None
    assert found.text == "Failed: ci/a"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("pending", ("in_progress", None)),
        ("success", ("completed", "success")),
        ("failure", ("completed", "failure")),
        ("error", ("completed", "failure")),
    ],
)
def test_older_statuses_in_the_words_of_checks(
    place: Place, state: str, expected: tuple[str, str | None]
) -> None:
    scene = proposed(place)
    status(place, scene.life.stage(1).head, "pending")
    status(place, scene.life.stage(1).head, state)
    check = checks(scene)["ci/old"]
    assert (check.status, check.conclusion) == expected
    assert (check.app, check.ours, check.url) == ("", False, "https://ci.example/1")


def ours(place: Place, head: str, **more: object) -> int:
    token = place.app.token(place.installation, place.full_name, "checks")
    made = place.hub.hand("admin").post(
        f"/repos/{place.full_name}/check-runs",
        json={"name": "genesis/stage-1", "head_sha": head, **more},
        headers={"authorization": f"Bearer {token}"},
    )
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


def test_our_own_check_is_marked_and_of_two_the_newer_is_shown(place: Place) -> None:
    scene = proposed(place)
    head = scene.life.stage(1).head
    ours(
        place, head, status="completed", conclusion="failure", output={"title": "A", "summary": "s"}
    )
    ours(place, head, status="in_progress", output={"title": "B", "summary": "s"})
    check = checks(scene)["genesis/stage-1"]
    assert (check.ours, check.app, check.status, check.title) == (
        True,
        OURSELVES.removesuffix("[bot]"),
        "in_progress",
        "B",
    )
    assert failure(scene) is None


def test_words_github_may_add_are_no_success(hub: Hub, place: Place, spy: Between) -> None:
    scene = proposed(place)
    head = scene.life.stage(1).head
    made = {
        "id": 1,
        "name": "new",
        "head_sha": head,
        "status": "completed",
        "conclusion": "superseded",
        "app": None,
        "details_url": None,
        "html_url": None,
        "output": {},
    }
    waiting = made | {"name": "old", "status": "waiting", "conclusion": None}
    scene.app = hub.app(spy.api)
    spy.answer(r"/check-runs$", 200, {"total_count": 2, "check_runs": [made, waiting]})
    found = checks(scene)
    assert (found["new"].status, found["new"].conclusion) == ("completed", "action_required")
    assert (found["old"].status, found["old"].conclusion) == ("queued", None)


def test_a_log_without_an_end_is_read_within_a_bound(hub: Hub, place: Place, spy: Between) -> None:
    scene = proposed(place, 1)
    ended(scene)
    scene.app = hub.app(spy.api)
    spy.answer(r"^GET (?!/api).*log", 200, b"x" * (70 * 1024 * 1024))
    found = failure(scene)
    assert found is not None
    assert len(found.text) < 20_000


# ----- what is red on the base as well -----

TWO_TESTS = """\
on: {push: {branches: [main, 'genesis/**']}}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: |
          failed() {
            printf '\\n  %s) test %s (ShopTest)\\n     lib/%s.ex:7\\n' "$1" "$2" "$2"
            printf '     Assertion with == failed\\n'
            printf '     code:  assert %s == 2\\n     left:  1\\n     right: 2\\n' "$2"
          }
          case "$GITHUB_REF_NAME" in main) names='ON_MAIN' ;; *) names='ON_BRANCH' ;; esac
          n=0
          for name in $names; do n=$((n + 1)); failed $n $name; done
          printf '\\n%s tests, %s failures\\n' $n $n
          exit $n
"""


def compared(place: Place, on_main: str, on_branch: str) -> Scene:
    """A pull request whose tests of these names fail, on a base where those of these names do."""
    names = f"{on_main} {on_branch}".split()
    place.commit("main", {f"lib/{name}.ex": "# x\n" for name in names})
    text = TWO_TESTS.replace("ON_MAIN", on_main).replace("ON_BRANCH", on_branch)
    with_workflow(place, "ci.yml", text)
    scene = Scene.begin(place, stages=1)
    tip = place.tip("main")

    def judged() -> bool:
        runs = place.by("admin", "GET", f"/commits/{tip}/check-runs")["check_runs"]
        return bool(runs) and all(run["status"] == "completed" for run in runs)

    until(judged, "the base is judged")
    scene.pushed(1, {"lib/fix.ex": "# 1\n"})
    scene.pull(1)
    scene.stage(1, base=tip)
    ended(scene)
    return scene


def test_what_fails_on_the_base_in_the_same_way_is_not_ours(place: Place) -> None:
    found = failure(compared(place, "old", "old"))
    assert found is not None
    assert (found.innocent, found.inherited) == (True, ("test",))
    assert (found.text, found.runs, found.paths, found.annotations) == ("", (), (), ())


@pytest.mark.parametrize("on_main", ["", "other"])
def test_what_fails_otherwise_or_not_at_all_on_the_base_is_ours(place: Place, on_main: str) -> None:
    found = failure(compared(place, on_main, "new"))
    assert found is not None
    assert (found.innocent, found.inherited) == (False, ())
    assert "test new" in found.text


def test_of_a_check_that_fails_in_more_than_on_the_base_only_that_is_told(place: Place) -> None:
    found = failure(compared(place, "old", "old new"))
    assert found is not None
    assert (found.innocent, found.inherited) == (False, ())
    assert found.paths == ("lib/new.ex",)
    assert [path for path, _, _ in found.annotations] == ["lib/new.ex"]
    assert found.text.index("test new") < found.text.index("The end of the output")


def test_what_fails_in_less_than_on_the_base_is_not_ours(place: Place) -> None:
    found = failure(compared(place, "old worse", "old"))
    assert found is not None
    assert found.innocent


def test_without_a_log_of_the_base_the_name_decides(hub: Hub, place: Place) -> None:
    with hub.faults({"kind": "log_missing"}):
        scene = compared(place, "old", "new")
        found = failure(scene)
    assert found is not None
    assert found.innocent


def test_statuses_are_compared_by_name_and_kind(place: Place) -> None:
    scene = proposed(place)
    head, base = scene.life.stage(1).head, place.tip("main")
    scene.stage(1, base=base)
    for name in ("ci/a", "ci/b", "ci/c"):
        status(place, head, "failure", name)
    status(place, base, "error", "ci/a")
    status(place, base, "success", "ci/b")
    status(place, base, "pending", "ci/c")
    found = failure(scene)
    assert found is not None
    assert (found.innocent, found.inherited) == (False, ("ci/a",))
    assert (found.text, found.fingerprint) == ("Failed: ci/b, ci/c", "ci/b, ci/c")


def test_the_base_the_pull_request_was_merged_into_counts_as_well(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    began = place.tip("main")
    scene.pushed(1)
    tip = place.commit("main", {"broken": "x"})
    scene.pull(1)
    scene.stage(1, base=began)
    status(place, scene.life.stage(1).head, "failure")
    status(place, tip, "failure")
    found = failure(scene)
    assert found is not None
    assert (found.innocent, found.inherited) == (True, ("ci/old",))


def test_the_base_is_asked_about_only_where_something_failed(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = proposed(place)
    head, base = scene.life.stage(1).head, place.tip("main")
    scene.stage(1, base=base)
    scene.app = hub.app(spy.api)
    status(place, head, "success")

    def asked() -> int:
        spy.clear()
        scene.facts()
        return len([c for c in spy.calls if f"/commits/{base}/" in c.path])

    assert asked() == 0
    status(place, head, "failure")
    assert asked() == 2


# ----- failed jobs that GitHub does not run again -----


def test_that_failed_jobs_are_refused_a_second_chance_is_known_from_then_on(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = proposed(place, 1)
    run = ended(scene).run
    scene.app = hub.app(spy.api)
    words = "Unable to retry this workflow run because it was created over a month ago"
    spy.answer(r"/rerun-failed-jobs$", 403, {"message": words})
    before = failure(scene)
    with pytest.raises(CannotRerun):
        scene.do(RerunFailed(run=run))
    after = failure(scene)
    assert before is not None
    assert after is not None
    assert (before.refused, after.refused) == ((), (run,))
    assert (to_rerun(before), to_rerun(after)) == ((run,), ())


def test_a_suspended_app_is_no_refusal(hub: Hub, place: Place, spy: Between) -> None:
    scene = proposed(place, 1)
    run = ended(scene).run
    scene.app = hub.app(spy.api)
    words = "This installation has been suspended"
    spy.answer(r"/rerun-failed-jobs$", 403, {"message": words})
    with pytest.raises(Suspended):
        scene.do(RerunFailed(run=run))
    found = failure(scene)
    assert found is not None
    assert found.refused == ()


def test_a_run_that_is_gone_has_no_second_chance(hub: Hub, place: Place, spy: Between) -> None:
    scene = proposed(place, 1)
    run = ended(scene).run
    scene.app = hub.app(spy.api)
    spy.answer(rf"/actions/runs/{run}$", 404, {"message": "Not Found"})
    found = failure(scene)
    assert found is not None
    assert (found.rerun, found.refused) == ((), (run,))


# ----- our own check -----


def test_our_final_check_keeps_the_evidence_of_the_attempt(place: Place) -> None:
    scene = proposed(place)
    life = scene.life.stage(1)
    scene.stage(1, attempt=1, status="awaiting-review", ready=True, issue=scene.issue)
    status(place, life.head, "success")
    scene.kept[1] = StageOutcome(
        plan=scene.plan_id,
        stage=1,
        attempt=1,
        status="published",
        base=place.tip("main"),
        commit=life.head,
        summary="Each test fails before and passes after.",
    )
    decision = decide(scene.life, scene.facts())
    (check,) = (c for c in decision.commands if isinstance(c, PutCheck))
    scene.do(check)
    where = f"/commits/{life.head}/check-runs"
    (shown,) = place.by("admin", "GET", where, None, check_name="genesis/stage-1")["check_runs"]
    assert (shown["status"], shown["conclusion"]) == ("completed", "success")
    assert "Each test fails before and passes after." in shown["output"]["summary"]
    again = decide(decision.life, scene.facts())
    assert not [c for c in again.commands if isinstance(c, PutCheck)]


def test_what_is_red_on_the_base_is_told_once_and_nothing_is_done_about_it(place: Place) -> None:
    scene = compared(place, "old", "old")
    scene.stage(1, attempt=1, issue=scene.issue, failures=1)
    decision = decide(scene.life, scene.facts())
    stage = decision.life.stage(1)
    assert (stage.status, stage.attempt, stage.failures) == ("awaiting-review", 1, 1)
    assert stage.reason.startswith("`test` is red on the base as well")
    told = [c for c in decision.commands if isinstance(c, PutCheck | PutComment)]
    assert not [c for c in decision.commands if isinstance(c, RerunFailed | Dispatch | MarkReady)]
    scene.life = decision.life
    scene.do(*told)
    comments = place.by("admin", "GET", f"/issues/{stage.pull}/comments")
    assert len(comments) == 1
    assert "- `test`" in comments[0]["body"]
    where = f"/commits/{stage.head}/check-runs"
    (shown,) = place.by("admin", "GET", where, None, check_name="genesis/stage-1")["check_runs"]
    assert shown["conclusion"] == "neutral"
    again = decide(scene.life, scene.facts())
    assert again.life == scene.life
    assert not [c for c in again.commands if isinstance(c, PutCheck | PutComment)]
