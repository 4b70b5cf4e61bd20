"""The composite action in a team's own workflow: real runner, real git, real mix."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stage_support import Hub, committed, git, hub
from tests.flows.support import SHOP, SPAWNING

pytestmark = [pytest.mark.elixir, pytest.mark.timeout(900)]

TOLD = """\
      - run: echo "OUTCOME=${{ steps.genesis.outcome }} $OUTPUTS"
        if: always()
        env:
          OUTPUTS: ${{ toJSON(steps.genesis.outputs) }}
"""
WORKFLOW = """\
name: genesis
on: workflow_dispatch
permissions:
  contents: read
jobs:
  analyze:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v5
        with: {fetch-depth: 0, persist-credentials: false, path: code}
      - uses: acme/otp-genesis@main
        id: genesis
        with:
          command: analyze
          path: code
          fail-on: warning
          changed-since: HEAD~1
        continue-on-error: true
      - told
      - uses: actions/upload-artifact@v5
        with:
          name: findings
          path: ${{ steps.genesis.outputs.sarif-path }}
  verify:
    strategy:
      fail-fast: false
      matrix:
        ref: [main, broken, unbuildable]
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v5
        with: {fetch-depth: 0, persist-credentials: false, ref: "${{ matrix.ref }}"}
      - uses: acme/otp-genesis@main
        id: genesis
        with: {command: verify, base: origin/first}
      - told
  shallow:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v5
        with: {persist-credentials: false}
      - uses: acme/otp-genesis@main
        id: genesis
        with: {command: verify, base: "HEAD~1"}
      - told
  react:
    runs-on: ubuntu-24.04
    permissions:
      contents: write
      issues: write
      pull-requests: write
      actions: write
      checks: write
    steps:
      - uses: acme/otp-genesis@main
        id: genesis
        with: {command: react}
        env:
          GENESIS_JOB_TOKEN: ${{ github.token }}
          GENESIS_SEAL: "0123456789012345678901234567890123456789"
      - told
  hostile:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v5
        with: {persist-credentials: false}
      - uses: acme/otp-genesis@main
        id: genesis
        with: {command: "$(touch @PWNED@); analyze\\n::error::x"}
      - told
""".replace("      - told\n", TOLD)

WITH_TOOL = SHOP["mix.exs"].replace("deps: []", 'deps: [{:tool, path: "vendor/tool"}]')
TOOL = {
    "vendor/tool/mix.exs": """\
defmodule Tool.MixProject do
  use Mix.Project
  def project, do: [app: :tool, version: "0.1.0"]
