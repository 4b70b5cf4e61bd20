"""The check run `genesis/stage-<n>`: in what state an attempt is."""

from __future__ import annotations

from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.state import PlanLife, StageLife
from bot.core.render.github.foreign import document, log, silent
from bot.core.render.github.markers import fit
from bot.core.render.github.next_step import stage_step
from bot.core.render.github.pull_request import published
from bot.core.render.github.red_base import red_on_base
from bot.core.render.github.words import counted, minutes, money, status_of

TITLE_LIMIT = 255
SUMMARY_LIMIT = 65_535


def check_run(life: PlanLife, stage: StageLife, facts: Facts) -> tuple[str, str]:
    """Title and summary."""
    title = f"Stage {stage.number}: {status_of(stage, facts).split(' ', 1)[1]}"
    failure = facts.stage(stage.number).failed_on(stage.head)
    parts = [stage_step(life, stage, facts)]
    if failure is not None and failure.inherited:
        title += f", {counted(len(failure.inherited), 'check')} red on the base as well"
        parts += [f"{said}." for said in [red_on_base(failure.inherited)] if said not in parts[0]]
    if failure is not None and failure.text:
        parts.append(f"### What failed\n\n{fit(log(failure.text), limit=30_000)}")
    outcome = published(stage, facts)
    if outcome is not None and outcome.summary:
        parts.append(f"### Evidence\n\n{fit(document(outcome.summary), limit=30_000)}")
    parts.append(
        f"Attempt {max(stage.attempt, 1)} of plan #{life.issue}; {money(stage.usd)},"
        f" {minutes(stage.minutes)} so far."
    )
    return title[:TITLE_LIMIT], fit(silent("\n\n".join(parts)), limit=SUMMARY_LIMIT)
