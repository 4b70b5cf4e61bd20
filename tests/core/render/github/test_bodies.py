# ruff: noqa: E501 - bodies are as long as their lines are
"""The bodies people read: dashboard, stage issue, pull request, check run."""

from __future__ import annotations

import re

import pytest
from inline_snapshot import snapshot
from markdown_it import MarkdownIt

from bot.core.lifecycle.checks import Failure
from bot.core.lifecycle.facts import Facts, RepositoryFacts, RunFacts, StageFacts
from bot.core.lifecycle.outcome import StageOutcome
from bot.core.lifecycle.state import PlanLife, StageLife, StageStatus
from bot.core.policy import Limits, Policy
from bot.core.render.github import replies
from bot.core.render.github.check_run import check_run
from bot.core.render.github.dashboard import dashboard, ticked
from bot.core.render.github.markers import BODY, LIMIT, fit, marker
from bot.core.render.github.pull_request import pull_request
from bot.core.render.github.red_base import red_base
from bot.core.render.github.stage_issue import stage_issue
from bot.core.render.github.words import PLAN, STAGE
from bot.core.state import ActionState
from tests.core.render.github.support import a_plan, facts, life
from tests.factories import action

HOSTILE = (
    "@octocat Closes #1 acme/x#2 https://x.example/i <!-- a\n/genesis approve\n```\n"
    "<img src=x> [a](//b) | b `"
)

OUTCOME = StageOutcome(
    plan="42",
    stage=1,
    attempt=2,
    status="published",
    base="c" * 40,
    commit="d" * 40,
    tree="e" * 40,
    actions=(
        ActionState(
            id="1-supervise-spawn-abc123",
            status="committed",
            commit="d" * 40,
            proof="behavioural",
        ),
        ActionState(id="1-name-worker-def456", status="patch", reason="Which name?"),
    ),
    tests_before="12 tests, 0 failures",
    tests_after="13 tests, 0 failures",
    summary="#### `dddddddddddd` `Supervise the job`\n\n- `lib/a.ex`",
    usd=0.3,
)


def in_review(**changes: object) -> StageLife:
    """Stage 1 with a pull request."""
    fields = {
        "number": 1,
        "status": "awaiting-review",
        "issue": 43,
        "pull": 50,
        "head": "d" * 40,
        "attempt": 2,
        "failures": 2,
        "usd": 0.3,
        "minutes": 12.4,
    }
    return StageLife.model_validate(fields | changes)


def reviewed() -> PlanLife:
    return life(in_review(), *life().stages[1:])


def ran(outcome: StageOutcome = OUTCOME, failure: Failure | None = None) -> tuple[StageFacts, ...]:
    run = RunFacts(id=7, attempt=outcome.attempt, status="completed", outcome=outcome)
    return (StageFacts(number=1, runs=(run,), failure=failure),)


def test_the_dashboard_of_a_new_plan() -> None:
    assert dashboard(life(), facts()) == snapshot("""\
## OTP refactoring plan

**Plan 42** is open. Goal: be calm. Made for `shop` at `cccccccccccc`.

**Next:** `/genesis approve` runs all stages in order, `/genesis approve stage 1` only this one.

| stage | actions | status | pull request | attempts | cost |
|---|---|---|---|---|---|
| 1. Critical fixes (#43) | 2 | ⚪ planned |  |  |  |
| 2. State persistence (#44) | 1 | ⚪ planned |  |  |  |
| 3. Architectural decomposition (#45) | 0 | ⚪ nothing to do |  |  |  |
| 4. Testing and communication (#46) | 0 | ⚪ nothing to do |  |  |  |
| 5. Integration and rollout (#47) | 0 | ⚪ nothing to do |  |  |  |

- [ ] Approve the plan: run its stages in order <!-- box=approve -->
- [ ] Approve stage 1: critical fixes <!-- box=approve-1 -->
- [ ] Skip stage 1 <!-- box=skip-1 -->
- [ ] Approve stage 2: state persistence <!-- box=approve-2 -->
- [ ] Skip stage 2 <!-- box=skip-2 -->

Spent so far: $0, 0 min of work. Estimate: 3 actions left, 1 without a model, which costs nothing, 2 for a model or a person. No limit is set: `limits.usd_per_plan` in `.github/otp-genesis.yml` sets one.

<details><summary>Supervision tree today and planned</summary>

**Today**

```mermaid
graph TD
  n0
```

The automatic actions leave it as it is.

</details>

<sub>Tick a box or comment `/genesis help`. The whole plan: `git fetch origin refs/genesis/plan-42 && git show FETCH_HEAD:README.md`.</sub>\
""")


