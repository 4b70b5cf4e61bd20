"""The docs site: every page can be reached, links lead somewhere, nothing comes from elsewhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.docs.links import moved, outside, shown, site_path, unescaped
from scripts.docs.pages import MADE
from scripts.docs.rules import LIST, by_stage
from tests.docs.pages import DOCS, ROOT, prose
from tests.docs.test_docs import COMMANDS, anchors

WRITTEN = {path.relative_to(DOCS).as_posix(): path for path in sorted(DOCS.rglob("*.md"))}


class Lenient(yaml.SafeLoader):
    """Reads the tags with which mkdocs.yml names Python functions as nothing."""


Lenient.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: None)


@cache
def settings() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.load(
        (ROOT / "mkdocs.yml").read_text("utf-8"),
        Loader=Lenient,  # noqa: S506 - a descendant of the safe one, which makes no objects
    )
    return loaded


def leaves(menu: Any) -> Iterator[str]:
    if isinstance(menu, str):
        yield menu
    elif isinstance(menu, Mapping):
        for entry in menu.values():
            yield from leaves(entry)
    else:
        for entry in menu:
            yield from leaves(entry)


@cache
def texts() -> Mapping[str, str]:
    """Every page of the site by its place, links as they are on the site."""
    written = {DOCS / place: path.read_text("utf-8") for place, path in WRITTEN.items()}
    pages = written | {DOCS / place: make() for place, make in MADE.items()}
    found = {site_path(page): moved(text, page, site_path(page)) for page, text in pages.items()}
    for place, path in outside(iter(pages.items())).items():
        found[place] = shown(path) or ""
    return found


# The menu


def test_every_page_is_in_the_menu_once_and_nothing_else_is() -> None:
    menu = [*leaves(settings()["nav"]), *leaves(by_stage())]
    assert sorted(set(menu)) == sorted(menu)
    own = {place for place in menu if not place.startswith("repository/")}
    assert own == {*WRITTEN, *MADE}
    assert set(menu) <= set(texts())
    assert [LIST] in [pages for section in settings()["nav"] for pages in section.values()]


def test_pages_from_elsewhere_in_the_repository_are_led_to() -> None:
    led_to = {
        posixpath.normpath(posixpath.join(posixpath.dirname(place), link))
        for place, text in texts().items()
        for link in re.findall(r"\]\(([^)#\s]+)", text)
    }
    menu = set(leaves(settings()["nav"]))
    assert {p for p in texts() if p.startswith("repository/")} <= led_to | menu


# Links


@pytest.mark.parametrize("place", sorted({*WRITTEN, *MADE}))
def test_no_link_of_a_page_is_broken(place: str) -> None:
    broken = []
    text = re.sub(r"^(```+).*?^\1$", "", texts()[place], flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\((?!https?:)([^)\s]*)\)", text):
        path, _, anchor = target.partition("#")
        to = posixpath.normpath(posixpath.join(posixpath.dirname(place), path)) if path else place
        if to not in texts() or (anchor and anchor not in anchors(texts()[to])):
            broken.append(target)
    assert broken == []


def test_a_link_is_turned_into_one_of_the_site() -> None:
    text = (
        "[a](steps.md#mix) [b](../README.md#exit-codes)"
        " [c](../.github/workflows/stage.yml) [d](#x)\n"
        "```\n[e](../README.md)\n```\n"
    )
    assert moved(text, DOCS / "pipelines.md", "pipelines.md") == (
        "[a](steps.md#mix) [b](repository/README.md#exit-codes)"
        " [c](repository/github/workflows/stage.yml.md) [d](#x)\n"
        "```\n[e](../README.md)\n```\n"
    )
    readme = ROOT / "README.md"
    assert moved("[a](docs/steps.md)", readme, site_path(readme)) == "[a](../steps.md)"
    # Quoted on another page, an anchor of its own leads back.
    assert moved("[d](#x)", DOCS / "server.md", "never-run.md") == "[d](server.md#x)"


def test_a_folder_is_a_page_that_lists_it() -> None:
    folder = ROOT / "pipelines" / "atomic"
    text = shown(folder)
    assert text is not None
    assert [*outside(iter([(ROOT / "README.md", "[x](pipelines/atomic)")]))][:1] == [
        "repository/pipelines/atomic/README.md"
    ]
    assert all(f"[{path.name}]({path.name}.md)" in text for path in folder.iterdir())


def test_bars_in_code_lose_their_backslash_in_tables_alone() -> None:
    text = "| `a\\|b` | c\\|d |\n\n`a\\|b`\n"
    assert unescaped(text) == "| `a|b` | c\\|d |\n\n`a\\|b`\n"


# From nowhere else


def test_the_site_loads_nothing_from_another_host() -> None:
    assert settings()["theme"]["font"] is False
    theme = ROOT / settings()["theme"]["custom_dir"]
    template = (theme / "main.html").read_text()
    assert "Content-Security-Policy" in template
    assert "default-src 'self'" in template
    styles = [*theme.rglob("*.*"), *(DOCS / "assets").iterdir()]
    assert [path for path in styles if re.search(r"https?://", path.read_text())] == []
    assert not [key for key in ("extra_javascript", "repo_url") if key in settings()]


def test_what_draws_diagrams_is_fetched_by_its_sum() -> None:
    script = (ROOT / "scripts" / "docs.sh").read_text()
    assert re.search(r"^readonly package=mermaid@\d+\.\d+\.\d+$", script, re.MULTILINE)
    assert re.search(r"^readonly expected=[0-9a-f]{128}$", script, re.MULTILINE)


# Commands in pages that are not in docs/ itself


@pytest.mark.parametrize("place", [p for p in sorted(WRITTEN) if "/" in p])
def test_commands_in_samples_exist(place: str) -> None:
    lines = re.findall(r"^\$ (?:\S*/)?genesis (.+)$", WRITTEN[place].read_text(), re.MULTILINE)
    unknown = []
    for words in (line.split("|")[0].split(">")[0].split() for line in lines):
        name = " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]
        given = {word.split("=")[0] for word in words if re.match(r"-{1,2}[a-z]", word)}
        if name not in COMMANDS or not given <= COMMANDS[name]:
            unknown.append(" ".join(words))
    assert unknown == []


def test_every_page_has_a_title_and_the_front_page_leads_to_the_ways_in() -> None:
    untitled = [place for place, text in texts().items() if text and not text.startswith("# ")]
    assert [place for place in untitled if place.endswith(".md")] == []
    front = texts()["index.md"]
    assert all(f"](start/{way}.md)" in front for way in ("laptop", "app", "action"))
    assert "never-run.md" in prose("index.md")


def test_the_hook_is_the_one_that_is_named() -> None:
    assert settings()["hooks"] == ["scripts/docs/hook.py"]
    assert Path(ROOT / "scripts/docs/hook.py").is_file()
    assert settings()["strict"] is True
