"""What the offline model can do: each skill is named in a pipeline's `offline:` key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.finding import Finding
from bot.core.plan import Action
from bot.core.render.plan import documents
from bot.elixir.fixes import codemod
from bot.elixir.fixes.base import Declined, GeneratedTest
from bot.elixir.project import Project
from bot.elixir.rules import rule
from bot.flows.actions import generated_test
from bot.flows.bench import Bench
from bot.flows.conventions import conventions
from bot.flows.model_scope import scope_of
from bot.flows.pipelines.packs import Packs
from bot.flows.plan_goal import plan_goal
from bot.flows.selection import selected, to_try, waiting
from bot.flows.session import Session
from bot.llm.offline import OfflineModel, SkillRequest

_BRIEF = (
    "id", "rule", "path", "line", "end_line", "severity", "confidence", "message", "code",
)  # fmt: skip


@dataclass
class Skills:
    """The skills over one session."""

    session: Session
    bench: Bench
    packs: Packs = field(default_factory=Packs)
    unshowable: set[str] = field(default_factory=set)
    """Actions whose generated test is not red on the base: it does not fit this project."""

    def model(self) -> OfflineModel:
        """The offline model with these skills."""
        return OfflineModel(
            {
                "analyze.codebase": self.analyze,
                "plan.documents": self.plan,
                "tests.generate": self.test,
                "verify.verdict": self.verdict,
            },
            analyser=self.packs.analyse,
            planner=self.packs.plan,
        )

    def analyze(self, asked: SkillRequest) -> dict[str, Any]:
        """Findings of the commit."""
        return {"findings": [_brief(f) for f in self.session.survey.analysis.findings]}

    def plan(self, asked: SkillRequest) -> dict[str, Any]:
        """The stored plan of an earlier run, or a new one; what is left to do, in order."""
        session = self.session
        if session.plan is None:
            plan_id = session.plan_id or session.plans.store.next_id()
            goal = str(asked.arguments.get("goal") or session.goal)
            made = plan_goal(session.survey, goal=goal, plan_id=plan_id, commit=session.commit)
            session.save_new_plan(made)
        self._select(asked.arguments)
        return {
            "plan": session.need_plan().id,
            "documents": list(documents(session.need_plan())),
            "actions": [
                _listed(session.survey.project, action, bool(asked.arguments.get("only")))
                for action in session.trying
            ],
            "conventions": list(conventions(session.survey.project)),
        }

    def _select(self, arguments: Mapping[str, Any]) -> None:
        session, only = self.session, str(arguments.get("only") or "")
        stage = _number(arguments.get("stage"))
        session.selected = selected(session.need_plan(), stage=stage, only=only)
        session.trying, blocked = to_try(
            session.selected, session.need_state(), again=bool(only), models=session.models
        )
        for action in session.selected:
            if action.id in blocked:
                status, reason = waiting(action, blocked[action.id])
                session.record(action, status, reason=reason)

    def test(self, asked: SkillRequest) -> dict[str, Any]:
        """The codemod's own test for the code as it was before the change."""
        action = self.session.need_plan().action(str(asked.arguments["action"]))
        made = self._generated(action)
        trial = self.bench.trial_of(action)
        if isinstance(made, Declined):
            trial.untested = made.reason
            return {"path": "", "content": "", "reason": made.reason}
        trial.test = made
        return {"path": made.path, "content": made.code, "reason": made.note}

    def _generated(self, action: Action) -> GeneratedTest | Declined:
        if not action.codemod:
            return Declined("no codemod")
        if action.id in self.unshowable:
            return Declined("the generated test is not red on the base: it shows nothing here")
        mod, project = codemod(action.codemod), self.bench.base_project()
        made = generated_test(mod, project, action.params)
        if isinstance(made, Declined):
            return made
        helper = made.path.partition("test/")[0] + "test/test_helper.exs"
        if not self.bench.read(helper):
            return Declined(f"there is no {helper} to run a test with")
        return made

    def verdict(self, asked: SkillRequest) -> dict[str, Any]:
        """Passed, or the next step, from the checks alone.

        The same failure twice gives up, and so does a codemod's change that does not compile:
        there is no other.
        """
        action = self.session.need_plan().action(str(asked.arguments["action"]))
        trial = self.bench.trial_of(action)
        verdict = trial.verdict
        assert verdict is not None, "verification comes first"
        if verdict.status == "passed":
            return {"status": "passed", "next_action": "commit", "reasons": []}
        earlier = asked.arguments.get("feedback")
        before = earlier.get("verdict", {}) if isinstance(earlier, Mapping) else {}
        if {c.name for c in verdict.checks if c.status != "passed"} == {"generated-test-red"}:
            # The change itself passed everything: the next attempt goes without this test, and
            # its proof is called structural.
            self.unshowable.add(action.id)
        same = bool(verdict.fingerprint) and before.get("fingerprint") == verdict.fingerprint
        broken = any(c.name == "compile" and c.status == "failed" for c in verdict.checks)
        stuck = (same and verdict.status != "flaky") or verdict.status == "cannot-build"
        stuck = stuck or (broken and not trial.by_model)
        return {
            "status": "failed",
            "next_action": "give_up" if stuck else "retry",
            "reasons": list(verdict.reasons),
        }


def _number(value: Any) -> int | None:
    return int(value) if value not in (None, "", "None") else None


def _brief(finding: Finding) -> dict[str, Any]:
    return finding.model_dump(mode="json", include=set(_BRIEF))


def _listed(project: Project, action: Action, asked: bool) -> dict[str, Any]:
    """What pipelines know of an action; `asked`: a person named it."""
    about = rule(action.rule) if action.rule else None
    sure = about is not None and (about.severity, about.confidence) != ("info", "low")
    return {
        "problem": action.problem,
        "rule": {"id": about.id, "harm": about.harm, "remedy": about.remedy} if about else None,
        "places": [place.model_dump(mode="json") for place in action.files],
        "scope": list(scope_of(project, action)),
        "steps": list(action.steps),
        "how_to_test": action.how_to_test,
        "done_when": list(action.done_when),
        # A faint hint is for somebody to look at, not for a model to change code by.
        "for_model": action.fix == "advice" and (sure or asked),
        "id": action.id,
        "stage": action.stage,
        "title": action.title,
        "fix": action.fix,
        "files": [place.path for place in action.files],
        "depends_on": list(action.depends_on),
    }
