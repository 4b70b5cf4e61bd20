"""The pull request of one stage: what changed, why it is believed, what was left, how to steer."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.outcome import StageOutcome
from bot.core.lifecycle.state import PlanLife, StageLife
from bot.core.plan import Action
from bot.core.render.commit import PROOFS, kept
from bot.core.render.github.foreign import document, inline, silent
from bot.core.render.github.markers import BODY, fit
from bot.core.render.github.words import counted, minutes, money, planned, stage_title
from bot.core.render.markdown import code, table
from bot.core.state import ActionState

TITLE_LIMIT = 256
EVIDENCE_LIMIT = 40_000
"""Characters of the run's own account of its commits."""


def pull_request(life: PlanLife, stage: StageLife, facts: Facts) -> tuple[str, str]:
    """Title and body, the body without its marker."""
    outcome = published(stage, facts)
    title = f"OTP stage {stage.number}: {stage_title(stage.number).lower()}"
    parts = list(_head(life, stage))
    if outcome is not None:
        parts += [*_commits(outcome, stage, facts), *_tests(outcome), *_left(outcome, stage, facts)]
    parts += [*_steering(stage), *_back(stage), _spent(stage, facts)]
    return title[:TITLE_LIMIT], fit(silent("\n\n".join(parts)), limit=BODY)


def published(stage: StageLife, facts: Facts) -> StageOutcome | None:
    """The newest outcome of this stage that led to commits, as reported or else as stored."""
    seen = facts.stage(stage.number)
    runs = sorted(seen.runs, key=lambda run: run.attempt, reverse=True)
    outcomes = (run.outcome for run in runs if run.outcome is not None)
    return next((found for found in outcomes if found.status == "published"), seen.kept)


def _head(life: PlanLife, stage: StageLife) -> Iterator[str]:
    closes = f"\nCloses #{stage.issue}." if stage.issue else ""
    yield (
        f"Stage {stage.number} of the OTP refactoring plan in #{life.issue}."
        f"\n\nPart of #{life.issue}.{closes}"
    )


def _actions(stage: StageLife, facts: Facts) -> dict[str, Action]:
    part = planned(facts, stage.number)
    return {action.id: action for action in part.actions} if part else {}


def _commits(outcome: StageOutcome, stage: StageLife, facts: Facts) -> Iterator[str]:
    known = _actions(stage, facts)
    done = [state for state in outcome.actions if state.status == "committed"]
    yield f"## What changes: {counted(len(done), 'commit')}"
    for state in done:
        yield _commit(state, known.get(state.id))
    if outcome.summary:
        evidence = fit(document(outcome.summary), limit=EVIDENCE_LIMIT)
        yield f"<details><summary>Evidence of each commit</summary>\n\n{evidence}\n\n</details>"


def _commit(state: ActionState, action: Action | None) -> str:
    title = inline(action.title if action else state.id)
    lines = [f"### {' '.join(part for part in (state.commit[:12], title) if part)}"]
    if action is not None:
        lines.append(inline(action.problem, 1000))
        if invariant := kept(action.invariant):
            lines.append(f"**Kept:** {inline(invariant, 1000)}")
    lines.append(f"**Proof:** {state.proof}. {PROOFS[state.proof]} Action: {code(state.id)}.")
    return "\n\n".join(lines)


def _tests(outcome: StageOutcome) -> Iterator[str]:
    if not outcome.tests_before and not outcome.tests_after:
        return
    rows = [("before", inline(outcome.tests_before)), ("after", inline(outcome.tests_after))]
    yield f"## Tests\n\n{table(('', 'suite'), rows)}"


def _left(outcome: StageOutcome, stage: StageLife, facts: Facts) -> Iterator[str]:
    known = _actions(stage, facts)
    dropped = set(outcome.dropped) | set(stage.dropped)
    rows = []
    for state in outcome.actions:
        if state.status == "committed" and state.id not in dropped:
            continue
        action = known.get(state.id)
        why = "the checks failed with it" if state.id in dropped else inline(state.reason)
        rows.append((code(state.id), inline(action.title if action else ""), why or state.status))
    if rows:
        head = ("action", "what", "why not")
        yield f"## Not done, and why\n\n{table(head, rows)}"


def _steering(stage: StageLife) -> Iterator[str]:
    n = stage.number
    yield (
        "## How to steer\n\n"
        "- Request changes in a review: another attempt takes up every open thread.\n"
        f"- Comment `/genesis retry stage {n}` for another attempt, `/genesis skip {n}` to go on"
        " without this stage, `/genesis explain ACTION` for the reasons of an action.\n"
        "- Push commits of your own at any time: from then on Genesis leaves the branch alone."
    )


def _back(stage: StageLife) -> Iterator[str]:
    yield (
        "## How to take it back\n\n"
        "Before the merge: close this pull request; it is not opened again. After it:"
        " `git revert` of the merge commit, or of a single commit: each stands for itself."
    )


def _spent(stage: StageLife, facts: Facts) -> str:
    allowed = facts.policy.limits.attempts
    return (
        f"<sub>Attempt {max(stage.attempt, 1)}, {stage.failures} of {allowed} spent;"
        f" {money(stage.usd)}, {minutes(stage.minutes)} so far."
        " Never merged by Genesis: that is for you.</sub>"
    )
