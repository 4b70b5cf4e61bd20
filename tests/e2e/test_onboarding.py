"""From nothing to a repository that works: the files of `genesis init`, on a real runner."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.errors import Exit
from tests.cli.support import Ran, genesis
from tests.e2e.stage_support import Hub, committed, git, hub
from tests.flows.support import SHOP

pytestmark = pytest.mark.timeout(600)

ANALYZE = ".github/workflows/otp-genesis-analyze.yml"
UPLOAD = """\
name: Upload
inputs: {sarif_file: {required: true}, category: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {FILE: "${{ inputs.sarif_file }}", CATEGORY: "${{ inputs.category }}"}
      run: |
        python3 -c 'import json, os
        runs = json.load(open(os.environ["FILE"]))["runs"]
        print("UPLOADED", os.environ["CATEGORY"], sum(len(run["results"]) for run in runs))'
"""
"""Stands for GitHub's action, which sends the file to an endpoint the local GitHub has not."""


@dataclass
class Town:
    """A GitHub with a repository for each way."""

    hub: Hub
    work: Path

    def ask(self, method: str, path: str, **body: Any) -> Any:
        with self.hub.http as http:
            answer = http.request(method, f"/repos/acme/{path}", json=body or None)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def as_app(self, *command: str) -> Ran:
        """A command on the machine where the App is."""
        app = self.hub.said["app"]
        env = {
            "GENESIS_GITHUB_APP_ID": str(app["id"]),
            "GENESIS_GITHUB_PRIVATE_KEY_FILE": app["private_key"],
            "GENESIS_GITHUB_WEBHOOK_SECRET": app["webhook_secret"],
            "GENESIS_GITHUB_PACE": "0",
            "GENESIS_STATE_DIR": str(self.work / "operator"),
        }
        return genesis(*command, "--against", self.hub.said["url"], env=env)

    def outcomes(self, name: str) -> dict[str, str]:
        found = self.as_app("doctor", f"acme/{name}", "--json").data
        return {check["name"]: check["outcome"] for check in found["checks"]}

    def ended(self, name: str) -> dict[str, Any]:
        """The newest run of a repository, once it has ended."""
        end = time.monotonic() + 240
        while time.monotonic() < end:
            runs = self.ask("GET", f"{name}/actions/runs")["workflow_runs"]
            if runs and runs[0]["status"] == "completed":
                found: dict[str, Any] = runs[0]
                return found
            time.sleep(0.2)
        raise AssertionError(f"no run ended: {runs}")


def analysed(folder: Path) -> Path:
    """A project that was made ready for the Action by a command, committed by its owner."""
    committed(folder, SHOP)
    ran = genesis("init", folder, "--for", "action", "--owner", "acme")
    assert ran.code == Exit.OK, ran.err
    text = (folder / ANALYZE).read_text()
    ours, count = re.subn(r"github/codeql-action/upload-sarif@\w+", "acme/upload@main", text)
    assert count == 1
    (folder / ANALYZE).write_text(ours)
    git("add", "-A", cwd=folder)
    git("commit", "-q", "-m", "Let findings be shown", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    work = tmp_path_factory.mktemp("town")
    places = (
        analysed(work / "shown"),
        committed(work / "bare", SHOP),
        committed(work / "upload", {"action.yml": UPLOAD}),
    )
    with hub(work, *places) as running:
        yield Town(running, work)


def test_a_pull_request_shows_findings_by_the_workflow_that_init_wrote(town: Town) -> None:
    tip = town.ask("GET", "shown/git/ref/heads/main")["object"]["sha"]
    town.ask("POST", "shown/git/refs", ref="refs/heads/change", sha=tip)
    body = {"message": "Change", "content": "IyBjaGFuZ2UK", "branch": "change"}
    town.ask("PUT", "shown/contents/notes.md", **body)
    town.ask("POST", "shown/pulls", title="Change", head="change", base="main")
    run = town.ended("shown")
    logs = town.hub.logs("shown", run["id"])
    assert (run["event"], run["conclusion"]) == ("pull_request", "success"), logs
    (uploaded,) = re.findall(r"UPLOADED otp-genesis (\d+)\s*$", logs, re.MULTILINE)
    assert int(uploaded) > 0


def test_from_a_bare_repository_to_one_the_doctor_calls_well(town: Town) -> None:
    assert town.outcomes("bare")["workflow of stages"] == "failure"
    ran = town.as_app("onboard", "acme/bare", "--owner", "acme", "--json")
    assert ran.code == Exit.OK, ran.out + ran.err
    query = parse_qs(urlsplit(ran.data["workflow"]["link"]).query)
    (path,), (text,) = query["filename"], query["value"]
    # What a person does on the page that the link opens.
    clone = town.work / "persons"
    git(
        "clone",
        "-q",
        "-b",
        "genesis/onboarding",
        town.hub.remote("bare"),
        str(clone),
        cwd=town.work,
    )
    (clone / path).parent.mkdir(parents=True)
    (clone / path).write_text(text)
    git("add", "-A", cwd=clone)
    git("commit", "-q", "-m", "Add the workflow of stages", cwd=clone)
    git("push", "-q", town.hub.remote("bare"), "HEAD:genesis/onboarding", cwd=clone)
    number = ran.data["pull"].rpartition("/")[2]
    town.ask("PUT", f"bare/pulls/{number}/merge")
    found = town.outcomes("bare")
    names = ("workflow of stages", "workflow is on", "what it calls", "label", "configuration")
    assert {name: found[name] for name in names} == dict.fromkeys(names, "ok")
    again = town.as_app("onboard", "acme/bare", "--owner", "acme", "--json")
    assert (again.data["result"], again.data["deeds"]) == ("complete", [])
