"""Steps of real jobs."""

from __future__ import annotations

import asyncio
import os
import re

import pytest

from bot.simulator.actions.host import Annotation, JobView
from bot.simulator.actions.runner.limits import Limits
from tests.simulator.actions.hosting import Bench, job

pytestmark = pytest.mark.anyio

STAY = "sleep $MARK >/dev/null 2>&1 & until grep -q sleep /proc/$!/comm; do sleep 0.01; done"
"""Leaves a process behind, which has its name by then."""


async def test_a_job_and_its_log(bench: Bench) -> None:
    ran = await bench(job("echo hello"))
    assert ran.conclusion == "success"
    assert bench.host.steps("build") == {
        "Set up job": "success",
        "Run echo hello": "success",
        "Complete job": "success",
    }
    log = bench.host.text("build")
    assert "##[group]Run echo hello\n\x1b[36;1mecho hello\x1b[0m\nshell: " in log
    assert "/bash -e {0}\n##[endgroup]\nhello" in log
    assert not (bench.folder / "work" / "7-1").exists()


async def test_lines_have_githubs_timestamp(bench: Bench) -> None:
    lines: list[str] = []
    bench.host.on_log = lines.append
    await bench(job("echo hello"))
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z ", line) for line in lines)


async def test_a_failure_skips_the_rest(bench: Bench) -> None:
    ran = await bench(
        job(
            "exit 3",
            "echo never",
            "if: failure()\n        run: echo 'sad'",
            "if: always()\n        run: echo end",
        )
    )
    assert ran.conclusion == "failure"
    assert list(bench.host.steps("build").values()) == [
        *("success", "failure", "skipped", "success", "success", "success")
    ]
    assert "##[error]Process completed with exit code 3." in ran.text
    assert "never" not in ran.text.replace("Run echo never", "")
    failed = Annotation("failure", "Process completed with exit code 3.")
    assert bench.host.annotations == [("build", failed)]


async def test_continue_on_error_keeps_the_outcome(bench: Bench) -> None:
    ran = await bench(
        job(
            "id: a\n        run: exit 1\n        continue-on-error: true",
            "echo ${{ steps.a.outcome }} ${{ steps.a.conclusion }} ${{ job.status }}",
        )
    )
    assert ran.conclusion == "success"
    assert "failure success success" in ran.text


async def test_shells(bench: Bench) -> None:
    steps = [
        "run: false | true\n        shell: sh",
        "run: print(6 * 7)\n        shell: python",
        "run: echo $((6 * 8))\n        shell: bash -x {0}",
        "run: false | true\n        shell: bash\n        continue-on-error: true",
        "run: x\n        shell: pwsh",
    ]
    ran = await bench(job(*steps))
    assert "42" in ran.text
    assert "48" in ran.text
    assert "shell: " in ran.text
    assert "bash --noprofile --norc -eo pipefail {0}" in ran.text
    assert "The shell 'pwsh' is not supported by this simulator" in ran.text
    assert ran.text.count("##[error]Process completed with exit code 1.") == 1


async def test_environment_files(bench: Bench) -> None:
    ran = await bench(
        job(
            "id: a\n        run: |\n          echo 'one=1' >> $GITHUB_OUTPUT\n"
            "          printf 'two<<END\\na\\nb\\nEND\\n' >> $GITHUB_OUTPUT\n"
            "          echo 'SEEN=yes' >> $GITHUB_ENV\n"
            "          mkdir tools; printf '#!/bin/sh\\necho from-tool' > tools/mytool\n"
            "          chmod +x tools/mytool; echo $PWD/tools >> $GITHUB_PATH\n"
            "          echo '# Summary' >> $GITHUB_STEP_SUMMARY",
            'echo "${{ steps.a.outputs.one }}|$SEEN|${{ env.SEEN }}|"',
            "echo two=${{ toJSON(steps.a.outputs.two) }}",
            "mytool",
        )
    )
    assert ran.conclusion == "success"
    assert "\n1|yes|yes|\n" in ran.text
    assert "\ntwo=a\\nb\n" in ran.text.replace("\\\\", "\\")
    assert "from-tool" in ran.text
    assert bench.host.summaries == ["# Summary\n"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo nonsense >> $GITHUB_OUTPUT", "Invalid format 'nonsense'"),
        ("echo 'a<<E' >> $GITHUB_ENV", "Matching delimiter not found 'E'"),
        ("echo NODE_OPTIONS=x >> $GITHUB_ENV", "Can't store NODE_OPTIONS"),
        ("rm $GITHUB_ENV; mkfifo $GITHUB_ENV", "not a regular file"),
        ("rm $GITHUB_ENV; ln -s /dev/zero $GITHUB_ENV", "cannot be read"),
        ("head -c 2M /dev/zero > $GITHUB_OUTPUT", "larger than 1024 KiB"),
        ("echo '::set-env name=a::b'", "The `set-env` command is disabled"),
    ],
)
async def test_files_that_cannot_be_taken_fail_the_step(
    bench: Bench, script: str, message: str
) -> None:
    ran = await bench(job(script, "if: always()\n        run: echo still-here"))
    assert ran.conclusion == "failure"
    assert message in ran.text
    assert "still-here\n" in ran.text


