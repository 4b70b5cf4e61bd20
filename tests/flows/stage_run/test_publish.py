"""What `publish` lets through to a real server, and what it never does."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.core.lifecycle.manifest import (
    MANIFEST_FILE,
    VERDICT_FILE,
    CommitToMake,
    Handed,
    Manifest,
    StageVerdict,
)
from bot.core.lifecycle.outcome import StageOutcome, published_ref
from bot.core.plan import Plan
from bot.core.state import ActionState
from bot.flows.stage_run.job import Job
from bot.flows.stage_run.publish import Publication
from bot.flows.stage_run.results import digest_of
from bot.flows.stage_run.rules import blob_id
from bot.settings import load_settings
from tests.e2e.stage_support import Hub, committed, encoded, git, hub, planned
from tests.flows.support import SHOP

MAIL = "lib/shop/mail.ex"
AFTER = SHOP[MAIL].replace("spawn(fun)", "fun.()").encode()
CONFIG = "version: 1\nlimits:\n  files: 2\n  lines: 20\n"
Change = dict[str, Any]


@dataclass(frozen=True)
class Shop:
    """A project on a server with an approved plan; each test has a number of its own."""

    hub: Hub
    source: Path
    plan: Plan
    plan_commit: str
    stray: str
    """A commit on the server that is in no plan's history."""
    tree: str
    """The base's with the mail module changed."""

    @property
    def actions(self) -> list[str]:
        return [a.id for a in self.plan.actions() if a.stage == 1]

    def manifest(self, attempt: int, *commits: CommitToMake, **more: Any) -> Manifest:
        given = {
            "repository": "acme/shop",
            "run": 11,
            "run_attempt": 1,
            "plan": "7",
            "stage": 1,
            "attempt": attempt,
            "base": self.plan.commit,
            "status": "ready",
            "tree": self.tree,
            "made_at": 1_800_000_000,
            "commits": commits or (self.commit(),),
            "actions": (ActionState(id=self.actions[0], status="committed", commit="a" * 40),),
        }
        return Manifest.model_validate(given | more)

    def commit(self, **more: Any) -> CommitToMake:
        file = {
            "path": MAIL,
            "mode": "100644",
            "before": blob_id(SHOP[MAIL].encode()),
            "content": encoded(AFTER),
        }
        given = {"action": self.actions[0], "message": "Send at once", "files": (file,)}
        return CommitToMake.model_validate(given | more)

    def verdict(self, made: Manifest, **more: Any) -> StageVerdict:
        place = {name: getattr(made, name) for name in Handed.model_fields}
        given = {
            **place,
            "tree": made.tree,
            "status": "passed",
            "manifest": digest_of(made.model_dump_json().encode()),
        }
        return StageVerdict.model_validate(given | more)

    def job(self, attempt: int, results: Any, **more: Any) -> Job:
        inputs = {
            "plan": "7",
            "plan_commit": self.plan_commit,
            "stage": "1",
            "attempt": str(attempt),
            "base": self.plan.commit,
        }
        given = {
            "repository": "acme/shop",
            "run": 11,
            "run_attempt": 1,
            "server": self.hub.said["url"],
            "api": self.hub.said["api"],
            "inputs": json.dumps(inputs | more.pop("inputs", {})),
            "results": json.dumps(results),
            "token": self.hub.said["tokens"]["writer"],
            "default_branch": "main",
        }
        return Job(**(given | more))

    def publish(
        self,
        folder: Path,
        manifest: Manifest,
        *,
        verdict: StageVerdict | None = None,
        spoil: Callable[[Path], None] = lambda _: None,
        **more: Any,
    ) -> StageOutcome:
        hand = folder / "hand"
        hand.mkdir(parents=True)
        digests = {}
        for before, name, record in (
            ("work", MANIFEST_FILE, manifest),
            ("verify", VERDICT_FILE, verdict or self.verdict(manifest)),
        ):
            data = record.model_dump_json().encode()
            (hand / name).write_bytes(data)
            digests[before] = {"result": "success", "outputs": {"digest": digest_of(data)}}
        spoil(hand)
        job = self.job(manifest.attempt, digests, **more)
        scratch = folder / "scratch"
        scratch.mkdir()
        return Publication(job, job.order(), hand, scratch, load_settings()).carry_out()

    def published(self, attempt: int) -> str:
        ref = published_ref("7", 1, attempt)
        line = git("ls-remote", self.hub.remote("shop"), ref, cwd=self.source)
        return line.split("\t")[0] if line else ""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    work = tmp_path_factory.mktemp("publish")
    source = committed(work / "shop", {**SHOP, ".github/otp-genesis.yml": CONFIG})
    plan = planned(source, work / "cache", "7")
    (source / MAIL).write_bytes(AFTER)
    git("add", "-A", cwd=source)
    tree = git("write-tree", cwd=source)
    git("reset", "-q", "--hard", cwd=source)
    with hub(work, source) as running:
        commit = running.store("shop", source, plan)
        stray = git("commit-tree", f"{commit}^{{tree}}", "-m", "x", cwd=source)
        git("push", "-q", running.remote("shop"), f"{stray}:refs/heads/stray", cwd=source)
        yield Shop(running, source, plan, commit, stray, tree)