end
""",
    "vendor/tool/lib/tool.ex": "defmodule Tool do\nend\n",
}
"""A dependency that needs no registry."""
MORE = SPAWNING.replace("Shop.Mail", "Shop.Post").replace("send_later", "post_later")
ANSWER = SHOP["test/shop/mail_test.exs"].replace("assert_receive :sent", "refute_receive :sent, 50")


@dataclass
class Played:
    """The run, once it has ended."""

    hub: Hub
    run: dict[str, Any]
    jobs: dict[str, dict[str, Any]]
    logs: dict[str, str]
    pwned: Path
    """What there would be if an input were a word of a script."""

    def outputs(self, job: str) -> dict[str, str]:
        text = "\n".join(re.sub(r"^\S+Z ", "", ln) for ln in self.logs[job].splitlines())
        found = re.findall(r"^OUTCOME=(\w+) (\{.*?^\})", text, re.MULTILINE | re.DOTALL)
        assert found, self.logs[job]
        outcome, outputs = found[-1]
        return {"outcome": outcome, **json.loads(outputs)}

    def annotations(self, job: str) -> list[dict[str, Any]]:
        with self.hub.http as http:
            url = f"/repos/acme/shop/check-runs/{self.jobs[job]['id']}/annotations"
            found: list[dict[str, Any]] = http.get(url).json()
        return found


def shop(folder: Path, pwned: Path) -> Path:
    """Three branches on one first commit: a sound change, a broken one, one nobody can build."""
    workflow = WORKFLOW.replace("@PWNED@", str(pwned))
    own = {"mix.exs": WITH_TOOL, **TOOL, ".github/workflows/genesis.yml": workflow}
    committed(folder, {**SHOP, **own})
    git("branch", "first", cwd=folder)
    wanted = WITH_TOOL.replace("~> 1.12", "~> 99.0")
    for branch, files in {
        "broken": {"test/shop/mail_test.exs": ANSWER},
        "unbuildable": {"mix.exs": wanted},
        "main": {"lib/shop/post.ex": MORE},
    }.items():
        git("checkout", "-q", "-B", branch, "first", cwd=folder)
        for name, text in files.items():
            (folder / name).write_text(text)
        git("add", "-A", cwd=folder)
        git("commit", "-q", "-m", f"Change {branch}", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    work = tmp_path_factory.mktemp("action")
    pwned = work / "pwned"
    with hub(work, shop(work / "shop", pwned)) as running, running.http as http:
        url = "/repos/acme/shop/actions"
        http.post(f"{url}/workflows/genesis.yml/dispatches", json={"ref": "main"})
        deadline = time.monotonic() + 600
        run: dict[str, Any] = {}
        while run.get("status") != "completed":
            assert time.monotonic() < deadline, run
            time.sleep(0.2)
            run = next(iter(http.get(f"{url}/runs").json()["workflow_runs"]), {})
        listed = http.get(f"{url}/runs/{run['id']}/jobs").json()["jobs"]
        logs = {
            job["name"]: http.get(f"{url}/jobs/{job['id']}/logs", follow_redirects=True).text
            for job in listed
        }
        yield Played(running, run, {j["name"]: j for j in listed}, logs, pwned)


def test_new_findings_stand_beside_the_code_and_fail_the_step(played: Played) -> None:
    outputs = played.outputs("analyze")
    assert (outputs["outcome"], outputs["status"]) == ("failure", "findings"), played.logs[
        "analyze"
    ]
    assert outputs["findings"] == "1"
    (found,) = [a for a in played.annotations("analyze") if a["title"] == "unsupervised-spawn"]
    assert (found["path"], found["start_line"]) == ("code/lib/shop/post.ex", 3)
    assert found["annotation_level"] == "warning"


def test_code_scanning_is_handed_every_finding(played: Played) -> None:
    sarif = json.loads(played.hub.artifact("shop", played.run["id"], "findings"))
    (run,) = sarif["runs"]
    places = [r["locations"][0]["physicalLocation"] for r in run["results"]]
    uris = {place["artifactLocation"]["uri"] for place in places}
    assert {"code/lib/shop/post.ex", "code/lib/shop/mail.ex"} <= uris


def test_a_sound_change_is_verified(played: Played) -> None:
    outputs = played.outputs("verify (main)")
    assert (outputs["outcome"], outputs["status"]) == ("success", "ok"), played.logs[
        "verify (main)"
    ]


def test_a_broken_change_is_not_and_says_where(played: Played) -> None:
    outputs = played.outputs("verify (broken)")
    assert (outputs["outcome"], outputs["status"]) == ("failure", "failed")
    places = {(a["path"], a["title"]) for a in played.annotations("verify (broken)")}
    assert ("test/shop/mail_test.exs", "test") in places


def test_what_cannot_be_built_here_is_no_verdict(played: Played) -> None:
    outputs = played.outputs("verify (unbuildable)")
    assert (outputs["outcome"], outputs["status"]) == ("failure", "could-not-verify")
    assert "~> 99.0" in played.logs["verify (unbuildable)"]


def test_a_shallow_checkout_is_told_what_to_fetch(played: Played) -> None:
    outputs = played.outputs("shallow")
    assert (outputs["outcome"], outputs["status"]) == ("failure", "refused")
    said = " ".join(a["message"] for a in played.annotations("shallow"))
    assert "no such commit: 'HEAD~1'" in said
    assert "`fetch-depth: 0`" in said


def test_an_input_is_never_a_word_of_a_script(played: Played) -> None:
    outputs = played.outputs("hostile")
    assert (outputs["outcome"], outputs["status"]) == ("failure", "refused")
    assert not played.pwned.exists()
    assert not [a for a in played.annotations("hostile") if a["message"] == "x"]


def test_whoever_has_this_genesis_already_installs_nothing(played: Played) -> None:
    for name, log in played.logs.items():
        assert "status: " in log, name
        assert "otp-genesis-venv" not in log, name


def test_dependencies_are_fetched_and_kept_by_lock_file_and_versions(played: Played) -> None:
    log = played.logs["verify (main)"]
    assert "mix deps.get" in log
    assert re.search(r"Cache not found for input keys: genesis-Linux-\w+-[\d.]+-otp-\d+-\w+", log)
    assert any("Cache saved with key: genesis-" in text for text in played.logs.values())
    assert "genesis-Linux" not in played.logs["analyze"]


def test_the_serverless_bot_looks_once_and_has_nothing_to_do(played: Played) -> None:
    outputs = played.outputs("react")
    assert (outputs["outcome"], outputs["status"]) == ("success", "ok"), played.logs["react"]
    assert "nothing moved" in played.logs["react"]
