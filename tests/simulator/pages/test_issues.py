"""Issues as pages: reading them, and doing to them what the person may."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bot.simulator.domain.issues.comments import create_comment
from bot.simulator.domain.issues.dependencies import block
from bot.simulator.domain.issues.issues import Draft, open_issue
from bot.simulator.identity.caller import Caller
from bot.simulator.options import Source
from bot.simulator.pages.conversation.discussion import PER_PAGE
from bot.simulator.records.issues import Issue
from bot.simulator.seed import add_repository
from tests.simulator.pages.browser import Browser, Shown
from tests.simulator.pages.conftest import Visit
from tests.simulator.support import SHOP, Simulated, make_source

pytestmark = pytest.mark.anyio

ISSUES = "/acme/shop/issues"
PLAN = """<!-- genesis:plan v1 -->
Plan for @writer

- [ ] supervise
- [x] test
"""


def issue_of(sim: Simulated, number: int = 1) -> Issue:
    found = sim.world.tables.issues.one("number", (sim.repository.id, number))
    assert found is not None
    return found


def heard(sim: Simulated) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Events from now on, as webhooks hear of them."""
    events: list[tuple[str, str | None, dict[str, Any]]] = []
    sim.world.hub.listeners.append(lambda e: events.append((e.name, e.action, e.payload)))
    return events


async def opened(browser: Browser, **fields: str | list[str]) -> str:
    """The path of a new issue."""
    answer = await browser.send(ISSUES, **({"title": "Supervise it", "body": PLAN} | fields))
    assert answer.status == 303, answer.text
    return answer.target


def states(page: Shown) -> list[str]:
    return [e.text for e in page.all("span") if e["class"].startswith("state ")]


async def test_an_empty_list_says_what_to_do(admin: Browser) -> None:
    page = await admin.get(ISSUES)
    assert "There is no open issue." in page.words
    assert f"{ISSUES}/new" in page.links


async def test_opening_tells_the_world_as_the_api_does(sim: Simulated, visit: Visit) -> None:
    events = heard(sim)
    path = await opened(visit("triager"), label=["bug", "question"], assignee="writer")
    assert path == f"{ISSUES}/1"
    assert [(name, action) for name, action, _ in events] == [
        ("issues", "opened"),
        ("issues", "labeled"),
        ("issues", "labeled"),
        ("issues", "assigned"),
    ]
    assert events[0][2]["sender"]["login"] == "triager"
    page = await visit("triager").get(path)
    assert page.one("h1").text.startswith("Supervise it")
    assert [e["href"] for e in page.all("a", class_="who")].count("/triager") >= 1


async def test_labels_of_who_may_not_set_them_are_left_out(sim: Simulated, reader: Browser) -> None:
    await opened(reader, label=["bug"])
    assert issue_of(sim).label_ids == []


async def test_hidden_comments_stay_hidden_until_asked_for(admin: Browser) -> None:
    path = await opened(admin)
    page = await admin.get(path)
    assert "genesis:plan" not in page.text
    (link,) = [link for link in page.links if "raw=issue-" in link]
    raw = await admin.get(path + link.partition("#")[0])
    assert "<!-- genesis:plan v1 -->" in raw.one("article").text


async def test_ticking_a_task_edits_the_body(sim: Simulated, admin: Browser) -> None:
    path = await opened(admin)
    events = heard(sim)
    form, line, was = ticking(await admin.get(path))
    answer = await admin.send(form, line=line, was=was)
    assert answer.status == 303
    assert issue_of(sim).body == PLAN.replace("- [ ] supervise", "- [x] supervise")
    assert [(name, action) for name, action, _ in events] == [("issues", "edited")]
    assert events[0][2]["changes"] == {"body": {"from": PLAN}}
    boxes = (await admin.get(path)).all("button", role="checkbox")
    assert [box["aria-checked"] for box in boxes] == ["true", "true"]


def ticking(page: Shown) -> tuple[str, str, str]:
    """Address, line and stamp that the first checkbox of a page sends."""
    box = page.all("button", role="checkbox")[0]
    form = page.one("form", id=box["form"])
    stamp = re.search(r'name="was" value="(\w+)"', page.text)
    assert stamp is not None
    return form["action"], box["value"], stamp[1]


async def test_a_task_of_a_text_that_changed_is_not_ticked(sim: Simulated, admin: Browser) -> None:
    form, line, was = ticking(await admin.get(await opened(admin)))
    changed = "New first line\n" + PLAN
    await admin.send(form.removesuffix("/tasks"), body=changed)
    answer = await admin.send(form, line=line, was=was)
    assert answer.status == 409
    assert issue_of(sim).body == changed


