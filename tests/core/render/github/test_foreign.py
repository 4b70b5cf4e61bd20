# ruff: noqa: E501 - in tables of cases one line per case reads best
"""Strange text inside our bodies: readable, and dead."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.core.render.github.foreign import document, inline, log, silent

GITHUB = MarkdownIt("gfm-like", {"linkify": False})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words, 3 < 4 & so on", "plain words, 3 < 4 & so on"),
        ("ask @octocat or @acme/team", "ask @&#8203;octocat or @&#8203;acme/team"),
        ("Closes #12", "Closes #&#8203;12"),
        ("fixes acme/shop#12 and GH-7", "fixes acme/shop#&#8203;12 and GH-&#8203;7"),
        ("see https://github.com/a/b/issues/1", "see https:&#8203;//github.com/a/b/issues/1"),
        ("see www.example.com", "see www&#8203;.example.com"),
        (
            "[click](javascript:x) ![i](//x/y.png)",
            "[click]&#8203;(javascript:x) ![i]&#8203;(//x/y.png)",
        ),
        ("[a]: //x", "[a]&#8203;: //x"),
        ("<img src=x> <!-- hidden -->", "<&#8203;img src=x> <&#8203;!-- hidden -->"),
        (
            "&#64;octocat &commat;x &#35;12",
            "&&#8203;#&#8203;64;octocat &&#8203;commat;x &&#8203;#&#8203;35;12",
        ),
        ("`@spec` and ``a ` #1``", "`@spec` and ``a ` #1``"),
        ("a ` b @x", "a &#96; b @&#8203;x"),
        ("``a` @x", "&#96;&#96;a&#96; @&#8203;x"),
        ("one\ntwo\u202e\tthree", "one two three"),
        ("C:\\dir \\`x`", "C:&#92;dir &#92;`x`"),
        ("ends with \\", "ends with &#92;"),
        ("`a|b @x`", "`a|b @&#8203;x`"),
        ("#12abc and # 12 and a#b", "#&#8203;12abc and # 12 and a#b"),
        ("a@b.example", "a@&#8203;b.example"),
    ],
)
def test_a_line_is_readable_and_dead(text: str, shown: str) -> None:
    assert inline(text) == shown


def test_a_long_line_is_cut_between_words() -> None:
    assert inline("word " * 100, 20) == "word word word …"
    assert len(inline("x" * 10_000_000, 50)) <= 50


def test_code_in_a_document_is_left_alone() -> None:
    text = "Ask @a.\n\n```elixir\n@doc `x\n# 12 #12 <b>\n```\n\n@b\n"
    assert document(text) == (
        "Ask @&#8203;a.\n\n```elixir\n@doc `x\n# 12 #12 <b>\n```\n\n@&#8203;b\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "- a\n\n  ```\n  code\n@x\n  ```",
        "> ```\n@x",
        "   ```\n@x\n   ```",
        "```\ncode\n```\n@x",
        "~~~\n```\n~~~\n@x",
        "``` `\n@x",
        "`open\n@x `",
        "\\`a\n@x`",
        "a|b\n-|-\n`c | @x`",
        "    code\n\n@x",
        "```\ncode\n ````\n@x",
    ],
)
def test_what_is_not_certainly_code_is_dead(text: str) -> None:
    assert "@&#8203;x" in document(text)


def test_a_code_block_that_is_left_open_is_closed() -> None:
    assert document("```\nx") == "```\nx\n```"
    assert document("~~~~ a\n~~~\nx") == "~~~~ a\n~~~\nx\n~~~~"


def test_a_log_is_a_block_of_code_whatever_is_in_it() -> None:
    assert log("a\n```\n\x1b[31m@x\x1b[0m") == "````text\na\n```\n@x\n````"


def test_no_line_is_taken_for_a_command() -> None:
    body = silent("/genesis approve\n/GENESIS stop\ntext /genesis x\n```\n/genesis plan\n```")
    assert not re.search(r"^/genesis", body, re.MULTILINE | re.IGNORECASE)
    assert body.count("/genesis") + body.count("/GENESIS") == 4


LIVE = re.compile(r"@\w|#\d|(?<!\w)GH-\d|://", re.IGNORECASE)
BITS = [
    "@x", "#12", "GH-3", "https://x.y", "[a](//b)", "![a](//b)", "<b>", "<!--", "-->", "`", "``", "```", "~~~",
    "\\", "|", "-|-", "> ", "- ", "  ", "    ", "\n", "\n\n", "text", "# ", "&#64;y", "&num;1", "===", "[x]: //b",
]  # fmt: skip


def alive(markdown: str) -> list[str]:
    """What a reader's page would make live: text outside of code, links, images, tags."""
    found = []
    for token in GITHUB.parse(markdown):
        found += [token.type] if token.type == "html_block" else []
        for child in token.children or ():
            if child.type in ("link_open", "image", "html_inline"):
                found.append(child.type)
            elif child.type == "text":
                found += LIVE.findall(child.content)
    return found


@given(st.lists(st.sampled_from(BITS), max_size=15).map("".join))
def test_nothing_strange_is_alive_on_the_page(text: str) -> None:
    assert alive(inline(text)) == []
    assert alive(f"| a | b |\n|---|---|\n| x | {inline(text).replace('|', chr(92) + '|')} |") == []
    assert alive(document(text)) == []


@given(st.lists(st.sampled_from(BITS), max_size=10).map("".join))
def test_nothing_strange_reaches_beyond_its_end(text: str) -> None:
    """A fence, a comment or a span of code left open would swallow what we write below."""
    assert "<strong>ours</strong>" in GITHUB.render(f"{document(text)}\n\n**ours**")
    assert "<strong>ours</strong>" in GITHUB.render(f"Said: {inline(text)}\n\n**ours**")


@pytest.mark.parametrize("bit", ["`", "`` ` ", "@", "\\", "[", "<", "&", "\u200b", "#1", "```\n"])
def test_long_hostile_text_is_shown(bit: str) -> None:
    """Were the time to grow faster than the length, this would outlast the suite's own limit."""
    assert document(bit * (262_144 // len(bit))) is not None
    assert inline(bit * 262_144) is not None
