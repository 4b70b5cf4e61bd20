"""The whole App as two processes: a local GitHub and `genesis serve`, with repositories to try."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from pydantic import SecretStr

from bot.core.names import branch_of
from bot.github.app_auth import App, Credentials
from bot.github.purposes import Purpose
from tests.github.hub import OURSELVES, Hub, Place
from tests.ports import free_port
from tests.simulator.process import CODE, simulating

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 90.0
LABEL = "otp-refactor"
STAGE_FILE = ".github/workflows/otp-genesis.yml"

QUICK_STAGE = """\
name: OTP-Genesis
run-name: genesis ${{ inputs.plan }} stage ${{ inputs.stage }} attempt ${{ inputs.attempt }}
on:
  workflow_dispatch:
    inputs:
      plan: {type: string}
      plan_commit: {type: string}
      stage: {type: string}
      attempt: {type: string}
      cause: {type: string}
      base: {type: string}
      head: {type: string}
      only: {type: string}
      dropped: {type: string}
      minutes: {type: string}
      usd: {type: string}
jobs:
  publish:
    runs-on: ubuntu-24.04
    permissions: {contents: write}
    env:
      PLAN: ${{ inputs.plan }}
      STAGE: ${{ inputs.stage }}
      ATTEMPT: ${{ inputs.attempt }}
    steps:
      - uses: actions/checkout@v5
        with: {ref: "${{ inputs.base }}"}
      - run: |
          echo "# attempt $ATTEMPT" >> lib/kiosk/alarm.ex
          git -c user.name='otp-genesis[bot]' -c user.email=bot@example.invalid \\
            commit -qam "Supervise the job"
          git push -q origin "HEAD:refs/genesis/published/$PLAN-$STAGE-$ATTEMPT"
          printf '{"plan": "%s", "stage": %s, "attempt": %s, "status": "published",
            "base": "%s", "commit": "%s", "tree": "%s", "summary": "One commit."}' \\
            "$PLAN" "$STAGE" "$ATTEMPT" "$(git rev-parse HEAD~1)" "$(git rev-parse HEAD)" \\
            "$(git rev-parse 'HEAD^{tree}')" > outcome.json
      - uses: actions/upload-artifact@v4
        with: {name: genesis-outcome, path: outcome.json}
"""
"""What a stage's workflow does, as far as the server sees it: a commit under the ref it looks for,
and the report. Real stages are in `test_stage_workflow.py`; here they have to be quick."""

QUICK_CHECKS = """\
name: CI
on: pull_request
jobs:
  test:
    name: mix test
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v5
      - run: sh ci.sh
"""

T = TypeVar("T")


def kiosk(**more: str) -> dict[str, str]:
    """The small sample's files with the quick workflows, and `more` by path (`__` for `/`)."""
    source = ROOT / "examples" / "kiosk"
    files = {
        path.relative_to(source).as_posix(): path.read_text()
        for path in sorted(source.rglob("*.*"))
        if path.is_file() and not {"_build", "deps", ".github"} & set(path.parts)
    }
    quick = {STAGE_FILE: QUICK_STAGE, ".github/workflows/ci.yml": QUICK_CHECKS}
    given = {name.replace("__", "/"): text for name, text in more.items()}
    return {**files, **quick, "ci.sh": "exit 0\n", **given}


def until(what: str, look: Callable[[], T | None], seconds: float = SECONDS) -> T:
    """What `look` gives once it gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:g} s: {what}")


@dataclass
class Running:
    """Both processes, and what is known of them."""

    hub: Hub
    webhook: str
    pages: str
    log: Path
    _places: list[Place] = field(default_factory=list)
    _plans: list[Plan] = field(default_factory=list)

    def place(self, files: Mapping[str, str] | None = None, owner: str = "acme") -> Place:
        """A repository of a test's own, over the small sample."""
        place = self.hub.place(self.hub.app(), files or kiosk(), owner)
        self._places.append(place)
        return place

    def send(self, event: str, body: bytes | Mapping[str, Any], **how: str) -> int:
        """A delivery by hand, signed as GitHub signs it unless `signature` says otherwise."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        secret = self.hub.said["app"]["webhook_secret"].encode()
        signature = how.get("signature", hmac.digest(secret, raw, hashlib.sha256).hex())
        headers = {
            "content-type": "application/json",
            "x-github-event": event,
            "x-github-delivery": how.get("guid") or str(uuid.uuid4()),
        }
        if signature:
            headers["x-hub-signature-256"] = f"sha256={signature}"
        answer = httpx.post(self.webhook, content=raw, headers=headers, timeout=60, trust_env=False)
        return answer.status_code

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's values with these labels."""
        text = httpx.get(f"{self.pages}/metrics", trust_env=False, timeout=30).text
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        rows = [line for line in text.splitlines() if re.match(rf"{name}[{{ ]", line)]
        return sum(float(r.rpartition(" ")[2]) for r in rows if all(w in r for w in wanted))

    def writes(self, after: int, full_name: str = "") -> list[dict[str, Any]]:
        """What our App changed since an exchange; everything but its own tokens."""
        return [
            e
            for e in self.hub.exchanges(after, writes=True)
            if e["actor"] == OURSELVES
            and not e["path"].startswith("/app")
            and (not full_name or full_name in e["path"])
        ]

    def plan(self, place: Place, who: str = "writer", **issue: str) -> Plan:
        """A labelled issue, once its plan is there with its stages."""
        number = place.issue(**{"title": "Make it fault-tolerant", **issue}, login=who)
        place.by(who, "POST", f"/issues/{number}/labels", {"labels": [LABEL]})
        plan = Plan(self, place, number)
        self._plans.append(plan)
        until("the plan", lambda: plan.shown("| 1.") and len(plan.stages()) == 2)
        plan.go_on()
        return plan

    def check_whole(self) -> None:
        """Nothing broke: no 5xx from the ingress, no traceback, nothing doubled."""
        text = self.log.read_text(errors="replace")
        broken = [r for r in text.splitlines() if "Traceback" in r or "crashed" in r]
        assert broken == [], broken[0][:4000]
        assert self.metric("genesis_ingress_answers_total", status="500") == 0
        assert self.metric("genesis_ingress_answers_total", status="503") == 0
        for plan in self._plans:
            plan.check_single()


