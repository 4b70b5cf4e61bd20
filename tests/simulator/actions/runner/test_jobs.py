"""Jobs of a run: needs, conditions, matrices, outputs, concurrency."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.simulator.actions.host import JobView
from bot.simulator.actions.workflow.document import WorkflowError
from tests.simulator.actions.hosting import Bench, job

pytestmark = pytest.mark.anyio


def jobs(text: str) -> str:
    """Each line a job: `name: {…}`; `runs-on` is added, `run` stands for one step."""
    lines = []
    for line in text.strip().splitlines():
        name, _, rest = line.strip().partition(": ")
        run, _, keys = rest.partition(" | ")
        step = f"steps: [{{run: {run!r}}}]"
        lines.append(f"  {name}: {{runs-on: x, {step}{', ' + keys if keys else ''}}}")
    return "on: push\njobs:\n" + "\n".join(lines) + "\n"


async def test_needs_and_outputs(bench: Bench) -> None:
    text = """\
on: push
env: {LEVEL: workflow}
jobs:
  a:
    runs-on: x
    outputs: {v: "${{ steps.s.outputs.v }}", level: "${{ env.LEVEL }}"}
    env: {LEVEL: "job-${{ github.ref_name }}"}
    steps: [{id: s, run: "echo v=41 >> $GITHUB_OUTPUT"}]
  b:
    needs: a
    runs-on: x
    steps: [{run: "echo got=${{ needs.a.outputs.v }} ${{ needs.a.outputs.level }} $LEVEL"}]
"""
    ran = await bench(text)
    assert ran.conclusion == "success"
    assert "got=41 job-main workflow" in bench.host.text("b")


CHAIN = """
ok: true
bad: false | needs: ok
after: true | needs: bad
always: true | needs: bad, if: always()
sad: true | needs: [ok, bad], if: failure()
last: true | needs: always
"""


async def test_conditions_of_jobs(bench: Bench) -> None:
    ran = await bench(jobs(CHAIN))
    assert ran.conclusion == "failure"
    results = {name: ran.result(name) for name in bench.host.jobs}
    assert results == {
        **{"ok": "success", "bad": "failure", "after": "skipped"},
        **{"always": "success", "sad": "success", "last": "skipped"},
    }


async def test_a_job_may_fail_without_the_run(bench: Bench) -> None:
    ran = await bench(jobs("bad: false | continue-on-error: true\nafter: true | needs: bad"))
    assert ran.conclusion == "success"
    assert (ran.result("bad"), ran.result("after")) == ("failure", "success")


async def test_all_skipped(bench: Bench) -> None:
    assert (await bench(jobs("a: true | if: false"))).conclusion == "skipped"


async def test_a_condition_that_cannot_be_computed_fails_the_job(bench: Bench) -> None:
    ran = await bench(jobs("a: true | if: fromJSON('x')"))
    assert ran.conclusion == "failure"
    assert "Error parsing fromJson" in bench.host.annotations[0][1].message


MATRIX = """\
on: push
jobs:
  set:
    runs-on: x
    outputs: {list: '${{ steps.s.outputs.list }}'}
    steps: [{id: s, run: 'echo "list=[1,2]" >> $GITHUB_OUTPUT'}]
  build:
    needs: set
    runs-on: "os-${{ matrix.v }}"
    continue-on-error: ${{ matrix.v == 3 }}
    outputs: {v: "${{ matrix.v }}"}
    strategy:
      max-parallel: 1
      matrix:
        v: ${{ fromJSON(needs.set.outputs.list) }}
        include: [{v: 3}]
    steps:
      - run: echo "v=${{ matrix.v }} of ${{ strategy.job-total }}"; test ${{ matrix.v }} != 3
  end:
    needs: build
    runs-on: x
    steps: [{run: "echo ${{ needs.build.result }} ${{ needs.build.outputs.v }}"}]
