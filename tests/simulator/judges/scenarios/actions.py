"""Workflows and what comes of them."""

from __future__ import annotations

import base64
import hashlib
from functools import partial
from typing import Any

from nacl.public import PublicKey, SealedBox

from tests.simulator.judges.stage import SHOP, Stage, until

RUN_WITHIN = 40.0
CI = """\
name: CI
run-name: CI for ${{ inputs.who || 'all' }}
on:
  workflow_dispatch:
    inputs:
      who: {type: string, required: true}
      fail: {type: boolean, default: false}
  repository_dispatch:
    types: [try]
permissions:
  contents: read
jobs:
  build:
    runs-on: ubuntu-latest
    outputs:
      said: ${{ steps.say.outputs.said }}
    steps:
      - id: say
        run: |
          echo "said=hello $WHO" >> "$GITHUB_OUTPUT"
          echo "::notice file=README.md,line=1::Said hello"
          mkdir out && echo kept > out/kept.txt
        env:
          WHO: ${{ inputs.who }}
      - uses: actions/upload-artifact@v4
        with: {name: kept, path: out}
      - run: test "$FAIL" != true
        env:
          FAIL: ${{ inputs.fail }}
  then:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - run: echo "${{ needs.build.outputs.said }}"
"""
SLOW = """\
name: Slow
on: workflow_dispatch
jobs:
  wait:
    runs-on: ubuntu-latest
    steps:
      - run: sleep 60
"""
FULL = """\
name: Full
on: workflow_dispatch
permissions:
  contents: read
  id-token: write
  attestations: write
jobs:
  all:
    runs-on: ubuntu-latest
    steps:
      - run: mkdir -p kept && echo made > kept/it.txt
      - uses: actions/cache@v4
        with: {path: kept, key: kept-1}
      - run: echo "the key is ${{ secrets.KEY }}"
      - uses: actions/attest-build-provenance@v2
        with: {subject-path: kept/it.txt}
"""
GATED = """\
name: Gated
on:
  pull_request:
    branches: [gate]
jobs:
  look:
    runs-on: ubuntu-latest
    steps:
      - run: echo looked
"""
WORKFLOWS = {
    ".github/workflows/ci.yml": CI,
    ".github/workflows/slow.yml": SLOW,
    ".github/workflows/full.yml": FULL,
    ".github/workflows/gated.yml": GATED,
}
"""Files of the source."""


def dispatched(s: Stage, workflow: str = "ci.yml", **inputs: Any) -> int:
    """The id of a new run."""
    body = {"ref": "main", "inputs": inputs, "return_run_details": True}
    answer = s.ask("writer", f"POST {SHOP}/actions/workflows/{workflow}/dispatches", body)
    assert answer.status_code == 200, answer.text
    run_id: int = answer.json()["workflow_run_id"]
    return run_id


def is_(s: Stage, run_id: int, status: str) -> bool:
    """Whether the run has this status now."""
    return bool(s.reader("actions/get-workflow-run", run_id).status == status)


def finished(s: Stage, run_id: int) -> Any:
    """The run, when it has ended."""
    until(partial(is_, s, run_id, "completed"), f"run {run_id} ends", RUN_WITHIN)
    return s.reader("actions/get-workflow-run", run_id)


def workflows(s: Stage) -> None:
    listed = s.reader("actions/list-repo-workflows")
    assert {e.path for e in listed.workflows} == set(WORKFLOWS)
    ci = s.reader("actions/get-workflow", "ci.yml")
    assert (ci.name, ci.state) == ("CI", "active")
    s.writer("actions/disable-workflow", ci.id)
    assert s.reader("actions/get-workflow", ci.id).state == "disabled_manually"
    s.writer("actions/enable-workflow", ci.id)
    s.reader.refused(404, "actions/get-workflow", "none.yml")