OLDER = RepositoryFacts(
    full_name="acme/shop",
    base_branch="main",
    base="c" * 40,
    sub_issues=False,
    dependencies=False,
)
"""A server that knows neither sub-issues nor what an issue waits for."""


def test_a_server_without_sub_issues_shows_the_stages_as_a_task_list() -> None:
    merged = in_review(status="merged")
    plan_now = life(merged, *life().stages[1:3])
    body = dashboard(plan_now, facts(repository=OLDER))
    assert "|\n\n- [x] #43\n- [ ] #44\n- [ ] #45\n\n" in body
    assert ticked(body) == ()
    assert "- [ ] #44" not in dashboard(plan_now, facts())


def test_a_server_without_dependencies_reads_which_stage_comes_before() -> None:
    first, second, *_ = life().stages
    assert "\n\nBlocked by #43.\n\n" in stage_issue(life(), second, facts(repository=OLDER))[1]
    assert "Blocked by" not in stage_issue(life(), first, facts(repository=OLDER))[1]
    assert "Blocked by" not in stage_issue(life(), second, facts())[1]


def test_the_dashboard_of_a_plan_on_its_way() -> None:
    policy = Policy(limits=Limits(usd_per_plan=5))
    changed = a_plan(tree_planned="graph TD\n  n1")
    assert dashboard(reviewed(), facts(policy=policy, plan=changed)) == snapshot("""\
## OTP refactoring plan

**Plan 42** is open. Goal: be calm. Made for `shop` at `cccccccccccc`.

**Next:** Review and merge #50 (stage 1). Changes requested in a review start another attempt.

| stage | actions | status | pull request | attempts | cost |
|---|---|---|---|---|---|
| 1. Critical fixes (#43) | 2 | 👀 waits for review | #50 | 2 (2 of 3 spent) | $0.30 |
| 2. State persistence (#44) | 1 | ⚪ planned |  |  |  |
| 3. Architectural decomposition (#45) | 0 | ⚪ nothing to do |  |  |  |
| 4. Testing and communication (#46) | 0 | ⚪ nothing to do |  |  |  |
| 5. Integration and rollout (#47) | 0 | ⚪ nothing to do |  |  |  |

- [ ] Approve the plan: run its stages in order <!-- box=approve -->
- [ ] Approve stage 2: state persistence <!-- box=approve-2 -->
- [ ] Skip stage 2 <!-- box=skip-2 -->

Spent so far: $0.30 of $5.00, 12 min of work. Estimate: 1 action left, 1 for a model or a person. The limits stop it at $4.70 more.

<details><summary>Supervision tree today and planned</summary>

**Today**

```mermaid
graph TD
  n0
```

**After the automatic actions**

```mermaid
graph TD
  n1
```

</details>

<sub>Tick a box or comment `/genesis help`. The whole plan: `git fetch origin refs/genesis/plan-42 && git show FETCH_HEAD:README.md`.</sub>\
""")


def test_a_limit_for_a_day_is_told_where_it_is_the_only_one() -> None:
    policy = Policy(limits=Limits(usd_per_plan_day=5))
    body = dashboard(life(), facts(policy=policy))
    assert "A day may cost $5.00; no limit is set for the whole." in body


def test_the_dashboard_before_there_is_a_plan() -> None:
    early = life(status="planning").model_copy(update={"stages": ()})
    assert dashboard(early, facts(plan=None)) == snapshot("""\
## OTP refactoring plan

**Plan 42** is being made.

**Next:** The code is being analysed; the plan will appear here.

<sub>Comment `/genesis help` to see what can be asked.</sub>\
""")


