# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ConfigError, ModelUnavailable
from bot.llm.offline import OfflineModel
from bot.llm.types import OnText, Reply, Request, Usage, unheard
from bot.pipeline.budget import Budget, BudgetSpent, Limits
from bot.pipeline.record.checkpoints import Checkpoints
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.results import RunResult
from bot.pipeline.steps.batch import TasksFailed
from tests.pipeline.support import Tree, run, steps


class Answering:
    """A model that answers by what it is asked, from several threads at once."""

    name, local = "anthropic", False

    def __init__(self, answer: Callable[[Request], str | Reply]) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.running = self.most = 0

    def count_tokens(self, request: Request) -> int:
        return 1

    def complete(self, request: Request, *, on_text: OnText = unheard) -> Reply:
        with self._lock:
            self.requests.append(request)
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            said = self._answer(request)
            return (
                said
                if isinstance(said, Reply)
                else Reply(said, "m", usage=Usage(1, 1, usd=0.1, calls=1))
            )
        finally:
            with self._lock:
                self.running -= 1


def echo(request: Request) -> str:
    return request.prompt().upper()


def failing(*names: str) -> Callable[[Request], str]:
    def answer(request: Request) -> str:
        if request.step in names:
            raise ModelUnavailable(f"{request.step} is gone")
        return echo(request)

    return answer


def play(step: str, answer: Any = echo, **more: Any) -> tuple[RunResult, Answering]:
    model = Answering(answer)
    body = step if step.lstrip().startswith("-") else f"- {{name: a, {step}}}"
    return run(steps(body), more.pop("inputs", {}), models={"anthropic": model}, **more), model


TWO = "tasks: [{id: one, prompt: first}, {task_id: two, prompt: second}, {prompt: third}]"


def test_answers_come_by_task_in_order() -> None:
    result, model = play(f"type: claude_batch, {TWO}")
    data = result.steps["a"].data
    assert list(data["tasks"]) == ["one", "two", "task_3"]
    assert data["tasks"]["two"] == {
        "id": "two",
        "status": "succeeded",
        "data": None,
        "text": "SECOND",
        "error": "",
    }
    assert (data["count"], data["succeeded"], data["failed"], data["skipped"]) == (3, 3, 0, 0)
    assert data["consolidated"] == {"one": "FIRST", "two": "SECOND", "task_3": "THIRD"}
    assert result.steps["a"].text == "## one\n\nFIRST\n\n## two\n\nSECOND\n\n## task_3\n\nTHIRD"
    assert result.steps["a"].usage.calls == 3
    assert {request.step for request in model.requests} == {"one", "two", "task_3"}


def test_tasks_may_stand_in_the_config_and_share_the_steps_prompt() -> None:
    result, _ = play(
        "type: claude_batch, prompt: 'Field:', batch_config: {consolidate_results: false, tasks: [{id: one, prompt: maths}]}"
    )
    assert result.steps["a"].data["tasks"]["one"]["text"] == "FIELD:\n\nMATHS"
    assert "consolidated" not in result.steps["a"].data


def test_parallel_tasks_have_options_of_their_own_over_the_steps() -> None:
    step = """type: parallel_claude, model: opus, claude_options: {system_prompt: all, max_turns: 3},
      parallel_tasks: [{id: one, prompt: x, claude_options: {system_prompt: own, model: haiku}}, {id: two, prompt: y}]"""
    _, model = play(" ".join(step.split()))
    asked = {request.step: request for request in model.requests}
    assert (asked["one"].system, asked["one"].options.model) == ("own", "haiku")
    assert (asked["two"].system, asked["two"].options.model) == ("all", "opus")


@pytest.mark.parametrize(
    "limit",
    [
        "type: claude_batch, batch_config: {max_parallel: 2}, tasks",
        "type: parallel_claude, parallel_config: {max_workers: 2}, parallel_tasks",
        "type: parallel_claude, parallel_config: {max_parallel: 2}, parallel_tasks",
    ],
)
def test_so_many_at_once_and_never_more(limit: str) -> None:
    barrier = threading.Barrier(2)

    def together(request: Request) -> str:
        barrier.wait(20)
        return "x"

    tasks = ", ".join(f"{{prompt: '{n}'}}" for n in range(6))
    result, model = play(f"{limit}: [{tasks}]", together)
    assert result.status == "succeeded"
    assert model.most == 2


