"""A tour of the local GitHub with git, curl and githubkit: `make tour`.

It starts a simulator over a copy of `examples/courier` on a free port, does what a team and a bot
would do there, prints each command with what came of it, and stops. Any difference from what is
expected ends it with an error.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from githubkit import AppAuthStrategy, AppInstallationAuthStrategy, GitHub
from githubkit.exception import RequestFailed

from examples.tour.listener import Listener

ROOT = Path(__file__).resolve().parents[2]
COURIER = ROOT / "examples" / "courier"
OWNER, REPO = "acme", "courier"
BRANCH = "greet"
WITHIN = 120.0


class Tour:
    """What the steps share: where the simulator is, and how to ask it."""

    def __init__(self, said: dict[str, Any], folder: Path) -> None:
        self.said = said
        self.folder = folder
        self.checkout = folder / REPO

    def title(self, text: str) -> None:
        sys.stdout.write(f"\n== {text}\n")
        sys.stdout.flush()

    def show(self, text: str) -> None:
        sys.stdout.write(f"   {text}\n")
        sys.stdout.flush()

    def git(self, *arguments: str) -> str:
        return self._run("git", *arguments)

    def curl(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """JSON of the API, asked as `who`; the token does not appear in what is printed."""
        command = ["curl", "--silent", "--show-error", "--request", method]
        if body is not None:
            command += ["--data", json.dumps(body)]
        url = f"{self.said['api']}/repos/{OWNER}/{REPO}{path}"
        self.show(f"$ {shlex.join([*command, url])}   # as {who}")
        secret = ["--config", "-", "--location", "--max-time", "60", url]
        done = subprocess.run(
            [*command, *secret],
            input=f'header = "authorization: Bearer {self.said["tokens"][who]}"\n',
            check=True,
            capture_output=True,
            text=True,
            timeout=90,
        )
        try:
            return json.loads(done.stdout or "null")
        except json.JSONDecodeError:
            return done.stdout

    def _run(self, *command: str) -> str:
        self.show(f"$ {shlex.join(command)}".replace(str(self.folder), "."))
        place = self.checkout if self.checkout.exists() else self.folder
        done = subprocess.run(
            command, cwd=place, capture_output=True, text=True, timeout=120, env=self._environment()
        )
        for line in (done.stdout + done.stderr).splitlines():
            self.show(f"  {line}".replace(str(self.folder), "."))
        if done.returncode:
            raise SystemExit(f"{command[0]} failed with {done.returncode}")
        return done.stdout

    def _environment(self) -> dict[str, str]:
        """git takes the token from a helper, so that it is in no address and no file."""
        token = self.said["tokens"]["writer"]
        helper = '!f() { echo username=writer; echo "password=$TOUR_TOKEN"; }; f'
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        return kept | {
            "TOUR_TOKEN": token,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_COUNT": "3",
            "GIT_CONFIG_KEY_0": "credential.helper",
            "GIT_CONFIG_VALUE_0": helper,
            "GIT_CONFIG_KEY_1": "user.name",
            "GIT_CONFIG_VALUE_1": "writer",
            "GIT_CONFIG_KEY_2": "user.email",
            "GIT_CONFIG_VALUE_2": "writer@simulator.test",
        }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="genesis-tour-") as name, Listener() as listener:
        folder = Path(name)
        options = ["--state", str(folder / "state"), "--port", "0", "--json"]
        hook = ["--webhook-url", listener.url]
        command = [sys.executable, "-c", "from bot.cli import main; main()", "simulate"]
        with subprocess.Popen(
            [*command, f"{REPO}={COURIER}", *options, *hook], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            try:
                walk(Tour(json.loads(process.stdout.readline()), folder), listener)
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(30)


def walk(tour: Tour, listener: Listener) -> None:
    tour.show(f"the simulator: {tour.said['url']}")
    number = plan(tour)
    head = push(tour)
    pull = propose(tour, number)
    review(tour, pull)
    check(tour, head)
    run = dispatch(tour)
    read_log(tour, run)
    merge(tour, pull, number)
    redeliver(tour, listener)


def plan(tour: Tour) -> int:
    tour.title("an issue and a label, by curl")
    issue = tour.curl("writer", "POST", "/issues", {"title": "Greet", "body": "- [ ] say hello"})
    number = int(issue["number"])
    labels = tour.curl("triager", "POST", f"/issues/{number}/labels", {"labels": ["question"]})
    tour.show(f"#{number} {issue['title']}, labels: {[label['name'] for label in labels]}")
    refused = tour.curl("reader", "POST", f"/issues/{number}/labels", {"labels": ["bug"]})
    tour.show(f"a reader may not: {refused['status']} {refused['message']}")
    assert refused["status"] == "403"
    return number


def push(tour: Tour) -> str:
    tour.title("clone, commit, push, by git")
    tour.git("clone", "--quiet", f"{tour.said['url']}/{OWNER}/{REPO}.git", str(tour.checkout))
    tour.git("switch", "--quiet", "--create", BRANCH)
    (tour.checkout / "lib" / "courier" / "greeting.ex").write_text(
        'defmodule Courier.Greeting do\n  @moduledoc "Says hello."\n\n'
        '  def hello(name), do: "Hello, #{name}!"\nend\n'
    )
    tour.git("add", "--all")
    tour.git("commit", "--quiet", "--message", "Say hello")
    tour.git("push", "--set-upstream", "origin", BRANCH)
    return tour.git("rev-parse", "HEAD").strip()


def propose(tour: Tour, number: int) -> int:
    tour.title("a pull request, by curl")
    body = {"title": "Say hello", "head": BRANCH, "base": "main", "body": f"Closes #{number}"}
    pull = tour.curl("writer", "POST", "/pulls", body)
    tour.show(f"#{pull['number']} {pull['html_url']}")
    files = tour.curl("reader", "GET", f"/pulls/{pull['number']}/files")
    tour.show(f"changes {[f['filename'] for f in files]}, +{files[0]['additions']}")
    return int(pull["number"])


def review(tour: Tour, pull: int) -> None:
    tour.title("a review, by curl")
    comment = {"path": "lib/courier/greeting.ex", "line": 4, "body": "Who is greeted?"}
    asked = {"event": "REQUEST_CHANGES", "body": "One question.", "comments": [comment]}
    tour.show(tour.curl("maintainer", "POST", f"/pulls/{pull}/reviews", asked)["state"])
    own = tour.curl("writer", "POST", f"/pulls/{pull}/reviews", {"event": "APPROVE"})
    tour.show(f"nobody approves their own: {own['status']} {own.get('errors') or own['message']}")
    assert own["status"] == "422"
    approved = tour.curl("maintainer", "POST", f"/pulls/{pull}/reviews", {"event": "APPROVE"})
    tour.show(approved["state"])


def check(tour: Tour, head: str) -> None:
    tour.title("a check run, by an App through githubkit")
    app = tour.said["app"]
    key = Path(app["private_key"]).read_text()
    installation = _installation_of(tour, key)
    auth = AppInstallationAuthStrategy(app["id"], key, installation)
    with GitHub(auth, base_url=tour.said["api"]) as github:
        run = github.rest.checks.create(
            OWNER, REPO, data={"name": "genesis/stage-1", "head_sha": head}
        ).parsed_data
        tour.show(f"checks.create: {run.name} {run.status}, by {run.app and run.app.slug}")
        output = {"title": "All green", "summary": "52 tests, 0 failures"}
        done = github.rest.checks.update(
            OWNER, REPO, run.id, data={"conclusion": "success", "output": output}
        ).parsed_data
        tour.show(f"checks.update: {done.status}, {done.conclusion}: {done.output.title}")
        try:
            github.rest.repos.delete(OWNER, REPO)
        except RequestFailed as refused:
            code = refused.response.status_code
            tour.show(f"repos.delete: {code} {refused.response.json()['message']}")
        else:
            raise SystemExit("the App could delete the repository")


def _installation_of(tour: Tour, key: str) -> int:
    with GitHub(AppAuthStrategy(tour.said["app"]["id"], key), base_url=tour.said["api"]) as github:
        found = github.rest.apps.get_repo_installation(OWNER, REPO).parsed_data
    tour.show(f"apps.get_repo_installation: {found.id} with {found.permissions.checks} to checks")
    return int(found.id)


def dispatch(tour: Tour) -> int:
    tour.title("a workflow run, dispatched by curl: real mix in a work folder of its own")
    body = {"ref": BRANCH, "inputs": {"seed": "7"}, "return_run_details": True}
    started = tour.curl("writer", "POST", "/actions/workflows/ci.yml/dispatches", body)
    run = int(started["workflow_run_id"])
    tour.show(f"run {run}: {started['html_url']}")
    done = until(lambda: _completed(tour, run), "the run completes")
    jobs = tour.curl("reader", "GET", f"/actions/runs/{run}/jobs")["jobs"]
    for step in jobs[0]["steps"]:
        tour.show(f"{step['conclusion']:8} {step['name']}")
    tour.show(f"run {run}: {done['conclusion']}")
    assert done["conclusion"] == "success"
    return run


def _completed(tour: Tour, run: int) -> Any:
    seen = tour.curl("reader", "GET", f"/actions/runs/{run}")
    return seen if seen["status"] == "completed" else None


def read_log(tour: Tour, run: int) -> None:
    tour.title("the job's log, by curl, which follows the redirect without the token")
    job = tour.curl("reader", "GET", f"/actions/runs/{run}/jobs")["jobs"][0]
    log = str(tour.curl("reader", "GET", f"/actions/jobs/{job['id']}/logs"))
    lines = [line for line in log.splitlines() if "mix test" in line or "0 failures" in line]
    assert any("0 failures" in line for line in lines), log[-2000:]
    for line in lines[-4:]:
        tour.show(line)


def merge(tour: Tour, pull: int, number: int) -> None:
    tour.title("merged, and what it closes")
    merged = tour.curl("maintainer", "PUT", f"/pulls/{pull}/merge", {"merge_method": "squash"})
    tour.show(f"{merged['message']} as {merged['sha'][:10]}")
    issue = tour.curl("reader", "GET", f"/issues/{number}")
    tour.show(f"#{number} is {issue['state']}: {issue['state_reason']}")
    assert issue["state"] == "closed"
    tour.git("fetch", "--quiet", "origin")
    tour.git("log", "--oneline", "--max-count=2", "origin/main")


def redeliver(tour: Tour, listener: Listener) -> None:
    tour.title("what the App was told, and a redelivery of what it did not hear")
    until(lambda: "closed" in listener.heard_of("pull_request"), "the last event arrives")
    tour.show(f"heard: {listener.summary()}")
    tour.show(f"wrongly signed: {listener.wrongly_signed(tour.said['app']['webhook_secret'])}")
    app = tour.said["app"]
    auth = AppAuthStrategy(app["id"], Path(app["private_key"]).read_text())
    with GitHub(auth, base_url=tour.said["api"]) as github:
        rows = github.rest.apps.list_webhook_deliveries(per_page=100).parsed_data
        failed = [row for row in rows if row.status_code >= 400]
        tour.show(f"apps.list_webhook_deliveries: {len(rows)}, failed: {len(failed)}")
        (row,) = failed
        tour.show(f"{row.event}/{row.action} {row.guid}: {row.status_code} {row.status}")
        github.rest.apps.redeliver_webhook_delivery(row.id)
        until(lambda: listener.times(row.guid) == 2, "the redelivery arrives")
        tour.show(f"apps.redeliver_webhook_delivery: heard {row.guid} again, with the same GUID")


def until(condition: Callable[[], Any], what: str) -> Any:
    """What the condition gives once it is true."""
    deadline = time.monotonic() + WITHIN
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {WITHIN:g} s: {what}")
        time.sleep(0.5)
    return found


if __name__ == "__main__":
    main()
