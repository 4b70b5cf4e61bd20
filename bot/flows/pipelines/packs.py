"""A code pack in a prompt, served offline: analysed, then planned, without a repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from bot.core.finding import Analysis
from bot.core.render.plan import documents
from bot.elixir.analyze import Survey
from bot.errors import NeedsModel
from bot.flows.plan_goal import plan_goal
from bot.flows.session import DEFAULT_GOAL, goal_of
from bot.flows.surveys import survey_files
from bot.llm.offline import KEYS, SkillRequest


@dataclass
class Packs:
    """Remembers the pack that was analysed, because a plan quotes its files."""

    goal: str = DEFAULT_GOAL
    _survey: Survey | None = None
    _digest: str = ""

    def analyse(self, files: Mapping[str, str]) -> Analysis:
        """What the rules say about a pack."""
        self._survey = survey_files(files, jobs=1)
        self._digest = sha256("\0".join(f"{p}\0{t}" for p, t in files.items()).encode()).hexdigest()
        return self._survey.analysis

    def plan(self, asked: SkillRequest, findings: tuple[Mapping[str, Any], ...]) -> str:
        """The five documents of the plan for the findings of the pack, as one Markdown text.

        Raises `NeedsModel` for findings that are not this analyser's own.
        """
        known = self._survey
        ours = {f.id for f in known.analysis.findings} if known is not None else set()
        if known is None or any(finding.get("id") not in ours for finding in findings):
            raise NeedsModel(
                f"step {asked.request.step!r} plans for findings the analyser did not make",
                hint=KEYS,
            )
        plan = plan_goal(
            known, goal=goal_of(self.goal), plan_id="pack", commit=f"pack:{self._digest}"
        )
        return "\n".join(documents(plan).values())