"""


async def test_a_matrix(bench: Bench) -> None:
    ran = await bench(MATRIX)
    assert ran.conclusion == "success"
    assert [k for k in bench.host.jobs if k.startswith("build")] == [
        *("build (1)", "build (2)", "build (3)")
    ]
    assert bench.host.jobs["build (2)"].labels == ("os-2",)
    assert "v=2 of 3" in bench.host.text("build (2)")
    assert "success 3" in bench.host.text("end")


async def test_the_first_failure_of_a_matrix_cancels_the_others(bench: Bench) -> None:
    text = jobs("m: test ${{ matrix.v }} != 1 && sleep 600 | strategy: {matrix: {v: [1, 2, 3]}}")
    ran = await bench(text)
    assert ran.conclusion == "failure"
    assert [ran.result(f"m ({v})") for v in (1, 2, 3)] == ["failure", "cancelled", "cancelled"]


async def test_without_fail_fast_the_others_go_on(bench: Bench) -> None:
    keys = "strategy: {fail-fast: false, matrix: {v: [1, 2]}}"
    ran = await bench(jobs(f"m: test ${{{{ matrix.v }}}} != 1 | {keys}"))
    assert [ran.result(f"m ({v})") for v in (1, 2)] == ["failure", "success"]


async def test_no_more_jobs_at_once_than_there_are_places(bench: Bench) -> None:
    running = most = 0

    def watch(view: JobView) -> None:
        nonlocal running, most
        running += {"in_progress": not view.steps, "completed": -1}.get(view.status, 0)
        most = max(most, running)

    bench.host.on_change = watch
    text = jobs("\n".join(f"j{n}: true" for n in range(6)))
    ran = await bench(text, settings={"slots": asyncio.Semaphore(2)})
    assert ran.conclusion == "success"
    assert most == 2


async def test_a_job_kept_from_an_earlier_attempt_does_not_run_again(bench: Bench) -> None:
    kept = JobView("a", "a", "completed", "success", outputs={"v": "old"}, succeeded=True)
    text = """\
on: push
jobs:
  a: {runs-on: x, steps: [{run: echo never}]}
  b:
    needs: a
    runs-on: x
    steps: [{run: "echo ${{ needs.a.outputs.v }} of attempt $GITHUB_RUN_ATTEMPT"}]
"""
    ran = await bench(text, kept={"a": kept}, attempt=2)
    assert ran.conclusion == "success"
    assert "old of attempt 2" in ran.text
    assert "never" not in ran.text


async def test_tokens_have_the_permissions_of_the_job(bench: Bench) -> None:
    text = jobs("a: true\nb: true | permissions: {contents: read}").replace(
        "jobs:", "permissions: {issues: write}\njobs:"
    )
    await bench(text)
    tokens = bench.host.tokens
    assert (tokens["a"]["issues"], tokens["a"]["contents"]) == ("write", "none")
    assert (tokens["b"]["issues"], tokens["b"]["contents"]) == ("none", "read")


async def test_cancelling_ends_what_waits(bench: Bench) -> None:
    text = jobs(
        "a: echo go; sleep 600\nb: true\nc: true | needs: a\nd: true | needs: a, if: always()"
    )
    run = bench.run(text, settings={"slots": asyncio.Semaphore(1)})
    bench.host.on_log = lambda line: run.cancel() if line.endswith(" go") else None
    ran = await bench.finish(run)
    assert ran.conclusion == "cancelled"
    results = [ran.result(name) for name in "abcd"]
    assert results == ["cancelled", "cancelled", "skipped", "success"]
    # Also of the job that never began: GitHub's description of the webhook asks for it.
    assert all(job.completed_at is not None for job in bench.host.jobs.values())


CALLED = """\
on:
  workflow_call:
    inputs: {who: {type: string, required: true}, n: {type: number, default: 2}}
    outputs: {said: {value: "${{ jobs.say.outputs.text }}"}}
    secrets: {KEY: {required: true}}
jobs:
  say:
    runs-on: x
    outputs: {text: "${{ steps.s.outputs.text }}"}
    steps:
      - id: s
        env: {TEXT: "${{ inputs.who }}-${{ inputs.n }}-${{ secrets.KEY == 'k3y' }}"}
        run: echo "text=$TEXT" >> $GITHUB_OUTPUT
      - run: echo "other=${{ secrets.OTHER }}|"
"""
CALLER = """\
on: push
jobs:
  call:
    permissions: {contents: read}
    uses: USES
    with: {who: "${{ github.actor }}"}
    secrets: {KEY: "${{ secrets.K }}"}
  after:
    needs: call
    runs-on: x
    steps: [{run: "echo said=${{ needs.call.outputs.said }}"}]
