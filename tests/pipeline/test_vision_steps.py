# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

from bot.llm.offline import OfflineModel
from bot.pipeline.engine import Engine
from bot.pipeline.load import Library
from bot.pipeline.results import RunResult, StepResult
from bot.pipeline.services import CommandResult
from bot.pipeline.steps import default_handlers
from tests.pipeline.support import VISION, Events, Tree, ended, load, run


def followed(runner: CommandResult, tmp_path: Path) -> tuple[RunResult, Events]:
    """The vision's `verify_fix` and `commit_changes`, after a step that ran `mix test`."""
    patch = "--- a/lib/a.ex\n+++ b/lib/a.ex\n@@ -1 +1 @@\n-spawn(f)\n+Task.start(f)\n"
    tree = Tree(files={"change.diff": patch})
    given = load(
        dedent(
            """
            workflow:
              name: t
              steps:
                - {name: run_verification, type: mix, task: test, allow_failure: true}
                - name: "verify_fix"
                  type: "claude_smart"
                  preset: "analysis"
                  prompt:
                    - type: "static"
                      content: "The following is the output from `mix test`."
                    - type: "previous_response"
                      name: "run_verification"
                    - type: "static"
                      content: "Provide a JSON response with 'status': 'passed' or 'status': 'failed', and a 'next_action' key."
                - name: "commit_changes"
                  type: "claude"
                  when: verify_fix.status == 'passed'
                  prompt:
                    - type: "static"
                      content: "Generate a git commit message for the changes and then run 'git commit'."
                    - type: "file"
                      path: "{{ diff_file }}"
            """
        )
    )

    class Mix:
        def run(self, task: str, args: tuple[str, ...], *, timeout: float) -> CommandResult:
            return runner

    services = replace(tree.services(), mix=Mix())
    events = Events()
    result = run(
        given,
        {"diff_file": "change.diff"},
        models={"offline": OfflineModel()},
        services=services,
        observer=events,
    )
    return result, events


def test_the_visions_commit_is_guarded_by_what_verify_fix_said(tmp_path: Path) -> None:
    green = ended(("mix", "test")).model_copy(update={"stdout": "2 tests, 0 failures\n"})
    result, events = followed(green, tmp_path)
    assert result.steps["verify_fix"].data == {
        "status": "passed",
        "next_action": "commit",
        "reasons": [],
    }
    assert result.steps["commit_changes"].text.startswith("Change lib/a.ex\n")
    notices = [event.message for event in events if event.kind == "notice"]
    assert "step 'verify_fix' (claude_smart) is served offline: no key is set" in notices
    assert any("no command was run" in notice for notice in notices)
    red, _ = followed(ended(("mix", "test"), 2), tmp_path)
    assert red.steps["verify_fix"].data["status"] == "failed"
    assert red.steps["commit_changes"].status == "skipped"


def test_the_visions_own_steps_are_served_unmodified() -> None:
    loaded = Library().load_file(VISION / "master_workflow_steps.yaml")
    tree = Tree(files={"d": "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"})
    data = (
        ended(("mix", "test"))
        .model_copy(update={"stdout": "2 tests, 0 failures\n"})
        .model_dump(mode="json")
    )
    given = {"run_verification": StepResult("run_verification", "mix", "succeeded", data, "")}
    engine = Engine(default_handlers(), {"offline": OfflineModel()}, services=tree.services())
    result = engine.run(loaded.workflow, {"diff_file": "d"}, given=given)
    assert result.steps["verify_fix"].data["status"] == "passed"
    assert result.steps["commit_changes"].text.startswith("Change x")