def test_what_verify_passed_is_published_and_a_second_try_is_the_same(
    shop: Shop, tmp_path: Path
) -> None:
    outcome = shop.publish(tmp_path / "1", shop.manifest(1))
    assert outcome.status == "published", outcome.reasons
    assert outcome.commit == shop.published(1)
    assert outcome.tree == shop.tree
    assert outcome.actions == (
        ActionState(id=shop.actions[0], status="committed", commit=outcome.commit),
    )
    again = shop.publish(tmp_path / "2", shop.manifest(1))
    assert (again.status, again.commit) == ("published", outcome.commit)
    assert os.listdir(tmp_path / "1" / "scratch" / "nowhere") == []


def test_another_result_under_the_same_number_never_replaces_the_first(
    shop: Shop, tmp_path: Path
) -> None:
    first = shop.publish(tmp_path / "1", shop.manifest(2))
    other = shop.publish(tmp_path / "2", shop.manifest(2, made_at=1_800_000_001))
    assert (first.status, other.status) == ("published", "failed")
    assert "not where it was expected" in other.reasons[0]
    assert shop.published(2) == first.commit


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ({"content": encoded(b"defmodule Evil do\nend\n")}, "another tree"),
        ({"before": "a" * 40}, "not what the change was made for"),
        ({"path": ".github/workflows/ci.yml", "before": ""}, "protected"),
        ({"path": "../evil.ex", "before": ""}, "no path that may be written"),
        ({"mode": "100755"}, "would get the mode"),
        ({"content": encoded(b"x\n" * 30)}, "another tree"),
    ],
)
def test_a_tampered_file_is_refused(shop: Shop, tmp_path: Path, file: Change, why: str) -> None:
    good = shop.commit().files[0].model_dump()
    outcome = shop.publish(tmp_path, shop.manifest(100, shop.commit(files=(good | file,))))
    assert outcome.status == "refused"
    assert why in " ".join(outcome.reasons)
    assert outcome.fingerprint
    assert (outcome.commit, shop.published(100)) == ("", "")
    assert outcome.actions[0].status == "pending"


def test_too_many_files_and_too_many_lines_are_refused(shop: Shop, tmp_path: Path) -> None:
    new = {"mode": "100644", "before": "", "content": encoded(b"x\n" * 30)}
    many = [new | {"path": f"lib/new_{n}.ex"} for n in range(3)]
    outcome = shop.publish(tmp_path / "1", shop.manifest(101, shop.commit(files=many)))
    assert "3 files are changed; 2 are allowed" in outcome.reasons
    (shop.source / "lib/new_0.ex").write_bytes(b"x\n" * 30)
    git("add", "-A", cwd=shop.source)
    tree = git("write-tree", cwd=shop.source)
    git("reset", "-q", "--hard", cwd=shop.source)
    long = shop.manifest(101, shop.commit(files=many[:1]), tree=tree)
    outcome = shop.publish(tmp_path / "2", long)
    assert outcome.reasons == ("30 lines are added or removed; 20 are allowed",)
    assert (outcome.status, shop.published(101)) == ("refused", "")


