"""A stage in each of its states, as it comes there, and what can happen to it then."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.core.policy import Limits, Policy
from tests.core.lifecycle.playing import Play, published, started, until_review
from tests.core.lifecycle.world import PLAN_ISSUE, World

Situation = Callable[[], Play]
SPENT = Policy(limits=Limits(attempts_per_day=1))


def _after(play: Play, *steps: Callable[[World], object]) -> Play:
    for step in steps:
        step(play.world)
        play.reconcile()
    return play


def _publish(world: World) -> None:
    world.end_run("published")


def _red(world: World) -> None:
    world.check("failure")


def _retrying() -> Play:
    return _after(published(), _red, _red)


def _queued_to_merge() -> Play:
    def queue(world: World) -> None:
        pull = world.pull(1)
        assert pull is not None
        pull.queued = True

    return _after(until_review(started()), queue)


def _blocked() -> Play:
    return started(World(policy=Policy(stages=(2, 3, 4))))


def _stale() -> Play:
    return _after(started(approve=False), lambda w: w.drift.add("lib/a.ex"))


def say(text: str) -> Callable[[World], object]:
    return lambda w: w.say("wim", f"/genesis {text}")


SITUATIONS: Mapping[str, Situation] = {
    "planned": lambda: started(approve=False),
    "approved": lambda: started(World(workflow=False)),
    "approved, tomorrow": lambda: started(World(policy=SPENT, others=1)),
    "queued": lambda: started(World(dispatches_vanish=True)),
    "running": lambda: _after(started(), World.start_run),
    "running, held": lambda: _after(started(), World.hold_run),
    "retrying": _retrying,
    "pr-open": lambda: published(World(opens_pulls=False)),
    "checking": published,
    "awaiting-review": lambda: until_review(started()),
    "awaiting-review, red": lambda: _after(published(World(red_on_base={"test"})), _red),
    "queued-to-merge": _queued_to_merge,
    "merged": lambda: _after(until_review(started()), lambda w: w.merge(1)),
    "needs-human": lambda: _after(started(), lambda w: w.end_run("nothing")),
    "needs-human, held": lambda: published(World(held=("test",))),
    "needs-human, red": lambda: _after(_retrying(), *[_publish, *[_red] * 2]),
    "needs-human, pushed": lambda: _after(until_review(started()), lambda w: w.push(1)),
    "blocked-by-policy": _blocked,
    "paused": lambda: _after(started(), World.start_run, say("stop")),
    "skipped": lambda: _after(started(approve=False), say("skip 1")),
    "stale": _stale,
    "cancelled": lambda: _after(until_review(started()), lambda w: w.close_pull(1)),
    "orphaned": lambda: _after(started(approve=False), lambda w: w.delete_issue(1)),
}
"""How stage 1 comes to where the name says it stands."""


def _conflict(world: World) -> None:
    if pull := world.pull(1):
        pull.conflict = True


def _red_as_the_base(world: World) -> None:
    world.red_on_base.add("test")
    world.check("failure")


def _retarget(world: World) -> None:
    if pull := world.pull(1):
        pull.base = "elsewhere"


def _cancelled_with_a_report(world: World) -> None:
    world.end_run("failed", conclusion="cancelled", fingerprint="c")


EVENTS: Mapping[str, Callable[[World], object]] = {
    "approve": say("approve"),
    "fix stage 1": say("fix stage 1"),
    "fix one action": say("fix stage 1 1-restart"),
    "retry": say("retry stage 1"),
    "skip": say("skip 1"),
    "stop": say("stop"),
    "replan": say("replan"),
    "a run publishes": lambda w: w.end_run("published"),
    "a run does nothing": lambda w: w.end_run("nothing"),
    "a run fails": lambda w: w.end_run("failed", fingerprint="f"),
    "a run cannot build": lambda w: w.end_run("cannot-build"),
    "a run leaves no outcome": lambda w: w.end_run(None, conclusion="failure"),
    "a person cancels the run": lambda w: w.end_run(None, conclusion="cancelled"),
    "a person cancels the run, which reports": _cancelled_with_a_report,
    "cancelled runs end": World.settle_cancelled,
    "a run waits for approval": World.hold_run,
    "a run is approved": World.start_run,
    "checks are approved": World.approve_checks,
    "checks pass": lambda w: w.check("success"),
    "checks fail": _red,
    "checks fail as on the base": _red_as_the_base,
    "checks run again": World.run_checks_again,
    "checks run again and pass": lambda w: w.run_checks_again("success"),
    "checks run again and fail": lambda w: w.run_checks_again("failure"),
    "the base is mended": lambda w: w.red_on_base.clear(),
    "a day passes": lambda w: w.wait(24 * 60),
    "a writer requests changes": lambda w: w.request_changes(1),
    "a reader requests changes": lambda w: w.request_changes(1, "rea"),
    "a conflict": _conflict,
    "retargeted": _retarget,
    "merged": lambda w: w.merge(1),
    "the pull request is closed": lambda w: w.close_pull(1),
    "the pull request is opened again": lambda w: w.reopen_pull(1),
    "a person pushes": lambda w: w.push(1),
    "the branch is deleted": lambda w: w.delete_branch(1),
    "the stage's issue is closed": lambda w: w.set_stage_issue(1, state="closed"),
    "the stage's issue is opened again": lambda w: w.set_stage_issue(1, state="open"),
    "the stage's issue is deleted": lambda w: w.delete_issue(1),
    "the label is taken off": lambda w: w.label(PLAN_ISSUE, remove=("otp-refactor",)),
    "the issue is closed": lambda w: w.set_issue(PLAN_ISSUE, state="closed"),
    "the issue is locked": lambda w: w.set_issue(PLAN_ISSUE, locked=True),
    "the issue is deleted": lambda w: w.issues.pop(PLAN_ISSUE),
    "eleven minutes pass": lambda w: w.wait(11),
    "six hours pass": lambda w: w.wait(6 * 60),
    "quoted code changes": lambda w: w.drift.add("lib/a.ex"),
    "history is rewritten": lambda w: setattr(w, "rewritten", True),
    "the repository is archived": lambda w: setattr(w, "archived", True),
    "the App is suspended": lambda w: setattr(w, "access", "suspended"),
    "the configuration breaks": lambda w: setattr(w, "policy_problem", "line 2: what?"),
}