def test_the_dashboard_of_a_plan_that_needs_somebody() -> None:
    reason = "The same failure twice. `/genesis retry stage 1` tries again."
    stuck = in_review(status="needs-human", pull=0, reason=reason)
    waiting = StageLife(number=2, reason="Waits until stage 1 is merged")
    body = dashboard(life(stuck, waiting), facts())
    assert f"**Next:** {reason}" in body
    assert body.count("The same failure twice") == 1
    assert "- Stage 2: Waits until stage 1 is merged." in body
    assert ticked(body.replace("- [ ]", "- [x]")) == (
        "approve",
        "retry-1",
        "skip-1",
        "approve-2",
        "skip-2",
    )


def test_a_missing_workflow_is_told_before_anything_is_approved() -> None:
    there = RepositoryFacts(full_name="acme/shop", workflow=False)
    assert "> [!WARNING]\n> No stage can be run: `.github/workflows/otp-genesis.yml`" in dashboard(
        life(), facts(repository=there)
    )


@pytest.mark.parametrize(
    ("run", "boxes"),
    [
        ("on-approval", ("approve", "approve-1", "skip-1", "approve-2", "skip-2")),
        ("manual", ("approve-1", "skip-1", "approve-2", "skip-2")),
        ("auto", ("approve-1", "skip-1", "approve-2", "skip-2")),
    ],
)
def test_boxes_are_there_for_what_can_be_asked(run: str, boxes: tuple[str, ...]) -> None:
    policy = Policy.model_validate({"run": run})
    body = dashboard(life(), facts(policy=policy))
    assert ticked(body) == ()
    assert ticked(body.replace("- [ ]", "- [x]")) == boxes


@pytest.mark.parametrize("status", sorted(set(PLAN) - {"open"}))
def test_a_plan_that_is_not_open_has_no_boxes(status: str) -> None:
    assert "- [ ]" not in dashboard(life(status=status), facts())


def test_only_ticked_boxes_of_ours_count() -> None:
    line = "- [x] Approve <!-- box=approve -->"
    assert ticked(f"{line}\r\n- [X] Skip <!-- box=skip-2 -->\r\n{line}") == ("approve", "skip-2")
    for other in (
        "- [ ] Approve <!-- box=approve -->",
        f"> {line}",
        f"  {line}",
        "* [x] Approve <!-- box=approve -->",
        "- [x] Approve",
        "- [x] Approve <!-- box=approve --> and more",
        "- [x] Approve <!-- box=approve-6 -->",
        "- [x] Approve <!-- box=merge -->",
        "- [x] <!-- box=retry -->",
    ):
        assert ticked(other) == (), other


def test_the_issue_of_a_stage() -> None:
    first = life().stages[0]
    title, body = stage_issue(life(), first, facts())
    assert title == "OTP stage 1: Critical fixes (plan #42)"
    assert body == snapshot("""\
Part of #42, where the plan and its progress are shown.

**Next:** `/genesis approve` runs all stages in order, `/genesis approve stage 1` only this one.

What is *assisted* below asks you something. `/genesis fix stage 1 ACTION`, with its id, is your yes: the change is made as it is shown, with what it stands on.

Plan `42` for shop at `cccccccccccccccccccccccccccccccccccccccc`.

## Summary

Summary.

- Risk: low
- Effort: about 1 hours

## Problem

Problem.

## Actions

### Supervise the job in A.run/1

- Id: `1-supervise-spawn-abc123`
- Fix: automatic; risk low; effort low
- Findings: `unsupervised-spawn-0123456789`
- Where: `lib/a.ex:3`

Nobody sees a crash.

**Invariant:** It still runs.

**Steps**

1. Start it under the supervisor.

**How to test:** Run the suite.

**Done when**

- [ ] the finding is gone

### Name the worker

- Id: `1-name-worker-def456`
- Fix: assisted; risk low; effort low
- Findings: `unsupervised-spawn-0123456789`
- Where: `lib/a.ex:3`

Nobody sees a crash.

**Steps**

1. Start it under the supervisor.

**How to test:** Run the suite.

**Done when**

- [ ] the finding is gone

## Verification

| command | exit code | expected |
|---|---|---|

## Roll-back

<sub>The document as a file: `git fetch origin refs/genesis/plan-42 && git show FETCH_HEAD:stage-1-critical-fixes.md`.</sub>\
""")


