"""A commit step is guarded by what the verdict before it said, as the vision has it."""

from __future__ import annotations

import pytest

from bot.llm.offline import OfflineModel
from bot.llm.scripted import ScriptedModel
from bot.llm.types import Model
from bot.pipeline.results import RunResult
from tests.pipeline.support import Events, Tree, run, steps

DIFF = "diff --git a/lib/a.ex b/lib/a.ex\n--- a/lib/a.ex\n+++ b/lib/a.ex\n@@ -1 +1 @@\n-a\n+b\n"
BODY = """
- {name: run_verification, type: set_variable, variables: {stdout: "%s"}}
- name: verify_fix
  type: claude_smart
  preset: analysis
  prompt:
    - {type: previous_response, name: run_verification, extract: stdout}
    - {type: static, content: "Provide a JSON response with 'status' and a 'next_action' key."}
- name: commit_changes
  type: claude
  prompt:
    - {type: static, content: "Generate a git commit message and then run 'git commit'."}
    - {type: file, path: "{{ diff_file }}"}
"""


def play(
    output: str, model: Model | None = None, *, changed: bool = True
) -> tuple[RunResult, Tree, list[str]]:
    tree = Tree(files={"change.diff": DIFF}, changed={"lib/a.ex": "b"} if changed else {})
    models = {model.name: model} if model else {"offline": OfflineModel()}
    events = Events()
    body = steps(BODY % output)
    result = run(
        body,
        {"diff_file": "change.diff"},
        models=models,
        services=tree.services(),
        observer=events,
    )
    return result, tree, [event.message for event in events if event.kind == "notice"]


def test_a_passed_verdict_lets_the_commit_be_made() -> None:
    result, tree, notices = play("3 tests, 0 failures")
    assert result.error is None
    assert [done for done in tree.done if done.startswith("commit")] == [
        "commit : Change lib/a.ex\n\n- lib/a.ex: 1 line added, 1 removed"
    ]
    assert "step 'verify_fix' says passed" in notices[-1]


@pytest.mark.parametrize("output", ["3 tests, 1 failure", "0 failures", ""])
def test_anything_else_commits_nothing(output: str) -> None:
    result, tree, notices = play(output)
    assert result.error is None
    assert result.steps["commit_changes"].status == "skipped"
    assert not any(done.startswith("commit") for done in tree.done)
    assert "nothing is committed: step 'verify_fix' says failed" in notices[-1]


def test_without_a_change_the_message_is_all_there_is() -> None:
    result, tree, _ = play("3 tests, 0 failures", changed=False)
    assert result.steps["commit_changes"].text.startswith("Change lib/a.ex")
    assert not any(done.startswith("commit") for done in tree.done)


def test_a_vendor_is_not_even_asked_after_a_failed_verdict() -> None:
    said = '{"status": "failed", "next_action": "retry", "reasons": ["red"]}'
    vendor = ScriptedModel([said], name="anthropic")
    result, _, notices = play("1 test, 1 failure", vendor)
    assert result.steps["commit_changes"].status == "skipped"
    assert len(vendor.requests) == 1
    assert "says failed: red" in notices[-1]