async def test_a_summary_too_long_is_left_out_and_said(bench: Bench) -> None:
    ran = await bench(job("head -c 2M /dev/zero > $GITHUB_STEP_SUMMARY"))
    assert ran.conclusion == "success"
    assert "upload aborted" in ran.text
    assert bench.host.summaries == []


async def test_workflow_commands(bench: Bench) -> None:
    ran = await bench(
        job(
            "run: |\n"
            "          echo '::error file=lib/a.ex,line=3,col=2,title=T::went wrong'\n"
            "          echo '::warning::careful'\n"
            "          echo '::debug::invisible'\n"
            "          echo '::group::G'\n"
            "          echo '::endgroup::'\n"
            "          echo '::set-output name=x::1'\n"
            "          echo '::stop-commands::tok'\n"
            "          echo '::error::not a command'\n"
            "          echo '::tok::'"
        )
    )
    assert ran.conclusion == "success"
    out = ran.text.partition("\n##[endgroup]\n##[error]")[2]
    assert out.startswith(
        "went wrong\n##[warning]careful\n##[group]G\n##[endgroup]\n##[warning]The"
    )
    assert "::error::not a command" in out
    assert "invisible" not in out
    first = bench.host.annotations[0][1]
    assert (first.path, first.start_line, first.start_column, first.title) == (
        "lib/a.ex",
        3,
        2,
        "T",
    )
    assert [a.severity for _, a in bench.host.annotations] == ["failure", "warning", "warning"]


async def test_secrets_never_show(bench: Bench) -> None:
    key = "line-one-of-key\nline-two-of-key"
    ran = await bench(
        job(
            "run: |\n"
            '          echo "$S"; echo "$KEY"; echo -n "$S" | base64; echo "$T"\n'
            "          echo '::add-mask::self-made-secret'; echo self-made-secret\n"
            '          echo "::error::$S"; echo "$S" >> $GITHUB_STEP_SUMMARY\n'
            '          echo "out=$S" >> $GITHUB_OUTPUT\n'
            "        id: s\n        name: Say ${{ github.ref }}\n"
            "        env: {S: '${{ secrets.S }}', KEY: '${{ secrets.KEY }}',"
            " T: '${{ secrets.GITHUB_TOKEN }}'}",
            before="outputs: {leak: '${{ steps.s.outputs.out }}', fine: ok}",
        ),
        secrets={"S": "hush-hush-42", "KEY": key},
    )
    seen = ran.text + repr(bench.host.annotations) + repr(bench.host.summaries)
    seen += repr(bench.host.history)
    for secret in ("hush-hush-42", "line-one", "line-two", "aHVzaC1odXNoLTQy", "ghs_"):
        assert secret not in seen
    assert ran.text.count("***") >= 6
    assert "echo self-made-secret" in ran.text
    assert "\nself-made-secret" not in ran.text
    assert bench.host.jobs["build"].outputs == {"fine": "ok"}
    assert "Skip output 'leak' since it may contain secret." in ran.text


async def test_the_servers_environment_stays_with_the_server(bench: Bench) -> None:
    assert os.environ["http_proxy"]
    ran = await bench(job("env | cut -d= -f1 | sort"))
    names = set(ran.text.split("\n"))
    assert {"CI", "GITHUB_ACTIONS", "GITHUB_SHA", "RUNNER_TEMP", "HOME", "PATH"} <= names
    assert not [n for n in names if "proxy" in n.lower() or n.startswith(("PYTEST", "XDG"))]


async def test_the_home_is_the_jobs_own(bench: Bench) -> None:
    ran = await bench(job("touch ~/x; echo home=$HOME"))
    assert f"home={bench.folder / 'work'}" in ran.text


