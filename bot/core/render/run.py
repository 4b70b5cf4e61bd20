"""The table a run ends with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from textwrap import shorten
from typing import Any

from bot.core.plan import Action, Plan
from bot.core.render.paint import Paint, plain
from bot.core.sanitize import one_line
from bot.core.state import ActionState, Outcome, RunState, outcome
from bot.core.verdict import Baseline

_WORDS: dict[Outcome, tuple[str, str]] = {
    "committed": ("committed", "green"),
    "patch": ("to decide", "yellow"),
    "failed": ("failed", "bold red"),
    "flaky": ("flaky", "bold yellow"),
    "skipped": ("advice", "dim"),
    "waiting": ("waiting", "dim"),
    "pending": ("planned", "dim"),
    "undone": ("undone", "yellow"),
    "declined": ("declined", "dim"),
}
_COUNTED: dict[Outcome, str] = {
    "committed": "committed",
    "patch": "to decide",
    "failed": "failed and undone",
    "flaky": "undone, for the tests are flaky",
    "skipped": "for a person",
    "waiting": "waiting for another",
    "pending": "planned",
    "undone": "undone",
    "declined": "declined",
}
WIDTH = 100
NEEDS_SOMEBODY = "this needs a model or a person"
"""The reason of advice no codemod was asked about; the word `advice` says as much."""


def as_text(
    plan: Plan,
    state: RunState,
    ran: Iterable[str],
    baseline: Baseline | None,
    paint: Paint = plain,
    *,
    dry_run: bool = False,
) -> str:
    """One row per action by stage, then the branches and the next step."""
    out = [paint(f"Plan {plan.id} for {plan.app} at {plan.commit[:12]}", "bold"), ""]
    wanted = set(ran)
    width = max((len(a.id) for s in plan.stages for a in s.actions), default=0)
    for stage in plan.stages:
        actions = [
            a
            for a in stage.actions
            if stage.number < 5 and (not wanted or a.id in wanted or not dry_run)
        ]
        if not actions:
            continue
        out.append(paint(f"{stage.number}. {stage.title}", "bold"))
        for action in actions:
            out.extend(_row(action, state.action(action.id), width, paint))
    if len(out) == 2:
        out.append("Nothing to do: no finding needs an action.")
    ending = ["Dry run: nothing was written."] if dry_run else _ending(plan, state, baseline)
    return "\n".join([*out, "", *ending])


def _row(action: Action, state: ActionState, width: int, paint: Paint) -> Iterator[str]:
    word, style = _WORDS[outcome(state.status, state.reason)]
    if state.status == "pending":
        word = action.fix
    proof = state.proof if state.status == "committed" and state.proof != "none" else ""
    mark = paint(f"{word:<9}", style)
    title = one_line(action.title)
    yield f"  {mark}  {state.commit[:10]:<10}  {proof:<11}  {action.id:<{width}}  {title}"
    if state.reason and state.status != "committed" and state.reason != NEEDS_SOMEBODY:
        short = shorten(_first_question(one_line(state.reason)), WIDTH, placeholder=" …")
        yield f"{'':13}{paint(short, 'dim')}"


def _first_question(reason: str) -> str:
    """A decision's first question stands for it; the rest is in the plan."""
    return reason.partition("?")[0] + "?" if "?" in reason else reason


def _ending(plan: Plan, state: RunState, baseline: Baseline | None) -> Iterator[str]:
    ended = (a for s in state.stages if s.number < 5 for a in s.actions)
    counts = Counter(outcome(a.status, a.reason) for a in ended)
    if baseline is not None and baseline.obstacle:
        yield f"{baseline.obstacle[0].upper()}{baseline.obstacle[1:]}."
        yield "Fixes are patches, nothing was committed as verified."
    if baseline is not None and baseline.flaky:
        yield f"Flaky before any change: {', '.join(baseline.flaky[:5])}"
    if state.tests_before:
        yield f"Tests before: {state.tests_before}"
        yield f"Tests after:  {state.tests_after}"
    yield ", ".join(f"{n} {_COUNTED[s]}" for s, n in counts.items()) or "no actions"
    branches = [s for s in state.stages if s.tip]
    yield from (f"Branch {s.branch} at {s.tip[:10]}" for s in branches)
    if branches:
        yield f"Look at it:    git log -p {plan.commit[:10]}..{branches[-1].branch}"
        yield f"Take it back:  genesis undo {plan.id}"
    if counts["undone"] or counts["failed"] or counts["flaky"]:
        yield "Try again:     genesis run --only ID"
    if counts["patch"]:
        yield "A patch:       genesis show --action ID | git apply; not tried, so run your tests"
    if counts["skipped"] or counts["waiting"] or counts["patch"]:
        yield f"All the text:  genesis show {plan.id} --stage N"


def as_json(
    plan: Plan, state: RunState, ran: Iterable[str], baseline: Baseline | None
) -> dict[str, Any]:
    """The same for machines."""
    return {
        "schema_version": 1,
        "plan": plan.id,
        "commit": plan.commit,
        "ran": list(ran),
        "verifiable": None if baseline is None else not baseline.obstacle,
        "reason": "" if baseline is None else baseline.obstacle,
        "tests_before": state.tests_before,
        "tests_after": state.tests_after,
        "stages": [stage.model_dump(mode="json") for stage in state.stages],
    }
