"""`genesis action`, as the steps of action.yml call it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.support import Ran, genesis, inside
from tests.flows.action_run.support import Step
from tests.flows.support import SHOP, written

INPUTS = "GENESIS_ACTION_INPUTS"


@pytest.fixture
def step(tmp_path: Path) -> Step:
    step = Step(tmp_path / "step")
    step.runner()
    written(step.work)
    return step


def played(step: Step, command: str, inputs: str, **more: str) -> Ran:
    return inside("action", command, env=step.environment | {INPUTS: inputs} | more)


def test_the_step_ends_as_the_outputs_say(step: Step) -> None:
    calm = played(step, "run", '{"command": "analyze"}')
    assert (calm.code, step.outputs()["status"], step.outputs()["findings"]) == (0, "ok", "1")
    strict = played(step, "run", '{"command": "analyze", "fail-on": "info"}')
    assert (strict.code, step.outputs()["status"]) == (1, "findings")
    assert "::warning file=lib/shop/mail.ex,line=3" in strict.out
    assert strict.out.rstrip().endswith("status: findings")
    assert "## OTP analysis" in step.summary()


def test_outputs_are_there_also_when_the_inputs_are_wrong(step: Step) -> None:
    for command in ("prepare", "run"):
        ran = played(step, command, '{"command": "analise"}')
        assert (ran.code, step.outputs()["status"]) == (2, "refused")
        assert "::error title=otp-genesis::input 'command'" in ran.out
        assert "Traceback" not in ran.err
    assert "What to do: " in step.summary()


def test_what_the_project_needs_is_told_before_anything_is_installed(step: Step) -> None:
    assert played(step, "prepare", '{"command": "plan"}').code == 0
    outputs = step.outputs()
    assert (outputs["elixir"], outputs["cache-key"], outputs["sandbox"]) == ("", "", "")
    assert "status" not in outputs


def test_an_expected_error_brings_its_own_exit_code(step: Step) -> None:
    ran = played(step, "run", '{"command": "plan"}')
    assert (ran.code, step.outputs()["status"]) == (3, "refused")
    assert "is not a git repository" in ran.out


def test_a_setting_that_does_not_read_is_an_annotation(step: Step) -> None:
    ran = played(step, "run", '{"command": "analyze"}', GENESIS_JOBS="many")
    assert ran.code == 6
    assert "::error title=otp-genesis::environment: GENESIS_JOBS" in ran.out


def test_outside_of_a_job_it_names_what_people_use() -> None:
    ran = genesis("action", "run")
    assert ran.code == 2
    assert "genesis analyze, plan or run" in ran.out + ran.err


def test_the_serverless_bot_without_a_token_says_what_to_set(step: Step) -> None:
    ran = played(step, "run", '{"command": "react"}')
    assert (ran.code, step.outputs()["status"]) == (3, "refused")
    assert "GENESIS_JOB_TOKEN" in ran.out


def test_secrets_are_in_neither_log_nor_page(step: Step) -> None:
    secret = "sk-ant-" + "made-up-and-long-enough-0123456789"
    (step.work / "lib" / f"{secret}.ex").write_text(SHOP["lib/shop/mail.ex"])
    ran = played(step, "run", '{"command": "analyze"}', ANTHROPIC_API_KEY=secret)
    assert ran.code == 0
    assert secret not in ran.out + ran.err + step.summary()
    assert "lib/***.ex" in ran.out


def test_it_is_no_command_for_people() -> None:
    assert "action" not in [line.split()[0] for line in genesis("--help").out.splitlines() if line]