async def test_a_step_that_takes_too_long_fails(bench: Bench) -> None:
    ran = await bench(
        job(
            "name: Long\n        run: sleep 600\n        timeout-minutes: 0.2",
            "if: always()\n        run: echo after",
        )
    )
    assert ran.conclusion == "failure"
    assert "##[error]The action 'Long' has timed out after 0.2 minutes." in ran.text
    assert bench.host.steps("build")["Run echo after"] == "success"


async def test_a_job_that_takes_too_long_is_cancelled(bench: Bench) -> None:
    ran = await bench(
        job(
            "sleep 600",
            "echo never",
            "if: cancelled()\n        run: echo tidy",
            before="timeout-minutes: 0.2",
        )
    )
    assert ran.result("build") == "cancelled"
    assert "exceeded the maximum execution time of 0.2 minutes" in ran.text
    assert list(bench.host.steps("build").values())[1:4] == ["cancelled", "skipped", "success"]


async def test_cancelling_runs_what_always_runs(bench: Bench) -> None:
    run = bench.run(
        job("echo go; sleep 600", "echo never", "if: always()\n        run: echo tidy-up")
    )
    bench.host.on_log = lambda line: run.cancel() if line.endswith(" go") else None
    ran = await bench.finish(run)
    assert ran.conclusion == "cancelled"
    assert "##[error]The operation was canceled." in ran.text
    assert list(bench.host.steps("build").values())[1:4] == ["cancelled", "skipped", "success"]
    assert "tidy-up\n" in ran.text


async def test_forcing_an_end_leaves_nothing(bench: Bench) -> None:
    run = bench.run(
        job("echo go; trap '' INT TERM; sleep 61", "if: always()\n        run: sleep 62")
    )
    task = asyncio.create_task(bench.finish(run))
    bench.host.on_log = lambda line: task.cancel() if line.endswith(" go") else None
    with pytest.raises(asyncio.CancelledError):
        await task
    view = bench.host.jobs["build"]
    assert (view.status, view.conclusion) == ("completed", "cancelled")
    assert all(step.status == "completed" for step in view.steps)
    assert not (bench.folder / "work" / "7-1").exists()


async def test_forcing_an_end_again_does_not_stop_the_cleaning_up(bench: Bench) -> None:
    run = bench.run(job("echo go; sleep 600"))

    def force(view: JobView) -> None:
        if view.steps[-1:] and view.steps[-1].name == "Complete job":
            bench.host.on_change = None
            task = run.queue.going["build"].task
            assert task is not None
            task.cancel()

    bench.host.on_change = force
    bench.host.on_log = lambda line: run.cancel() if line.endswith(" go") else None
    await bench.finish(run)
    assert bench.host.jobs["build"].conclusion == "cancelled"
    assert not (bench.folder / "work" / "7-1").exists()


async def test_a_job_that_does_not_end_when_cancelled_is_forced(bench: Bench) -> None:
    text = job(
        "echo go; sleep 600",
        "if: always()\n        run: sleep 600",
        before="cancel-timeout-minutes: 0.3",
    )
    run = bench.run(text)
    bench.host.on_log = lambda line: run.cancel() if line.endswith(" go") else None
    ran = await bench.finish(run)
    assert ran.result("build") == "cancelled"


@pytest.mark.parametrize("minutes", ["'soon'", "fromJSON('-1')", "fromJSON('1e300')"])
async def test_a_time_to_end_that_is_none_fails_the_job(bench: Bench, minutes: str) -> None:
    await bench(job("true", before=f"cancel-timeout-minutes: ${{{{ {minutes} }}}}"))
    ((_, note),) = bench.host.annotations
    assert "cancel-timeout-minutes is" in note.message


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("for i in {1..200}; do sleep 60 & done; wait", "more than 50 processes"),
        ("for i in {1..9}; do head -c 2M /dev/zero > f$i; done; sleep 60", "in the work folder"),
    ],
)
async def test_greedy_steps_fail_by_name(bench: Bench, script: str, message: str) -> None:
    limits = Limits(processes=50, folder_bytes=5_000_000, free_bytes=0, nice=0)
    text = job(script, "if: always()\n        run: rm -f f*; echo still-here")
    ran = await bench(text, settings={"limits": limits})
    assert ran.conclusion == "failure"
    assert "##[error]The step was killed: more than" in ran.text
    assert message in ran.text
    assert "still-here\n" in ran.text


