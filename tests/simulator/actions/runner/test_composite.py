"""Composite actions, local and of other repositories, and actions nobody knows."""

from __future__ import annotations

import base64

import pytest

from tests.simulator.actions.hosting import Bench, job

pytestmark = pytest.mark.anyio

GREET = """\
name: Greet
inputs:
  who: {default: '${{ github.actor }}'}
  loud: {default: 'no'}
outputs:
  said: {value: '${{ steps.say.outputs.text }}'}
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      env: {INNER: inner}
      run: |
        cat "${{ github.action_path }}/tone.txt" "$GITHUB_ACTION_PATH/tone.txt"
        echo "text=hi-${{ inputs.who }}-${{ inputs.loud }}-$OUTER-$INNER" >> $GITHUB_OUTPUT
    - {if: 'inputs.loud == ''yes''', shell: bash, run: 'echo LOUD'}
    - {if: 'failure()', shell: bash, run: 'echo inner-sad'}
"""
FILES = {"greet/action.yml": GREET, "greet/tone.txt": "friendly\n"}


def use(uses: str, *, keys: str = "") -> str:
    return f"uses: {uses}\n        id: g\n        env: {{OUTER: outer}}\n        {keys}"


SAID = "echo said=${{ steps.g.outputs.said }}"


async def test_an_action_of_another_repository(bench: Bench) -> None:
    bench.host.repositories["acme/tools@v1"] = FILES
    ran = await bench(job(use("acme/tools/greet@v1", keys="with: {LOUD: 'yes'}"), SAID))
    assert ran.conclusion == "success"
    assert "friendly\nfriendly\n" in ran.text
    assert "said=hi-writer-yes-outer-inner" in ran.text
    assert "LOUD\n" in ran.text
    assert "inner-sad\n" not in ran.text
    assert "Run acme/tools/greet@v1" in bench.host.steps("build")
    commit = await bench.host.resolve("acme/tools", "v1")
    assert f"Download action repository 'acme/tools/greet@v1' (SHA:{commit})\n" in ran.text


def write(name: str, text: str) -> str:
    """A step that makes a file; coded, for expressions in it are not the workflow's."""
    code = base64.b64encode(text.encode()).decode()
    return f"mkdir -p $(dirname {name}); echo {code} | base64 -d > {name}"


async def test_a_local_action(bench: Bench) -> None:
    make = [write(name, text) for name, text in FILES.items()]
    ran = await bench(job(*make, use("./greet"), SAID))
    assert "said=hi-writer-no-outer-inner" in ran.text
    assert ran.conclusion == "success"


async def test_a_local_action_that_is_not_there(bench: Bench) -> None:
    ran = await bench(job("uses: ./nowhere"))
    assert ran.conclusion == "failure"
    assert "Did you forget to run actions/checkout" in ran.text


async def test_a_failing_action_fails_its_step(bench: Bench) -> None:
    bench.host.repositories["acme/tools@v1"] = {
        "action.yml": "name: x\nruns:\n  using: composite\n  steps:\n"
        "    - {run: exit 4, shell: bash}\n    - {run: echo never, shell: bash}\n"
        "    - {run: echo inner-sad, shell: bash, if: failure()}\n"
    }
    ran = await bench(
        job("uses: acme/tools@v1\n        continue-on-error: true", "echo ${{ job.status }}")
    )
    assert ran.conclusion == "success"
    assert "exit code 4" in ran.text
    assert "inner-sad\n" in ran.text
    assert "never\n" not in ran.text


async def test_actions_use_actions_but_not_without_end(bench: Bench) -> None:
    bench.host.repositories["acme/loop@v1"] = {
        "action.yml": "name: x\nruns:\n  using: composite\n  steps:\n    - uses: acme/loop@v1\n"
    }
    ran = await bench(job("uses: acme/loop@v1"))
    assert ran.conclusion == "failure"
    assert "acme/loop@v1: composite actions are nested too deep" in ran.text


async def test_an_action_does_not_see_secrets(bench: Bench) -> None:
    bench.host.repositories["acme/tools@v1"] = {
        "action.yml": "name: x\nruns:\n  using: composite\n  steps:\n"
        "    - {run: 'echo ${{ secrets.S }}', shell: bash}\n"
    }
    ran = await bench(job("uses: acme/tools@v1"), secrets={"S": "hush-hush"})
    assert ran.conclusion == "failure"
    assert "Unrecognized named-value: 'secrets'" in ran.text


@pytest.mark.parametrize(
    ("uses", "message"),
    [
        ("nobody/nothing@v1", "'nobody/nothing@v1': repository or version not found"),
        ("actions/github-script@v7", "actions/github-script@v7"),
        ("docker://alpine:3", "container actions are not supported"),
        ("acme/node@v1", "it runs with 'node20'"),
    ],
)
async def test_an_unknown_action_fails_by_name(bench: Bench, uses: str, message: str) -> None:
    bench.host.repositories["acme/node@v1"] = {"action.yml": "name: x\nruns: {using: node20}"}
    ran = await bench(job(f"uses: {uses}", "echo never"))
    assert ran.conclusion == "failure"
    assert message in ran.text
    assert "docker" in uses or "actions/checkout" in ran.text
    assert "never\n" not in ran.text


async def test_an_unexpected_input_is_warned_of(bench: Bench) -> None:
    bench.host.repositories["acme/tools@v1"] = FILES
    ran = await bench(job("uses: acme/tools/greet@v1\n        with: {whom: x}"))
    assert ran.conclusion == "success"
    assert "##[warning]Unexpected input(s) 'whom', valid inputs are ['who', 'loud']" in ran.text


async def test_cancelling_reaches_into_an_action(bench: Bench) -> None:
    bench.host.repositories["acme/tools@v1"] = {
        "action.yml": "name: x\nruns:\n  using: composite\n  steps:\n"
        "    - {run: 'echo go; sleep 600', shell: bash}\n"
        "    - {run: echo inner-tidy, shell: bash, if: always()}\n"
    }
    run = bench.run(job("uses: acme/tools@v1"))
    bench.host.on_log = lambda line: run.cancel() if line.endswith(" go") else None
    ran = await bench.finish(run)
    assert ran.conclusion == "cancelled"
    assert bench.host.steps("build")["Run acme/tools@v1"] == "cancelled"
    assert "inner-tidy\n" in ran.text


async def test_a_time_limit_reaches_into_an_action(bench: Bench) -> None:
    bench.host.repositories["acme/tools@v1"] = {
        "action.yml": "name: x\nruns:\n  using: composite\n  steps:\n"
        "    - {run: sleep 600, shell: bash}\n    - {run: echo inner-never, shell: bash}\n"
    }
    ran = await bench(job("uses: acme/tools@v1\n        timeout-minutes: 0.2"))
    assert ran.conclusion == "failure"
    assert "has timed out after 0.2 minutes" in ran.text
    assert "inner-never\n" not in ran.text