async def test_who_may_not_edit_cannot_tick(
    sim: Simulated, admin: Browser, reader: Browser
) -> None:
    path = await opened(admin)
    form, line, was = ticking(await admin.get(path))
    page = await reader.get(path)
    assert page.all("button", role="checkbox") == []
    assert len(page.all("span", role="checkbox")) == 2
    assert (await reader.send(form, line=line, was=was)).status == 403
    assert issue_of(sim).body == PLAN


async def test_commenting_and_closing_with_one_button(sim: Simulated, admin: Browser) -> None:
    path = await opened(admin)
    events = heard(sim)
    answer = await admin.send(f"{path}/comments", body="Done", turn="not_planned")
    assert re.fullmatch(rf"{path}#issuecomment-\d+", answer.target)
    assert [(name, action) for name, action, _ in events] == [
        ("issue_comment", "created"),
        ("issues", "closed"),
    ]
    page = await admin.get(path)
    assert states(page) == ["Closed as not planned"]
    assert page.one("article", id=answer.target.partition("#")[2]).text.count("Done") == 1
    await admin.send(f"{path}/comments", body="", turn="reopen")
    assert states(await admin.get(path)) == ["Open"]
    assert (await admin.send(f"{path}/comments", body="", turn="sideways")).status == 422
    assert (await admin.send(f"{path}/comments", body=" ")).status == 422


async def test_a_reader_meets_the_refusals_of_the_api(
    sim: Simulated, admin: Browser, reader: Browser
) -> None:
    path = await opened(admin)
    page = await reader.get(path)
    assert {f["action"] for f in page.all("form") if f["action"].startswith(path)} == {
        f"{path}/comments"
    }
    before = issue_of(sim).model_dump()
    for part, fields in CHANGES.items():
        answer = await reader.send(f"{path}/{part}", **fields)
        assert answer.status == 403, part
        assert answer.one("p", role="alert").text
    assert issue_of(sim).model_dump() == before


CHANGES: dict[str, dict[str, str]] = {
    "labels": {"label": "bug"},
    "assignees": {"assignee": "reader"},
    "title": {"title": "Mine"},
    "milestone": {"milestone": ""},
    "lock": {"reason": "spam"},
    "delete": {},
    "sub_issues": {"number": "1"},
    "dependencies": {"number": "1"},
    "comments": {"body": "", "turn": "completed"},
}


async def test_labels_assignees_title(sim: Simulated, admin: Browser) -> None:
    path = await opened(admin, label=["bug"])
    await admin.send(f"{path}/labels", label=["question"], new="brand new, two")
    await admin.send(f"{path}/assignees", assignee=["reader", "writer"])
    await admin.send(f"{path}/title", title="Other title")
    page = await admin.get(path)
    names = [sim.world.tables.labels[id].name for id in issue_of(sim).label_ids]
    assert names == ["question", "brand new", "two"]
    assert page.one("h1").text.startswith("Other title")
    assert "removed the label bug" in page.words
    assert "changed the title from Supervise it to Other title" in page.words
    assert "assigned reader" in page.words


async def test_sub_issues_and_dependencies(sim: Simulated, admin: Browser) -> None:
    first, _, _ = [await opened(admin, title=f"Issue {n}") for n in (1, 2, 3)]
    assert (await admin.send(f"{first}/sub_issues", number="#2")).status == 303
    assert (await admin.send(f"{first}/dependencies", number="3")).status == 303
    page = await admin.get(first)
    assert "Sub-issues 0 of 1 done" in page.words
    assert "Blocked by Issue 3 #3" in page.words
    assert "Below Issue 1 #1" in (await admin.get(f"{ISSUES}/2")).words
    assert "Blocks Issue 1 #1" in (await admin.get(f"{ISSUES}/3")).words
    assert (await admin.send(f"{first}/sub_issues", number="2")).status == 422
    assert (await admin.send(f"{first}/sub_issues", number="nine")).status == 422
    await removed(admin, first, "/sub_issues")
    await removed(admin, first, "/dependencies")
    assert issue_of(sim).sub_issue_ids == []
    assert len(sim.world.tables.dependencies) == 0


async def removed(browser: Browser, path: str, below: str) -> Shown:
    """Presses the button that takes the only relation of that kind away."""
    form = re.escape(f'action="{path}{below}"><button')
    (value,) = re.findall(
        rf'{form}[^>]* name="remove" value="(\d+)"', (await browser.get(path)).text
    )
    return await browser.send(path + below, remove=value)


