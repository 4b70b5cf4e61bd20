# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

import pytest

from bot.core.verdict import Verdict
from bot.errors import CommandFailed, Refused
from bot.pipeline.services import CodemodResult
from tests.pipeline.support import Tree, run, steps


def test_a_command_keeps_argument_boundaries_and_gives_exit_code_and_streams() -> None:
    tree = Tree()
    result = run(
        steps("- {name: a, type: command, command: [echo, '{{ word }}', '; rm']}"),
        {"word": "two words"},
        services=tree.services(),
    )
    data = result.steps["a"].data
    assert data["argv"] == ["echo", "two words", "; rm"]
    assert (data["exit_code"], data["stdout"], data["stderr"]) == (0, "echo two words ; rm", "")


@pytest.mark.parametrize("command", ["[rm, x]", "['{{ word }}']", "[/bin/echo, x]", "['echo x']"])
def test_a_program_that_is_not_listed_is_refused(command: str) -> None:
    tree = Tree()
    result = run(
        steps(f"- {{name: a, type: command, command: {command}}}"),
        {"word": "sh"},
        services=tree.services(),
    )
    assert isinstance(result.error, Refused)
    assert "may not be run (allowed: echo)" in str(result.error)
    assert tree.done == []


@pytest.mark.parametrize(
    "step", ["type: command, command: [echo]", "type: mix, task: test, args: [a]"]
)
def test_a_non_zero_exit_code_fails_unless_allowed(step: str) -> None:
    services = Tree(exit_code=3).services()
    failed = run(steps(f"- {{name: a, {step}}}"), services=services)
    assert isinstance(failed.error, CommandFailed)
    assert failed.error.returncode == 3
    assert failed.steps["a"].data["exit_code"] == 3
    allowed = run(steps(f"- {{name: a, {step}, allow_failure: true}}"), services=services)
    assert allowed.status == "succeeded"
    assert allowed.steps["a"].data["passed"] is False


@pytest.mark.parametrize(
    "step",
    [
        "type: command, command: [echo]",
        "type: mix, task: test",
        "type: git, operation: diff",
        "type: codemod, action: a",
        "type: analyze",
        "type: verify",
    ],
)
def test_a_missing_service_is_named(step: str) -> None:
    result = run(steps(f"- {{name: s, {step}}}"))
    assert "step 's' needs " in str(result.error)
    assert isinstance(result.error, Refused)


def test_git_operations() -> None:
    tree = Tree(changed={"a.ex": "x"})
    body = """
    - {name: d, type: git, operation: diff}
    - {name: s, type: git, operation: status}
    - {name: c, type: git, operation: commit, message: "Fix {{ what }}", action: a1}
    - {name: u, type: git, operation: undo}
    - {name: again, type: git, operation: commit, message: x}
    """
    result = run(steps(body), {"what": "it"}, services=tree.services())
    assert result.steps["d"].text == "+++ a.ex\n"
    assert result.steps["s"].data["files"] == ["a.ex"]
    assert result.steps["c"].data["commit"] == "c1"
    assert tree.done == ["commit a1: Fix it", "undo"]
    assert result.failed_step == "test/again"


def test_a_verdict_is_a_result_whatever_it_says() -> None:
    tree = Tree(verdicts=[Verdict(status="failed", reasons=("red",))])
    result = run(steps("- {name: v, type: verify, action: a, tests: ['{{ t }}', '']}"), {"t": "t.exs"},
                 services=tree.services())  # fmt: skip
    assert result.status == "succeeded"
    assert result.steps["v"].data["status"] == "failed"
    assert tree.done == ["verify a t.exs"]


def test_a_codemod_that_needs_a_person_is_a_result() -> None:
    tree = Tree(codemods={"a": CodemodResult(status="needs-decision", reason="which?")})
    result = run(steps("- {name: c, type: codemod, action: a, feedback: '{{ f }}'}"), {"f": {"k": [1]}},
                 services=tree.services())  # fmt: skip
    assert (result.status, result.steps["c"].data["status"], result.steps["c"].text) == (
        "succeeded", "needs-decision", "which?",
    )  # fmt: skip
    assert tree.feedback == [{"k": [1]}]


def test_written_content_is_never_a_template() -> None:
    tree = Tree()
    body = "- {name: c, type: codemod, path: t.exs, content: '{{ code }}'}"
    run(steps(body), {"code": "{{ x }} #{1}"}, services=tree.services())
    assert tree.changed == {"t.exs": "{{ x }} #{1}"}


@pytest.mark.parametrize(
    ("rules", "seen"), [("[a, b]", ["a", "b"]), ("'{{ r }}'", ["x"]), ("[]", ["all"])]
)
def test_analyze_takes_lists_and_expressions(rules: str, seen: list[str]) -> None:
    result = run(
        steps(f"- {{name: a, type: analyze, rules: {rules}}}"),
        {"r": ["x"]},
        services=Tree().services(),
    )
    assert result.steps["a"].data["rules"] == seen


def test_analyze_refuses_what_is_no_list_of_texts() -> None:
    result = run(
        steps("- {name: a, type: analyze, rules: '{{ r }}'}"),
        {"r": [1]},
        services=Tree().services(),
    )
    assert "'rules' must be a list of texts" in str(result.error)
