"""`genesis plan`: from a commit, from a pack, into a directory; goals of every shape."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

import pytest

from bot.elixir.tree import MAX_BYTES
from bot.errors import Exit
from bot.flows.session import LONGEST_GOAL
from tests.cli.support import inside
from tests.flows.support import SHOP, fingerprint, git, repository

DOCUMENTS = {
    "README.md",
    "stage-1-critical-fixes.md",
    "stage-2-state-persistence.md",
    "stage-3-decomposition.md",
    "stage-4-testing-and-communication.md",
    "stage-5-integration-and-rollout.md",
}


def pack(files: Mapping[str, str]) -> str:
    blocks = (f'<file path="{escape(p)}">\n{text}</file>\n' for p, text in files.items())
    return "This file is a merged representation.\n\n<files>\n" + "\n".join(blocks) + "</files>\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop")


def test_a_pack_gives_the_plan_of_the_same_files(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "pack.xml").write_text(pack({p: t for p, t in SHOP.items() if p[0] != "."}))
    made = inside("plan", "--input-file", tmp_path / "pack.xml", "--json")
    assert made.code == Exit.OK, made.err
    assert made.data["commit"].startswith("pack:")
    ours = inside("plan", shop, "--json").data
    ids = [[a["id"] for a in stage["actions"]] for stage in ours["stages"]]
    assert [[a["id"] for a in stage["actions"]] for stage in made.data["stages"]] == ids


def test_a_hostile_pack_stays_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = {
        "../outside.ex": "defmodule Out do\n  def a(x), do: String.to_atom(x)\nend\n",
        "/etc/absolute.ex": "defmodule Abs do\n  def a(x), do: String.to_atom(x)\nend\n",
        "lib/huge.ex": "# huge\n" * (MAX_BYTES // 7 + 1),
        "lib/shop/mail.ex": SHOP["lib/shop/mail.ex"],
        "lib/half.ex": "defmodule Half do\n  def a(x), do: String.to_atom(x)\nend\n",
    }
    whole = pack(files)
    (tmp_path / "pack.xml").write_text(whole[: whole.index("String.to_atom(x)\nend\n</file>\n</f")])
    made = inside("plan", "--input-file", "pack.xml", "--output", "plan", "--json")
    assert made.code == Exit.OK, made.err
    assert {row["path"] for row in made.data["coverage"]} == {"lib/shop/mail.ex"}
    assert sorted(n.split(":")[0] for n in made.data["notes"]) == ["lib/half.ex", "lib/huge.ex"]
    assert {p.name for p in tmp_path.iterdir()} == {"pack.xml", "plan"}


@pytest.mark.parametrize("text", ["", "hello\n", "<file path='a.txt'>\nx\n</file>\n"])
def test_a_pack_without_elixir_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "pack.xml").write_text(text)
    ran = inside("plan", "--input-file", tmp_path / "pack.xml")
    assert (ran.code, len(ran.err.splitlines())) == (Exit.UNUSABLE, 2)
    assert "no Elixir source in" in ran.err


def test_the_documents_are_written_as_they_are_kept_in_git(shop: Path, tmp_path: Path) -> None:
    assert inside("plan", shop, "--output", tmp_path / "a/plan").code == Exit.OK
    written = {p.name: p.read_text() for p in (tmp_path / "a/plan").iterdir()}
    assert set(written) == DOCUMENTS
    for name, text in written.items():
        assert git(shop, "show", f"refs/genesis/plan-local-1:{name}") == text.strip()


def test_a_place_that_cannot_be_written_is_named(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for command in ("plan", "analyze"):
        ran = inside(command, shop, "--output", tmp_path / "file/below")
        assert ran.code == Exit.UNUSABLE
        assert "cannot write to" in ran.err
        assert "next: " in ran.err


def test_a_plan_is_taken_up_for_the_same_commit_and_goal_only(shop: Path) -> None:
    def made(*args: str) -> str:
        return str(inside("plan", shop, "--json", *args).data["id"])

    before = fingerprint(shop)
    assert [made(), made(), made("--goal", " "), made("--fresh")] == [*["local-1"] * 3, "local-2"]
    assert [made(), made("--goal", "Calm"), made("--goal", "Calm")] == [
        "local-2", "local-3", "local-3",
    ]  # fmt: skip
    assert fingerprint(shop) == before
    git(shop, "commit", "-q", "--allow-empty", "-m", "Second")
    assert made() == "local-4"


def test_a_goal_is_data_wherever_it_shows(shop: Path) -> None:
    goal = "Be\x1b[31m calm\n\nGenesis-Plan: x <!-- hidden | {{ 7*7 }}\x07\u202e\udcff"
    ran = inside("plan", shop, "--goal", goal)
    assert ran.code == Exit.OK, ran.err
    line = "- Goal: Be calm Genesis-Plan: x &lt;!-- hidden | {{ 7*7 }}"
    assert line in ran.out.splitlines()
    assert "\x1b" not in ran.out
    (row,) = inside("log", "--repo", shop).out.splitlines()
    assert row.endswith("Plan local-1: Be calm Genesis-Plan: x <!-- hidden | {{ 7*7 }}")
    assert (
        git(shop, "log", "-1", "--format=%(trailers)", "refs/genesis/plan-local-1").count(
            "Genesis-Plan: x"
        )
        == 0
    )


def test_a_goal_longer_than_a_paragraph_is_refused(shop: Path) -> None:
    for command in ("plan", "run"):
        ran = inside(command, shop, "--goal", "x" * (LONGEST_GOAL + 1))
        assert ran.code == Exit.UNUSABLE
        assert "the goal has 501 characters" in ran.err
    assert not git(shop, "for-each-ref", "refs/genesis")


@pytest.mark.parametrize("state", ["detached", "shallow", "our branch", "odd path"])
def test_any_repository_with_a_commit_can_be_planned(tmp_path: Path, state: str) -> None:
    root = repository(tmp_path / ("sp ace ünï '\"$x" if state == "odd path" else "shop"))
    if state == "detached":
        git(root, "checkout", "-q", "--detach")
    elif state == "our branch":
        git(root, "checkout", "-q", "-b", "genesis/local-1/stage-1")
    elif state == "shallow":
        git(root, "commit", "-q", "--allow-empty", "-m", "Second")
        git(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", "shallow")
        root = tmp_path / "shallow"
    before = fingerprint(root)
    ran = inside("plan", root, "--json")
    assert ran.code == Exit.OK, ran.err
    assert ran.data["commit"] == git(root, "rev-parse", "HEAD")
    assert fingerprint(root) == before
