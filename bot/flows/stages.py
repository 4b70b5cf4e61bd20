"""The text of stages 1 to 4: summary, problem, risk, effort, verification and roll-back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.core.plan import STAGE_TITLES, Action, Expectation, Level, StagePlan
from bot.elixir.rules import rule
from bot.flows.actions import Composition

_ABOUT = {
    1: "Processes that nobody supervises, crashes that nobody sees and calls that block a server.",
    2: "State that is gone after a crash although nothing else holds it.",
    3: "Processes that do too much, so that one failure or one slow request reaches everything.",
    4: "Messages and tests that rely on luck: sends past a client function, waits by sleeping.",
}
_HOURS: dict[Level, float] = {"low": 0.5, "medium": 3, "high": 12}
_LEVELS: tuple[Level, ...] = ("low", "medium", "high")


def stage_plan(number: int, actions: tuple[Action, ...], made: Composition) -> StagePlan:
    """One stage's document for its actions, in their order of execution."""
    return StagePlan(
        number=number,
        title=STAGE_TITLES[number],
        summary=_summary(actions),
        problem=_problem(number, actions),
        risk=max((a.risk for a in actions), key=_LEVELS.index, default="low"),
        effort=effort(actions),
        actions=actions,
        verification=_verification(actions),
        rollback=_rollback(number, actions),
        not_applicable="" if actions else "the analysis found nothing that belongs to this stage",
    )


def _summary(actions: Sequence[Action]) -> str:
    if not actions:
        return "Nothing to do."
    kinds = Counter(a.fix for a in actions)
    parts = [f"{kinds[k]} {k}" for k in ("automatic", "assisted", "advice") if kinds[k]]
    files = len({place.path for a in actions for place in a.files})
    findings = sum(len(a.finding_ids) for a in actions)
    return f"{len(actions)} actions ({', '.join(parts)}) for {findings} findings in {files} files."


def _problem(number: int, actions: Sequence[Action]) -> str:
    lines = [_ABOUT[number]]
    found = Counter(a.rule for a in actions for _ in a.finding_ids if a.rule)
    for rule_id, count in found.most_common():
        about = rule(rule_id)
        lines.append(f"- **{about.title}** ({count}): {about.harm}")
    return "\n".join(lines)


def effort(actions: Sequence[Action]) -> str:
    """An estimate for a person who reviews automatic actions and does the others by hand."""
    hours = sum(0.25 if a.fix == "automatic" else _HOURS[a.effort] for a in actions)
    if hours == 0:
        return "none"
    return f"about {hours:g} hours" if hours < 8 else f"about {round(hours / 8, 1):g} days"


def _verification(actions: Sequence[Action]) -> tuple[Expectation, ...]:
    if not actions:
        return ()
    rules = sorted({a.rule for a in actions if a.rule})
    wanted = [flag for rule_id in rules for flag in ("--rule", rule_id)]
    return (
        Expectation(
            argv=("mix", "compile", "--force", "--warnings-as-errors"),
            expect="no warning that the base commit did not have",
        ),
        Expectation(argv=("mix", "test"), expect="at least as many tests as before, no failure"),
        Expectation(
            argv=("genesis", "analyze", ".", *wanted), expect="none of the findings named above"
        ),
    )


def _rollback(number: int, actions: Sequence[Action]) -> tuple[str, ...]:
    if not actions:
        return ()
    steps = [
        "Each action is one commit: `genesis undo ACTION` reverts it together with those that"
        " depend on it."
    ]
    if any(a.depends_on for a in actions):
        steps.append("An action that others depend on (a new supervisor) is reverted last.")
    steps.append(
        f"The whole stage: delete its branch before the merge, or revert the merge of stage"
        f" {number} after it."
    )
    return tuple(steps)
