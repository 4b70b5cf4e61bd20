"""Markdown as people write it, and as those do who mean harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.pages.markdown import LONGEST, MOST_BRACKETS, Markdown
from bot.simulator.pages.references import Setting
from tests.simulator.pages.browser import Reader

SHOP = Setting("acme/shop", 20, frozenset({"writer", "otp-genesis[bot]"}))


def rendered(text: str, setting: Setting = SHOP) -> str:
    return str(Markdown().render(text, setting)).strip()


def elements(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("~~old~~", "<p><s>old</s></p>"),
        ("a <!-- genesis:plan v1 --> b", "<p>a  b</p>"),
        ("@spec is no one", "<p>@spec is no one</p>"),
        ("see #21", "<p>see #21</p>"),
        ("`#12 @writer`", "<p><code>#12 @writer</code></p>"),
        ("mail a@writer.org", "<p>mail a@writer.org</p>"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_text(text: str, html: str) -> None:
    assert rendered(text) == html


@pytest.mark.parametrize(
    ("text", "target", "label"),
    [
        ("see #12.", "/acme/shop/issues/12", "#12"),
        ("(acme/other#99)", "/acme/other/issues/99", "acme/other#99"),
        ("@writer!", "/writer", "@writer"),
        ("@otp-genesis[bot] did", "/apps/otp-genesis", "@otp-genesis[bot]"),
        ("in " + "ab12" * 10, "/acme/shop/commit/" + "ab12" * 10, "ab12ab1"),
        ("https://example.org/a_b), x", "https://example.org/a_b", "https://example.org/a_b"),
        ("[name](https://example.org)", "https://example.org", "name"),
    ],
)
def test_references_are_links(text: str, target: str, label: str) -> None:
    (link,) = [e for e in elements(rendered(text)).elements if e.tag == "a"]
    assert (link["href"], link.text) == (target, label)
    assert "nofollow" in link["rel"]


def test_references_inside_of_links_are_left_alone() -> None:
    assert rendered("[see #12](https://example.org)").count("<a ") == 1


def test_tables_keep_their_alignment() -> None:
    html = rendered("| a | b |\n|:--|--:|\n| 1 | 2 |")
    assert '<td align="left">1</td>' in html
    assert '<td align="right">2</td>' in html
    assert "style" not in html


def test_a_diagram_is_its_text_and_says_so() -> None:
    html = rendered("```mermaid\ngraph TD; A-->B\n```")
    assert "<figcaption>Mermaid diagram, shown as its text</figcaption>" in html
    assert "graph TD; A--&gt;B" in html


def test_a_warning_stands_out() -> None:
    html = rendered("> [!WARNING]\n> mind *this*")
    assert 'class="alert warning"' in html
    assert "[!WARNING]" not in html


def test_an_alert_is_named_on_a_line_of_its_own() -> None:
    html = rendered("> [!NOTE] stays\n> more")
    assert "[!NOTE] stays" in html
    assert "alert" not in html


def test_details_hold_markdown() -> None:
    html = rendered("<details><summary>More</summary>\n\n- item\n\n</details>")
    assert "<details><summary>More</summary>" in html
    assert "<li>item</li>" in html


def test_a_picture_of_elsewhere_is_a_link_and_one_of_the_repository_is_shown() -> None:
    here = Setting("acme/shop", folder="/acme/shop/blob/main/docs")
    outside = elements(rendered("![alt](https://example.org/x.png)", here)).elements
    assert [e.tag for e in outside] == ["p", "a"]
    inside = elements(rendered("![alt](x.png)", here)).elements
    assert inside[-1]["src"] == "/acme/shop/raw/main/docs/x.png"
    assert "src" not in rendered('<img src="https://example.org/x.png">')
    blob = Setting("acme/blob", folder="/acme/blob/blob/main")
    assert elements(rendered("![](x.png)", blob)).elements[-1]["src"] == "/acme/blob/raw/main/x.png"


def test_relative_links_start_at_the_folder() -> None:
    here = Setting("acme/shop", folder="/acme/shop/blob/main/docs")
    html = rendered("[a](b.md) [c](/d) [e](#f)", here)
    assert 'href="/acme/shop/blob/main/docs/b.md"' in html
    assert 'href="/d"' in html
    assert 'href="#f"' in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "[x](javascript:alert(1))",
        "<form action=/><button>x</button></form>",
        "<input type=checkbox>",
        "<svg onload=alert(1)><style>*{}</style></svg>",
        '<p style="position:fixed" class="merge-box" id="content">x</p>',
        "<iframe src=//example.org></iframe>",
        '"><script>alert(1)</script>',
        "<b\nonclick=alert(1)>x</b>",
    ],
)
def test_what_could_harm_is_taken_away(text: str) -> None:
    found = elements(rendered(text)).elements
    assert {e.tag for e in found}.isdisjoint(
        {"script", "form", "button", "input", "svg", "style", "iframe"}
    )
    for element in found:
        assert {"style", "id", "class"}.isdisjoint(element.attributes)
        assert not [n for n in element.attributes if n.startswith("on")]
        assert "javascript" not in element["href"]


@given(st.text(alphabet="<>&\"'/=[]()`*_#@!|-:~\n\t abx1\ue000\ue001", max_size=200))
def test_anything_gives_well_formed_html_without_scripts(text: str) -> None:
    reader = elements(rendered(text))
    assert reader.faults == []
    assert not [e for e in reader.elements if e.tag in ("script", "button", "form")]


@pytest.mark.parametrize("text", ["[" * 65_536, "![" * 32_768, "x" * (LONGEST + 1)])
def test_a_text_that_would_take_long_is_shown_as_it_is(text: str) -> None:
    assert text.count("[") > MOST_BRACKETS or len(text) > LONGEST
    assert rendered(text) == f'<pre class="plain">{text}</pre>'


def test_the_same_text_is_rendered_once() -> None:
    markdown = Markdown()
    first = markdown.render("*a*", SHOP)
    assert markdown.render("*a*", SHOP) is first
    assert markdown.render("*a*", SHOP.ticking("f")) is not first
