"""Follows every link from the first page, and holds every page to the same rules."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.simulator.pages.browser import Browser, Reader, Shown
from tests.simulator.pages.conftest import Visit
from tests.simulator.support import Simulated, make_source, simulated
from tests.simulator.webhooks.waiting import eventually

pytestmark = pytest.mark.anyio

MOST = 400
HOSTILE = [
    "</textarea></pre></code></table></details><script>alert(1)</script>",
    "\" onmouseover=alert(1) x='{{ 7 * 7 }}{% raw %}",
    "<details><summary>" * 200,
    "> " * 400 + "x",
    "\u202e\u0000\ufffe\U0001f600" * 50,
    "- [ ] " * 200,
    "| a " * 300 + "\n" + "|-" * 300,
]


WORKFLOW = """
on: workflow_dispatch
jobs:
  job:
    runs-on: x
    steps:
      - run: echo '</div><script>alert(1)</script>' | tee "$GITHUB_STEP_SUMMARY" > out; cat out
      - uses: actions/upload-artifact@v4
        with: {name: "odd & name", path: out}
"""


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[Simulated]:
    files = {"README.md": "# Shop\n", "lib/a b.ex": "a\n", ".github/workflows/a.yml": WORKFLOW}
    async with simulated(tmp_path / "state", make_source(tmp_path / "shop", files)) as running:
        yield running


async def furnish(sim: Simulated, admin: Browser) -> None:
    """Issues, comments, a pull request with a review, deliveries, requests, a run."""
    for number, text in enumerate(HOSTILE):
        title = text[:200] or "x"
        sent = await admin.send("/acme/shop/issues", title=title, body=text, label=[f"l{number}"])
        assert sent.status == 303, sent.text
        assert (await admin.send(f"{sent.target}/comments", body=text)).status == 303
    await admin.send("/acme/shop/issues/1/sub_issues", number="2")
    api = sim.as_("writer")
    main = (await api.get("/repos/acme/shop/git/ref/heads/main")).json()["object"]["sha"]
    await api.post("/repos/acme/shop/git/refs", json={"ref": "refs/heads/a/b", "sha": main})
    await api.put(
        "/repos/acme/shop/contents/odd%20%3Cname%3E%23.md",
        json={"message": HOSTILE[0], "content": "IyBoaQo=", "branch": "a/b"},
    )
    sent = await admin.send("/acme/shop/pulls", base="main", head="a/b", title="<b>", body="x")
    await admin.send(
        f"{sent.target}/comments", path="odd <name>#.md", line="1", side="RIGHT", body=HOSTILE[0]
    )
    (hook,) = sim.world.tables.hooks
    await admin.send(f"/_simulator/hooks/{hook.id}", url="http://127.0.0.1:9/")
    (workflow,) = sim.world.tables.workflows
    await admin.send(f"/acme/shop/actions/workflows/{workflow.id}/dispatch", ref="main")
    (run,) = sim.world.tables.runs
    await eventually(lambda: run.latest.status == "completed", "the run")
    assert run.latest.conclusion == "success"


async def crawl(browser: Browser) -> dict[str, Shown]:
    """Every page that links lead to, each address once."""
    seen: dict[str, Shown] = {}
    waiting = ["/"]
    while waiting and len(seen) < MOST:
        path = waiting.pop(0)
        if path in seen:
            continue
        shown = seen[path] = await browser.get(path)
        if shown.target:
            waiting.append(shown.target.partition("#")[0])
        if "text/html" in shown.response.headers.get("content-type", ""):
            waiting += [x for link in shown.links if (x := same_site(path, link))]
    return seen


def same_site(path: str, link: str) -> str | None:
    parts = urlsplit(link)
    if parts.netloc or parts.scheme:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return (parts.path or urlsplit(path).path) + query


def complaints(path: str, shown: Shown) -> list[str]:
    """What is wrong with a page."""
    if shown.status >= 400:
        return [f"{path} answers {shown.status}"]
    if "text/html" not in shown.response.headers.get("content-type", ""):
        return []
    reader = shown.read()
    said = [f"{path}: {fault}" for fault in reader.faults]
    ids = Counter(e["id"] for e in reader.elements if e["id"])
    said += [f"{path}: the id {id!r} is there {n} times" for id, n in ids.items() if n > 1]
    headings = [e for e in reader.elements if e.tag == "h1" and e.text.strip()]
    if "<html" in shown.text and len(headings) < 1:
        said.append(f"{path}: no heading")
    return said + [f"{path}: {fault}" for fault in unsafe(reader)] + unlabelled(path, reader)


def unsafe(reader: Reader) -> list[str]:
    said = []
    for element in reader.elements:
        if element.tag in ("style", "iframe", "object", "base"):
            said.append(f"<{element.tag}>")
        if element.tag == "script" and not element["src"].startswith("/_simulator/assets/"):
            said.append("a script of its own")
        said += [f"{n} on <{element.tag}>" for n in element.attributes if n.startswith("on")]
        if "style" in element.attributes:
            said.append(f"a style on <{element.tag}>")
        for name in ("src", "href", "action"):
            outside = urlsplit(element[name])
            if outside.scheme not in ("", "http", "https", "mailto"):
                said.append(f"{element[name]!r}")
            if outside.netloc and element.tag != "a":
                said.append(f"{element[name]!r} is of another place")
    return said


def unlabelled(path: str, reader: Reader) -> list[str]:
    """Fields that nobody can name: neither in a label nor with a name of their own."""
    labels = {e["for"] for e in reader.elements if e.tag == "label"}
    said = []
    for element in reader.elements:
        if element.tag not in ("input", "select", "textarea") or element["type"] == "hidden":
            continue
        if not (element["aria-label"] or element["id"] in labels or element["in-label"]):
            said.append(f"{path}: <{element.tag} name={element['name']}> has no label")
    return said


@pytest.mark.parametrize("login", ["admin", "reader", ""])
async def test_every_page_is_there_and_sound(sim: Simulated, visit: Visit, login: str) -> None:
    await furnish(sim, visit("admin"))
    pages = await crawl(visit(login))
    assert len(pages) > 100
    wrong = [said for path, shown in pages.items() for said in complaints(path, shown)]
    assert wrong == []


async def test_lists_and_diffs_are_quick(tmp_path: Path) -> None:
    """Bounds far above what is usual, so that only a change of kind fails."""
    lines = "".join(f"    line {n} of a module with some text\n" for n in range(2_000))
    source = make_source(tmp_path / "shop", {"large.ex": lines})
    async with simulated(tmp_path / "state", source) as sim:
        admin = Browser(sim)
        for number in range(300):
            await admin.send("/acme/shop/issues", title=f"Issue {number}", label=["bug"])
        for path in ("/acme/shop/issues?page=2", "/acme/shop/commit/main", "/acme/shop"):
            await admin.get(path)
            began = time.perf_counter()
            assert (await admin.get(path)).status == 200
            assert time.perf_counter() - began < 1.0, path
