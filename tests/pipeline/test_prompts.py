"""Every prompt that ships, rendered: whole sentences, no template left, no folklore."""

from __future__ import annotations

import re
from typing import Any

import pytest
from inline_snapshot import snapshot

from bot.pipeline.expressions.expr import names_in_template, render
from bot.pipeline.load import resources

PROMPTS = sorted((resources() / "prompts").glob("*.md"))
RULE = {"id": "r", "harm": "The caller waits.", "remedy": "Let a task do it."}
VARIABLES: dict[str, dict[str, Any]] = {
    "otp_engineer": {},
    "analyze_codebase": {"goal": "Survive any crash"},
    "plan_documents": {"goal": "Survive any crash"},
    "refactor_file": {
        "title": "Blocking callback in Shop.Printer",
        "problem": "`handle_call/3` blocks.",
        "rule": RULE,
        "places": [{"path": "lib/printer.ex", "line": 3, "end_line": 5, "code": "{{ evil }}"}],
        "files": ["lib/printer.ex"],
        "steps": ["Answer later."],
        "done_when": ["the suite is green"],
        "how_to_test": "count while it prints",
        "conventions": ["jobs run under Shop.TaskSupervisor"],
        "reason": "",
    },
    "last_attempt": {"reasons": ["it did not compile"], "checks": {}},
    "generate_test": {"title": "T", "how_to_test": "kill it", "conventions": []},
    "verify_fix": {"title": "T", "attempt": 1, "max_attempts": 3},
}


def rendered(name: str, **changes: Any) -> str:
    text = (resources() / "prompts" / f"{name}.md").read_text()
    return render(text, VARIABLES[name] | changes)


@pytest.mark.parametrize("name", [path.stem for path in PROMPTS])
def test_a_prompt_renders_with_exactly_its_variables(name: str) -> None:
    text = rendered(name)
    _, names = names_in_template((resources() / "prompts" / f"{name}.md").read_text())
    assert set(names) == set(VARIABLES[name])
    assert not re.search(r"\{\{(?! evil)|\{%|\n\n\n\n", text)


FOLKLORE = (
    r"use (GenServer\.)?cast instead",
    r"cast is (more )?reliable",
    r"always (add|write) a catch-all",
    r"defensive",
    r"try/rescue",
)


@pytest.mark.parametrize("path", PROMPTS, ids=lambda path: path.stem)
def test_no_prompt_asks_for_what_otp_does_not_do(path: Any) -> None:
    text = path.read_text()
    assert [pattern for pattern in FOLKLORE if re.search(pattern, text, re.IGNORECASE)] == []


def test_the_task_carries_what_the_rule_says_and_the_project_does() -> None:
    assert rendered("refactor_file") == snapshot("""\
Your task in this code base: Blocking callback in Shop.Printer

`handle_call/3` blocks.

Why it matters, in general: The caller waits.

How it is usually put right: Let a task do it.

Where it stands:

- lib/printer.ex, lines 3 to 5

Steps:

- Answer later.

Done means:

- the suite is green
- nothing but lib/printer.ex and new files under `test/` has changed

The habits of this project:

- jobs run under Shop.TaskSupervisor

Read what you need first: the places above, who calls them, and how they are started. Then edit.
Write a test that fails without the change and passes with it. Run `mix compile` and `mix test`
before you are done, and look at your own diff.

What the test observes: count while it prints

If it cannot be done without a decision only the maintainers can take, change nothing, call
`give_up` and say which decision that is.
""")


def test_harm_that_was_said_is_not_said_again() -> None:
    text = rendered("refactor_file", problem="It blocks. The caller waits.")
    assert text.count("The caller waits.") == 1


def test_an_action_without_a_rule_has_no_empty_headings() -> None:
    text = rendered("refactor_file", rule=None, steps=[], conventions=[])
    assert "Why it matters" not in text
    assert "Steps:" not in text
    assert "habits" not in text


def test_what_failed_before_is_told_with_its_checks() -> None:
    text = rendered("last_attempt", checks={"status": "failed", "reasons": ["a < b"]})
    assert text == snapshot("""\
The attempt before this one was undone. What was wrong with it:

- it did not compile

What the checks said:

{
  "status": "failed",
  "reasons": [
    "a < b"
  ]
}

Do it differently this time; the same change would fail in the same way.
""")


def test_what_code_says_is_never_a_template() -> None:
    text = rendered("refactor_file", title="{{ 7 * 7 }}", problem="{% for x in y %}")
    assert "{{ 7 * 7 }}" in text
    assert "{% for x in y %}" in text
