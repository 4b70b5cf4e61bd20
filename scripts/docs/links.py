"""Links of pages: they are written for the repository and have to lead somewhere on the site too.

A page of `docs/` keeps its place. Another file of the repository that a page leads to becomes part
of the site below `repository/`: Markdown as a page, YAML and the like as a page that shows it, a
folder as a page that lists it, data as the file it is.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from bot.core.render.markdown import fence

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

SHOWN = {".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".py": "python", ".sh": "bash"}
"""Files that are shown on a page, and how they are coloured."""

_FENCED = re.compile(r"^( *)(```+|~~~+).*?^\1\2[ \t]*$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*)\)")


def targets(text: str, page: Path) -> Iterator[Path]:
    """The files and folders of the repository a page leads to."""
    for part, prose in _parts(text):
        if prose:
            for link in _LINK.finditer(part):
                path = link[1].partition("#")[0]
                if path:
                    yield _resolved(page, path)


def moved(text: str, page: Path, to: str) -> str:
    """The text of a file of the repository with its links as they are at `to` on the site."""

    def led(link: re.Match[str]) -> str:
        path, mark, anchor = link[1].partition("#")
        target = _resolved(page, path) if path else page
        if not path and site_path(page) == to:
            return link[0]
        place = posixpath.relpath(site_path(target), posixpath.dirname(to) or ".")
        return f"]({place}{mark}{anchor})"

    return "".join(_LINK.sub(led, part) if prose else part for part, prose in _parts(text))


def unescaped(text: str) -> str:
    """Bars in code in tables: GitHub wants a backslash before them, Python-Markdown shows it."""

    def row(line: re.Match[str]) -> str:
        return _CODE.sub(lambda span: span[0].replace("\\|", "|"), line[0])

    return "".join(_ROW.sub(row, part) if prose else part for part, prose in _parts(text))


def site_path(path: Path) -> str:
    """Where a file or folder of the repository is, as a source of the site."""
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    # MkDocs leaves out what begins with a dot.
    names = (name.lstrip(".") for name in path.relative_to(ROOT).parts)
    place = "/".join(["repository", *names])
    if path.is_dir():
        return f"{place}/README.md"
    return f"{place}.md" if path.suffix in SHOWN else place


def shown(path: Path) -> str | None:
    """What the site shows for something outside `docs/`; None: the file as it is."""
    if path.is_dir():
        readme = path / "README.md"
        return (
            moved(readme.read_text("utf-8"), readme, site_path(path))
            if readme.exists()
            else _listed(path)
        )
    name = path.relative_to(ROOT).as_posix()
    if path.suffix == ".md":
        return moved(path.read_text("utf-8"), path, site_path(path))
    if path.suffix in SHOWN:
        return f"# `{path.name}`\n\n`{name}` of the repository:\n\n" + fence(
            path.read_text("utf-8"), SHOWN[path.suffix]
        )
    return None


def outside(pages: Iterator[tuple[Path, str]]) -> dict[str, Path]:
    """Everything outside `docs/` that pages lead to, and what that leads to, by its place."""
    found: dict[str, Path] = {}
    waiting = [target for page, text in pages for target in targets(text, page)]
    while waiting:
        path = waiting.pop()
        place = site_path(path)
        if path.is_relative_to(DOCS) or place in found or not path.exists():
            continue
        found[place] = path
        source = path / "README.md" if path.is_dir() else path
        if source.suffix == ".md" and source.exists():
            waiting += targets(source.read_text("utf-8"), source)
        elif path.is_dir():
            waiting += _inside(path)
    return found


def _listed(folder: Path) -> str:
    name = folder.relative_to(ROOT).as_posix()
    here = posixpath.dirname(site_path(folder))
    entries = [
        f"- [{path.name}]({posixpath.relpath(site_path(path), here)})" for path in _inside(folder)
    ]
    return "\n".join([f"# `{name}/`", "", *entries, ""])


def _inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def _resolved(page: Path, path: str) -> Path:
    return Path(posixpath.normpath((page.parent / path).as_posix()))


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is prose and no code block."""
    at = 0
    for block in _FENCED.finditer(text):
        yield text[at : block.start()], True
        yield block[0], False
        at = block.end()
    yield text[at:], True
