"""All sections "Not tried" and the like of the pages, gathered in one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.docs.links import ROOT, moved

PAGE = "never-run.md"
HEADINGS = ("Not tried", "What has never been run", "What was tried")


def untried() -> str:
    """Every such section, under the title of its page."""
    parts = [
        "# What was never run",
        "Genesis was built and tested on one kind of machine: Linux, without github.com, without a"
        " Docker engine, without a vendor of models. What stands in for them is told here too. Each"
        " part is the section of another page.",
    ]
    for path, title, text in sections():
        parts.append(f"## {title}\n\n{moved(text, path, PAGE)}\n\nFrom [{title}]({_to(path)}).")
    return "\n\n".join(parts) + "\n"


def sections() -> Iterator[tuple[Path, str, str]]:
    """Page, its title, and the text of its section on what was never run."""
    for path in [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        if not path.exists():
            continue
        text = path.read_text("utf-8")
        found = re.search(
            rf"^## (?:{'|'.join(HEADINGS)})\n(.+?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
        )
        title = re.search(r"^# (.+)$", text, re.MULTILINE)
        if found and title:
            yield path, title[1], found[1].strip()


def _to(path: Path) -> str:
    return moved(f"[]({path.relative_to(ROOT).as_posix()})", ROOT / "README.md", PAGE)[3:-1]