def test_the_pull_request_of_a_stage() -> None:
    title, body = pull_request(reviewed(), in_review(), facts(stages=ran()))
    assert title == "OTP stage 1: critical fixes"
    assert body == snapshot("""\
Stage 1 of the OTP refactoring plan in #42.

Part of #42.
Closes #43.

## What changes: 1 commit

### dddddddddddd Supervise the job in A.run/1

Nobody sees a crash.

**Kept:** It still runs.

**Proof:** behavioural. The generated test fails on the code before for the intended reason and passes after. Action: `1-supervise-spawn-abc123`.

<details><summary>Evidence of each commit</summary>

#### `dddddddddddd` `Supervise the job`

- `lib/a.ex`

</details>

## Tests

|  | suite |
|---|---|
| before | 12 tests, 0 failures |
| after | 13 tests, 0 failures |

## Not done, and why

| action | what | why not |
|---|---|---|
| `1-name-worker-def456` | Name the worker | Which name? |

## How to steer

- Request changes in a review: another attempt takes up every open thread.
- Comment `/genesis retry stage 1` for another attempt, `/genesis skip 1` to go on without this stage, `/genesis explain ACTION` for the reasons of an action.
- Push commits of your own at any time: from then on Genesis leaves the branch alone.

## How to take it back

Before the merge: close this pull request; it is not opened again. After it: `git revert` of the merge commit, or of a single commit: each stands for itself.

<sub>Attempt 2, 2 of 3 spent; $0.30, 12 min so far. Never merged by Genesis: that is for you.</sub>\
""")


def test_what_the_checks_failed_with_is_told_in_the_pull_request() -> None:
    stage = in_review(dropped=("1-name-worker-def456",))
    _, body = pull_request(reviewed(), stage, facts(stages=ran()))
    assert "| `1-name-worker-def456` | Name the worker | the checks failed with it |" in body


def test_a_pull_request_closes_no_issue_that_is_not_there() -> None:
    _, body = pull_request(reviewed(), in_review(issue=0), facts(stages=ran()))
    assert "Part of #42." in body
    assert "Closes" not in body


def test_the_check_run_of_a_stage() -> None:
    failure = Failure(head="d" * 40, text="1) test a (A)\n```", fingerprint="f")
    title, summary = check_run(
        reviewed(), in_review(status="retrying"), facts(stages=ran(failure=failure))
    )
    assert title == "Stage 1: next attempt"
    assert summary == snapshot("""\
Wait: attempt 2 at stage 1 is under way.

### What failed

````text
1) test a (A)
```
````

### Evidence

#### `dddddddddddd` `Supervise the job`

- `lib/a.ex`

Attempt 2 of plan #42; $0.30, 12 min so far.\
""")


def test_what_is_red_on_the_base_as_well_is_told_beside_what_failed() -> None:
    failure = Failure(head="d" * 40, text="1) test a", fingerprint="f", inherited=("lint", "ci/x"))
    stage, known = in_review(status="retrying"), facts(stages=ran(failure=failure))
    title, summary = check_run(reviewed(), stage, known)
    assert title == "Stage 1: next attempt, 2 checks red on the base as well"
    said = "`lint` and `ci/x` are red on the base as well, so they are not blamed on this change."
    assert said in summary
    assert f"- Stage 1: {said}" in dashboard(life(stage), known)


def test_the_comment_about_what_is_red_on_the_base_as_well() -> None:
    assert red_base(1, ("a", "b", "c", "d", "x" * 99)) == snapshot("""\
`a`, `b`, `c` and 2 more are red on the base as well, so they are not blamed on this change. No attempt is made for that, and no action is left out for it.

- `a`
- `b`
- `c`
- `d`
- `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`

A draft stays one as long as they are red: merge it all the same, or mend the base and comment `/genesis retry stage 1` for an attempt that starts from there.\
""")


