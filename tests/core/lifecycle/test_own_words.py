# ruff: noqa: E501 - in tables of cases one line per case reads best
"""What is said and what is quoted, held to a real Markdown parser and a real HTML parser."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.core.lifecycle.own_words import OwnLine, own_lines

MARKDOWN = MarkdownIt("commonmark")
QUOTING = {"pre", "code", "samp", "tt", "blockquote", "q", "details"}
UNSEEN = re.compile(
    r"<!--(?:-?>|.*?(?:-->|\Z))|<[!?][^>]*(?:>|\Z)|</(?![A-Za-z])[^>]*(?:>|\Z)"
    r"|<(script|style|textarea).*?(?:</\1>|\Z)",
    re.DOTALL,
)
"""What a browser does not show; some of it Markdown would end elsewhere."""
ENDS_ELSEWHERE = re.compile(r"<\?|<!(?!--)|</(?![A-Za-z])")


class Shown(HTMLParser):
    """The text of a page that stands in no element that quotes, however badly they are nested."""

    def __init__(self) -> None:
        super().__init__()
        self.open: Counter[str] = Counter()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open[tag] += 1

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        self.open[tag] = max(0, self.open[tag] - 1)

    def handle_data(self, data: str) -> None:
        if not any(self.open[tag] for tag in QUOTING):
            self.text.append(data)


def shown(text: str) -> list[str]:
    """Commands that a reader of the page sees as said, in order."""
    page = Shown()
    page.feed(UNSEEN.sub("", MARKDOWN.render(text)))
    page.close()
    return re.findall(r"/genesis \d+", "".join(page.text))


def said(text: str) -> list[str]:
    lines = [line for line in own_lines(text) if not line.joins_quote]
    return [line.text for line in lines if line.text.startswith("/genesis")]


@pytest.mark.parametrize(
    "text",
    [
        "/genesis 1",
        "text\n/genesis 1\ntext\n\n/genesis 2",
        "```\n/genesis 1\n```\n/genesis 2",
        "```sh\n/genesis 1\n``\n/genesis 2\n````\n/genesis 3",
        "~~~\n/genesis 1\n```\n/genesis 2",
        "``` a`b\n/genesis 1\n```",
        "   ```\n/genesis 1\n    ```\n/genesis 2\n  ```\n/genesis 3",
        "    ```\n/genesis 1",
        "text\n    ```\n/genesis 1",
        "> /genesis 1\n\n/genesis 2",
        "> text\n/genesis 1",
        "> text\n\n/genesis 1",
        "> ```\n/genesis 1",
        "> # heading\n/genesis 1",
        "> > text\n> /genesis 1\n/genesis 2",
        "- item\n/genesis 1",
        "- item\n\n  ```\n/genesis 1\n  ```\n/genesis 2",
        "1. item\n   ```\n   /genesis 1\n   ```\n\n/genesis 2",
        "text\n2. no list\n   ```\n/genesis 1\n   ```",
        "-\n\n  ```\n/genesis 1",
        "- - - - -\n/genesis 1",
        "- > quote\n/genesis 1",
        "`code\n/genesis 1\n`",
        "`code\n\n/genesis 1\n`",
        "`code\n# heading\n/genesis 1 `",
        "`` code `\n/genesis 1\n``",
        "\\`no code\n/genesis 1\n`",
        "`no code\n/genesis 1\n``",
        "`a\\`\n/genesis 1\n`",
        "<!-- hidden\n\n/genesis 1\n-->\n/genesis 2",
        "<!-- hidden -->\n/genesis 1",
        "<!-->\n/genesis 1",
        "text <!-- hidden\n/genesis 1\n--> text\n/genesis 2",
        "text <!-- open\n/genesis 1",
        "`<!--`\n\n/genesis 1",
        "text <!-- a --> b <!--\n/genesis 1 -->",
        "<pre>\n/genesis 1\n\n/genesis 2\n</pre>\n/genesis 3",
        "<details>\n<summary>log</summary>\n\n/genesis 1\n\n</details>\n\n/genesis 2",
        "<details>\n/genesis 1\n</details>\n/genesis 2",
        "<div>\n/genesis 1\n</div>",
        "text <code>\n/genesis 1\n</code>\n/genesis 2",
        "text <blockquote>\n\n/genesis 1",
        "> <blockquote>\n\n/genesis 1",
        "`<pre>` is a tag\n\n/genesis 1",
        '<a title="\n/genesis 1\n">x</a>',
        "<script>\n/genesis 1\n</script>",
        "<?php\n/genesis 1\n?>\n/genesis 2",
        "<!DOCTYPE\n/genesis 1\n>",
        "<![CDATA[\n/genesis 1\n]]>\n/genesis 2",
        "heading\n---\n/genesis 1\n===",
        "text\n\n---\n/genesis 1",
        "/genesis 1\n- - -\n/genesis 2",
        "\t/genesis 1\n/genesis 2",
        "-\titem\n\n\t```\n/genesis 1",
        "* a\n* b\n\n  c\n/genesis 1",
        "10) a\n    ```\n/genesis 1",
    ],
)
def test_what_is_said_is_what_is_shown(text: str) -> None:
    numbered = [line for line in text.split("\n") if re.match(r"/genesis \d+", line)]
    visible = set(shown(text)) & {line[:10] for line in numbered}
    assert {line[:10] for line in said(text)} == visible


def test_other_lines_of_a_paragraph_are_said_too() -> None:
    assert [line.text for line in own_lines("a\n b\n> c\n\nd")] == ["a", "d"]


def test_a_line_that_joins_the_quote_above_says_so() -> None:
    (line,) = own_lines("> a\n/genesis 1")
    assert line.joins_quote


PIECES = [
    "text", "", "", "> text", "> ", ">", "> - a", "- item", "-", "1. item", "2) item", "  more", "    deep",
    "```", "````", "~~~", "  ```", "    ```", "> ```", "- ```", "``` `", "`", "``", "a `b` c", "a ` b", "\\`", "`\\`",
    "# heading", "---", "===", "***", "<!--", "-->", "a <!-- b", "c --> d", "<!-- e -->", "<!-->", "<!-", "<div>", "</div>",
    "<details>", "</details>", "a <details> b", "<pre>", "</pre>", "<code>", "</code>", "a <code>b</code>",
    "<blockquote>", "</blockquote>", "<?", "?>", "<!A", "<span>", "a <span>", "\ttab", "-\ta", ">\t\tb", "+ + a", "* > b",
]  # fmt: skip


def require_alike(text: str) -> None:
    """The same commands; fewer will do where browsers and Markdown do not agree on HTML."""
    ours, theirs = said(text), shown(text)
    html = [token.content for token in MARKDOWN.parse(text) if token.type == "html_block"]
    unclosed = any(part.rfind("<!--") > part.rfind("-->") for part in html)
    if unclosed or ENDS_ELSEWHERE.search(text):
        assert set(ours) <= set(theirs)
    else:
        assert ours == theirs


@given(st.lists(st.sampled_from([*PIECES, *["/genesis"] * 20]), max_size=12))
@example(["a <!-- b", "c --> d", "/genesis"])
@example(["<span>", "<!--", "/genesis", "", "/genesis"])
def test_any_blocks_are_read_as_a_parser_reads_them(pieces: list[str]) -> None:
    lines = [f"/genesis {n}" if line == "/genesis" else line for n, line in enumerate(pieces)]
    require_alike("\n".join(lines))


@given(st.text(alphabet="`\\<>!- \n\t#*1.)~/?", max_size=60))
def test_any_characters_are_read_as_a_parser_reads_them(text: str) -> None:
    require_alike(f"{text}\n/genesis 1\n")


HOSTILE = {
    "quotes": ">",
    "quotes and lines": "> a\n",
    "deep quotes": "> " * 400 + "\n",
    "items": "- ",
    "lines of items": "- a\n",
    "numbers": "1. ",
    "backticks": "`",
    "runs of backticks": "".join("`" * n + " " for n in range(1, 60)),
    "comments": "<!--",
    "closed comments": "<!-- -->",
    "nested comments": "<!<!--",
    "tags": "<a",
    "open elements": "<pre>a\n\n",
    "paragraph": "a <code>\n",
    "blanks": " ",
    "tabs": "\t",
    "empty lines": "\n",
    "fences": "```\n",
    "backslashes": "\\",
    "escaped": "\\`",
    "rules": "- - ",
    "brackets": "[",
    "html": "<div>\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_long_hostile_comment_is_read_to_its_end(name: str) -> None:
    """Were the time to grow faster than the length, this would outlast the suite's own limit."""
    text = HOSTILE[name] * (524_288 // len(HOSTILE[name])) + "\n\n/genesis 1"
    assert all(isinstance(line, OwnLine) for line in own_lines(text))
