"""What may happen to a plan on GitHub between two looks, each doing nothing where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hypothesis import strategies as st

from tests.core.lifecycle.playing import Play
from tests.core.lifecycle.world import PLAN_ISSUE, World

Happening = Callable[[World], object]


def _comment(author: str, text: str) -> Happening:
    return lambda w: w.say(author, f"/genesis {text}")


def _close_stage_issue(world: World) -> None:
    for number in world.stage_issues.values():
        if world.issues[number].state == "open":
            world.set_issue(number, state="closed")
            return


def _reopen_stage_issue(world: World) -> None:
    for number in world.stage_issues.values():
        if world.issues[number].state == "closed":
            world.set_issue(number, state="open")
            return


def _delete_stage_issue(world: World) -> None:
    for stage, number in list(world.stage_issues.items()):
        del world.stage_issues[stage]
        del world.issues[number]
        return


def _open_stage(world: World) -> int:
    return next((p.stage for p in world.pulls.values() if p.state == "open"), 1)


def _conflict(world: World) -> None:
    if pull := world.pull(_open_stage(world)):
        pull.conflict = pull.state == "open"


def _retarget(world: World) -> None:
    if pull := world.pull(_open_stage(world)):
        pull.base = "other" if pull.base == "main" else "main"


def _queue(world: World) -> None:
    if pull := world.pull(_open_stage(world)):
        pull.queued = not pull.queued


def _toggle_lock(world: World) -> None:
    world.set_issue(PLAN_ISSUE, locked=not world.issues[PLAN_ISSUE].locked)


def _move_base(world: World) -> None:
    world.base += 1


def _drift(world: World) -> None:
    world.base += 1
    world.drift |= {"lib/c.ex"}


def _toggle(name: str) -> Happening:
    return lambda w: setattr(w, name, not getattr(w, name))


def _access(how: str) -> Happening:
    return lambda w: setattr(w, "access", how)


def _revoke(world: World) -> None:
    world.roles["wim"] = "read"


def _problem(world: World) -> None:
    world.policy_problem = "" if world.policy_problem else "line 3: no such setting"


BY_CI: Mapping[str, Happening] = {
    "a run starts": World.start_run,
    "a run publishes": lambda w: w.end_run("published"),
    "a run does nothing": lambda w: w.end_run("nothing"),
    "a run fails": lambda w: w.end_run("failed", fingerprint=f"f{len(w.runs) % 3}"),
    "a run is refused": lambda w: w.end_run("refused"),
    "a run cannot build": lambda w: w.end_run("cannot-build"),
    "a run leaves no outcome": lambda w: w.end_run(None, conclusion="failure"),
    "a run is cancelled by a person": lambda w: w.end_run(None, conclusion="cancelled"),
    "a run is cancelled and reports": lambda w: w.end_run("failed", conclusion="cancelled"),
    "a run waits for approval": World.hold_run,
    "checks wait for approval": lambda w: setattr(w, "held", ("lint",)),
    "checks are approved": World.approve_checks,
    "a run reports on another": lambda w: w.end_run("published", stage=4, attempt=9),
    "cancelled runs end": World.settle_cancelled,
    "checks pass": lambda w: w.check("success"),
    "checks fail": lambda w: w.check("failure"),
    "checks fail otherwise": lambda w: w.run_checks_again("failure", f"{len(w.runs) % 3}"),
    "checks run again": World.run_checks_again,
    "checks run again and pass": lambda w: w.run_checks_again("success"),
    "the base breaks or is mended": lambda w: w.red_on_base.symmetric_difference_update({"test"}),
    "runs are too old to run again": lambda w: setattr(w, "reruns", not w.reruns),
    "a minute passes": lambda w: w.wait(1),
    "a quarter of an hour passes": lambda w: w.wait(15),
    "a day passes": lambda w: w.wait(24 * 60),
}

BY_PEOPLE: Mapping[str, Happening] = {
    "approve": _comment("wim", "approve"),
    "fix 2": _comment("wim", "fix stage 2"),
    "fix one action": _comment("ada", "fix stage 1 1-restart"),
    "retry": _comment("wim", "retry"),
    "retry 1": _comment("ada", "retry stage 1"),
    "skip 1": _comment("wim", "skip 1"),
    "skip 2": _comment("wim", "skip 2"),
    "stop": _comment("tri", "stop"),
    "replan": _comment("wim", "replan"),
    "plan": _comment("wim", "plan"),
    "stop and go": _comment("wim", "stop\n/genesis retry"),
    "status": _comment("rea", "status"),
    "nonsense": _comment("wim", "fxi stage 1"),
    "label off": lambda w: w.label(PLAN_ISSUE, remove=("otp-refactor",)),
    "label on": lambda w: w.label(PLAN_ISSUE, add=("otp-refactor",)),
    "close the issue": lambda w: w.set_issue(PLAN_ISSUE, state="closed"),
    "reopen the issue": lambda w: w.set_issue(PLAN_ISSUE, state="open"),
    "lock or unlock": _toggle_lock,
    "close a stage's issue": _close_stage_issue,
    "reopen a stage's issue": _reopen_stage_issue,
    "delete a stage's issue": _delete_stage_issue,
    "merge": lambda w: w.merge(_open_stage(w)),
    "close the pull request": lambda w: w.close_pull(_open_stage(w)),
    "reopen the pull request": lambda w: w.reopen_pull(1),
    "push": lambda w: w.push(_open_stage(w)),
    "delete the branch": lambda w: w.delete_branch(_open_stage(w)),
    "request changes": lambda w: w.request_changes(_open_stage(w)),
    "make a conflict": _conflict,
    "retarget": _retarget,
    "queue": _queue,
    "the base moves": _move_base,
    "quoted code changes": _drift,
    "the workflow comes or goes": _toggle("workflow"),
    "history is rewritten or back": _toggle("rewritten"),
    "archive or unarchive": _toggle("archived"),
    "suspend": _access("suspended"),
    "uninstall": _access("gone"),
    "install": _access("active"),
    "break or mend the configuration": _problem,
    "lose a right": _revoke,
}

POWERLESS: Mapping[str, Happening] = {
    **{
        f"{who} says {what}": _comment(who, what)
        for who, said in {
            "rea": ("approve", "fix stage 2", "stop", "skip 1", "replan", "retry stage 1"),
            "out": ("approve", "status", "stop"),
            "tri": ("approve", "retry", "skip 2", "fix stage 1"),
            "bad[bot]": ("approve", "stop", "skip 1", "fix stage 2"),
        }.items()
        for what in said
    },
    "a reader wants changes": lambda w: w.request_changes(_open_stage(w), "rea"),
    "a bot wants changes": lambda w: w.request_changes(_open_stage(w), "bad[bot]"),
}


def windows(
    source: Mapping[str, Happening], most: int = 8
) -> st.SearchStrategy[list[tuple[str, ...]]]:
    """Names of what happens between one look and the next, window by window."""
    window = st.lists(st.sampled_from(sorted(source)), min_size=1, max_size=3).map(tuple)
    return st.lists(window, min_size=1, max_size=most)


def happen(play: Play, names: tuple[str, ...]) -> None:
    """All of it, in this order."""
    for name in names:
        {**BY_CI, **BY_PEOPLE, **POWERLESS}[name](play.world)