async def elsewhere(sim: Simulated, tmp_path: Path) -> Issue:
    """Issue 1 of another repository, which blocks our issue 1."""
    source = make_source(tmp_path / "elsewhere")
    now = sim.world.clock.now()
    other = await add_repository(sim.world, Source(path=source, name="tools"), now)
    other.private = True
    caller = admin_of(sim)
    made = open_issue(sim.world, caller, other, Draft("Hidden plan", "", [], []))
    block(sim.world, caller, sim.repository, issue_of(sim), made)
    return made


def admin_of(sim: Simulated) -> Caller:
    admin = sim.world.tables.accounts.one("login", "admin")
    assert admin is not None
    return Caller(admin, sim.world.tables.tokens.one("account", admin.id))


async def test_of_two_blockers_with_one_number_the_right_one_is_removed(
    sim: Simulated, admin: Browser, tmp_path: Path
) -> None:
    path = await opened(admin, title="Ours")
    other = await elsewhere(sim, tmp_path)
    second = await opened(admin, title="Second")
    await admin.send(f"{path}/dependencies", number="2")
    (_, far) = (await admin.get(path)).all("button", name="remove")[::-1]
    assert far["value"] == str(other.id)
    await admin.send(f"{path}/dependencies", remove=far["value"])
    page = (await admin.get(path)).one("aside").text
    assert "Second" in page
    assert "Hidden plan" not in page
    assert second == f"{ISSUES}/2"
    for wrong in ("1", "x", ""):
        answer = await admin.send(f"{path}/dependencies", remove=wrong)
        assert answer.status in (404, 422)


async def test_what_happened_elsewhere_is_told_to_who_may_see_it(
    sim: Simulated, admin: Browser, visit: Visit, tmp_path: Path
) -> None:
    path = await opened(admin)
    await elsewhere(sim, tmp_path)
    assert "marked this as blocked by Hidden plan" in (await admin.get(path)).words
    assert "Hidden plan" not in (await visit("outsider").get(path)).text


async def test_an_unknown_milestone_takes_none_away(sim: Simulated, admin: Browser) -> None:
    path = await opened(admin)
    made = await sim.as_("admin").post(f"{SHOP}/milestones", json={"title": "Soon"})
    await admin.send(f"{path}/milestone", milestone="1")
    assert (await admin.send(f"{path}/milestone", milestone="9")).status == 422
    assert issue_of(sim).milestone_id == made.json()["id"]
    await admin.send(f"{path}/milestone", milestone="")
    assert issue_of(sim).milestone_id is None


async def test_a_comment_that_should_close_is_made_only_if_it_may(
    sim: Simulated, admin: Browser, reader: Browser
) -> None:
    path = await opened(admin)
    assert (await reader.send(f"{path}/comments", body="x", turn="completed")).status == 403
    assert (await admin.send(f"{path}/comments", body="x", turn="sideways")).status == 422
    assert len(sim.world.tables.comments) == 0
    assert issue_of(sim).state == "open"


async def test_a_locked_conversation(sim: Simulated, admin: Browser, reader: Browser) -> None:
    path = await opened(admin)
    await admin.send(f"{path}/lock", reason="too heated")
    page = await reader.get(path)
    assert "This conversation is locked as too heated" in page.words
    assert page.all("textarea") == []
    assert (await reader.send(f"{path}/comments", body="But")).status == 403
    await admin.send(f"{path}/lock", unlock="1")
    assert (await reader.send(f"{path}/comments", body="But")).status == 303


async def test_editing_and_deleting_a_comment(
    sim: Simulated, admin: Browser, reader: Browser
) -> None:
    path = await opened(admin)
    made = await reader.send(f"{path}/comments", body="Frist")
    anchor = made.target.partition("#")[2]
    page = await reader.get(f"{path}?edit={anchor}")
    box = page.one("article", id=anchor)
    assert "Frist" in box.text
    (form,) = [f["action"] for f in page.all("form") if "/texts/comment/" in f["action"]][:1]
    sim.world.clock.advance(60)
    await reader.send(form, body="First")
    assert "First" in (await reader.get(path)).words
    assert "edited" in (await reader.get(path)).one("article", id=anchor).text
    assert (await admin.send(form, delete="1")).status == 303
    assert "First" not in (await reader.get(path)).words


