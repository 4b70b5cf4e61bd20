"""A GitHub with the workflow of stages on it, and repositories with plans to carry out."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bot.codebase.repository import Repository
from bot.core.lifecycle.outcome import OUTCOME_ARTIFACT, OUTCOME_FILE, StageOutcome, run_name
from bot.core.lifecycle.state import Asked, PlanLife, StageLife
from bot.core.plan import Plan
from bot.flows.plan_goal import plan_goal
from bot.flows.session import DEFAULT_GOAL, Session
from bot.flows.stage_run.caller import CALLER_FILE, caller_workflow
from bot.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
SHARED = (".github/workflows/stage.yml", "action.yml", "scripts/action.sh", "pyproject.toml")
DEADLINE = 600.0
CODE = "from bot.cli import main; main()"


def git(*arguments: str, cwd: Path, stdin: bytes = b"", **env: str) -> str:
    """Plain git that may speak to the simulator."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=60,
        env=os.environ | {"GIT_ALLOW_PROTOCOL": "file:http"} | env,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def committed(folder: Path, files: Mapping[str, str]) -> Path:
    """A repository with these files in one commit."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git("init", "-q", "-b", "main", cwd=folder)
    git("add", "-A", cwd=folder)
    git("commit", "-q", "-m", "Begin", cwd=folder)
    return folder


def with_caller(folder: Path, files: Mapping[str, str], **inputs: str) -> Path:
    """A project that has the small workflow, which calls `acme/otp-genesis`."""
    caller = caller_workflow(owner="acme", ref="main", version="0.1.0")
    given = "".join(f'      {name}: "{value}"\n' for name, value in inputs.items())
    caller = caller.replace("    with:\n", f"    with:\n{given}")
    return committed(folder, {**files, f".github/workflows/{CALLER_FILE}": caller})


def courier(folder: Path, **inputs: str) -> Path:
    """The sample application; its workflow gives ours these inputs besides."""
    ignored = shutil.ignore_patterns("_build", "deps")
    shutil.copytree(ROOT / "examples" / "courier", folder, ignore=ignored)
    return with_caller(folder, {}, **inputs)


def genesis_with_workflow(folder: Path) -> Path:
    """The repository that holds our reusable workflow, and the action at its top."""
    return committed(folder, {name: (ROOT / name).read_text() for name in SHARED})


def planned(source: Path, cache: Path, plan_id: str) -> Plan:
    """The plan for the newest commit."""
    opened = Repository.open(source, load_settings(cache_dir=cache, jobs=1))
    session = Session(opened, opened.head, DEFAULT_GOAL)
    return plan_goal(session.survey, goal=DEFAULT_GOAL, plan_id=plan_id, commit=opened.head)


@dataclass(frozen=True)
class Hub:
    """A running simulator."""

    said: dict[str, Any]
    work: Path

    @property
    def http(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.said['tokens']['admin']}"}
        base = self.said["api"]
        return httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=30)

    def remote(self, name: str) -> str:
        token = self.said["tokens"]["writer"]
        url = str(self.said["url"]).replace("//", f"//x:{token}@", 1)
        return f"{url}/acme/{name}.git"

    def store(self, name: str, source: Path, plan: Plan, **stage: Any) -> str:
        """Push the plan's ref as the server keeps it; its commit."""
        stages = tuple(StageLife(number=n, **(stage if n == 1 else {})) for n in range(1, 6))
        life = PlanLife(
            plan=plan.id,
            repository=f"acme/{name}",
            issue=int(plan.id),
            status="open",
            requested=Asked(actor="writer", source="label"),
            base_branch="main",
            base=plan.commit,
            stages=stages,
        )
        rows = []
        for file, record in (("lifecycle.json", life), ("plan.json", plan)):
            data = record.model_dump_json().encode()
            sha = git("hash-object", "-w", "--stdin", cwd=source, stdin=data)
            rows.append(f"100644 blob {sha}\t{file}\n")
        tree = git("mktree", cwd=source, stdin="".join(rows).encode())
        commit = git("commit-tree", tree, "-m", f"Plan {plan.id}", cwd=source)
        ref = f"{commit}:refs/genesis/plan-{plan.id}"
        git("push", "-q", self.remote(name), ref, cwd=source)
        return commit

    def dispatch(self, name: str, **inputs: str) -> None:
        """Start the workflow of stages as the server does."""
        body = {"ref": "main", "inputs": inputs}
        url = f"/repos/acme/{name}/actions/workflows/{CALLER_FILE}/dispatches"
        with self.http as http:
            http.post(url, json=body).raise_for_status()

    def ended(self, name: str, plan: str, attempt: int = 1) -> dict[str, Any]:
        """The run of an attempt at stage 1, once it has ended."""
        wanted = run_name(plan, 1, attempt)
        deadline = time.monotonic() + DEADLINE
        with self.http as http:
            while time.monotonic() < deadline:
                runs = http.get(f"/repos/acme/{name}/actions/runs").json()["workflow_runs"]
                mine = [run for run in runs if run["display_title"] == wanted]
                if mine and mine[0]["status"] == "completed":
                    found: dict[str, Any] = mine[0]
                    return found
                time.sleep(0.2)
        raise AssertionError(f"no run {wanted!r} ended: {runs}")

    def outcome(self, name: str, run: int) -> StageOutcome:
        """What the run reports."""
        return StageOutcome.model_validate_json(self.artifact(name, run, OUTCOME_ARTIFACT))

    def artifact(self, name: str, run: int, artifact: str) -> bytes:
        """The one file of an artifact."""
        with self.http as http:
            listed = http.get(f"/repos/acme/{name}/actions/runs/{run}/artifacts").json()
            (mine,) = [a for a in listed["artifacts"] if a["name"] == artifact]
            url = f"/repos/acme/{name}/actions/artifacts/{mine['id']}/zip"
            packed = http.get(url, follow_redirects=True).content
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            (file,) = archive.namelist()
            assert artifact != OUTCOME_ARTIFACT or file == OUTCOME_FILE
            return archive.read(file)

    def logs(self, name: str, run: int) -> str:
        """Of all jobs, for when a run ended otherwise than it should."""
        with self.http as http:
            jobs = http.get(f"/repos/acme/{name}/actions/runs/{run}/jobs").json()["jobs"]
            texts = [
                http.get(f"/repos/acme/{name}/actions/jobs/{job['id']}/logs", follow_redirects=True)
                for job in jobs
            ]
        return "\n".join(
            f"--- {job['name']}: {job['conclusion']}\n{text.text}"
            for job, text in zip(jobs, texts, strict=True)
        )


@contextmanager
def hub(work: Path, *sources: Path) -> Iterator[Hub]:
    """Over these folders and the repository of the workflow, with `genesis` on the runner."""
    tools = work / "bin"
    tools.mkdir()
    script = tools / "genesis"
    script.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{CODE}' \"$@\"\n")
    script.chmod(0o755)
    ours = genesis_with_workflow(work / "otp-genesis")
    options = ["--port", "0", "--json", "--no-limits", "--state", str(work / "state")]
    command = [sys.executable, "-c", CODE, "simulate", *options, *map(str, (*sources, ours))]
    env = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        try:
            yield Hub(json.loads(process.stdout.readline()), work)
        finally:
            process.terminate()
            process.wait(30)


def encoded(data: bytes) -> str:
    """As a manifest holds contents."""
    return base64.b64encode(data).decode()
