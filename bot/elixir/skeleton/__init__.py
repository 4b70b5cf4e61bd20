"""A code base as context for a model: signatures, behaviours, supervision and findings, no bodies.

What changes rarely comes first and no line carries a line number but findings, so that after a
small edit most of the text is the same, and a vendor's prompt cache still holds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.finding import Analysis, Finding, SupervisionTree
from bot.core.tokens import estimate
from bot.elixir.mixfile import App, apps_of
from bot.elixir.project import Project
from bot.elixir.skeleton.files import FileSheet, file_sheet
from bot.elixir.skeleton.head import applications, supervision
from bot.elixir.skeleton.text import LEFT_OUT, Cut, FileText, finding_lines
from bot.elixir.source import role_of
from bot.elixir.tree import SourceTree
from bot.elixir.workers import by_file

_LEGEND = """\
Skeleton of an Elixir code base, read from its source: signatures without bodies.
Of each module: size and purpose; what it uses; its data; functions as `name(arguments) :: what \
the spec says they return`; impl: callbacks it carries out; call, cast, info, ...: messages it \
takes; names: other modules it mentions, `.A` being `<its own first segment>.A`.
Children stand in start order and are permanent unless something else is said; at run time: \
supervisor gets child from the module that starts it.
For bodies and line numbers use the tools outline and read."""


@dataclass(frozen=True)
class _Content:
    apps: tuple[App, ...]
    files: Mapping[str, bytes]
    trees: tuple[SupervisionTree, ...]
    sheets: tuple[FileSheet, ...]
    findings: tuple[Finding, ...]


def skeleton(
    tree: SourceTree, *, max_tokens: int | None = None, analysis: Analysis | None = None
) -> str:
    """The code base as text; details are left out step by step until about `max_tokens` hold it.

    Supervision trees and findings come from the analysis; without one, trees are read anew.
    """
    content = _content(tree, analysis)
    if max_tokens is None:
        return _text(content, Cut.NOTHING)
    for cut in Cut:
        text = _text(content, cut, max_tokens)
        if estimate(text) <= max_tokens:
            return text
    return _whole_lines(text, max_tokens)


def _content(tree: SourceTree, analysis: Analysis | None) -> _Content:
    files = tree.files()
    sheets = by_file(files, file_sheet)
    apps = apps_of(files)
    if analysis is None:
        facts = tuple(f for sheet in sheets for f in sheet.facts)
        trees = Project(files, apps, facts).trees
    else:
        trees = analysis.trees
    sheets += [FileSheet(n.path, role_of(n.path), note=n.message) for n in tree.notes()]
    sheets.sort(key=lambda sheet: sheet.path)
    return _Content(apps, files, trees, tuple(sheets), analysis.findings if analysis else ())


def _text(content: _Content, cut: Cut, max_tokens: int = 0) -> str:
    lines = [_LEGEND]
    if cut:
        left_out = ", ".join(LEFT_OUT[step] for step in Cut if 0 < step <= cut)
        lines.append(f"Left out to stay below about {max_tokens:,} tokens: {left_out}.")
    sections: Sequence[tuple[str, Iterator[str]]] = (
        ("Applications", applications(content.apps, content.files)),
        ("Supervision", supervision(content.trees, content.sheets)),
        ("Files", FileText(content.sheets, content.findings, cut).lines()),
        ("Findings", finding_lines(content.findings, cut)),
    )
    for title, body in sections:
        shown = list(body)
        if shown:
            lines += [f"\n## {title}", *shown]
    return "\n".join(lines) + "\n"


def _whole_lines(text: str, max_tokens: int) -> str:
    """As many lines from the start as fit, and how many do not."""
    lines = text.splitlines(keepends=True)
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high + 1) // 2
        kept = "".join(lines[:middle]) + _ended(len(lines) - middle)
        low, high = (middle, high) if estimate(kept) <= max_tokens else (low, middle - 1)
    return "".join(lines[:low]) + _ended(len(lines) - low)


def _ended(lines: int) -> str:
    return f"… {lines:,} more lines left out\n"
