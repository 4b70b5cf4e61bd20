"""Where a key is and no sandbox: the model edits, nothing is run, and `verify` runs all of it."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import Exit
from tests.e2e.test_model_runs import KEY, _engineer, environment
from tests.e2e.test_model_runs import SHOP as BLOCKING_SHOP
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.vendor_server import Body, Call, Say
from tests.flows.stage_run.test_jobs import Runner, runner
from tests.flows.support import SHOP

pytestmark = [pytest.mark.elixir, pytest.mark.timeout(900)]

BLOCKED = "bwrap: setting up uid map: Permission denied"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Programs in front of the others: a sandbox that is blocked, and an Elixir that is watched.

    Elixir itself may read texts, in a folder of ours; mix would evaluate the project.
    """
    folder = tmp_path / "tools"
    folder.mkdir()
    scripts = {"bwrap": f"echo '{BLOCKED}' >&2; exit 1\n"}
    real = Path(shutil.which("elixir") or "").parent
    scripts["mix"] = f"echo mix >> {tmp_path}/started\nexit 99\n"
    scripts["elixir"] = (
        f'case "$PWD" in */genesis-*) ;; *) echo "$PWD" >> {tmp_path}/started ;; esac\n'
        f'exec {real}/elixir "$@"\n'
    )
    for name, text in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}")
        (folder / name).chmod(0o755)
    return folder


def _split(server: AnthropicServer, tools: Path) -> dict[str, str]:
    env = {k: v for k, v in environment(server, tools).items() if "DIR" not in k}
    return {**env, "PATH": f"{tools}:{os.environ['PATH']}"}


def _work(made: Runner, server: AnthropicServer, tools: Path, **inputs: str) -> str:
    ran = made.job("work", _split(server, tools), **inputs)
    assert ran.code == Exit.OK, ran.out + ran.err
    assert KEY not in ran.out + ran.err
    assert not (tools.parent / "started").exists(), "something of the repository could have run"
    return ran.out


def test_codemods_are_carried_out_without_a_run_and_verified_elsewhere(
    tmp_path: Path, tools: Path
) -> None:
    made = runner(tmp_path, SHOP)
    with AnthropicServer([]) as server:
        out = _work(made, server, tools)
    assert f"split mode: no sandbox: bubblewrap does not work here ({BLOCKED})" in out
    manifest = made.manifest
    assert (manifest.status, manifest.split, len(manifest.commits)) == ("ready", True, 2), out
    assert {commit.proof for commit in manifest.commits} == {"none"}
    assert all(
        "Nothing of the repository was run there" in _body(c.message) for c in manifest.commits
    )
    checked = made.job("verify")
    assert made.verdict.status == "passed", checked.out
    assert made.verdict.tests_after
    # A test that nobody has run yet is proved here.
    assert "generated-test-red" in checked.out


def _body(message: str) -> str:
    return " ".join(message.split())


def _impatient_engineer(body: Body) -> Say:
    """Compiles before anything else, as models are told to before they are done."""
    if "'tool_result'" not in str(body["messages"]):
        return Say(calls=(Call("run", {"task": "compile", "args": []}),))
    return _engineer({**body, "messages": str(body["messages"]).replace("'tool_result'", "", 1)})


def _untidy_engineer(body: Body) -> Say:
    """Cannot ask mix to format what it wrote."""
    said = _engineer(body)
    tidy, untidy = "use ExUnit.Case\n", "use   ExUnit.Case\n"
    calls = (
        replace(
            call, arguments={k: str(v).replace(tidy, untidy) for k, v in call.arguments.items()}
        )
        for call in said.calls
    )
    return replace(said, calls=tuple(calls))


def test_what_verify_finds_red_is_what_the_next_attempt_hears(tmp_path: Path, tools: Path) -> None:
    made = runner(tmp_path / "first", BLOCKING_SHOP)
    stage = str(next(a.stage for a in made.plan.actions() if a.fix == "advice"))
    with AnthropicServer(_impatient_engineer) as server:
        out = _work(made, server, tools, stage=stage)
        assert made.manifest.status == "ready", out
        heard = str(server.requests[1].body)
    assert "cannot build here: no sandbox" in heard
    assert "every check is made afterwards elsewhere" in heard
    made.job("verify", stage=stage)
    red = made.verdict
    assert red.status == "failed"
    assert "form" in " ".join(red.reasons)

    again = runner(tmp_path / "second", BLOCKING_SHOP, feedback="\n".join(red.reasons))
    with AnthropicServer(_untidy_engineer) as server:
        _work(again, server, tools, stage=stage)
        assert red.reasons[0] in str(server.requests[0].body)
        assert "use   ExUnit.Case" in str(server.requests[-1].body)
    checked = again.job("verify", stage=stage)
    assert again.verdict.status == "passed", checked.out
    assert "generated-test-red" in checked.out


def test_a_sandbox_that_is_required_is_not_done_without(tmp_path: Path, tools: Path) -> None:
    made = runner(tmp_path, SHOP)
    with AnthropicServer([]) as server:
        ran = made.job("work", {**_split(server, tools), "GENESIS_SANDBOX": "required"})
    assert ran.code == Exit.OK, ran.err
    assert (made.manifest.status, made.manifest.split) == ("failed", False)
    assert "no sandbox" in made.manifest.reasons[0]
    assert not (tmp_path / "started").exists()