def test_one_failure_is_contained_and_fails_the_step() -> None:
    result, model = play(f"type: claude_batch, {TWO}", failing("two"))
    step = result.steps["a"]
    assert isinstance(result.error, TasksFailed)
    assert str(result.error).startswith("step 'a': 1 of 3 tasks failed; 'two': two is gone")
    assert [task["status"] for task in step.data["tasks"].values()] == [
        "succeeded",
        "failed",
        "succeeded",
    ]
    assert step.data["tasks"]["two"]["error"] == "two is gone"
    assert step.data["consolidated"] == {"one": "FIRST", "task_3": "THIRD"}
    assert "## two\n\nfailed: two is gone" in step.text
    assert len(model.requests) == 3


@pytest.mark.parametrize("allowed", ["allow_failure: true", "continue_on_error: true"])
def test_a_failure_may_be_allowed_and_still_shows(allowed: str) -> None:
    result, _ = play(f"type: claude_batch, {allowed}, {TWO}", failing("two"))
    assert result.status == "succeeded"
    assert result.steps["a"].data["failed"] == 1


def test_a_task_is_asked_only_when_its_condition_holds() -> None:
    tasks = "parallel_tasks: [{id: one, prompt: x, condition: 'n > 1'}, {id: two, prompt: y, when: 'n < 2'}]"
    result, model = play(f"type: parallel_claude, {tasks}", inputs={"n": 1})
    assert result.steps["a"].data["tasks"]["one"]["status"] == "skipped"
    assert [request.step for request in model.requests] == ["two"]


def test_a_task_that_takes_too_long_has_failed_and_the_others_have_not() -> None:
    release = threading.Event()

    def slow(request: Request) -> str:
        if request.step == "one":
            release.wait(30)
        return "x"

    result, model = play(
        f"type: claude_batch, allow_failure: true, batch_config: {{timeout_per_task: 1}}, {TWO}",
        slow,
    )
    release.set()
    tasks = result.steps["a"].data["tasks"]
    assert "not done after 1 seconds" in tasks["one"]["error"]
    assert tasks["two"]["status"] == "succeeded"
    assert model.requests[0].options.timeout_seconds == 1


def test_a_late_task_writes_no_file(tmp_path: Path) -> None:
    release, over = threading.Event(), threading.Event()

    def slow(request: Request) -> str:
        release.wait(30)
        over.set()
        return "late"

    step = "type: claude_batch, allow_failure: true, batch_config: {timeout_per_task: 0.1}, tasks: [{prompt: x, output_to_file: x.txt}]"
    result, _ = play(step, slow, keeping=Keeping(output_dir=tmp_path))
    release.set()
    assert over.wait(30)
    assert result.steps["a"].data["failed"] == 1
    assert list(tmp_path.iterdir()) == []


def test_a_spent_budget_stops_the_batch_whatever_is_allowed() -> None:
    tasks = ", ".join(f"{{prompt: '{n}'}}" for n in range(20))
    step = f"type: claude_batch, allow_failure: true, continue_on_error: true, batch_config: {{max_parallel: 1}}, tasks: [{tasks}]"
    result, model = play(step, budget=Budget(Limits(usd=0.25)))
    assert isinstance(result.error, BudgetSpent)
    assert len(model.requests) == 3


def test_answers_go_to_files_of_their_own(tmp_path: Path) -> None:
    tasks = "tasks: [{id: one, prompt: x, output_to_file: '{{ step.name }}.txt'}, {id: two, prompt: y, output_to_file: t/two.json, output_schema: {type: object}}]"
    play(
        f"type: claude_batch, {tasks}",
        lambda request: '{"n": 1}',
        keeping=Keeping(output_dir=tmp_path),
    )
    assert (tmp_path / "one.txt").read_text() == '{"n": 1}'
    assert (tmp_path / "t" / "two.json").read_text() == '{\n  "n": 1\n}\n'
    outside, _ = play(
        "type: claude_batch, tasks: [{prompt: x, output_to_file: ../x}]",
        keeping=Keeping(output_dir=tmp_path),
    )
    assert "output directory" in str(outside.error)


def test_the_order_in_which_tasks_end_does_not_show(tmp_path: Path) -> None:
    first = threading.Event()

    def reversed_(request: Request) -> str:
        if request.step == "one":
            first.wait(20)
        else:
            first.set()
        return echo(request)

    result, _ = play(f"type: claude_batch, {TWO}", reversed_)
    assert list(result.steps["a"].data["tasks"]) == ["one", "two", "task_3"]