def a_run(s: Stage) -> None:
    assert (
        s.ask(
            "writer",
            f"POST {SHOP}/actions/workflows/ci.yml/dispatches",
            {"ref": "main", "inputs": {"who": "you"}},
        ).status_code
        == 204
    )
    run = finished(s, dispatched(s, who="me"))
    assert run.conclusion == "success"
    s.notes["run"] = run.id
    listed = s.reader("actions/list-workflow-runs-for-repo", event="workflow_dispatch")
    assert run.id in [e.id for e in listed.workflow_runs]
    of_one = s.reader("actions/list-workflow-runs", "ci.yml", status="success")
    assert run.id in [e.id for e in of_one.workflow_runs]
    assert s.reader("actions/get-workflow-run-attempt", run.id, 1).run_attempt == 1
    jobs = s.reader("actions/list-jobs-for-workflow-run", run.id).jobs
    assert [(j.name, j.conclusion) for j in jobs] == [("build", "success"), ("then", "success")]
    s.reader("actions/list-jobs-for-workflow-run-attempt", run.id, 1)
    job = s.reader("actions/get-job-for-workflow-run", jobs[0].id)
    log = s.ask("reader", f"GET {SHOP}/actions/jobs/{job.id}/logs")
    assert log.status_code == 302
    assert "Said hello" in s.http.get(log.headers["location"]).text
    for path in (f"runs/{run.id}/logs", f"runs/{run.id}/attempts/1/logs"):
        zipped = s.ask("reader", f"GET {SHOP}/actions/{path}")
        assert s.http.get(zipped.headers["location"]).content.startswith(b"PK")
    artifacts(s, run.id)
    check = s.reader("checks/list-for-suite", run.check_suite_id)
    assert {c.name for c in check.check_runs} == {"build", "then"}


def artifacts(s: Stage, run_id: int) -> None:
    (kept,) = s.reader("actions/list-workflow-run-artifacts", run_id).artifacts
    assert kept.name == "kept"
    assert kept.id in [e.id for e in s.reader("actions/list-artifacts-for-repo").artifacts]
    assert s.reader("actions/get-artifact", kept.id).expired is False
    zipped = s.ask("reader", f"GET {SHOP}/actions/artifacts/{kept.id}/zip")
    assert zipped.status_code == 302
    assert s.http.get(zipped.headers["location"]).content.startswith(b"PK")
    s.writer("actions/delete-artifact", kept.id)
    s.reader.refused(404, "actions/get-artifact", kept.id)


def a_failed_run(s: Stage) -> None:
    run = finished(s, dispatched(s, who="me", fail="true"))
    assert run.conclusion == "failure"
    s.writer("actions/re-run-workflow-failed-jobs", run.id)
    again = finished(s, run.id)
    assert (again.run_attempt, again.conclusion) == (2, "failure")
    s.writer("actions/re-run-workflow", run.id)
    assert finished(s, run.id).run_attempt == 3
    jobs = s.reader("actions/list-jobs-for-workflow-run", run.id).jobs
    s.writer("actions/re-run-job-for-workflow-run", jobs[0].id)
    finished(s, run.id)
    s.admin("actions/delete-workflow-run", run.id)
    s.reader.refused(404, "actions/get-workflow-run", run.id)


def cancelled_runs(s: Stage) -> None:
    for operation in ("actions/cancel-workflow-run", "actions/force-cancel-workflow-run"):
        run_id = dispatched(s, "slow.yml")
        until(partial(is_, s, run_id, "in_progress"), "the run begins", RUN_WITHIN)
        s.writer(operation, run_id)
        assert finished(s, run_id).conclusion == "cancelled"
        s.writer.refused(409, operation, run_id)


def refused_dispatches(s: Stage) -> None:
    dispatch = "actions/create-workflow-dispatch"
    s.writer.refused(422, dispatch, "ci.yml", ref="main", inputs={})
    s.writer.refused(422, dispatch, "ci.yml", ref="main", inputs={"who": "x", "what": "y"})
    s.writer.refused(422, dispatch, "ci.yml", ref="none", inputs={"who": "x"})
    s.writer.refused(404, dispatch, "none.yml", ref="main")
    s.reader.refused(403, dispatch, "ci.yml", ref="main", inputs={"who": "x"})
    s.writer("repos/create-dispatch-event", event_type="try", client_payload={"a": 1})
    until(
        lambda: bool(
            s.reader(
                "actions/list-workflow-runs-for-repo", event="repository_dispatch"
            ).workflow_runs
        ),
        "the run of the dispatch is listed",
    )
    s.writer.refused(422, "repos/create-dispatch-event", event_type="x" * 101)
    s.reader.refused(403, "repos/create-dispatch-event", event_type="try")