TEST = "test/shop/mail_test.exs"
GITHUB_TOKEN = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        (
            TEST,
            SHOP[TEST].replace("    assert_receive :sent\n", ""),
            "`assert_receive :sent` is gone",
        ),
        (TEST, SHOP[TEST].replace("  test ", "  @tag :skip\n  test "), "newly skipped"),
        (TEST, None, "is gone"),
        (MAIL, SHOP[MAIL] + f"# {GITHUB_TOKEN}\n", "looks like a key"),
    ],
)
def test_weaker_tests_and_keys_are_refused_whatever_verify_said(
    shop: Shop, tmp_path: Path, path: str, text: str | None, why: str
) -> None:
    target = shop.source / path
    if text is None:
        target.unlink()
    else:
        target.write_text(text)
    git("add", "-A", cwd=shop.source)
    tree = git("write-tree", cwd=shop.source)
    git("reset", "-q", "--hard", cwd=shop.source)
    file: Change = {"path": path, "mode": "100644", "before": blob_id(SHOP[path].encode())}
    file |= {"content": None if text is None else encoded(text.encode())}
    outcome = shop.publish(tmp_path, shop.manifest(110, shop.commit(files=(file,)), tree=tree))
    assert outcome.status == "refused"
    assert why in " ".join(outcome.reasons), outcome.reasons
    assert GITHUB_TOKEN not in outcome.model_dump_json()
    assert shop.published(110) == ""


@pytest.mark.parametrize(
    "more", [{"run": 12}, {"run_attempt": 2}, {"repository": "acme/other"}, {"base": "b" * 40}]
)
def test_a_manifest_of_another_run_is_refused(
    shop: Shop, tmp_path: Path, more: dict[str, Any]
) -> None:
    outcome = shop.publish(tmp_path, shop.manifest(102, **more))
    assert outcome.status == "refused"
    assert "another attempt or in another run" in outcome.reasons[0]
    assert shop.published(102) == ""


@pytest.mark.parametrize(
    ("more", "status", "why"),
    [
        ({"status": "failed", "reasons": ("red",), "tree": ""}, "failed", "red"),
        ({"status": "cannot-build", "reasons": ("no mix",)}, "cannot-build", "no mix"),
        ({"manifest": "0" * 64}, "refused", "another manifest"),
        ({"tree": "e" * 40}, "refused", "another tree"),
        ({"tree": ""}, "refused", "another tree"),
        ({"run": 12}, "refused", "in another run"),
    ],
)
def test_only_what_verify_passed_counts(
    shop: Shop, tmp_path: Path, more: dict[str, Any], status: str, why: str
) -> None:
    made = shop.manifest(103)
    outcome = shop.publish(tmp_path, made, verdict=shop.verdict(made, **more))
    assert outcome.status == status
    assert why in outcome.reasons[0]
    assert shop.published(103) == ""


@pytest.mark.parametrize("name", [MANIFEST_FILE, VERDICT_FILE])
def test_an_artifact_that_is_not_the_one_told_of_is_refused(
    shop: Shop, tmp_path: Path, name: str
) -> None:
    def spoil(hand: Path) -> None:
        (hand / name).write_bytes((hand / name).read_bytes() + b" ")

    outcome = shop.publish(tmp_path / "1", shop.manifest(104), spoil=spoil)
    assert (outcome.status, "digests differ" in outcome.reasons[0]) == ("refused", True)
    lost = shop.publish(tmp_path / "2", shop.manifest(104), spoil=lambda h: (h / name).unlink())
    assert (lost.status, "did not arrive" in lost.reasons[0]) == ("failed", True)
    assert shop.published(104) == ""


def test_only_approved_actions_are_published(shop: Shop, tmp_path: Path) -> None:
    other = shop.manifest(105, shop.commit(action="1-nobody-aaaaaa"))
    outcome = shop.publish(tmp_path / "1", other)
    assert "nobody approved" in outcome.reasons[0]
    dropped = {"dropped": shop.actions[0]}
    outcome = shop.publish(tmp_path / "2", shop.manifest(105), inputs=dropped)
    assert "nobody approved" in outcome.reasons[0]
    stray = {"plan_commit": shop.stray}
    outcome = shop.publish(tmp_path / "3", shop.manifest(105), inputs=stray)
    assert "not in the history of the plan's ref" in outcome.reasons[0]
    assert (outcome.status, shop.published(105)) == ("refused", "")


