"""Workflow files: what is read, what is refused and where."""

from __future__ import annotations

import pytest

from bot.simulator.actions.workflow.document import WorkflowError
from bot.simulator.actions.workflow.loader import load_action, load_workflow
from bot.simulator.actions.workflow.model import Concurrency, Workflow
from tests.simulator.actions.hosting import job

FULL = """\
name: CI
run-name: Build ${{ inputs.level }}
on:
  workflow_dispatch:
    inputs:
      level: {type: choice, options: [low, high], default: low, required: true}
      dry: {type: boolean}
      note:
  workflow_call:
    inputs:
      stage: {type: number, required: true}
    outputs:
      done: {value: "${{ jobs.build.outputs.done }}"}
    secrets:
      TOKEN: {required: true}
  push:
    branches: [main, 'release/**']
    paths-ignore: ['docs/**']
  pull_request:
  schedule:
    - cron: '0 4 * * 1'
permissions:
  contents: read
concurrency: {group: 'ci-${{ github.ref }}', cancel-in-progress: true}
env: {A: 1, B: true}
defaults: {run: {shell: bash}}
jobs:
  build:
    runs-on: [self-hosted, linux]
    if: github.ref != 'x'
    timeout-minutes: 5
    strategy:
      fail-fast: false
      matrix:
        otp: [26, 27]
        include: [{otp: 26, extra: yes}]
    outputs: {done: "${{ steps.s.outputs.x }}"}
    steps:
      - uses: actions/checkout@v4
        with: {fetch-depth: 0}
      - {id: s, run: echo hi, shell: bash, working-directory: lib, continue-on-error: true}
  call:
    needs: build
    uses: ./.github/workflows/stage.yml
    with: {stage: 2}
    secrets: inherit
"""


def load(text: str) -> Workflow:
    return load_workflow(text.encode(), "ci.yml")


def test_a_full_file() -> None:
    workflow = load(FULL)
    assert (workflow.name, workflow.run_name) == ("CI", "Build ${{ inputs.level }}")
    dispatch = workflow.triggers["workflow_dispatch"].inputs
    assert dispatch["level"].options == ("low", "high")
    assert (dispatch["note"].type, dispatch["dry"].type) == ("string", "boolean")
    assert workflow.triggers["workflow_call"].secrets == {"TOKEN": True}
    assert workflow.triggers["pull_request"].types == ("opened", "synchronize", "reopened")
    assert workflow.triggers["push"].paths_ignore == ("docs/**",)
    assert workflow.permissions is not None
    assert workflow.permissions["contents"] == "read"
    assert workflow.permissions["issues"] == "none"
    assert workflow.concurrency == Concurrency("ci-${{ github.ref }}", True)
    build, call = workflow.jobs["build"], workflow.jobs["call"]
    assert build.steps[0].inputs == {"fetch-depth": "0"}
    assert build.steps[1].continue_on_error is True
    assert (call.needs, call.secrets, call.inputs) == (("build",), "inherit", {"stage": 2})


