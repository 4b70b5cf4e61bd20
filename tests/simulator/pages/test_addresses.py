"""Every address for people that the API gives out leads to a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.pages.browser import Browser
from tests.simulator.support import BASE, Simulated, make_source, simulated

pytestmark = pytest.mark.anyio

SHOP = "/repos/acme/shop"
FOR_PEOPLE = ("html_url", "diff_url", "patch_url", "avatar_url", "blob_url", "raw_url", "badge_url")
WORKFLOW = "on: workflow_dispatch\njobs: {a: {runs-on: x, steps: [{run: 'true'}]}}\n"


def addresses(answer: Any, key: str = "") -> Iterator[str]:
    match answer:
        case dict():
            for name, value in answer.items():
                yield from addresses(value, name)
        case list():
            for value in answer:
                yield from addresses(value, key)
        case str() if key in FOR_PEOPLE or (key == "html" and answer.startswith("http")):
            yield answer


async def ask(sim: Simulated) -> list[Any]:
    """Answers of many kinds."""
    api = sim.as_("admin")

    async def post(path: str, method: str = "POST", **body: Any) -> Any:
        answer = await api.request(method, SHOP + path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    answers = [await post("/milestones", title="First"), await post("/issues", title="One")]
    answers.append(await post("/issues/1", "PATCH", milestone=1, body="x", assignees=["writer"]))
    answers.append(await post("/issues/1/comments", body="Hello"))
    main = (await api.get(f"{SHOP}/git/ref/heads/main")).json()["object"]["sha"]
    await post("/git/refs", ref="refs/heads/a/b", sha=main)
    content = {"message": "Odd", "content": "IyBoaQo=", "branch": "a/b"}
    answers.append(await post("/contents/odd%20%3Cname%3E%23%3F.md", "PUT", **content))
    answers.append(await post("/pulls", title="Two", head="a/b", base="main"))
    remark = {"path": "odd <name>#?.md", "line": 1, "body": "Why"}
    answers.append(await post("/pulls/2/reviews", event="COMMENT", body="x", comments=[remark]))
    protection = {
        "required_status_checks": {"strict": True, "contexts": ["ci"]},
        "enforce_admins": True,
        "required_pull_request_reviews": {"required_approving_review_count": 2},
        "restrictions": None,
    }
    await post("/branches/main/protection", "PUT", **protection)
    ruled = await post("/rulesets", name="All", enforcement="active", rules=[{"type": "deletion"}])
    answers.append(ruled)
    for path in READ:
        answer = await api.get(path)
        assert answer.status_code == 200, (path, answer.text)
        answers.append(answer.json())
    answers.append((await sim.as_app().get("/app/installations")).json())
    return answers


READ = [
    SHOP,
    "/users/otp-genesis%5Bbot%5D",
    f"{SHOP}/issues/1/timeline",
    f"{SHOP}/pulls/2/comments",
    f"{SHOP}/pulls/2/files",
    f"{SHOP}/pulls/2/commits",
    f"{SHOP}/contents/?ref=a/b",
    f"{SHOP}/branches/a%2Fb",
    f"{SHOP}/commits?sha=a/b",
    f"{SHOP}/compare/main...a/b",
    f"{SHOP}/actions/workflows",
    f"{SHOP}/readme",
    "/apps/otp-genesis",
]


async def test_every_address_leads_to_a_page(tmp_path: Path) -> None:
    files = {"README.md": "# Shop\n", ".github/workflows/ci.yml": WORKFLOW}
    source = make_source(tmp_path / "shop", files)
    async with simulated(tmp_path / "state", source) as sim:
        found = {address for answer in await ask(sim) for address in addresses(answer)}
        assert len(found) > 30
        admin, lost = Browser(sim), []
        for address in sorted(found):
            assert address.startswith(BASE + "/"), address
            shown = await admin.get(address.removeprefix(BASE).partition("#")[0])
            if shown.status >= 400:
                lost.append((shown.status, address))
        assert lost == []
        rules = await admin.get("/acme/shop/rules")
        assert "Approving reviews that are needed: 2." in rules.words
        assert "These checks must pass: ci." in rules.words
        listed = await admin.get((await admin.get("/acme/shop/milestone/1")).target)
        assert [e.text for e in listed.all("a", class_="lead")] == ["One"]
        assert "for the milestone First" in listed.words


async def test_faces_and_badges(sim: Simulated, admin: Browser) -> None:
    person = sim.world.tables.accounts.one("login", "writer")
    assert person is not None
    face = await admin.get(f"/avatars/{person.id}")
    assert face.response.headers["content-type"] == "image/svg+xml"
    assert ">W</text>" in face.text
    assert (await admin.get("/avatars/1")).status == 404
    assert (await admin.get("/acme/shop/workflows/none.yml/badge.svg")).status == 404
    assert (await admin.get("/acme/shop/milestone/1")).status == 404
