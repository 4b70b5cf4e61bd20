"""Markdown as on GitHub: tables, task lists, mentions and references; cleaned of what could harm.

Images of other places are shown as links and diagrams as their text, as a page loads nothing
from elsewhere.
"""

from __future__ import annotations

import re

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from bot.simulator.git.memory import Memory
from bot.simulator.pages import tasks
from bot.simulator.pages.references import Setting, link_references

ALERT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*(?:\n|$)")
BLOB = re.compile(r"^((?:/[^/]+){2})/blob/")
"""How the addresses of a repository's files begin."""
TAGS = {
    *"a b blockquote br code dd del details div dl dt em figcaption figure".split(),
    *"h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s samp small span strike strong".split(),
    *"sub summary sup table tbody td tfoot th thead tr tt u ul var".split(),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "details": {"open"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
}
CLASSES = {
    "blockquote": {"alert", "note", "tip", "important", "warning", "caution"},
    "figure": {"diagram"},
    "li": {"task"},
}
LONGEST = 200_000
"""Characters that are rendered; what is longer is shown as it is."""
MOST_BRACKETS = 10_000
"""The parser's time grows with the square of open brackets; no text for people has so many."""
REMEMBERED = 32 << 20
SHORT = 500


class Markdown:
    """Remembers what it made, as the same comments are shown again and again."""

    def __init__(self) -> None:
        self._memory: Memory[tuple[str, Setting], Markup] = Memory(REMEMBERED)
        self._parser = _parser()

    def knows(self, text: str, setting: Setting) -> bool:
        """Whether rendering it costs next to nothing."""
        return len(text) < SHORT or self._memory.get((text, setting)) is not None

    def render(self, text: str | None, setting: Setting) -> Markup:
        if not text or not text.strip():
            return Markup("")
        if len(text) > LONGEST or text.count("[") > MOST_BRACKETS:
            return Markup('<pre class="plain">{}</pre>').format(text)
        known = self._memory.get((text, setting))
        if known is None:
            known = self._render(text, setting)
            self._memory.put((text, setting), known, 2 * (len(text) + len(known)))
        return known

    def _render(self, text: str, setting: Setting) -> Markup:
        try:
            raw = self._parser.render(text, {"setting": setting})
        except RecursionError:
            return Markup('<pre class="plain">{}</pre>').format(text)
        filtered = "<img" in raw or tasks.BEGIN in raw
        clean = nh3.clean(
            raw,
            tags=TAGS,
            attributes=ATTRIBUTES,
            allowed_classes=CLASSES,
            attribute_filter=_kept if filtered else None,
            url_schemes={"http", "https", "mailto"},
            link_rel="nofollow noopener noreferrer",
        )
        return Markup(tasks.with_boxes(clean, setting.form))  # noqa: S704 - cleaned just above


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": 40})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("tasks", tasks.mark)
    parser.core.ruler.push("alerts", _alerts)
    parser.core.ruler.push("references", link_references)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("link_open", _link)
    parser.add_render_rule("td_open", _cell)
    parser.add_render_rule("th_open", _cell)
    return parser


def _alerts(state: StateCore) -> None:
    """`> [!NOTE]` begins a quotation of that kind."""
    for quotation, token in zip(state.tokens, state.tokens[2:], strict=False):
        if quotation.type == "blockquote_open" and token.type == "inline":
            found = ALERT.match(token.content)
            if found and token.children:
                quotation.attrSet("class", f"alert {found[1].lower()}")
                del token.children[0]
                title = Token("html_inline", "", 0, content=f"<b>{found[1].capitalize()}</b> ")
                token.children.insert(0, title)


def _fence(
    renderer: RendererHTML, tokens: list[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[at]
    language = token.info.split()[0] if token.info.strip() else ""
    code = f"<pre><code>{escape(token.content)}</code></pre>\n"
    if language == "mermaid":
        note = "Mermaid diagram, shown as its text"
        return f'<figure class="diagram"><figcaption>{note}</figcaption>{code}</figure>\n'
    return code


def _image(
    renderer: RendererHTML, tokens: list[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[at]
    source = str(token.attrGet("src") or "")
    label = renderer.renderInlineAsText(token.children or [], options, env)
    setting: Setting = env["setting"]
    if setting.folder and "://" not in source and not source.startswith(("/", "data:", "#")):
        path = BLOB.sub(r"\1/raw/", f"{setting.folder}/{source}")
        return f'<img src="{escape(path)}" alt="{escape(label)}">'
    return f'<a href="{escape(source)}">image: {escape(label or source)}</a>'


def _kept(tag: str, name: str, value: str) -> str | None:
    """No picture of elsewhere, and no mark of a checkbox, as none can stand in an attribute."""
    elsewhere = (tag, name) == ("img", "src") and "//" in value
    return None if elsewhere or tasks.BEGIN in value else value


def _cell(
    renderer: RendererHTML, tokens: list[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    style = str(tokens[at].attrs.pop("style", ""))
    if style:
        tokens[at].attrSet("align", style.removeprefix("text-align:"))
    return renderer.renderToken(tokens, at, options, env)


def _link(
    renderer: RendererHTML, tokens: list[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[at]
    target = str(token.attrGet("href") or "")
    folder = env["setting"].folder
    if folder and not re.match(r"[a-z][a-z+.-]*:|/|#", target, re.IGNORECASE):
        token.attrSet("href", f"{folder}/{target}")
    return renderer.renderToken(tokens, at, options, env)