@pytest.mark.parametrize(
    ("results", "why"),
    [
        ({"prepare": {"result": "failure", "outputs": {}}}, "`prepare` ended with failure"),
        (
            {
                "prepare": {"result": "success", "outputs": {}},
                "work": {"result": "cancelled", "outputs": {}},
            },
            "`work` ended with cancelled",
        ),
        ({}, "`prepare` ended with skipped"),
    ],
)
def test_a_job_that_left_nothing_is_told(
    shop: Shop, tmp_path: Path, results: dict[str, Any], why: str
) -> None:
    job = shop.job(106, results)
    outcome = Publication(job, job.order(), tmp_path, tmp_path, load_settings()).carry_out()
    assert outcome.status == "failed"
    assert why in outcome.reasons[0]
    assert outcome.fingerprint


@pytest.mark.parametrize(
    ("ended", "why"),
    [
        ({"result": "cancelled", "outputs": {}}, "`verify` ended with cancelled"),
        ({"result": "failure", "outputs": {"status": "passed"}}, "`verify` ended with failure"),
        ({"result": "success", "outputs": {}}, "`verify` ended without a report"),
    ],
)
def test_what_nobody_verified_is_not_published(
    shop: Shop, tmp_path: Path, ended: dict[str, Any], why: str
) -> None:
    """A runner that was lost, a job that was cancelled: the verdict that lies there is nobody's."""
    made = shop.manifest(111)
    data = made.model_dump_json().encode()
    (tmp_path / MANIFEST_FILE).write_bytes(data)
    (tmp_path / VERDICT_FILE).write_text(shop.verdict(made).model_dump_json())
    worked = {"result": "success", "outputs": {"digest": digest_of(data)}}
    job = shop.job(111, {"work": worked, "verify": ended})
    outcome = Publication(job, job.order(), tmp_path, tmp_path, load_settings()).carry_out()
    assert (outcome.status, outcome.commit, shop.published(111)) == ("failed", "", "")
    assert why in outcome.reasons[0]
    assert outcome.actions[0].status == "pending"


def test_a_manifest_that_changes_nothing_is_refused(shop: Shop, tmp_path: Path) -> None:
    made = shop.manifest(112).model_copy(update={"commits": ()})
    outcome = shop.publish(tmp_path, made)
    assert (outcome.status, outcome.reasons) == ("refused", ("there is no commit in it",))
    assert shop.published(112) == ""


def test_what_the_server_refuses_is_never_called_published(shop: Shop, tmp_path: Path) -> None:
    tokens = shop.hub.said["tokens"]
    outcome = shop.publish(tmp_path / "1", shop.manifest(107), token=tokens["reader"])
    assert (outcome.status, shop.published(107)) == ("failed", "")
    assert tokens["reader"] not in outcome.model_dump_json()


def test_a_configuration_nobody_can_read_publishes_nothing(shop: Shop, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git("clone", "-q", shop.hub.remote("shop"), str(clone), cwd=tmp_path)
    git("checkout", "-q", "-b", "broken", cwd=clone)
    (clone / ".github/otp-genesis.yml").write_text("limits: none\n")
    git("commit", "-q", "-a", "-m", "Break it", cwd=clone)
    git("push", "-q", "origin", "broken", cwd=clone)
    outcome = shop.publish(tmp_path, shop.manifest(108), default_branch="broken")
    assert outcome.status == "refused"
    assert "cannot be used" in outcome.reasons[0]
    assert shop.published(108) == ""


@pytest.mark.parametrize("status", ["nothing", "failed", "cannot-build"])
def test_what_work_ended_with_is_reported(shop: Shop, tmp_path: Path, status: str) -> None:
    made = shop.manifest(109, status=status, reasons=("why",), tree="", usd=1.5, tokens=7)
    outcome = shop.publish(tmp_path, made.model_copy(update={"commits": ()}))
    assert (outcome.status, outcome.reasons) == (status, ("why",))
    assert (outcome.usd, outcome.tokens, outcome.commit) == (1.5, 7, "")
    assert bool(outcome.fingerprint) is (status != "nothing")
