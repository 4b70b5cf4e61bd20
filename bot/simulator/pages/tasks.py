"""Task lists: `- [ ] …` in Markdown as checkboxes that can be ticked.

A checkbox travels through the Markdown parser and the cleaning of its HTML as a mark which is
made up anew with each start, so that nobody can write one by hand.
"""

from __future__ import annotations

import re
import secrets

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

BEGIN, END = f"\ue000{secrets.token_hex(8)}:", "\ue001"
MARK = re.compile(f"{BEGIN}(\\d+)([ x]){END}")
SHOWN = Markup(
    '<span class="box" role="checkbox" aria-checked="{checked}" aria-disabled="true"'
    ' aria-label="task"></span>'
)
OFFERED = Markup(
    '<button class="box" role="checkbox" aria-checked="{checked}" aria-label="{label}"'
    ' type="submit" form="{form}" name="line" value="{line}"></button>'
)
TASK = re.compile(r"\[([ xX])\](?=\s)")
LINE = re.compile(r"(\r\n|\r|\n)")


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
    """The marks as checkboxes, each a button of the form with that id, if it has one.

    No mark may stand inside of a tag, which a box would end.
    """

    def box(found: re.Match[str]) -> str:
        ticked = found[2] == "x"
        checked = "true" if ticked else "false"
        if not form:
            return SHOWN.format(checked=checked)
        label = "done, take the tick away" if ticked else "to do, tick it"
        return OFFERED.format(checked=checked, label=label, form=form, line=found[1])

    return MARK.sub(box, html)


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