async def test_a_working_directory_that_is_missing_fails_the_step(bench: Bench) -> None:
    ran = await bench(job("run: pwd\n        working-directory: nowhere"))
    assert ran.conclusion == "failure"
    assert "No such working directory" in ran.text


async def test_a_wrong_value_at_run_time_fails_the_step(bench: Bench) -> None:
    ran = await bench(job("echo ${{ fromJSON('{') }}", "if: always()\n        run: echo on"))
    assert ran.conclusion == "failure"
    assert "The template is not valid. Error parsing fromJson" in ran.text
    assert "on\n" in ran.text


async def test_background_processes_end_with_the_job_and_are_named(bench: Bench) -> None:
    ran = await bench(job(STAY.replace("$MARK", "63"), "echo next"))
    assert ran.conclusion == "success"
    assert re.search(r"Terminate orphan process: pid \(\d+\) \(sleep\)", ran.text)


async def test_folders_without_rights_are_removed_all_the_same(bench: Bench) -> None:
    ran = await bench(job("mkdir -p a/b; touch a/b/c; chmod 0 a/b a"))
    assert ran.conclusion == "success"
    assert not (bench.folder / "work" / "7-1").exists()


@pytest.mark.parametrize(
    ("before", "pattern"), [("true", "../x"), ("head -c 300M /dev/zero > big", "big")]
)
async def test_hash_files_that_cannot_be(bench: Bench, before: str, pattern: str) -> None:
    after = "if: always()\n        run: rm -f big"
    ran = await bench(job(before, f"echo ${{{{ hashFiles('{pattern}') }}}}", after))
    assert ran.conclusion == "failure"
    assert "hashFiles failed" in ran.text
    assert list(bench.host.steps("build").values())[3] == "success"


async def test_hash_files_in_a_step(bench: Bench) -> None:
    ran = await bench(job("echo x > mix.lock", "echo h=${{ hashFiles('**/mix.lock') }}"))
    assert re.search(r"h=[0-9a-f]{64}\n", ran.text)


async def test_a_work_space_that_became_a_link_holds_no_files(bench: Bench) -> None:
    swap = f"cd /; rm -rf $GITHUB_WORKSPACE; ln -s {bench.folder} $GITHUB_WORKSPACE"
    ran = await bench(job("echo x > x", swap, "echo ${{ hashFiles('**') }}"))
    assert ran.conclusion == "failure"
    assert "hashFiles failed" in ran.text
    assert "is a link" in ran.text


@pytest.mark.parametrize("name", ["_temp/_runner_file_commands", "_temp", "_private"])
async def test_what_a_step_needs_is_made_in_the_jobs_own_folder(bench: Bench, name: str) -> None:
    outside = bench.folder / "outside"
    outside.mkdir()
    ran = await bench(job(f"cd ../..; mv {name} gone; ln -s {outside} {name}", "echo next"))
    assert ran.conclusion == "failure"
    assert "\nnext\n" not in ran.text
    assert list(outside.iterdir()) == []


async def test_a_job_does_not_follow_what_another_left_in_its_way(bench: Bench) -> None:
    """All jobs of a run have their folders in one."""
    outside = bench.folder / "outside"
    outside.mkdir()
    plant = f"cd ../../../..; mv 7-1 gone; ln -s {outside} 7-1"
    # Whether the first job still ends well with its folder gone depends on what is asked when.
    head = "  later:\n    needs: build\n    if: always()\n"
    ran = await bench(f"{job(plant)}{head}    runs-on: x\n    steps: [{{run: echo next}}]\n")
    assert ran.result("later") == "failure"
    assert "leads out of 'work'" in ran.text
    assert list(outside.iterdir()) == []


async def test_the_path_of_an_annotation_shows_no_secret(bench: Bench) -> None:
    step = "echo ::error file=lib/hunter2.ex::wrong"
    await bench(job(step), secrets={"WORD": "hunter2"})
    assert [note.path for _, note in bench.host.annotations] == ["lib/***.ex"]


async def test_a_fault_of_the_simulator_is_no_success(bench: Bench) -> None:
    def fail(view: JobView) -> None:
        if len(view.steps) == 2 and view.steps[1].status == "in_progress":
            bench.host.on_change = None
            raise RuntimeError("the host broke")

    bench.host.on_change = fail
    with pytest.raises(ExceptionGroup):
        await bench(job("echo here"))
    assert bench.host.jobs["build"].conclusion == "failure"