@dataclass
class Plan:
    """A plan, as GitHub shows it."""

    running: Running
    place: Place
    number: int

    @property
    def id(self) -> str:
        return str(self.number)

    def get(self, path: str, **query: object) -> Any:
        return self.place.by("admin", "GET", path, None, **query)

    def comments(self, number: int = 0) -> list[dict[str, Any]]:
        """Of the plan's issue, or of another one."""
        where = f"/issues/{number or self.number}/comments"
        found: list[dict[str, Any]] = self.get(where, per_page=100)
        return found

    def dashboard(self) -> dict[str, Any]:
        """Our one comment with the stages; empty while there is none."""
        mine = [c for c in self.comments() if c["user"]["login"] == OURSELVES]
        return next((c for c in mine if "kind=dashboard" in c["body"]), {})

    def shown(self, text: str) -> bool:
        """Whether the dashboard says it."""
        return text in self.dashboard().get("body", "")

    def answer(self, comment: int) -> str:
        """What a comment was answered; empty while it was not."""
        mine = [c for c in self.comments() if c["user"]["login"] == OURSELVES]
        return next((c["body"] for c in mine if f" re={comment} " in c["body"]), "")

    def say(self, text: str, who: str = "writer") -> str:
        """Say something and give the answer."""
        comment = self.place.say(self.number, text, who)
        return until(f"an answer to {text[:60]!r}", lambda: self.answer(comment))

    def go_on(self) -> str:
        """The next good thing is answered, and so is everything before it: plans work in order."""
        said = self.say("/genesis status")
        until("the answer is taken note of", lambda: not self.life()["replies"])
        return said

    def stages(self) -> list[dict[str, Any]]:
        """Issues of the stages."""
        found: list[dict[str, Any]] = self.get(f"/issues/{self.number}/sub_issues", per_page=100)
        return found

    def runs(self) -> list[str]:
        """Names of the runs that we started for it."""
        where = "/actions/runs"
        listed = self.get(where, event="workflow_dispatch", per_page=100)["workflow_runs"]
        named = [run["display_title"] for run in listed if run["actor"]["login"] == OURSELVES]
        return sorted(name for name in named if name.startswith(f"genesis {self.number} "))

    def pulls(self, stage: int = 1) -> list[dict[str, Any]]:
        """Pull requests of a stage, newest first."""
        owner = self.place.full_name.partition("/")[0]
        head = f"{owner}:{branch_of(self.id, stage)}"
        found: list[dict[str, Any]] = self.get("/pulls", state="all", head=head)
        return found

    def life(self) -> dict[str, Any]:
        """What the plan's ref remembers."""
        ref = self.get(f"/git/ref/genesis/plan-{self.number}")["object"]["sha"]
        tree = self.get(f"/git/trees/{ref}")["tree"]
        blob = next(e["sha"] for e in tree if e["path"] == "lifecycle.json")
        raw = self.running.hub.hand("admin").get(
            f"/repos/{self.place.full_name}/git/blobs/{blob}",
            headers={"accept": "application/vnd.github.raw+json"},
        )
        found: dict[str, Any] = json.loads(raw.text)
        return found

    def bodies(self) -> list[str]:
        """Everything we wrote about it for people."""
        stages = [issue for issue in self.stages() if issue["user"]["login"] == OURSELVES]
        found = [f"{s['title']}\n\n{s['body']}" for s in stages]
        pulls = self.pulls()
        for number in (self.number, *(x["number"] for x in (*stages, *pulls))):
            said = self.comments(number)
            found += [c["body"] for c in said if c["user"]["login"] == OURSELVES]
        for pull in pulls:
            found.append(f"{pull['title']}\n\n{pull['body']}")
            checks = self.get(f"/commits/{pull['head']['sha']}/check-runs")["check_runs"]
            mine = [c["output"] for c in checks if c["app"]["slug"] == "otp-genesis"]
            found += [f"{o['title']}\n\n{o['summary']}" for o in mine]
        return found

    def check_single(self) -> None:
        """One dashboard, one issue a stage, one answer a comment, one run an attempt."""
        if self.place.raw("admin", "GET", f"/issues/{self.number}").status_code != 200:
            return
        mine = [c["body"] for c in self.comments() if c["user"]["login"] == OURSELVES]
        markers = [m for body in mine for m in re.findall(r"<!-- genesis [^>]*-->", body)[-1:]]
        assert sorted(set(markers)) == sorted(markers)
        titles = [stage["title"] for stage in self.stages()]
        assert sorted(set(titles)) == sorted(titles)
        assert sorted(set(self.runs())) == self.runs()
        assert len([p for p in self.pulls() if p["state"] == "open"]) <= 1


