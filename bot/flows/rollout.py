"""Stage 5: how to bring out what the earlier stages change, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.plan import STAGE_TITLES, Action, Expectation, FileRange, StagePlan
from bot.elixir.project import Project

_STEPS = {
    "add_task_supervisor": (
        "Watch the new supervisor: `Task.Supervisor.children/1` counts running jobs; alert when"
        " the count only grows.",
        "Set `:max_children` once the usual count is known: without it a burst of jobs is"
        " unbounded.",
    ),
    "supervise_spawn": (
        "Crashes of these jobs now appear as crash reports with `$callers`; expect new log lines"
        " for failures that were silent.",
        "A stop of the application now ends running jobs with an exit signal; a job that must"
        " finish its write has to trap exits, and then has 5 s.",
    ),
    "async_nolink": (
        "A crashed task no longer takes the server down, and a crashed server no longer ends its"
        " tasks: watch for tasks that outlive their purpose.",
    ),
    "init_to_continue": (
        "Start-up no longer waits for this work: readiness checks that took a started application"
        " for a loaded one need a question of their own.",
        "A failure of this work is now a crash after the start; watch the supervisor's restart"
        " intensity in the first hour.",
    ),
    "self_send_to_continue": (
        "The first message of the server is handled after the deferred work; nothing else changes"
        " for callers.",
    ),
    "add_child": (
        "The process now starts with the application and is restarted: look for code that started"
        " it by hand and expects `{:ok, pid}`.",
    ),
}  # fmt: skip


def rollout_stage(project: Project, actions: Sequence[Action]) -> StagePlan:
    """One action per kind of automatic change of the earlier stages."""
    mods = [
        name for name in _STEPS if any(a.codemod == name and a.fix == "automatic" for a in actions)
    ]
    if not mods:
        return _nothing()
    releases = deployment_evidence(project)
    made = tuple(
        _action(name, [a for a in actions if a.codemod == name and a.fix == "automatic"], releases)
        for name in mods
    )
    return StagePlan(
        number=5,
        title=STAGE_TITLES[5],
        summary=f"{len(made)} things to watch while the changes of the earlier stages come out.",
        problem=_problem(releases),
        risk="low",
        effort=f"about {len(made) * 0.5:g} hours",
        actions=made,
        verification=(
            Expectation(
                argv=("mix", "test"), expect="green on the merged result of the earlier stages"
            ),
        ),
        rollback=(
            "Revert the stage that a problem points to; the earlier ones stand on their own.",
        ),
    )


def deployment_evidence(project: Project) -> tuple[str, ...]:
    """Files that show how the application is deployed, among those the analysis reads."""
    return tuple(
        p
        for p in project.files
        if p.endswith("config/runtime.exs") or p.startswith("rel/") or "/rel/" in p
    )


def _problem(releases: tuple[str, ...]) -> str:
    if releases:
        named = ", ".join(releases[:3])
        return f"The application is deployed ({named}); these changes show at run time."
    return (
        "The repository shows no deployment (no runtime configuration, no release files), so"
        " feature flags and a phased roll-out are not planned: there is nothing here to hang them"
        " on. What follows is what to watch."
    )


def _action(name: str, sources: list[Action], releases: tuple[str, ...]) -> Action:
    first = sources[0]
    flag = (
        ("No flag: the change has no off state that would be safer than a revert of its commit.",)
        if releases
        else ()
    )
    places = {(f.path, f.line): f for a in sources for f in a.files if f.line}
    files: tuple[FileRange, ...] = tuple(places.values())
    return Action(
        id=f"5-watch-{name.replace('_', '-')}",
        stage=5,
        title=f"Watch what changed by: {first.title}"
        if len(sources) == 1
        else f"Watch {len(sources)} changes like: {first.title}",
        fix="advice",
        rule="",
        finding_ids=(),
        files=files,
        problem="A verified change can still meet conditions in production that no test shows.",
        steps=(*_STEPS[name], *flag),
        how_to_test="Look at the named figures before and after the first deployment.",
        done_when=("a week has passed without a new kind of crash report from these modules",),
        depends_on=tuple(a.id for a in sources),
    )


def _nothing() -> StagePlan:
    return StagePlan(
        number=5, title=STAGE_TITLES[5], summary="Nothing to do.", problem="", risk="low",
        effort="none", actions=(), verification=(), rollback=(),
        not_applicable="no earlier stage changes code by itself, so there is nothing to bring out",
    )  # fmt: skip