async def test_a_comment_on_a_later_page_can_be_edited_there(
    sim: Simulated, admin: Browser
) -> None:
    path = await opened(admin)
    for number in range(PER_PAGE + 1):
        create_comment(sim.world, admin_of(sim), sim.repository, issue_of(sim), f"No. {number}")
    page = await admin.get(f"{path}?page=2")
    (edit,) = [link for link in page.links if "edit=issuecomment" in link]
    form = await admin.get(path + edit.partition("#")[0])
    assert [area.text.strip() for area in form.all("textarea", aria_label="Text")] == ["No. 150"]


async def test_reactions_come_and_go(sim: Simulated, admin: Browser) -> None:
    path = await opened(admin)
    issue = issue_of(sim)
    form = f"/acme/shop/texts/issue/{issue.id}/reactions"
    await admin.send(form, content="rocket")
    (pressed,) = (await admin.get(path)).all("button", aria_pressed="true")
    assert (pressed["value"], pressed["title"]) == ("rocket", "admin")
    await admin.send(form, content="rocket")
    assert (await admin.get(path)).all("button", aria_pressed="true") == []
    assert (await admin.send(form, content="poop")).status == 422


async def test_a_deleted_issue_is_gone(sim: Simulated, admin: Browser) -> None:
    path = await opened(admin)
    assert (await admin.send(f"{path}/delete")).target == ISSUES
    assert (await admin.get(path)).status == 410


async def test_the_list_is_filtered_and_searched(sim: Simulated, admin: Browser) -> None:
    await opened(admin, title="Alpha one", label=["bug"])
    await opened(admin, title="Beta two", label=["bug", "question"], assignee="writer")
    await opened(admin, title="Gamma three", body="alpha inside")
    await admin.send(f"{ISSUES}/3/comments", body="", turn="completed")
    found = {
        "": ["Beta two", "Alpha one"],
        "?state=closed": ["Gamma three"],
        "?state=all&sort=oldest": ["Alpha one", "Beta two", "Gamma three"],
        "?q=ALPHA+is:all": ["Gamma three", "Alpha one"],
        "?label=bug&label=question": ["Beta two"],
        "?q=label:bug+one": ["Alpha one"],
        "?q=assignee:writer": ["Beta two"],
        "?q=author:nobody": [],
        "?label=unknown": [],
        "?q=%23": ["Beta two", "Alpha one"],
        "?page=99": ["Beta two", "Alpha one"],
        "?page=x&sort=%00": ["Beta two", "Alpha one"],
    }
    for query, titles in found.items():
        page = await admin.get(ISSUES + query)
        assert [e.text for e in page.all("a", class_="lead")] == titles, query


async def test_a_long_list_has_pages(sim: Simulated, admin: Browser) -> None:
    for number in range(35):
        await opened(admin, title=f"Issue {number}")
    page = await admin.get(f"{ISSUES}?label=")
    assert len(page.all("a", class_="lead")) == 30
    last = await admin.get(ISSUES + page.one("a", rel="next")["href"])
    assert [e.text for e in last.all("a", class_="lead")][-1] == "Issue 0"
    assert last.all("a", rel="next") == []


async def test_titles_and_names_are_text(sim: Simulated, admin: Browser) -> None:
    path = await opened(admin, title="<script>alert(1)</script>")
    await admin.send(f"{path}/labels", new="<b>bold</b>")
    for page in (await admin.get(path), await admin.get(ISSUES)):
        assert "<script>alert" not in page.text
        assert "<b>bold" not in page.text
        assert page.read().faults == []


async def test_a_text_at_its_limit_and_beyond(sim: Simulated, admin: Browser) -> None:
    path = await opened(admin, body="é" * 65_536)
    assert (await admin.get(path)).status == 200
    refused = await admin.send(ISSUES, title="Too long", body="x" * 65_537)
    assert refused.status == 422
    assert "too long" in refused.words
    assert len(sim.world.tables.issues) == 1


async def test_texts_that_take_long_are_rendered_a_few_at_a_time(
    sim: Simulated, admin: Browser
) -> None:
    path = await opened(admin)
    for number in range(4):
        body = f"{number}\n\n|a|\n|-|\n" + "|x\n" * 20_000
        assert (await admin.send(f"{path}/comments", body=body)).status == 303
    waiting = [(await admin.get(path)).text.count("Load it again for more") for _ in range(6)]
    assert waiting[0] > 0
    assert waiting[-1] == 0
    assert waiting == sorted(waiting, reverse=True)
