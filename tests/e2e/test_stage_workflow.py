"""A stage on the runner of a GitHub, as the server starts it: real workflow, real git, real mix."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.core.lifecycle.manifest import StageVerdict
from bot.core.lifecycle.outcome import StageOutcome, published_ref
from bot.core.plan import Plan
from bot.flows.stage_run.results import digest_of
from tests.e2e.stage_support import Hub, courier, git, hub, planned, with_caller
from tests.flows.support import SHOP

pytestmark = [pytest.mark.elixir, pytest.mark.timeout(900)]

SUPERVISED = SHOP["lib/shop/mail.ex"].replace("spawn(fun)", "fun.()")


@dataclass
class Started:
    """A project, its plan, and the run that was started for it."""

    hub: Hub
    name: str
    source: Path
    plan: Plan
    base: str
    runs: dict[str, Any] = field(default_factory=dict)

    def run(self) -> dict[str, Any]:
        if not self.runs:
            self.runs = self.hub.ended(self.name, self.plan.id)
        return self.runs

    def outcome(self) -> StageOutcome:
        return self.hub.outcome(self.name, self.run()["id"])


@dataclass
class Stages:
    """The runs, all started at once; each test waits for its own."""

    fixed: Started
    gone: Started
    unbuildable: Started


def start(running: Hub, name: str, source: Path, plan: Plan, **stage: Any) -> Started:
    commit = running.store(name, source, plan, **stage)
    base = git("rev-parse", "HEAD", cwd=source)
    asked = {"plan": plan.id, "plan_commit": commit, "stage": "1", "attempt": "1"}
    running.dispatch(name, **asked, cause="first", base=base, minutes="30")
    return Started(running, name, source, plan, base)


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    work = tmp_path_factory.mktemp("stages")
    fixed = courier(work / "courier", attest="on")
    gone = with_caller(work / "gone", SHOP)
    wanted = SHOP["mix.exs"].replace("~> 1.12", "~> 99.0")
    unbuildable = with_caller(work / "unbuildable", {**SHOP, "mix.exs": wanted})
    plans = {p.name: planned(p, work / "cache", "7") for p in (fixed, gone, unbuildable)}
    (gone / "lib/shop/mail.ex").write_text(SUPERVISED)
    git("commit", "-q", "-a", "-m", "Send at once", cwd=gone)
    with hub(work, fixed, gone, unbuildable) as running:
        yield Stages(
            *(start(running, p.name, p, plans[p.name]) for p in (fixed, gone, unbuildable))
        )


def test_each_action_is_a_commit_of_its_own_on_a_ref_that_starts_nothing(stages: Stages) -> None:
    started = stages.fixed
    run, outcome = started.run(), started.outcome()
    logs = started.hub.logs(started.name, run["id"])
    assert (outcome.status, run["conclusion"]) == ("published", "success"), logs
    automatic = [a.id for a in started.plan.actions() if a.stage == 1 and a.fix == "automatic"]
    done = [a for a in outcome.actions if a.status == "committed"]
    assert [a.id for a in done] == automatic
    assert {a.status for a in outcome.actions} == {"committed", "patch"}

    remote, ref = started.hub.remote(started.name), published_ref("7", 1, 1)
    git("fetch", "-q", remote, f"{ref}:refs/published", cwd=started.source)
    span = f"{started.base}..refs/published"
    log = git("log", "--reverse", "--format=%H", span, cwd=started.source)
    assert log.splitlines() == [a.commit for a in done]
    assert outcome.commit == done[-1].commit
    tree = git("rev-parse", "refs/published^{tree}", cwd=started.source)
    verdict = started.hub.artifact(started.name, run["id"], "genesis-verdict")
    assert tree == outcome.tree == StageVerdict.model_validate_json(verdict).tree

    with started.hub.http as http:
        refs = http.get(f"/repos/acme/{started.name}/git/matching-refs/heads/").json()
        runs = http.get(f"/repos/acme/{started.name}/actions/runs").json()
    assert [r["ref"] for r in refs] == ["refs/heads/main"]
    assert runs["total_count"] == 1


def test_commits_say_whose_they_are_and_for_whom(stages: Stages) -> None:
    started = stages.fixed
    outcome = started.outcome()
    with started.hub.http as http:
        person = http.get("/users/writer").json()["id"]
    remote = started.hub.remote(started.name)
    git("fetch", "-q", remote, f"{outcome.commit}:refs/said", cwd=started.source)
    for action in [a for a in outcome.actions if a.status == "committed"]:
        form = "--format=%an <%ae>|%cn <%ce>|%(trailers)"
        said = git("log", "-1", form, action.commit, cwd=started.source)
        author, committer, trailers = said.split("|")
        assert author == committer == "OTP-Genesis <otp-genesis@users.noreply.github.com>"
        assert trailers.splitlines() == [
            "Genesis-Plan: 7",
            f"Genesis-Action: {action.id}",
            f"Co-authored-by: writer <{person}+writer@users.noreply.github.com>",
            f"Signed-off-by: {author}",
        ]
        assert action.commit[:12] in outcome.summary
    assert (outcome.tests_before, outcome.tests_after) == (
        "48 tests, 0 failures",
        "51 tests, 0 failures",
    )


def test_only_publish_holds_a_token_that_may_write(stages: Stages) -> None:
    started = stages.fixed
    logs = started.hub.logs(started.name, started.run()["id"])
    jobs = {part.split("\n", 1)[0].split(":")[0]: part for part in logs.split("--- ") if part}
    holding = [name for name, text in jobs.items() if "GENESIS_PUBLISH_TOKEN: ***" in text]
    assert [name.rpartition("/")[2].strip() for name in holding] == ["publish"]


def test_what_was_published_is_attested_by_the_job_that_published_it(stages: Stages) -> None:
    started = stages.fixed
    run = started.run()
    for artifact in ("genesis-manifest", "genesis-outcome"):
        digest = digest_of(started.hub.artifact(started.name, run["id"], artifact))
        with started.hub.http as http:
            url = f"/repos/acme/{started.name}/attestations/sha256:{digest}"
            (found,) = http.get(url).raise_for_status().json()["attestations"]
        payload = found["bundle"]["dsseEnvelope"]["payload"]
        statement = json.loads(base64.b64decode(payload))
        assert digest in str(statement["subject"])
        assert str(run["id"]) in str(statement["predicate"])
    logs = started.hub.logs(started.name, run["id"])
    assert logs.count("Attestation created for") == 1
    other = stages.gone
    assert "Attestation created for" not in other.hub.logs(other.name, other.run()["id"])


def test_what_is_gone_is_not_done_and_is_no_failure(stages: Stages) -> None:
    outcome, run = stages.gone.outcome(), stages.gone.run()
    logs = stages.gone.hub.logs(stages.gone.name, run["id"])
    assert (outcome.status, run["conclusion"]) == ("nothing", "success"), logs
    assert {a.status for a in outcome.actions} == {"skipped"}
    assert all(a.reason.startswith("already gone") for a in outcome.actions)
    assert (outcome.commit, outcome.fingerprint) == ("", "")
    remote = stages.gone.hub.remote(stages.gone.name)
    assert git("ls-remote", remote, "refs/genesis/published/*", cwd=stages.gone.source) == ""


def test_a_project_that_cannot_be_built_is_told_so(stages: Stages) -> None:
    outcome, run = stages.unbuildable.outcome(), stages.unbuildable.run()
    logs = stages.unbuildable.hub.logs(stages.unbuildable.name, run["id"])
    assert (outcome.status, run["conclusion"]) == ("cannot-build", "failure"), logs
    assert "~> 99.0" in " ".join(outcome.reasons)
    assert outcome.fingerprint
    assert outcome.commit == ""
