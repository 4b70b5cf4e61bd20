from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.core.verdict import Verdict
from bot.errors import NeedsModel
from bot.llm.offline import OfflineModel, SkillRequest
from bot.llm.scripted import ScriptedModel, call
from bot.llm.types import Model
from bot.pipeline.engine import Engine
from bot.pipeline.load import Library
from bot.pipeline.results import RunResult
from bot.pipeline.services import CodemodResult
from bot.pipeline.steps import default_handlers
from tests.pipeline.support import Events, Tree

PASSED = Verdict(status="passed", proof="behavioural")
NEEDS_MODEL = CodemodResult(status="needs-model", reason="no codemod")
FAILED = Verdict(status="failed", reasons=("test red",), fingerprint="f")
APPLIED = CodemodResult(status="applied", files=("lib/a.ex",), diff="+ x")


def action(name: str, *depends_on: str, stage: int = 1) -> dict[str, Any]:
    return {
        "id": name,
        "stage": stage,
        "title": f"Supervise {name}",
        "fix": "automatic",
        "files": ["lib/a.ex"],
        "depends_on": list(depends_on),
        "problem": "nobody restarts it",
        "rule": {"id": "r", "harm": "work is lost", "remedy": "supervise it"},
        "places": [{"path": "lib/a.ex", "line": 1, "end_line": 1, "code": "spawn(f)"}],
        "scope": ["lib/a.ex"],
        "steps": ["supervise it"],
        "how_to_test": "kill it",
        "done_when": ["the suite is green"],
        "for_model": True,
    }


def skills(
    actions: list[dict[str, Any]], *, next_action: str = "retry", test: str = "test/a_test.exs"
) -> Any:
    def judge(asked: SkillRequest) -> Any:
        verdict = asked.responses["run_verification"]["verdict"]
        passed = verdict["status"] == "passed"
        return {
            "status": "passed" if passed else "failed",
            "next_action": "commit" if passed else next_action,
            "reasons": verdict["reasons"],
        }

    def plan(asked: SkillRequest) -> Any:
        assert asked.responses["analyze_codebase"] == []
        return {
            "plan": "local-1",
            "documents": ["stage-1.md"],
            "actions": actions,
            "conventions": ["jobs run under a.TaskSupervisor"],
        }

    return {
        "analyze.codebase": lambda asked: {"findings": []},
        "plan.documents": plan,
        "tests.generate": lambda asked: {"path": test, "content": "test {{ x }}", "reason": ""},
        "verify.verdict": judge,
    }


def run_master(
    tree: Tree, model: Model | None, inputs: dict[str, Any] | None = None, **more: Any
) -> RunResult:
    models = {"offline": model} if model else {}
    engine = Engine(
        default_handlers(),
        {**models, **more.pop("models", {})},
        library=Library(),
        services=tree.services(),
        **more,
    )
    return engine.run(Library().load("master_workflow.yaml").workflow, inputs or {})


def test_a_passed_action_is_committed_with_its_test() -> None:
    tree = Tree(verdicts=[PASSED], codemods={"a": APPLIED})
    result = run_master(tree, OfflineModel(skills([action("a")])))
    assert result.error is None
    assert tree.done == [
        "apply a",
        "write test/a_test.exs",
        "verify a test/a_test.exs",
        "commit a: Supervise a",
    ]
    assert tree.files == {"lib/a.ex": "new", "test/a_test.exs": "test {{ x }}"}
    assert result.outputs == {
        "plan": "local-1",
        "results": [
            {"action": "a", "status": "passed", "attempts": 1, "commit": "c4", "reasons": []}
        ],
    }


def test_a_failed_attempt_is_undone_and_tried_again_with_what_failed() -> None:
    tree = Tree(verdicts=[FAILED, PASSED], codemods={"a": APPLIED})
    result = run_master(tree, OfflineModel(skills([action("a")])))
    assert tree.feedback[0] is None
    assert tree.feedback[1]["reasons"] == ["test red"]
    assert tree.feedback[1]["verdict"]["fingerprint"] == "f"
    assert tree.done.index("undo") < tree.done.index("commit a: Supervise a")
    assert result.outputs["results"][0]["attempts"] == 2