JOB = "on: push\njobs:\n  a:\n    runs-on: x\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jobs: {}", "Required property is missing: on"),
        ("on: push", "Required property is missing: jobs"),
        ("on: push\njobs: {}", "must contain at least one job"),
        ("on: pushed\njobs: {}", "(Line: 1, Col: 5): Unexpected value 'pushed'"),
        *(
            (job("true", before=text), "a number was expected")
            for text in (
                "strategy: {max-parallel: .inf}",
                "strategy: {max-parallel: .nan}",
                "cancel-timeout-minutes: .nan",
                "timeout-minutes: .inf",
            )
        ),
        ("on: discussion\njobs: {}", "The event 'discussion' is not supported"),
        ("on: {issues: {types: [done]}}\njobs: {}", "Unexpected value 'done'"),
        ("on: {push: {branches: a, branches-ignore: b}}\njobs: {}", "only define one of"),
        ("on: {push: {branch: a}}\njobs: {}", "Unexpected value 'branch'"),
        ("on: {push: {branches: ['!a']}}\njobs: {}", "At least one pattern"),
        ("on: {push: {branches: ['[a']}}\njobs: {}", "Invalid filter pattern"),
        ("on: {workflow_run: {types: completed}}\njobs: {}", "missing: workflows"),
        ("on: {schedule: [{cron: 'daily'}]}\njobs: {}", "Invalid cron"),
        ("on: {workflow_dispatch: {inputs: {a: {type: date}}}}\njobs: {}", "'date'"),
        ("on: {workflow_call: {inputs: {a: {}}}}\njobs: {}", "Required property is missing: type"),
        (JOB + "    container: x", "'container' is not supported by this simulator"),
        (JOB + "    services: {}", "'services' is not supported by this simulator"),
        (JOB + "    step: []", "(Line: 5, Col: 5): Unexpected value 'step'"),
        (JOB + "    steps: []", "The sequence has no steps"),
        (JOB + "    needs: b", "Job 'a' depends on unknown job 'b'."),
        (JOB + "    needs: a", "Job 'a' waits for itself"),
        (JOB + "    permissions: {contents: all}", "Unexpected value 'all'"),
        (JOB + "    permissions: {content: read}", "Unexpected value 'content'"),
        (JOB + "    permissions: {id-token: read}", "Unexpected value 'read'"),
        (JOB + "    permissions: none", "Unexpected value 'none'"),
        (JOB + "    timeout-minutes: soon", "a number was expected"),
        (JOB + "    timeout-minutes: 0", "out of range"),
        (JOB + "    if: ${{ secrets.X }}", "Unrecognized named-value: 'secrets'"),
        (JOB + "    if: hashFiles('x')", "Unrecognized function: 'hashFiles'"),
        (JOB + "    env: {A: '${{ steps.x }}'}", "Unrecognized named-value: 'steps'"),
        (JOB + "    strategy: {matrix: {a: []}}", "does not contain any values"),
        (JOB + "    strategy: {matrix: {a: x}}", "A sequence was expected"),
        (JOB + "    uses: ./.github/workflows/b.yml", "Unexpected value 'runs-on'"),
        ("on: push\njobs:\n  a: {uses: ./lib/b.yml}", "rooted in '.github/workflows'"),
        ("on: push\njobs:\n  a: {uses: ./.github/workflows/../../x}", "invalid value"),
        ("on: push\njobs:\n  1a: {runs-on: x}", "The identifier '1a' is invalid"),
        ("on: push\njobs:\n  a: {runs-on: x}\n  A: {runs-on: x}", "'A' is already defined"),
        (job("uses: actions/checkout"), "Expected format {org}/{repo}[/path]@ref"),
        (job("uses: ./../x"), "Expected format"),
        (job("run: x\n        uses: a/b@c"), "Unexpected value 'run'"),
        (job("name: x"), "Required property is missing: run"),
        (job("id: a b\n        run: x"), "The identifier 'a b' is invalid"),
        (job("id: a\n        run: x", "id: a\n        run: x"), "may not be used more than once"),
        (job("echo ${{ nosuch.x }}"), "Unrecognized named-value: 'nosuch'"),
        (job("echo ${{ github.x"), "The expression is not closed"),
        (job("run: x\n        background: true"), "'background' is not supported"),
    ],
)
def test_what_is_refused_is_named(text: str, message: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        load(text)
    assert message in str(caught.value)
    assert "(Line: " in str(caught.value)


def test_permissions_in_a_word() -> None:
    everything = load(job("echo", before="permissions: write-all")).jobs["build"].permissions
    assert everything is not None
    assert (everything["contents"], everything["models"]) == ("write", "read")
    reading = load(job("echo", before="permissions: read-all")).jobs["build"].permissions
    assert reading is not None
    assert (reading["contents"], reading["id-token"]) == ("read", "none")
    nothing = load(job("echo", before="permissions: {}")).jobs["build"].permissions
    assert nothing is not None
    assert set(nothing.values()) == {"none"}


ACTION = """\
name: Greet
description: Says hello
inputs:
  who: {required: true, default: '${{ github.actor }}'}
outputs:
  said: {value: '${{ steps.say.outputs.text }}'}
runs:
  using: composite
  steps:
    - {id: say, run: 'echo hi', shell: bash}
"""


def test_a_composite_action() -> None:
    action = load_action(ACTION.encode(), "action.yml")
    assert action.inputs["who"].default == "${{ github.actor }}"
    assert action.outputs == {"said": "${{ steps.say.outputs.text }}"}
    assert action.steps[0].shell == "bash"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (", shell: bash", "", "Required property is missing: shell"),
        ("echo hi", "echo ${{ secrets.X }}", "Unrecognized named-value: 'secrets'"),
        ("using: composite", "main: x", "Required property is missing: using"),
    ],
)
def test_a_wrong_action_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(WorkflowError, match=message):
        load_action(ACTION.replace(old, new).encode(), "action.yml")


def test_an_action_for_node_is_only_named() -> None:
    action = load_action(b"name: x\nruns: {using: node20, main: dist/index.js}", "action.yml")
    assert (action.using, action.steps) == ("node20", ())
