"""The plan's documents: a README and one file per stage."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.plan import Action, CoverageRow, Plan, StagePlan
from bot.core.render.markdown import code, fence, prose, table
from bot.core.sanitize import strip_hidden

FILES = {
    1: "stage-1-critical-fixes.md",
    2: "stage-2-state-persistence.md",
    3: "stage-3-decomposition.md",
    4: "stage-4-testing-and-communication.md",
    5: "stage-5-integration-and-rollout.md",
}


def documents(plan: Plan) -> dict[str, str]:
    """All documents by file name, `README.md` first."""
    return {"README.md": overview(plan), **{FILES[s.number]: stage(plan, s) for s in plan.stages}}


def overview(plan: Plan) -> str:
    """The README: overview, supervision tree before and after, order of work, coverage."""
    changed = plan.tree_planned != plan.tree_today
    parts = [
        *_head(plan),
        "## Supervision tree today",
        fence(plan.tree_today, "mermaid"),
        "## Supervision tree after the automatic actions",
        fence(plan.tree_planned, "mermaid") if changed else "Unchanged.",
        "## Order of work",
        "\n".join(_order(plan)),
        "## Coverage",
        "Every site of every pattern: planned under an action, or exempted with the reason.",
        coverage(plan.coverage),
    ]
    if plan.notes:
        parts += ["## Not fully read", "\n".join(f"- {prose(note)}" for note in plan.notes)]
    return strip_hidden("\n\n".join(parts).rstrip()) + "\n"


def _head(plan: Plan) -> list[str]:
    rows = [
        (
            f"[{s.number}. {s.title}]({FILES[s.number]})",
            s.summary,
            s.risk if s.actions else "none",
            s.effort,
        )
        for s in plan.stages
    ]
    facts = (
        f"- Plan: `{plan.id}`\n- Goal: {prose(plan.goal)}\n"
        f"- Commit: `{plan.commit}`; every line quoted here was compared with it"
    )
    return [
        f"# OTP refactoring plan for {plan.app}",
        facts,
        table(("stage", "summary", "risk", "effort"), rows),
    ]


def _order(plan: Plan) -> Iterator[str]:
    actions = plan.actions()
    if not actions:
        yield "There is nothing to do."
    for number, action in enumerate(actions, 1):
        after = (
            f" (after {', '.join(f'`{d}`' for d in action.depends_on)})"
            if action.depends_on
            else ""
        )
        yield f"{number}. `{action.id}` {prose(action.title)}, {action.fix}{after}"


def coverage(rows: tuple[CoverageRow, ...]) -> str:
    """The coverage table."""
    if not rows:
        return "No site of any pattern was found."
    return table(
        ("rule", "site", "status", "action or reason"),
        [(r.rule, code(f"{r.path}:{r.line}"), r.status, r.detail) for r in rows],
    )


def stage(plan: Plan, part: StagePlan) -> str:
    """One stage's document."""
    out = [
        f"# Stage {part.number}: {part.title}",
        "",
        f"Plan `{plan.id}` for {plan.app} at `{plan.commit}`.",
        "",
        "## Summary",
        "",
        part.summary,
        "",
    ]
    if part.not_applicable:
        out.extend([f"Not applicable: {part.not_applicable}.", ""])
        return "\n".join(out).rstrip() + "\n"
    out.extend(
        [
            f"- Risk: {part.risk}",
            f"- Effort: {part.effort}",
            "",
            "## Problem",
            "",
            part.problem,
            "",
            "## Actions",
            "",
        ]
    )
    for action in part.actions:
        out.extend([*_action(action), ""])
    rows = [(f"`{' '.join(v.argv)}`", str(v.exit_code), v.expect) for v in part.verification]
    out.extend(["## Verification", "", table(("command", "exit code", "expected"), rows), ""])
    out.extend(["## Roll-back", "", *(f"- {step}" for step in part.rollback)])
    return strip_hidden("\n".join(out).rstrip()) + "\n"


def _action(action: Action) -> Iterator[str]:
    yield f"### {prose(action.title)}"
    yield ""
    yield f"- Id: `{action.id}`"
    yield f"- Fix: {action.fix}; risk {action.risk}; effort {action.effort}"
    if action.depends_on:
        yield f"- After: {', '.join(f'`{d}`' for d in action.depends_on)}"
    if action.finding_ids:
        yield f"- Findings: {', '.join(f'`{f}`' for f in action.finding_ids)}"
    for place in action.files:
        lines = f"{place.line}-{place.end_line}" if place.end_line > place.line else str(place.line)
        where = code(f"{place.path}:{lines}" if place.line else place.path)
        yield f"- Where: {where}" if place.line else f"- New file: {where}"
    yield ""
    yield prose(action.problem)
    yield ""
    yield from _code("Before", action.before)
    yield from _code("After", action.after)
    yield from _code("The shape to aim for (an example, not this project's code)", action.example)
    if action.decision:
        yield f"**To decide:** {prose(' '.join(filter(None, (action.decision, action.untried))))}"
        yield ""
    if action.invariant:
        yield f"**Invariant:** {action.invariant}"
        yield ""
    yield "**Steps**"
    yield ""
    yield from (f"{n}. {prose(step)}" for n, step in enumerate(action.steps, 1))
    yield ""
    yield f"**How to test:** {action.how_to_test}"
    yield ""
    yield from _code("The generated test", action.test_code)
    yield "**Done when**"
    yield ""
    yield from (f"- [ ] {prose(item)}" for item in action.done_when)


def _code(title: str, block: str) -> Iterator[str]:
    if block:
        yield f"{title}:"
        yield ""
        yield fence(block, "elixir")
        yield ""
