"""Files, commits, branches and comparisons."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest

from tests.simulator.pages.browser import Browser
from tests.simulator.support import Simulated, git, make_source, simulated

pytestmark = pytest.mark.anyio

FILES = {
    "README.md": "# Shop\n\nSee [the code](lib/shop.ex) and ![a plan](plan.svg).\n",
    "lib/shop.ex": "defmodule Shop do\nend\n",
    "a b/<c>?#%.txt": "odd\n",
    "plan.svg": '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "page.html": "<script>alert(1)</script>",
}
ODD = b"b\xff\xfe.txt"


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[Simulated]:
    source = make_source(tmp_path / "shop", FILES)
    (source / os.fsdecode(ODD)).write_text("bytes\n")
    (source / "data.bin").write_bytes(b"\0\1\2" * 10)
    (source / "link").symlink_to("lib")
    git("add", "-A", cwd=source)
    git("commit", "-q", "-m", "Add odd files\n\nWith a body.", cwd=source)
    git("checkout", "-q", "-b", "feature/x", cwd=source)
    (source / "lib/shop.ex").write_text("defmodule Shop do\n  # more\nend\n")
    git("commit", "-q", "-a", "-m", "Say more", cwd=source)
    git("tag", "v1", cwd=source)
    git("checkout", "-q", "main", cwd=source)
    async with simulated(tmp_path / "state", source) as running:
        yield running


async def test_a_repository_begins_with_its_files_and_readme(admin: Browser) -> None:
    page = await admin.get("/acme/shop")
    assert page.status == 200
    assert "Add odd files" in page.words
    assert "/acme/shop/tree/main/lib" in page.links
    assert "/acme/shop/blob/main/lib/shop.ex" in page.links
    assert "http://github.test/acme/shop.git" in [e["value"] for e in page.all("input")]
    assert page.one("img", alt="a plan")["src"] == "/acme/shop/raw/main/plan.svg"


async def test_every_name_on_a_page_leads_to_its_file(admin: Browser) -> None:
    top = await admin.get("/acme/shop/tree/main")
    names = [
        e for e in top.links if e.startswith(("/acme/shop/blob/main/", "/acme/shop/tree/main/"))
    ]
    assert f"/acme/shop/blob/main/{quote_from_bytes(ODD)}" in names
    for name in names:
        assert (await admin.get(name)).status == 200, name
    inside = await admin.get("/acme/shop/tree/main/a%20b")
    (odd,) = [link for link in inside.links if "%3Cc%3E%3F%23%25.txt" in link]
    page = await admin.get(odd)
    assert page.one("table", class_="source").text.split() == ["1", "odd"]


async def test_bytes_that_are_no_text_are_shown_as_marks_and_had_raw(admin: Browser) -> None:
    name = quote_from_bytes(ODD)
    page = await admin.get(f"/acme/shop/blob/main/{name}")
    assert "b\ufffd\ufffd.txt" in page.words
    assert (await admin.get(f"/acme/shop/raw/main/{name}")).text == "bytes\n"


async def test_lines_can_be_linked(admin: Browser) -> None:
    page = await admin.get("/acme/shop/blob/main/lib/shop.ex")
    assert page.one("tr", id="L2").text.split() == ["2", "end"]
    assert "#L2" in page.links


async def test_a_branch_with_a_slash_and_a_tag_and_a_sha(sim: Simulated, admin: Browser) -> None:
    sha = sim.world.git(sim.repository).branches()["feature/x"]
    for revision in ("feature/x", "v1", sha, sha[:9]):
        page = await admin.get(f"/acme/shop/blob/{revision}/lib/shop.ex")
        assert "# more" in page.words, revision
    assert "# more" not in (await admin.get("/acme/shop/blob/main/lib/shop.ex")).words


async def test_raw_files_are_never_pages_of_this_site(admin: Browser) -> None:
    for path in ("page.html", "plan.svg"):
        answer = (await admin.get(f"/acme/shop/raw/main/{path}")).response
        assert answer.status_code == 200
        assert not answer.headers["content-type"].startswith("text/html")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_binary_file_is_offered_raw(admin: Browser) -> None:
    page = await admin.get("/acme/shop/blob/main/data.bin")
    assert "not shown here" in page.words
    raw = await admin.get("/acme/shop/raw/main/data.bin")
    assert raw.response.headers["content-type"] == "application/octet-stream"


async def test_markdown_can_be_seen_as_code(admin: Browser) -> None:
    assert (await admin.get("/acme/shop/blob/main/README.md")).all("table", class_="source") == []
    assert len((await admin.get("/acme/shop/blob/main/README.md?plain=1")).all("tr", id="L1")) == 1


async def test_commits(sim: Simulated, admin: Browser) -> None:
    page = await admin.get("/acme/shop/commits/feature/x")
    leads = [e.text for e in page.all("a", class_="lead")]
    assert leads == ["Say more", "Add odd files", "Begin"]
    of_one = await admin.get("/acme/shop/commits/main/README.md")
    assert [e.text for e in of_one.all("a", class_="lead")] == ["Begin"]
    sha = sim.world.git(sim.repository).branches()["feature/x"]
    commit = await admin.get(f"/acme/shop/commit/{sha}")
    assert [row.text.split() for row in commit.all("tr", class_="add")] == [["2", "#", "more"]]
    first = await admin.get("/acme/shop/commit/main")
    assert "With a body." in first.words
    assert (await admin.get(f"/acme/shop/commit/{sha}.diff")).text.startswith("diff --git ")
    assert "[PATCH] Say more" in (await admin.get(f"/acme/shop/commit/{sha}.patch")).text


async def test_comparing_offers_a_pull_request(admin: Browser) -> None:
    chosen = await admin.get("/acme/shop/compare")
    assert chosen.target == "/acme/shop/compare/main...feature/x"
    page = await admin.get(chosen.target)
    assert page.one("input", name="title")["value"] == "Say more"
    nothing = await admin.get("/acme/shop/compare/feature/x...main")
    assert "has nothing that feature/x lacks" in nothing.words
    assert nothing.all("input", name="title") == []


async def test_a_comparison_as_text(sim: Simulated, admin: Browser) -> None:
    path = "/acme/shop/compare/main...feature/x"
    assert (await admin.get(f"{path}.diff")).text.startswith("diff --git ")
    assert "Subject: [PATCH] Say more" in (await admin.get(f"{path}.patch")).text
    repository = sim.world.git(sim.repository)
    await repository.create_ref("refs/heads/odd.diff", repository.branches()["feature/x"])
    assert (await admin.get("/acme/shop/compare/main...odd.diff")).all("h1") != []


async def test_branches_tags_and_other_refs(sim: Simulated, admin: Browser) -> None:
    repository = sim.world.git(sim.repository)
    await repository.create_ref("refs/genesis/plan-1", repository.branches()["main"])
    page = await admin.get("/acme/shop/branches")
    assert "/acme/shop/compare/main...feature/x" in page.links
    assert "refs/genesis/plan-1" in page.words
    assert "v1" in page.words


async def test_an_address_of_many_parts_takes_no_longer_than_another(admin: Browser) -> None:
    began = time.process_time()
    assert (await admin.get("/acme/shop/tree/main" + "/a" * 30_000)).status == 404
    assert time.process_time() - began < 3


async def test_what_is_not_there(admin: Browser) -> None:
    for path in NOWHERE:
        assert (await admin.get(f"/acme/shop/{path}")).status == 404, path


NOWHERE = [
    "tree/none",
    "tree/main/none",
    "tree/",
    "blob/main/link/shop.ex",
    "blob/main/../../etc/passwd",
    "blob/main/..%2f..%2fetc%2fpasswd",
    "raw/main/lib",
    "raw/main/%00",
    "blob/%2Dx/y",
    "commit/--help",
    "commit/main%5E%7Btree%7D",
    "commits/none",
    "compare/main...none",
    "compare/a...b...c",
    "commit/" + "f" * 40,
    "tree/" + "x/" * 3000,
]
