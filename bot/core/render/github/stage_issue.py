"""The issue of one stage: its document of the plan."""

from __future__ import annotations

from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.state import ENDED, PlanLife, StageLife
from bot.core.render.github.foreign import document, inline, silent
from bot.core.render.github.markers import BODY, fit
from bot.core.render.github.next_step import stage_step
from bot.core.render.github.words import planned, stage_title
from bot.core.render.plan import FILES
from bot.core.render.plan import stage as stage_document

TITLE_LIMIT = 256
DOCUMENT_LIMIT = 50_000
"""Characters of the document; what is longer is read in the ref."""
ANSWER = (
    "What is *assisted* below asks you something. `/genesis fix stage {n} ACTION`, with its id, is"
    " your yes: the change is made as it is shown, with what it stands on."
)


def stage_issue(life: PlanLife, stage: StageLife, facts: Facts) -> tuple[str, str]:
    """Title and body, the body without its marker."""
    title = f"OTP stage {stage.number}: {stage_title(stage.number)} (plan #{life.issue})"
    parts = [
        f"Part of #{life.issue}, where the plan and its progress are shown.",
        f"**Next:** {stage_step(life, stage, facts)}",
    ]
    if not facts.repository.dependencies and (before := _before(life, stage)):
        parts.insert(1, f"Blocked by #{before}.")
    part = planned(facts, stage.number)
    if facts.plan is not None and part is not None:
        if any(action.fix == "assisted" for action in part.actions):
            parts.append(ANSWER.format(n=stage.number))
        text = _demoted(document(stage_document(facts.plan, part)))
        parts.append(fit(text, limit=DOCUMENT_LIMIT))
    parts.append(
        f"<sub>The document as a file: `git fetch origin refs/genesis/plan-{inline(life.plan)} &&"
        f" git show FETCH_HEAD:{FILES[stage.number]}`.</sub>"
    )
    return title[:TITLE_LIMIT], fit(silent("\n\n".join(parts)), limit=BODY)


def _before(life: PlanLife, stage: StageLife) -> int:
    """The issue of the stage it waits for, where the server cannot show that itself; 0 for none."""
    if stage.status in ENDED:
        return 0
    earlier = [s.issue for s in life.stages if s.number < stage.number and s.issue]
    return earlier[-1] if earlier else 0


def _demoted(text: str) -> str:
    """The document without its first heading, which says what the issue's title says."""
    head, _, rest = text.partition("\n")
    return rest.strip() if head.startswith("# ") else text
