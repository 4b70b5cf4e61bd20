"""Push rules, as a plain git that pushes meets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot.simulator.git import PushPolicy, RefChange, RefRule
from bot.simulator.git.pktlines import FLUSH, joined, pkt_line
from bot.simulator.git.pushing import restate
from tests.simulator.git.ordinary import attempt, commit_file, git, ordinary_refs
from tests.simulator.git.serving import Door

MAIN = "refs/heads/main"
RULES_URL = "http://localhost/o/r/rules"


def guard(door: Door, **rule: bool) -> None:
    door.policy = PushPolicy((RefRule(MAIN, **rule),))  # type: ignore[arg-type]  # flags only


def said(door: Door, work: Path, *argv: str) -> tuple[list[str], list[str]]:
    """What the remote says, and the rows of git's table; the push must fail and be told of
    only as far as the table goes.
    """
    done = attempt(work, "push", door.address, *argv)
    assert done.returncode
    lines = [line.rstrip() for line in done.stderr.splitlines()]
    remote = [line.removeprefix("remote:").strip() for line in lines if line.startswith("remote:")]
    rows = [line.strip() for line in lines if line.startswith((" ! ", " * ", "   ", " + ", " - "))]
    return remote, rows


def test_a_protected_branch_takes_no_force_push(door: Door, work: Path) -> None:
    first = git(work, "rev-parse", "HEAD")
    guard(door, blocks_force=True)
    second = commit_file(work, "a.ex", "a")
    git(work, "push", "-q", door.address, "main")
    git(work, "reset", "-q", "--hard", first)
    commit_file(work, "b.ex", "b")
    assert said(door, work, "--force", "main") == snapshot(
        (
            [
                "error: GH006: Protected branch update failed for refs/heads/main.",
                "",
                "- Cannot force-push to this branch",
            ],
            ["! [remote rejected] main -> main (protected branch hook declined)"],
        )
    )
    assert ordinary_refs(door.path)[MAIN] == second
    assert door.pushes == [[RefChange(MAIN, first, second)]]


def test_one_bad_ref_does_not_stop_the_good_ones(door: Door, work: Path) -> None:
    guard(door, requires_pull_request=True)
    tip = commit_file(work, "a.ex", "a")
    remote, rows = said(door, work, "main", "main:x", "main:refs/tags/v1")
    assert remote == snapshot(
        [
            "error: GH006: Protected branch update failed for refs/heads/main.",
            "",
            "- Changes must be made through a pull request.",
        ]
    )
    assert rows == snapshot(
        [
            "* [new branch]      main -> x",
            "* [new tag]         main -> v1",
            "! [remote rejected] main -> main (protected branch hook declined)",
        ]
    )
    added = [RefChange("refs/heads/x", None, tip), RefChange("refs/tags/v1", None, tip)]
    assert door.pushes == [added]


def test_an_atomic_push_is_refused_whole(door: Door, work: Path) -> None:
    guard(door, requires_pull_request=True)
    before = ordinary_refs(door.path)
    commit_file(work, "a.ex", "a")
    _, rows = said(door, work, "--atomic", "main", "main:x")
    assert "! [remote rejected] main -> main (protected branch hook declined)" in rows
    assert ordinary_refs(door.path) == before
    assert door.pushes == []


def test_rulesets_speak_for_themselves(door: Door, work: Path) -> None:
    rule = RefRule(
        "refs/heads/*",
        "ruleset",
        blocks_force=True,
        requires_pull_request=True,
        expected_checks=lambda sha: ["ci/test", "ci/lint"],
    )
    door.policy = PushPolicy((rule,), rules_url=RULES_URL)
    git(work, "commit", "-q", "--amend", "-m", "Other")
    assert said(door, work, "--force", "main") == snapshot(
        (
            [
                "error: GH013: Repository rule violations found for refs/heads/main.",
                "Review all repository rules at http://localhost/o/r/rules?ref=refs%2Fheads%2Fmain",
                "",
                "- Cannot force-push to this branch",
                "",
                "- Changes must be made through a pull request.",
                "",
                "- 2 of 2 required status checks are expected.",
                "",
            ],
            ["! [remote rejected] main -> main (push declined due to repository rule violations)"],
        )
    )


def test_checks_that_passed_let_a_commit_in(door: Door, work: Path) -> None:
    good = commit_file(work, "a.ex", "a")
    bad = commit_file(work, "b.ex", "b")
    rule = RefRule(MAIN, expected_checks=lambda sha: () if sha == good else ("ci",))
    door.policy = PushPolicy((rule,))
    remote, _ = said(door, work, "main")
    assert remote[-1] == '- Required status check "ci" is expected.'
    git(work, "push", "-q", door.address, f"{good}:main")
    assert ordinary_refs(door.path)[MAIN] == good != bad


def test_a_linear_history_has_no_merges(door: Door, work: Path) -> None:
    guard(door, requires_linear_history=True)
    git(work, "checkout", "-q", "-b", "side")
    commit_file(work, "a.ex", "a")
    git(work, "checkout", "-q", "main")
    tip = commit_file(work, "b.ex", "b")
    git(work, "push", "-q", door.address, "main")
    git(work, "merge", "-q", "--no-edit", "side")
    git(work, "push", "-q", door.address, "main:elsewhere")
    remote, _ = said(door, work, "main")
    assert remote[-1] == "- This branch must not contain merge commits."
    assert ordinary_refs(door.path)[MAIN] == tip


def test_deleting_what_may_not_be_deleted(door: Door, work: Path) -> None:
    door.policy = PushPolicy((RefRule("refs/heads/keep*", blocks_deletion=True),))
    git(work, "push", "-q", door.address, "main:keep", "main:drop")
    assert said(door, work, ":keep", ":drop", ":main") == snapshot(
        (
            [
                "error: GH006: Protected branch update failed for refs/heads/keep.",
                "",
                "- Cannot delete this branch",
                "error: refusing to delete the current branch: refs/heads/main",
            ],
            [
                "- [deleted]         drop",
                "! [remote rejected] keep (protected branch hook declined)",
                "! [remote rejected] main (refusing to delete the current branch: refs/heads/main)",
            ],
        )
    )
    assert sorted(ordinary_refs(door.path)) == ["refs/heads/keep", MAIN]


def test_pull_refs_belong_to_the_server(door: Door, work: Path) -> None:
    git(door.path, "update-ref", "refs/pull/1/head", git(work, "rev-parse", "HEAD"))
    door.repository.refs()
    tip = commit_file(work, "a.ex", "a")
    _, rows = said(door, work, "-f", "main:refs/pull/1/head", "main:refs/pull/2/merge", "main")
    assert rows[1:] == snapshot(
        [
            "! [remote rejected] main -> refs/pull/1/head (deny updating a hidden ref)",
            "! [remote rejected] main -> refs/pull/2/merge (deny updating a hidden ref)",
        ]
    )
    assert door.pushes[0][-1].new == tip or ordinary_refs(door.path)[MAIN] == tip
    assert "refs/pull/1/head" in git(work, "ls-remote", door.address)


def test_a_name_like_a_sha_is_refused(door: Door, work: Path) -> None:
    remote, rows = said(door, work, f"main:refs/heads/{'a' * 40}")
    assert remote[0].startswith("error: GH002: Sorry, branch or tag names consisting of 40 hex")
    assert "pre-receive hook declined" in rows[0]


WORKFLOW = ".github/workflows/ci.yml"
REFUSED = (
    f"(refusing to allow a GitHub App to create or update workflow `{WORKFLOW}` without "
    "`workflows` permission)"
)


@pytest.fixture
def guarded(door: Door, work: Path) -> Door:
    """Its main has a workflow that the pusher may not touch."""
    commit_file(work, WORKFLOW, "on: push\n")
    git(work, "push", "-q", door.address, "main")
    door.policy = PushPolicy(may_write_workflows=False)
    return door


def test_workflows_need_their_permission(guarded: Door, work: Path) -> None:
    commit_file(work, WORKFLOW, "on: issues\n")
    for target in ("main", "main:new"):
        remote, rows = said(guarded, work, target)
        assert (remote, rows[0].endswith(REFUSED)) == ([], True)
    guarded.policy = PushPolicy()
    git(work, "push", "-q", guarded.address, "main")


def test_a_workflow_may_not_be_deleted_nor_hidden_in_the_middle(guarded: Door, work: Path) -> None:
    git(work, "rm", "-q", WORKFLOW)
    commit_file(work, "a.ex", "a")
    assert said(guarded, work, "main")[1][0].endswith(REFUSED)
    commit_file(work, WORKFLOW, "on: issues\n")
    git(work, "rm", "-q", WORKFLOW)
    commit_file(work, "b.ex", "b")
    assert said(guarded, work, "main:new")[1][0].endswith(REFUSED)


def test_workflows_of_other_branches_are_no_change(guarded: Door, work: Path) -> None:
    """So that work can be based on a base that moved, or bring the same file along."""
    git(work, "checkout", "-q", "-b", "feature", "HEAD~1")
    commit_file(work, "a.ex", "a")
    git(work, "push", "-q", guarded.address, "feature")
    git(work, "merge", "-q", "--no-edit", "main")
    git(work, "push", "-q", guarded.address, "feature")
    git(work, "checkout", "-q", "-b", "copy", "feature~1")
    commit_file(work, WORKFLOW, "on: push\n")
    git(work, "push", "-q", guarded.address, "copy")
    assert len(guarded.pushes) == 4


@pytest.mark.parametrize("name", ["a b.yml", "$(id).yml", "-x.yml", "ü.yml", "a\nb.yml", '"q".yml'])
def test_odd_workflows_are_found_too(guarded: Door, work: Path, name: str) -> None:
    commit_file(work, f".github/workflows/{name}", "on: push\n")
    rows = said(guarded, work, "main")[1]
    assert "refusing to allow a GitHub App to create or update workflow" in rows[0]


def test_a_push_without_workflows_passes(guarded: Door, work: Path) -> None:
    commit_file(work, ".github/dependabot.yml", "x")
    git(work, "push", "-q", guarded.address, "main", "main:other", "HEAD:refs/x/y")
    assert len(guarded.pushes[-1]) == 3


def test_an_answer_without_bands_is_restated(door: Door) -> None:
    lines = [b"unpack ok\n", b"ng refs/heads/x hook declined\n", b"ok refs/heads/y\n", None]
    said = restate(joined(lines), {"refs/heads/x": "because"}, multiplexed=False)
    assert said == joined([lines[0], b"ng refs/heads/x because\n", *lines[2:]])


def test_an_answer_that_is_not_understood_is_left_alone() -> None:
    for answer in (b"", b"zzzz", pkt_line(b"\1zzzz") + FLUSH):
        assert restate(answer, {}, multiplexed=True) == answer


@pytest.mark.parametrize("pattern", ["refs/heads/nothing", "refs/heads/**"])
def test_a_ref_whose_name_is_no_text_is_refused(door: Door, work: Path, pattern: str) -> None:
    """No JSON could tell of it."""
    rule = RefRule(pattern, "ruleset", requires_pull_request=True)
    door.policy = PushPolicy((rule,), rules_url=RULES_URL)
    remote, _ = said(door, work, "HEAD:refs/heads/caf\udce9")
    assert remote[0].startswith("error: The name of a ref must be UTF-8")
    assert door.pushes == []
    assert set(ordinary_refs(door.path)) == {MAIN}


def test_a_workflow_of_any_name_may_come_along_unchanged(door: Door, work: Path) -> None:
    commit_file(work, ".github/workflows/prüfung.yml", "on: push")
    git(work, "push", "-q", door.address, "main")
    door.policy = PushPolicy(may_write_workflows=False)
    git(work, "switch", "-q", "--orphan", "other")
    commit_file(work, ".github/workflows/prüfung.yml", "on: push")
    git(work, "push", "-q", door.address, "other")
    commit_file(work, ".github/workflows/prüfung.yml", "on: []")
    _, rows = said(door, work, "other")
    assert "or update workflow `.github/workflows/prüfung.yml` without" in rows[0]
