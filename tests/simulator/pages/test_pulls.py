"""Pull requests as pages: proposing, reviewing, merging."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.simulator.records.checks import Annotation, CheckRun
from bot.simulator.records.pulls import PullRequest
from tests.simulator.pages.browser import Browser, Shown
from tests.simulator.pages.conftest import Visit
from tests.simulator.support import SHOP, Simulated, git, make_source, simulated

pytestmark = pytest.mark.anyio

PULLS = "/acme/shop/pulls"
PULL = "/acme/shop/pull/1"
BEFORE = "".join(f"line {n}\n" for n in range(1, 30))
AFTER = BEFORE.replace("line 3\n", "third\n") + "end\n"


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[Simulated]:
    """With a branch `fix` that changes lib/shop.ex and adds a file."""
    source = make_source(tmp_path / "shop", {"lib/shop.ex": BEFORE})
    git("checkout", "-q", "-b", "fix", cwd=source)
    (source / "lib/shop.ex").write_text(AFTER)
    (source / "new <file>.ex").write_text("new\n")
    git("add", "-A", cwd=source)
    git("commit", "-q", "-m", "Fix the shop", cwd=source)
    git("checkout", "-q", "main", cwd=source)
    async with simulated(tmp_path / "state", source) as running:
        yield running


def pull_of(sim: Simulated) -> PullRequest:
    (found,) = sim.world.tables.pulls
    return found


async def proposed(browser: Browser, **fields: str) -> None:
    values = {"base": "main", "head": "fix", "title": "Fix it", "body": "- [ ] look"} | fields
    answer = await browser.send(PULLS, **values)
    assert answer.target == PULL, answer.text


def buttons(page: Shown, name: str) -> dict[str, bool]:
    """The buttons of that name by their value, and whether they can be pressed."""
    return {b["value"]: "disabled" not in b.attributes for b in page.all("button", name=name)}


async def test_an_empty_list_says_what_to_do(admin: Browser) -> None:
    page = await admin.get(PULLS)
    assert "There is no open pull request." in page.words
    assert "/acme/shop/branches" in page.links


async def test_proposing_and_the_tabs(admin: Browser, visit: Visit) -> None:
    await proposed(visit("writer"))
    page = await admin.get(PULL)
    assert "writer wants to merge 1 commit from fix into main" in page.words
    assert [e.text for e in (await admin.get(PULLS)).all("a", class_="lead")] == ["Fix it"]
    assert "Fix the shop" in (await admin.get(f"{PULL}/commits")).words
    assert "Nothing has checked commit" in (await admin.get(f"{PULL}/checks")).words
    assert (await admin.get(f"{PULL}.diff")).text.startswith("diff --git")
    assert "Subject: [PATCH] Fix the shop" in (await admin.get(f"{PULL}.patch")).text
    assert (await admin.get(f"{PULL}.exe")).status == 404
    assert (await admin.get("/acme/shop/issues/1")).target == PULL
    assert (await admin.get("/acme/shop/pull/2")).status == 404


async def test_what_cannot_be_proposed(sim: Simulated, admin: Browser, reader: Browser) -> None:
    refused = {
        422: {"base": "main", "head": "none", "title": "x"},
        403: {"base": "main", "head": "fix", "title": "x"},
    }
    assert (await admin.send(PULLS, **refused[422])).status == 422
    assert (await reader.send(PULLS, **refused[403])).status in (403, 422)
    same = await admin.send(PULLS, base="main", head="main", title="x")
    assert same.status == 422
    assert "No commits between main and main" in same.words
    assert len(sim.world.tables.pulls) == 0


async def test_the_diff_has_a_form_at_the_line_that_was_chosen(admin: Browser) -> None:
    await proposed(admin)
    page = await admin.get(f"{PULL}/files")
    added = [row.text.split() for row in page.all("tr", class_="add")]
    assert added == [["3", "third"], ["30", "end"], ["1", "new"]]
    assert page.all("textarea", name="body")[0]["aria-label"] == "What you think of it"
    (link,) = [x for x in page.links if x.startswith("?path=lib/shop.ex&at=R3#")]
    page = await admin.get(f"{PULL}/files{link}")
    labels = [area["aria-label"] for area in page.all("textarea", name="body")]
    assert labels == ["What you think of it", "Comment on line 3"]
    for odd in ("?path=lib/shop.ex&at=", "?at=R99999999999", "?path=%00&at=Rx", "?at=L-1"):
        assert (await admin.get(f"{PULL}/files{odd}")).status == 200


async def test_nobody_sees_forms_when_nobody_acts(admin: Browser, visit: Visit) -> None:
    await proposed(admin)
    for part in ("", "/files", "/commits", "/checks"):
        page = await visit("").get(PULL + part)
        assert {f["action"] for f in page.all("form")} == {"/_simulator/act"}


async def test_a_thread_is_begun_answered_and_resolved(sim: Simulated, visit: Visit) -> None:
    author, reviewer = visit("writer"), visit("maintainer")
    await proposed(author)
    line = {"path": "lib/shop.ex", "line": "3", "side": "RIGHT"}
    assert (await reviewer.send(f"{PULL}/comments", body="Why *this*?", **line)).status == 303
    (thread,) = sim.world.tables.threads
    path = f"{PULL}/threads/{thread.id}"
    assert (await author.send(path, body="Because.")).status == 303
    page = await author.get(PULL)
    assert page.words.index("Why this?") < page.words.index("Because.")
    assert "lib/shop.ex line 3" in page.words
    files = await author.get(f"{PULL}/files")
    assert files.words.index("third") < files.words.index("Because.") < files.words.index("line 4")
    assert (await visit("reader").send(path, turn="resolve")).status == 403
    await author.send(path, turn="resolve")
    assert "resolved by writer" in (await author.get(PULL)).words
    await author.send(path, turn="unresolve")
    assert not thread.resolved


async def test_a_comment_outside_of_the_diff_is_refused(sim: Simulated, admin: Browser) -> None:
    await proposed(admin)
    for place in ({"line": "15"}, {"line": "3", "path": "none"}, {"line": "x"}):
        fields = {"path": "lib/shop.ex", "side": "RIGHT", "body": "x"} | place
        assert (await admin.send(f"{PULL}/comments", **fields)).status == 422
    assert len(sim.world.tables.review_comments) == 0


async def test_a_review_is_seen_once_it_is_submitted(sim: Simulated, visit: Visit) -> None:
    author, reviewer = visit("writer"), visit("maintainer")
    await proposed(author)
    line = {"path": "lib/shop.ex", "side": "RIGHT", "later": "1"}
    await reviewer.send(f"{PULL}/comments", body="Pending one", line="3", **line)
    await reviewer.send(f"{PULL}/comments", body="Pending two", line="30", **line)
    for part in ("", "/files"):
        assert "Pending one" not in (await author.get(PULL + part)).words
        assert "Pending two" in (await reviewer.get(PULL + part)).words
    assert "nobody else sees yet" in (await reviewer.get(f"{PULL}/files")).words
    sent = await reviewer.send(f"{PULL}/reviews", verdict="REQUEST_CHANGES", body="Please")
    assert sent.status == 303
    page = await author.get(PULL)
    assert "maintainer asked for changes" in page.words
    assert "Pending one" in page.words
    assert len(sim.world.tables.reviews) == 1


async def test_a_pending_review_can_be_thrown_away(sim: Simulated, visit: Visit) -> None:
    await proposed(visit("writer"))
    reviewer = visit("maintainer")
    line = {"path": "lib/shop.ex", "line": "3", "side": "RIGHT", "later": "1"}
    await reviewer.send(f"{PULL}/comments", body="Pending", **line)
    await reviewer.send(f"{PULL}/reviews", discard="1")
    assert len(sim.world.tables.reviews) == len(sim.world.tables.threads) == 0
    again = await reviewer.send(f"{PULL}/reviews", discard="1", verdict="COMMENT", body="No!")
    assert again.status == 409
    assert len(sim.world.tables.reviews) == 0


async def test_a_pending_review_is_out_of_reach_for_others(sim: Simulated, visit: Visit) -> None:
    author, reviewer = visit("writer"), visit("maintainer")
    await proposed(author)
    line = {"path": "lib/shop.ex", "line": "3", "side": "RIGHT", "later": "1"}
    await reviewer.send(f"{PULL}/comments", body="Pending", **line)
    (thread,), (review,) = sim.world.tables.threads, sim.world.tables.reviews
    (comment,) = sim.world.tables.review_comments
    text = f"/acme/shop/texts/review_comment/{comment.id}"
    attempts: list[tuple[str, dict[str, str]]] = [
        (f"{PULL}/threads/{thread.id}", {"turn": "resolve"}),
        (f"{PULL}/threads/{thread.id}", {"body": "I see you"}),
        (f"{PULL}/reviews/{review.id}/dismiss", {"message": "No"}),
        (text, {"body": "Mine"}),
        (text, {"delete": "1"}),
        (f"{text}/reactions", {"content": "eyes"}),
    ]
    for path, fields in attempts:
        assert (await author.send(path, **fields)).status == 404, (path, fields)
    assert (comment.body, thread.resolved, len(sim.world.tables.reactions)) == ("Pending", False, 0)
    assert (await reviewer.send(text, body="Better")).status == 303


async def test_finishing_a_review_keeps_what_it_says_already(sim: Simulated, visit: Visit) -> None:
    await proposed(visit("writer"))
    begun = await sim.as_("maintainer").post(f"{SHOP}/pulls/1/reviews", json={"body": "So far"})
    assert begun.json()["state"] == "PENDING"
    page = await visit("maintainer").get(f"{PULL}/files")
    assert [area.text.strip() for area in page.all("textarea", name="body")] == ["So far"]


async def test_approving_and_its_refusals(sim: Simulated, visit: Visit) -> None:
    await proposed(visit("writer"))
    own = await visit("writer").send(f"{PULL}/reviews", verdict="APPROVE", body="")
    assert own.status == 422
    assert "Can not approve your own pull request" in own.words
    assert (await visit("maintainer").send(f"{PULL}/reviews", verdict="LGTM")).status == 422
    assert (await visit("").send(f"{PULL}/reviews", verdict="APPROVE")).status == 401
    assert len(sim.world.tables.reviews) == 0
    await visit("maintainer").send(f"{PULL}/reviews", verdict="APPROVE", body="Good")
    page = await visit("admin").get(PULL)
    assert "maintainer approved these changes" in page.words
    (review,) = sim.world.tables.reviews
    await visit("admin").send(f"{PULL}/reviews/{review.id}/dismiss", message="Too early")
    assert "reviewed (dismissed)" in (await visit("admin").get(PULL)).words
    assert "Too early" in (await visit("admin").get(PULL)).words


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
async def test_merging(sim: Simulated, admin: Browser, reader: Browser, method: str) -> None:
    await proposed(admin)
    page = await admin.get(PULL)
    assert buttons(page, "method") == {"merge": True, "squash": True, "rebase": True}
    assert buttons(await reader.get(PULL), "method") == {}
    before = sim.world.git(sim.repository).branches()["main"]
    assert (await reader.send(f"{PULL}/merge", method=method)).status == 403
    assert (await admin.send(f"{PULL}/merge", method="octopus")).status == 422
    assert (await admin.send(f"{PULL}/merge", method=method, sha="f" * 40)).status == 409
    assert sim.world.git(sim.repository).branches()["main"] == before
    answer = await admin.send(f"{PULL}/merge", method=method, sha=pull_of(sim).head_sha)
    assert answer.status == 303
    assert sim.world.git(sim.repository).branches()["main"] == pull_of(sim).merge_commit_sha
    page = await admin.get(PULL)
    assert "admin merged this as" in page.words
    assert (await admin.send(f"{PULL}/branch")).status == 303
    assert "fix" not in sim.world.git(sim.repository).branches()


async def test_a_draft_is_not_merged(sim: Simulated, admin: Browser, reader: Browser) -> None:
    await proposed(admin, draft="1")
    page = await admin.get(PULL)
    assert "This is a draft." in page.words
    assert buttons(page, "method") == {"merge": False, "squash": False, "rebase": False}
    assert (await admin.send(f"{PULL}/merge", method="merge")).status == 405
    assert (await reader.send(f"{PULL}/draft")).status == 403
    await admin.send(f"{PULL}/draft")
    assert not pull_of(sim).draft


async def test_conflicts_are_said(sim: Simulated, admin: Browser, tmp_path: Path) -> None:
    await proposed(admin)
    other = BEFORE.replace("line 3\n", "drei\n")
    found = await sim.as_("admin").get("/repos/acme/shop/contents/lib/shop.ex")
    content = b64encode(other.encode()).decode()
    body = {"message": "Change", "content": content, "sha": found.json()["sha"]}
    answer = await sim.as_("admin").put("/repos/acme/shop/contents/lib/shop.ex", json=body)
    assert answer.status_code == 200
    page = await admin.get(PULL)
    assert "There are conflicts with the base branch." in page.words
    assert set(buttons(page, "method").values()) == {False}
    assert "Update branch" in page.words
    assert (await admin.send(f"{PULL}/update")).status == 422


async def test_reviewers_are_asked(sim: Simulated, admin: Browser, reader: Browser) -> None:
    await proposed(admin)
    await admin.send(f"{PULL}/reviewers", reviewer=["maintainer", "writer"])
    assert "maintainer asked" in (await admin.get(PULL)).words
    await admin.send(f"{PULL}/reviewers", reviewer=["writer"])
    names = [sim.world.tables.accounts[i].login for i in pull_of(sim).requested_reviewer_ids]
    assert names == ["writer"]
    assert (await reader.send(f"{PULL}/reviewers", reviewer="writer")).status == 403
    assert (await admin.send(f"{PULL}/reviewers", reviewer="outsider")).status == 422


async def test_closing_and_reopening(sim: Simulated, admin: Browser) -> None:
    await proposed(admin)
    comments = "/acme/shop/issues/1/comments"
    await admin.send(comments, body="No", turn="completed")
    assert "Closed without merging" in (await admin.get(PULL)).words
    await admin.send(comments, body="", turn="reopen")
    assert "This can be merged." in (await admin.get(PULL)).words


async def test_ticking_a_task_of_a_pull_request(sim: Simulated, admin: Browser) -> None:
    await proposed(admin)
    page = await admin.get(PULL)
    box = page.one("button", role="checkbox")
    stamp = re.search(r'name="was" value="(\w+)"', page.text)
    assert stamp is not None
    answer = await admin.send(page.one("form", id=box["form"])["action"], line="0", was=stamp[1])
    assert answer.target.startswith(PULL + "#")
    assert sim.world.tables.issues[pull_of(sim).issue_id].body == "- [x] look"


async def test_checks_with_their_annotations(sim: Simulated, admin: Browser) -> None:
    await proposed(admin)
    run = add_check(sim, pull_of(sim).head_sha)
    page = await admin.get(f"{PULL}/checks")
    assert "mix test" in page.words
    assert page.one("strong").text == "2 of 3"
    assert "lib/shop.ex:3" in page.words
    assert f"/acme/shop/blob/{run.head_sha}/lib/shop.ex#L3" in page.links
    assert "1 failure" in (await admin.get(PULL)).words
    assert "checks: failure" in (await admin.get(PULLS)).words
    leads = await admin.get(f"/acme/shop/runs/{run.id}")
    assert leads.target == f"{PULL}/checks?check_run_id={run.id}"
    assert (await admin.get(f"{PULL}/checks?check_run_id=x")).status == 200
    assert (await admin.get("/acme/shop/runs/1")).status == 404


def add_check(sim: Simulated, sha: str) -> CheckRun:
    now = sim.world.clock.now()
    note = Annotation(
        path="lib/shop.ex", start_line=3, end_line=3, annotation_level="failure", message="<b>no"
    )
    return sim.world.tables.check_runs.add(
        CheckRun(
            id=sim.world.tables.next_id(),
            repository_id=sim.repository.id,
            suite_id=0,
            app_id=sim.genesis.id,
            name="mix test",
            head_sha=sha,
            status="completed",
            conclusion="failure",
            completed_at=now,
            title="Failed",
            summary="**2 of 3** passed",
            annotations=[note],
            created_at=now,
        )
    )


async def put(sim: Simulated, login: str, path: str, branch: str, repository: str) -> None:
    content = b64encode(f"{path}\n".encode()).decode()
    body = {"message": f"Add {path}", "content": content, "branch": branch}
    answer = await sim.as_(login).put(f"/repos/{repository}/contents/{path}", json=body)
    assert answer.status_code == 201, answer.text


async def test_a_branch_is_brought_up_to_date(
    sim: Simulated, admin: Browser, reader: Browser
) -> None:
    await proposed(admin)
    await put(sim, "admin", "other.txt", "main", "acme/shop")
    page = await admin.get(PULL)
    assert "1 commit behind main" in page.words
    assert (await reader.send(f"{PULL}/update")).status == 403
    assert (await admin.send(f"{PULL}/update", sha="f" * 40)).status == 422
    assert (await admin.send(f"{PULL}/update", sha=pull_of(sim).head_sha)).status == 303
    assert "Update branch" not in (await admin.get(PULL)).words
    assert "Merge branch 'main' into fix" in (await admin.get(f"{PULL}/commits")).words


async def test_a_pull_request_of_a_fork(sim: Simulated, visit: Visit, admin: Browser) -> None:
    assert (await sim.as_("outsider").post("/repos/acme/shop/forks", json={})).status_code == 202
    await put(sim, "outsider", "theirs.txt", "main", "outsider/shop")
    page = await visit("outsider").get("/acme/shop/compare/main...outsider:main")
    assert page.one("input", name="head")["value"] == "outsider:main"
    await proposed(visit("outsider"), head="outsider:main", title="Theirs")
    page = await admin.get(PULL)
    assert "from outsider:main into main" in page.words
    assert "theirs.txt" in (await admin.get(f"{PULL}/files")).words
    again = await admin.get("/acme/shop/compare/main...outsider:main")
    assert PULL in again.links
    assert again.all("input", name="title") == []
    assert "forked from acme/shop" in (await admin.get("/outsider/shop")).words
    fork = sim.world.repository_named("outsider", "shop")
    assert fork is not None
    fork.private = True
    hidden = await visit("reader").get("/acme/shop/compare/main...outsider:main")
    assert hidden.status == 404
    assert (await visit("reader").get(f"{PULL}/files")).status == 200
