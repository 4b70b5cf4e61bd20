"""The table a run ends with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.core.plan import Action, Plan
from bot.core.render.paint import Paint, plain
from bot.core.state import ActionState, RunState
from bot.core.verdict import Baseline

_STYLES = {
    "committed": "green",
    "failed": "bold red",
    "patch": "yellow",
    "skipped": "dim",
    "pending": "dim",
    "undone": "yellow",
}
_WORDS = {
    "committed": "committed",
    "patch": "patch to decide",
    "failed": "failed, undone",
    "skipped": "for a person",
    "pending": "planned",
    "undone": "undone",
    "declined": "declined",
}


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
    for stage in plan.stages:
        actions = [
            a
            for a in stage.actions
            if stage.number < 5 and (not wanted or a.id in wanted or not dry_run)
        ]
        if not actions:
            continue
        out.append(paint(f"{stage.number}. {stage.title}", "bold"))
        out.extend(_row(action, state.action(action.id), paint) for action in actions)
    if len(out) == 2:
        out.append("Nothing to do: no finding needs an action.")
    out.extend(["", *_ending(plan, state, baseline, dry_run=dry_run)])
    return "\n".join(out)


def _row(action: Action, state: ActionState, paint: Paint) -> str:
    word = _WORDS[state.status] if state.status != "pending" else action.fix
    mark = paint(f"{word:<15}", _STYLES.get(state.status, "dim"))
    commit = f" {state.commit[:10]}" if state.commit else ""
    reason = (
        f"\n{'':20}{paint(state.reason, 'dim')}"
        if state.reason and state.status in ("failed", "patch", "skipped")
        else ""
    )
    return f"  {mark}{commit:<11}  {action.id}  {action.title}{reason}"


def _ending(plan: Plan, state: RunState, baseline: Baseline | None, *, dry_run: bool) -> list[str]:
    counts: dict[str, int] = {}
    for stage in state.stages:
        for action in stage.actions:
            if stage.number < 5:
                counts[action.status] = counts.get(action.status, 0) + 1
    if dry_run:
        return ["Dry run: nothing was written."]
    lines = []
    if baseline is not None and not baseline.buildable:
        lines.append(
            f"Cannot build here: {baseline.reason}. Fixes are patches, nothing was committed as"
            " verified."
        )
    elif baseline is not None:
        suite = next((c for c in baseline.checks if c.name == "test"), None)
        lines.extend([f"Tests before: {suite.summary}"] if suite else [])
    lines.append(", ".join(f"{n} {_WORDS[s]}" for s, n in counts.items()) or "no actions")
    branches = [s for s in state.stages if s.tip]
    lines.extend(f"Branch {s.branch} at {s.tip[:10]}" for s in branches)
    if branches:
        last = branches[-1].branch
        lines.append(f"Look: git log -p {plan.commit[:10]}..{last}   Undo: genesis undo {plan.id}")
    if counts.get("patch"):
        lines.append(
            f"Patches wait for a decision: genesis show {plan.id} --stage N, then --action ID"
        )
    return lines


def as_json(
    plan: Plan, state: RunState, ran: Iterable[str], baseline: Baseline | None
) -> dict[str, Any]:
    """The same for machines."""
    return {
        "schema_version": 1,
        "plan": plan.id,
        "commit": plan.commit,
        "ran": list(ran),
        "buildable": None if baseline is None else baseline.buildable,
        "reason": "" if baseline is None else baseline.reason,
        "stages": [stage.model_dump(mode="json") for stage in state.stages],
    }