def test_a_resumed_run_asks_only_what_was_not_answered(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    play(f"type: claude_batch, {TWO}", failing("two"), keeping=Keeping(checkpoints=kept))
    result, model = play(f"type: claude_batch, {TWO}", keeping=Keeping(checkpoints=kept))
    assert [request.step for request in model.requests] == ["two"]
    assert result.steps["a"].data["succeeded"] == 3


def test_equal_tasks_are_asked_each_for_itself() -> None:
    _, model = play("type: claude_batch, tasks: [{prompt: x}, {prompt: x}]")
    assert len(model.requests) == 2


def test_a_file_stands_before_the_tasks_prompt() -> None:
    tree = Tree(files={"a.ex": "code"})
    _, model = play(
        "type: claude_batch, tasks: [{file: '{{ f }}', prompt: look}]",
        services=tree.services(),
        inputs={"f": "a.ex"},
    )
    assert [(p.kind, p.text) for p in model.requests[0].parts] == [
        ("file", "code"),
        ("instructions", "look"),
    ]


def test_tasks_ask_again_by_their_own_rules() -> None:
    calls: list[str] = []

    def flaky(request: Request) -> str:
        calls.append(request.step)
        if calls.count(request.step) == 1:
            raise ModelUnavailable("busy", retry_after=0)
        return "x"

    result, _ = play(
        "type: claude_batch, claude_options: {retry_config: {max_retries: 1}}, tasks: [{prompt: x}, {prompt: y}]",
        flaky,
    )
    assert result.steps["a"].data["succeeded"] == 2


def test_offline_tasks_are_served_by_their_skills_with_few_notices() -> None:
    tasks = ", ".join(["{prompt: x, offline: k}"] * 5)
    body = f"- {{name: a, type: claude_batch, tasks: [{tasks}]}}"
    result = run(steps(body), models={"offline": OfflineModel({"k": lambda asked: {"n": 1}})})
    assert result.steps["a"].data["consolidated"]["task_5"] == {"n": 1}
    assert result.steps["a"].notice.endswith("; and 2 more notices")


def test_unexpected_errors_are_not_hidden() -> None:
    def broken(request: Request) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        play(f"type: claude_batch, {TWO}", broken)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("type: claude_batch", "the step takes 1 to 500 tasks, got 0"),
        (
            "type: claude_batch, tasks: [{id: x, prompt: a}, {task_id: x, prompt: b}]",
            "two tasks are called 'x'",
        ),
        (
            "type: claude_batch, tasks: [{id: task_2, prompt: a}, {prompt: b}]",
            "two tasks are called 'task_2'",
        ),
        ("type: claude_batch, tasks: [{id: x}]", "task 'x' has no prompt"),
        (
            "type: claude_batch, tasks: [{prompt: a}], batch_config: {tasks: [{prompt: b}]}",
            "not in both",
        ),
        ("type: claude_batch, tasks: [{id: x, task_id: y, prompt: a}]", "mean the same"),
        (
            "type: claude_batch, batch_config: {timeout_per_task: 60000}, tasks: [{prompt: a}]",
            "looks like milliseconds",
        ),
        (
            "type: claude_batch, batch_config: {max_parallel: 0}, tasks: [{prompt: a}]",
            "max_parallel",
        ),
        (
            "type: claude_batch, tasks: [{promt: a}]",
            "steps.0.tasks.0.promt: unknown key; did you mean 'prompt'?",
        ),
        ("type: claude_batch, tasks: [{prompt: '{{ gone.x'}]", "gone"),
        (
            "type: claude_batch, tasks: [{prompt: a, output_schema: {requierd: []}}]",
            "did you mean 'required'?",
        ),
        (
            "type: claude_batch, tasks: [{prompt: a, output_schema: {}, claude_options: {output_format: text}}]",
            "exclude each other",
        ),
        (
            "type: claude_batch, tasks: [{prompt: [{type: previous_response, step: gone}]}]",
            "there is no step 'gone'",
        ),
        (
            "type: parallel_claude, parallel_tasks: [{prompt: a}], task_generator: {}",
            "'parallel: true' around one claude step",
        ),
        (
            "type: parallel_claude, parallel_tasks: [{prompt: a}], parallel_config: {queue_size: 3}",
            "tasks wait without a limit",
        ),
        ("type: parallel_claude", "parallel_tasks: this key is missing"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_load(step: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        play(step)
    assert said in str(error.value)
    assert str(error.value).startswith("test.yaml:")