def test_attempts_end_at_the_limit_and_the_next_action_goes_on() -> None:
    tree = Tree(verdicts=[FAILED, FAILED, PASSED], codemods={"a": APPLIED, "b": APPLIED})
    result = run_master(tree, OfflineModel(skills([action("a"), action("b")])), {"max_attempts": 2})
    assert [r["status"] for r in result.outputs["results"]] == ["failed", "passed"]
    assert result.outputs["results"][0]["reasons"] == ["test red"]
    assert tree.changed == {}


def test_giving_up_ends_the_attempts_at_once() -> None:
    tree = Tree(verdicts=[FAILED], codemods={"a": APPLIED})
    result = run_master(tree, OfflineModel(skills([action("a")], next_action="give_up")))
    assert result.outputs["results"][0] == {
        "action": "a", "status": "failed", "attempts": 1, "commit": "", "reasons": ["test red"],
    }  # fmt: skip


def test_an_action_whose_foundation_is_missing_is_blocked() -> None:
    tree = Tree(verdicts=[FAILED], codemods={"a": APPLIED, "b": APPLIED})
    model = OfflineModel(skills([action("a"), action("b", "a")], next_action="give_up"))
    result = run_master(tree, model)
    assert [r["status"] for r in result.outputs["results"]] == ["failed", "blocked"]
    assert result.outputs["results"][1]["reasons"] == ["a"]
    assert "apply b" not in tree.done


def test_an_action_that_needs_a_person_is_reported_not_retried() -> None:
    needs = CodemodResult(status="needs-decision", reason="where does the state live?")
    tree = Tree(codemods={"a": needs})
    result = run_master(tree, OfflineModel(skills([action("a")])))
    assert result.outputs["results"][0] == {
        "action": "a", "status": "needs-decision", "attempts": 1, "commit": "",
        "reasons": ["where does the state live?"],
    }  # fmt: skip
    assert tree.done == ["apply a", "undo"]


def test_an_attempt_that_breaks_is_undone_and_its_error_reported() -> None:
    tree = Tree(codemods={})
    result = run_master(tree, OfflineModel(skills([action("a")])), {"max_attempts": 2})
    assert tree.done == ["undo", "undo"]
    assert result.outputs["results"][0]["status"] == "failed"
    assert result.outputs["results"][0]["reasons"] == ["the plan has no action 'a'"]


def test_a_judge_who_says_passed_cannot_overrule_a_failed_verdict() -> None:
    lenient = skills([action("a")])
    lenient["verify.verdict"] = lambda asked: {
        "status": "passed",
        "next_action": "commit",
        "reasons": [],
    }
    tree = Tree(verdicts=[FAILED] * 3, codemods={"a": APPLIED})
    result = run_master(tree, OfflineModel(lenient))
    assert not any(done.startswith("commit") for done in tree.done)
    assert result.outputs["results"][0]["status"] == "failed"


def test_a_test_that_was_not_written_is_not_verified() -> None:
    class Strict(Tree):
        def write(self, path: str, content: str) -> CodemodResult:
            return CodemodResult(status="unchanged", reason="it does not parse")

    tree = Strict(verdicts=[PASSED], codemods={"a": APPLIED})
    result = run_master(tree, OfflineModel(skills([action("a")])))
    assert tree.done == ["apply a", "verify a", "commit a: Supervise a"]
    assert result.outputs["results"][0]["status"] == "passed"


def test_dry_run_plans_and_touches_nothing() -> None:
    tree = Tree(codemods={"a": APPLIED})
    result = run_master(tree, OfflineModel(skills([action("a")])), {"dry_run": True})
    assert (tree.done, result.outputs) == ([], {"plan": "local-1", "results": []})