def test_evidence_that_is_read_no_more_is_told_as_it_was_stored() -> None:
    kept = (StageFacts(number=1, kept=OUTCOME),)
    _, summary = check_run(reviewed(), in_review(), facts(stages=kept))
    assert "### Evidence\n\n#### `dddddddddddd` `Supervise the job`" in summary


def bodies(plan_life: PlanLife, known: Facts) -> list[str]:
    stage = plan_life.stages[0]
    return [
        dashboard(plan_life, known),
        *stage_issue(plan_life, stage, known),
        *pull_request(plan_life, stage, known),
        *check_run(plan_life, stage, known),
        red_base(1, (HOSTILE, *(f.inherited[0] for s in known.stages if (f := s.failure)))),
        replies.status(plan_life, known),
        replies.cost(plan_life, known),
        replies.explain("1-supervise", known),
    ]


OUR_OWN = {"42", "43", "44", "45", "46", "47", "50"}
"""Numbers of our own issues and pull requests, which are live on purpose."""


def alive(markdown: str) -> list[str]:
    """What a page would make live: mentions, references to others, links, images."""
    found = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(markdown):
        for child in token.children or ():
            if child.type in ("link_open", "image"):
                found.append(child.type)
            elif child.type == "text":
                found += re.findall(r"@\w+|\w+#\d+|://", child.content)
                found += [n for n in re.findall(r"#(\d+)", child.content) if n not in OUR_OWN]
    return found


@pytest.mark.parametrize("status", sorted(STAGE))
def test_bodies_of_every_status_are_harmless_and_say_what_is_next(status: StageStatus) -> None:
    for reason in ("", HOSTILE):
        stage = in_review(status=status, reason=reason)
        outcome = OUTCOME.model_copy(
            update={
                "summary": HOSTILE,
                "tests_before": HOSTILE,
                "actions": (
                    OUTCOME.actions[0].model_copy(update={"id": "1-`@x`-<b>"}),
                    ActionState(id="1-b", status="failed", reason=HOSTILE),
                ),
            }
        )
        strange = action(title=HOSTILE, problem=HOSTILE, invariant=HOSTILE, decision=HOSTILE)
        plan = a_plan(goal=HOSTILE, app=HOSTILE, tree_today=HOSTILE)
        first = plan.stages[0].model_copy(update={"actions": (strange, strange)})
        plan = plan.model_copy(update={"stages": (first, *plan.stages[1:])})
        failure = Failure(
            head="d" * 40, text=HOSTILE, fingerprint="f", inherited=(HOSTILE, "", "`", "a")
        )
        known = facts(plan=plan, stages=ran(outcome, failure))
        for body in bodies(life(stage, *life().stages[1:]), known):
            assert body
            assert len(body) <= BODY
            assert alive(body) == []
            assert not re.search(r"^/genesis", body, re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("status", sorted(PLAN))
def test_every_status_of_a_plan_says_what_is_next(status: str) -> None:
    for reason in ("", "Because of this"):
        body = dashboard(life(status=status, reason=reason), facts())
        assert re.search(r"^\*\*Next:\*\* \S.+[.]$", body, re.MULTILINE)


def test_bodies_fit_whatever_they_hold() -> None:
    many = [
        action(id=f"1-a-{n}", title="t" * 300, problem="p" * 3000, before="x\n" * 500)
        for n in range(200)
    ]
    plan = a_plan()
    first = plan.stages[0].model_copy(update={"actions": tuple(many)})
    tree = "graph TD\n" + "  a --> b\n" * 10_000
    plan = plan.model_copy(update={"stages": (first, *plan.stages[1:]), "tree_today": tree})
    done = tuple(
        ActionState(id=a.id, status="committed", commit="d" * 40, proof="traced") for a in many
    )
    outcome = OUTCOME.model_copy(update={"actions": done, "summary": "s\n" * 60_000})
    for body in bodies(reviewed(), facts(plan=plan, stages=ran(outcome))):
        assert len(fit(body, marker("42", "dashboard"))) <= LIMIT
    drawn = dashboard(reviewed(), facts(plan=plan))
    assert "It is too large to be drawn here" in drawn
    assert ticked(drawn.replace("- [ ]", "- [x]"))
