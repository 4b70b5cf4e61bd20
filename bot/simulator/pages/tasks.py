"""Task lists: `- [ ] …` in Markdown as checkboxes that can be ticked.

A checkbox travels through the Markdown parser and the cleaning of its HTML as characters that
no text may contain, so that nobody can write one by hand.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

BEGIN, END = "\ue000", "\ue001"
MARKS = re.compile("[\ue000\ue001]")
BOX = re.compile(f"{BEGIN}(\\d+)([ x]){END}")
TASK = re.compile(r"\[([ xX])\](?=\s)")
LINE = re.compile(r"(\r\n|\r|\n)")


def without_marks(text: str) -> str:
    return MARKS.sub("\ufffd", text)


def mark(state: StateCore) -> None:
    """A rule for the parser: puts a mark where a list item begins with a checkbox."""
    for item, _, token in _items(state.tokens):
        found = TASK.match(token.content)
        if found is None or not token.children or item.map is None or token.map is None:
            continue
        first = token.children[0]
        ticked = "x" if found[1] in "xX" else " "
        first.content = f"{BEGIN}{token.map[0]}{ticked}{END}{first.content[found.end() :]}"
        item.attrSet("class", "task")


def _items(tokens: list[Token]) -> list[tuple[Token, Token, Token]]:
    """The list items that begin with a paragraph: item, paragraph, its text."""
    triples = zip(tokens, tokens[1:], tokens[2:], strict=False)
    return [
        (item, paragraph, text)
        for item, paragraph, text in triples
        if item.type == "list_item_open"
        and paragraph.type == "paragraph_open"
        and text.type == "inline"
    ]


def with_boxes(html: str, form: str) -> str:
    """The marks as checkboxes, each a button of the form with that id, if it has one."""

    def box(found: re.Match[str]) -> str:
        checked = "true" if found[2] == "x" else "false"
        said = f'role="checkbox" aria-checked="{checked}"'
        if not form:
            return f'<span class="box" {said} aria-disabled="true" aria-label="task"></span>'
        label = "done, take the tick away" if found[2] == "x" else "to do, tick it"
        return (
            f'<button class="box" {said} aria-label="{label}" type="submit" form="{form}"'
            f' name="line" value="{found[1]}"></button>'
        )

    return BOX.sub(box, html)


def toggled(text: str, line: int) -> str | None:
    """The text with the task of that line (from 0) ticked, or unticked; None if there is none."""
    if line not in _lines(text):
        return None
    parts = LINE.split(text)
    at = 2 * line
    parts[at] = TASK.sub(lambda m: "[ ]" if m[1] in "xX" else "[x]", parts[at], count=1)
    return "".join(parts)


def _lines(text: str) -> set[int]:
    """Where the parser sees a task, which a pattern alone cannot know: not inside code."""
    tokens = MarkdownIt("commonmark", {"html": True, "maxNesting": 40}).parse(text)
    return {
        text.map[0]
        for _, _, text in _items(tokens)
        if text.map is not None and TASK.match(text.content)
    }