def test_without_the_planning_skill_the_run_names_the_key() -> None:
    result = run_master(Tree(), OfflineModel({}))
    assert result.status == "failed"
    assert isinstance(result.error, NeedsModel)
    assert "ANTHROPIC_API_KEY" in result.error.hint
    assert result.failed_step == "master_workflow/plan/analyze_codebase"


def refusing(next_action: str = "retry") -> ScriptedModel:
    """A vendor whose second look refuses once, then agrees."""
    said = '{"status": "%s", "next_action": "%s", "reasons": ["hides the crash"]}'
    return ScriptedModel(
        [
            call("write", path="lib/a.ex", content="defmodule A do\n  # one\nend\n"),
            call("done", summary="supervised"),
            said % ("failed", next_action),
            call("write", path="lib/a.ex", content="defmodule A do\n  # two\nend\n"),
            call("done", summary="supervised, and it crashes"),
            said % ("passed", "commit"),
        ],
        name="anthropic",
    )


def with_model(tmp_path: Path, vendor: ScriptedModel) -> tuple[Tree, RunResult]:
    """The whole job where the only action needs a model, on a directory with one file."""
    root = tmp_path / "tree"
    (root / "lib").mkdir(parents=True)
    (root / "lib" / "a.ex").write_text("defmodule A do\nend\n")
    codebase = Codebase(WorkFiles(root))
    tree = Tree(verdicts=[PASSED, PASSED], codemods={"a": NEEDS_MODEL}, codebase=codebase)
    models: dict[str, Model] = {
        "anthropic": vendor,
        "offline": OfflineModel(skills([action("a")])),
    }
    return tree, run_master(tree, None, models=models)


def test_a_model_works_where_no_codemod_can_and_another_look_may_refuse(tmp_path: Path) -> None:
    vendor = refusing()
    tree, result = with_model(tmp_path, vendor)
    assert result.error is None
    assert result.outputs["results"][0]["status"] == "passed"
    assert [d for d in tree.done if d in ("begin a", "undo") or d.startswith("commit")] == [
        "begin a",
        "undo",
        "begin a",
        "commit a: Supervise a",
    ]
    first, again = vendor.requests[0].prompt(), vendor.requests[3].prompt()
    for said in ("nobody restarts it", "work is lost", "supervise it", "a.TaskSupervisor"):
        assert said in first
    assert "hides the crash" not in first
    assert "hides the crash" in again


def test_a_second_look_may_give_up(tmp_path: Path) -> None:
    tree, result = with_model(tmp_path, refusing("give_up"))
    assert result.outputs["results"][0]["status"] == "failed"
    assert not any(done.startswith("commit") for done in tree.done)


def test_an_agent_that_changes_nothing_leaves_the_question_to_a_person(tmp_path: Path) -> None:
    vendor = ScriptedModel([call("done", summary="may state be lost?")], name="anthropic")
    tree, result = with_model(tmp_path, vendor)
    assert result.outputs["results"][0]["status"] == "needs-decision"
    assert result.outputs["results"][0]["reasons"] == ["may state be lost?"]
    assert not any(done.startswith(("commit", "verify")) for done in tree.done)


def test_what_the_checks_know_needs_no_key_and_gives_no_notice() -> None:
    events = Events()
    run_master(Tree(), OfflineModel(skills([])), {"dry_run": True}, observer=events)
    assert [event.message for event in events if event.kind == "notice"] == []


@pytest.mark.parametrize("name", ["atomic/find_anti_pattern.yaml", "generate_refactor_plan.yaml"])
def test_shipped_pipelines_run_on_their_own(name: str) -> None:
    engine = Engine(
        default_handlers(),
        {"offline": OfflineModel(skills([]))},
        library=Library(),
        services=Tree().services(),
    )
    assert engine.run(Library().load(name).workflow, {}).error is None
