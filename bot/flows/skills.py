"""What the offline model can do: each skill is named in a pipeline's `offline:` key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.finding import Analysis
from bot.core.plan import Action, Plan
from bot.core.render.plan import documents
from bot.core.state import FINISHED
from bot.elixir.analyze import survey
from bot.elixir.fixes import codemod
from bot.elixir.fixes.base import Declined
from bot.elixir.tree import MemoryTree
from bot.errors import Unusable
from bot.flows.bench import Bench
from bot.flows.plan_goal import plan_goal
from bot.flows.session import Session
from bot.llm.offline import OfflineModel, SkillRequest


@dataclass
class Skills:
    """The skills over one session."""

    session: Session
    bench: Bench

    def model(self) -> OfflineModel:
        """The offline model with these skills."""
        return OfflineModel(
            {
                "analyze.codebase": self.analyze,
                "plan.documents": self.plan,
                "tests.generate": self.test,
                "verify.verdict": self.verdict,
            },
            analyser=analyse_pack,
        )

    def analyze(self, asked: SkillRequest) -> dict[str, Any]:
        """Findings of the commit."""
        return {"findings": [_brief(f.model_dump(mode="json")) for f in self.session.survey.analysis.findings]}

    def plan(self, asked: SkillRequest) -> dict[str, Any]:
        """The stored plan of an interrupted run, or a new one; its actions in order."""
        session = self.session
        if session.plan is None:
            plan_id = session.plans.store.next_id()
            goal = str(asked.arguments.get("goal") or session.goal)
            session.save_new_plan(plan_goal(session.survey, goal=goal, plan_id=plan_id, commit=session.commit))
        plan = session.need_plan()
        chosen = selected(plan, stage=_number(asked.arguments.get("stage")), only=str(asked.arguments.get("only") or ""))
        assert session.state is not None
        waiting = [a for a in chosen if session.state.action(a.id).status not in FINISHED]
        return {
            "plan": plan.id,
            "documents": list(documents(plan)),
            "actions": [_listed(action) for action in waiting if action.stage < 5],
        }

    def test(self, asked: SkillRequest) -> dict[str, Any]:
        """The codemod's own test for the code as it was before the change."""
        action = self.session.need_plan().action(str(asked.arguments["action"]))
        before = self.bench.base_project()
        made = codemod(action.codemod).test(before, action.params) if action.codemod else Declined("no codemod")
        if isinstance(made, Declined):
            return {"path": "", "content": "", "reason": made.reason}
        self.session.generated[action.id] = made
        return {"path": made.path, "content": made.code, "reason": made.note}

    def verdict(self, asked: SkillRequest) -> dict[str, Any]:
        """Passed, or the next step, from the checks alone; the same failure twice gives up."""
        action = str(asked.arguments["action"])
        verdict = self.session.verdicts[self.session.need_plan().action(action).id]
        if verdict.status == "passed":
            return {"status": "passed", "next_action": "commit", "reasons": []}
        earlier = asked.arguments.get("feedback")
        before = earlier.get("verdict", {}) if isinstance(earlier, Mapping) else {}
        same = bool(verdict.fingerprint) and before.get("fingerprint") == verdict.fingerprint
        stuck = same or verdict.status == "cannot-build"
        return {"status": "failed", "next_action": "give_up" if stuck else "retry", "reasons": list(verdict.reasons)}


def analyse_pack(files: Mapping[str, str]) -> Analysis:
    """The analysis of a code pack in a prompt."""
    return survey(MemoryTree.of(files), jobs=1).analysis


def selected(plan: Plan, *, stage: int | None, only: str) -> list[Action]:
    """Actions of a stage, or one action, with everything they depend on; raises `Unusable`."""
    actions = plan.actions()
    if not only and stage is None:
        return list(actions)
    wanted = {a.id for a in actions if (stage is None or a.stage == stage) and (not only or a.id.startswith(only))}
    if not wanted and only:
        raise Unusable(f"the plan has no action {only!r}", hint="`genesis show` lists them")
    for action in reversed(actions):
        if action.id in wanted:
            wanted.update(action.depends_on)
    return [a for a in actions if a.id in wanted]


def _number(value: Any) -> int | None:
    return int(value) if value not in (None, "", "None") else None


def _brief(finding: dict[str, Any]) -> dict[str, Any]:
    return {key: finding[key] for key in ("id", "rule", "path", "line", "end_line", "severity", "confidence", "message", "code")}


def _listed(action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "stage": action.stage,
        "title": action.title,
        "fix": action.fix,
        "files": [place.path for place in action.files],
        "depends_on": list(action.depends_on),
    }