def other_app(app: Running, place: Place, **permissions: str) -> str:
    """A token for the repository, of another App that may so much there."""
    made, owner = _registered(app.hub.said["url"], permissions), place.full_name.partition("/")[0]
    base = app.hub.said["url"]
    put = httpx.post(
        f"{base}/apps/{made['slug']}/installations/new",
        data={"account": owner},
        headers={"origin": base},
        trust_env=False,
    )
    assert put.status_code == 303, put.text
    other = App(app.hub.app().site, Credentials(made["id"], SecretStr(made["pem"])))
    purpose: Purpose = "issues" if "issues" in permissions else "reviews"
    return other.token(other.installation_of(place.full_name), place.full_name, purpose)


def _registered(base: str, permissions: Mapping[str, str]) -> dict[str, Any]:
    name = f"Chatter {'-'.join(sorted(permissions))}"
    manifest = {
        "name": name,
        "url": "http://example.invalid",
        "redirect_url": "http://127.0.0.1:9/done",
        "public": True,
        "default_permissions": {**permissions, "metadata": "read"},
        "default_events": [],
    }
    with httpx.Client(base_url=base, headers={"origin": base}, trust_env=False) as pages:
        form = pages.post("/settings/apps", data={"manifest": json.dumps(manifest), "name": name})
        code = re.search(r"code=([^&]+)", form.headers["location"])
        assert code is not None, form.text
        made: dict[str, Any] = pages.post(f"/api/v3/app-manifests/{code[1]}/conversions").json()
    return made


@contextmanager
def playing(folder: Path, *more: str, **settings: str) -> Iterator[Running]:
    """Both processes; `elsewhere` is a second owner with an installation of its own.

    `more` are further options of the local GitHub, `settings` variables of the server.
    """
    seed = folder / "seed"
    seed.mkdir()
    (seed / "README.md").write_text("Seed\n")
    port = free_port()
    options = ["--state", str(folder / "github"), "--no-limits"]
    options += ["--webhook-url", f"http://127.0.0.1:{port}/webhook", *more]
    tools = str(Path(sys.executable).parent)
    with simulating(seed, f"elsewhere/seed={seed}", *options, path=tools) as (_, said):
        hub = Hub(said)
        log = folder / "server.log"
        with log.open("w") as errors, serving(folder, hub, port, errors, **settings) as told:
            try:
                yield Running(hub, told["webhook"], told["pages"], log)
            finally:
                hub.close()


@contextmanager
def serving(
    folder: Path, hub: Hub, port: int, errors: Any, **more: str
) -> Iterator[dict[str, Any]]:
    """A server with its state in `folder`, and what it announced."""
    app = hub.said["app"]
    settings = {
        "GENESIS_GITHUB_APP_ID": str(app["id"]),
        "GENESIS_GITHUB_PRIVATE_KEY_FILE": app["private_key"],
        "GENESIS_GITHUB_WEBHOOK_SECRET": app["webhook_secret"],
        "GENESIS_GITHUB_API_URL": hub.said["api"],
        "GENESIS_GITHUB_SERVER_URL": hub.said["url"],
        "GENESIS_GITHUB_PACE": "0",
        "GENESIS_STATE_DIR": str(folder / "state"),
        "GENESIS_CACHE_DIR": str(folder / "cache"),
        "GENESIS_JOBS": "1",
        **more,
    }
    # One that does not end says where it stands: it is sent SIGABRT.
    command = [sys.executable, "-X", "faulthandler", "-c", CODE, "serve", "--json"]
    with subprocess.Popen(
        [*command, "--port", str(port), "--pages-port", "0", "--drain", "5"],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            said = server.stdout.readline()
            assert '"webhook"' in said, said + Path(errors.name).read_text()[-4000:]
            yield json.loads(said)
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(120)
            except subprocess.TimeoutExpired:
                server.send_signal(signal.SIGABRT)
                server.wait(20)
                pytest.fail(f"it does not end:\n{Path(errors.name).read_text()[-12_000:]}")