"""
LOCAL = "./.github/workflows/say.yml"


def share(bench: Bench, text: str = CALLED, name: str = "say.yml") -> None:
    bench.host.repositories["acme/shop@" + "1" * 40] = {f".github/workflows/{name}": text}
    bench.host.repositories["acme/lib@v1"] = {f".github/workflows/{name}": text}


@pytest.mark.parametrize("uses", [LOCAL, "acme/lib/.github/workflows/say.yml@v1"])
async def test_a_reusable_workflow(bench: Bench, uses: str) -> None:
    share(bench)
    ran = await bench(CALLER.replace("USES", uses), secrets={"K": "k3y", "OTHER": "0th3r"})
    assert ran.conclusion == "success"
    assert "said=writer-2-true" in bench.host.text("after")
    assert bench.host.jobs["call/say"].name == "call / say"
    assert "other=|" in ran.text
    assert bench.host.tokens["call/say"]["contents"] == "read"
    assert bench.host.tokens["call/say"]["issues"] == "none"


async def test_secrets_may_be_inherited(bench: Bench) -> None:
    share(bench)
    text = CALLER.replace("USES", LOCAL).replace('{KEY: "${{ secrets.K }}"}', "inherit")
    ran = await bench(text, secrets={"KEY": "k3y", "OTHER": "0th3r"})
    assert "said=writer-2-true" in ran.text
    assert "other=***|" in ran.text


@pytest.mark.parametrize(
    ("caller", "called", "message"),
    [
        ({"who:": "whom:"}, {}, "Invalid input, whom is not defined"),
        ({'with: {who: "${{ github.actor }}"}': "needs: []"}, {}, "Input who is required"),
        ({"KEY:": "KEYS:"}, {}, "Invalid secret, KEYS is not defined"),
        ({"    secrets:": "    needs: []\n    #"}, {}, "Secret KEY is required"),
        ({"say.yml": "other.yml"}, {}, "workflow was not found"),
        ({}, {"workflow_call:": "workflow_dispatch:"}, "missing a `on.workflow_call` trigger"),
        (
            {},
            {"jobs:": "permissions: {issues: write}\njobs:"},
            "requesting 'issues: write', but is only allowed 'issues: none'",
        ),
        ({}, {"runs-on: x": "runs-on: x\n    container: y"}, "'container' is not supported"),
    ],
)
async def test_a_call_that_cannot_be_is_refused_at_the_start(
    bench: Bench, caller: dict[str, str], called: dict[str, str], message: str
) -> None:
    texts = [CALLER.replace("USES", LOCAL), CALLED]
    for index, changes in enumerate((caller, called)):
        for old, new in changes.items():
            texts[index] = texts[index].replace(old, new)
    share(bench, texts[1])
    with pytest.raises(WorkflowError) as caught:
        await bench(texts[0])
    assert message in str(caught.value)
    assert bench.host.jobs == {}


async def test_workflows_call_one_another_ten_levels_deep(bench: Bench) -> None:
    call = "on: workflow_call\njobs:\n  c: {uses: ./.github/workflows/%s.yml}\n"
    leaf = jobs("leaf: echo bottom").replace("on: push", "on: workflow_call")
    files = {f".github/workflows/{n}.yml": call % (n + 1) for n in range(1, 12)}
    bench.host.repositories["acme/shop@" + "1" * 40] = files
    top = call.replace("workflow_call", "push") % 1
    with pytest.raises(WorkflowError, match="depth exceeded 10"):
        await bench(top)
    files[".github/workflows/9.yml"] = leaf
    ran = await bench(top)
    assert ran.conclusion == "success"
    assert list(bench.host.jobs) == ["c/" * 9 + "leaf"]


async def test_a_wrong_kind_of_input_fails_the_job(bench: Bench) -> None:
    share(bench)
    text = CALLER.replace("USES", LOCAL).replace("with: {", "with: {n: many, ")
    ran = await bench(text, secrets={"K": "k3y"})
    assert ran.conclusion == "failure"
    assert "Unexpected value 'many' for input n" in bench.host.annotations[0][1].message


async def test_concurrent_jobs_of_one_group_take_turns(bench: Bench) -> None:
    keys = "concurrency: {group: 'g-${{ github.ref }}'}"
    ran = await bench(jobs(f"a: true | {keys}\nb: true | {keys}"))
    assert ran.conclusion == "success"
    assert list(bench.host.groups) == ["g-refs/heads/main"]
    events = [(v.key, v.status) for v in bench.host.history]
    first, second = sorted("ab", key=lambda k: events.index((k, "in_progress")))
    assert events.index((first, "completed")) < events.index((second, "in_progress"))


async def test_calls_of_one_group_take_turns(bench: Bench) -> None:
    called = jobs("in: true").replace("on: push", "on: workflow_call")
    share(bench, called)
    call = "{uses: ./.github/workflows/say.yml, concurrency: g}"
    ran = await bench(f"on: push\njobs:\n  a: {call}\n  b: {call}\n")
    assert ran.conclusion == "success"
    events = [(v.key, v.status) for v in bench.host.history]
    keys = ("a/in", "b/in")
    first, second = sorted(keys, key=lambda k: events.index((k, "in_progress")))
    assert events.index((first, "completed")) < events.index((second, "queued"))


async def test_an_unexpected_error_of_the_host_stops_everything(bench: Bench) -> None:
    async def broken(job: str, permissions: Any) -> str:
        raise RuntimeError("no tokens today")

    bench.host.mint_token = broken  # type: ignore[method-assign]  # a host that breaks
    with pytest.raises(ExceptionGroup):
        await bench(job("echo never"))
    assert not (bench.folder / "work" / "7-1").exists()
