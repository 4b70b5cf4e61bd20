"""Every workflow and action we write: files, templates with their marks filled, examples in docs.

The sample apps below examples/ stand for other people's repositories: their workflows are no part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

Kind = Literal["workflow", "action", "dependabot"]

MARKS = {
    "@OWNER@": "otp-genesis",
    "@REF@": "0" * 40,
    "@VERSION@": "0.1.0",
    # The way docs write them: nobody can know the commit of a release before it is made.
    "OWNER/otp-genesis": "otp-genesis/otp-genesis",
    "@COMMIT": "@" + "0" * 40,
}
"""What stands for our own place and release until there is one, and what linters are shown."""

_FENCE = re.compile(r"^```ya?ml[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Written:
    """One of them: `path` says where it stands, with the line for an example of a document."""

    path: str
    kind: Kind
    text: str

    @property
    def data(self) -> dict[str, object]:
        """Its YAML; the key `on` is True there, as YAML 1.1 has it."""
        data = yaml.safe_load(self.text)
        assert isinstance(data, dict), self.path
        return data


def written(root: Path) -> tuple[Written, ...]:
    """All of them below `root`, by path."""
    found = [*_files(root), *_templates(root), *_examples(root)]
    return tuple(sorted(found, key=lambda one: one.path))


def _files(root: Path) -> Iterator[Written]:
    for path in sorted((root / ".github" / "workflows").glob("*.y*ml")):
        yield Written(_name(path, root), "workflow", path.read_text(encoding="utf-8"))
    for path in (root / "action.yml", *sorted((root / ".github" / "actions").glob("*/action.yml"))):
        if path.is_file():
            yield Written(_name(path, root), "action", path.read_text(encoding="utf-8"))
    path = root / ".github" / "dependabot.yml"
    if path.is_file():
        yield Written(_name(path, root), "dependabot", path.read_text(encoding="utf-8"))


def _templates(root: Path) -> Iterator[Written]:
    for path in sorted((root / "bot").rglob("templates/**/*.y*ml")):
        text = _filled(path.read_text(encoding="utf-8"))
        if _is_workflow(text):
            yield Written(_name(path, root), "workflow", text)


def _examples(root: Path) -> Iterator[Written]:
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    for page in (page for page in pages if page.is_file()):
        whole = page.read_text(encoding="utf-8")
        for block in _FENCE.finditer(whole):
            text = _filled(block[1])
            if _is_workflow(text):
                line = whole.count("\n", 0, block.start(1)) + 1
                yield Written(f"{_name(page, root)}.{line}.yml", "workflow", text)


def _filled(text: str) -> str:
    for mark, word in MARKS.items():
        text = text.replace(mark, word)
    return text


def _is_workflow(text: str) -> bool:
    """An excerpt, such as a list of steps, is none; nor is what is no YAML."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        return False
    # YAML 1.1 reads the key `on` as True.
    return isinstance(data, dict) and "jobs" in data and (True in data or "on" in data)


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