def variables(s: Stage) -> None:
    s.admin("actions/create-repo-variable", name="COLOUR", value="red")
    assert s.admin("actions/get-repo-variable", "COLOUR").value == "red"
    s.admin("actions/update-repo-variable", "COLOUR", value="blue")
    assert [v.value for v in s.admin("actions/list-repo-variables").variables] == ["blue"]
    s.admin.refused(409, "actions/create-repo-variable", name="COLOUR", value="red")
    s.admin("actions/delete-repo-variable", "COLOUR")
    s.admin.refused(404, "actions/get-repo-variable", "COLOUR")


def settings(s: Stage) -> None:
    assert s.admin("actions/get-github-actions-permissions-repository").enabled is True
    everything = {"enabled": True, "allowed_actions": "all"}
    s.admin("actions/set-github-actions-permissions-repository", **everything)
    tokens = "github-actions-default-workflow-permissions-repository"
    assert s.admin(f"actions/get-{tokens}").default_workflow_permissions == "read"
    write = {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True}
    s.admin(f"actions/set-{tokens}", **write)
    assert s.admin(f"actions/get-{tokens}").can_approve_pull_request_reviews is True
    read = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
    s.admin(f"actions/set-{tokens}", **read)
    s.writer.refused(403, f"actions/set-{tokens}", **write)


def secrets_caches_and_attestations(s: Stage) -> None:
    key = s.admin("actions/get-repo-public-key")
    box = base64.b64encode(
        SealedBox(PublicKey(base64.b64decode(key.key))).encrypt(b"pass phrase")
    ).decode()
    put = "actions/create-or-update-repo-secret"
    s.admin(put, "KEY", encrypted_value=box, key_id=key.key_id)
    s.admin.refused(422, put, "KEY", encrypted_value=box, key_id="of another repository")
    assert s.admin("actions/get-repo-secret", "KEY").name == "KEY"
    assert [e.name for e in s.admin("actions/list-repo-secrets").secrets] == ["KEY"]
    run = finished(s, dispatched(s, "full.yml"))
    assert run.conclusion == "success"
    (job,) = s.reader("actions/list-jobs-for-workflow-run", run.id).jobs
    log = s.ask("reader", f"GET {SHOP}/actions/jobs/{job.id}/logs").headers["location"]
    text = s.http.get(log).text
    assert "the key is ***" in text
    assert "pass phrase" not in text
    s.admin("actions/delete-repo-secret", "KEY")
    s.admin.refused(404, "actions/get-repo-secret", "KEY")
    (cache,) = s.reader("actions/get-actions-cache-list").actions_caches
    assert cache.key == "kept-1"
    assert s.reader("actions/get-actions-cache-usage").active_caches_count == 1
    s.writer("actions/delete-actions-cache-by-id", cache.id)
    finished(s, dispatched(s, "full.yml"))
    assert s.writer("actions/delete-actions-cache-by-key", key="kept-1").total_count == 1
    digest = "sha256:" + hashlib.sha256(b"made\n").hexdigest()
    assert len(s.reader("repos/list-attestations", digest).attestations) == 2
    s.writer("actions/delete-workflow-run-logs", run.id)


def approval(s: Stage) -> None:
    """A stranger's first pull request waits for somebody who may write."""
    s.writer("git/create-ref", ref="refs/heads/gate", sha=s.head())
    s.outsider("repos/create-fork", name="mine")
    until(partial(there, s), "the fork is there")
    there_is = {"message": "Offer", "content": "aGVsbG8K", "branch": "main"}
    put = "repos/create-or-update-file-contents"
    s.outsider(put, "outsider", "mine", "offer.txt", **there_is)
    s.outsider("pulls/create", title="Offer", head="outsider:main", base="gate", head_repo="mine")
    listed = partial(s.reader, "actions/list-workflow-runs", "gated.yml")
    until(lambda: bool(listed().workflow_runs), "the run waits")
    (run,) = listed().workflow_runs
    assert run.conclusion == "action_required"
    s.reader.refused(403, "actions/approve-workflow-run", run.id)
    s.writer("actions/approve-workflow-run", run.id)
    assert finished(s, run.id).conclusion == "success"
    s.writer.refused(403, "actions/approve-workflow-run", run.id)


def there(s: Stage) -> bool:
    """Whether the outsider's fork has its branch."""
    return s.ask("outsider", "GET /repos/outsider/mine/branches/main").status_code == 200


SCENARIOS = (
    settings,
    workflows,
    a_run,
    a_failed_run,
    cancelled_runs,
    refused_dispatches,
    variables,
    secrets_caches_and_attestations,
    approval,
)
