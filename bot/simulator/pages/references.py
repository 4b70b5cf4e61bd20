"""What a text refers to, as links: issues, people, commits, bare addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

REFERENCE = re.compile(
    r"(?P<url>https?://[^\s<>\"']+[^\s<>\"'.,:;!?)\]}*_~])"
    r"|(?<![\w/&.#@-])(?P<repository>[\w.-]+/[\w.-]+)?#(?P<number>\d{1,9})\b"
    r"|(?<![\w/.@`-])@(?P<login>[A-Za-z\d](?:[A-Za-z\d-]{0,38}))(?:\[bot\])?(?![\w/])"
    r"|(?<![\w/.#@-])(?P<sha>[0-9a-f]{40})\b"
)


@dataclass(frozen=True)
class Setting:
    """Where a text stands, which decides what its references mean."""

    repository: str
    """Full name, for `#12` and shas."""
    numbers: int = 0
    """Issues and pull requests have numbers up to this one."""
    logins: frozenset[str] = frozenset()
    """In lower case; an `@` before anything else is no mention: `@spec`."""
    folder: str = ""
    """Path that relative links start at; empty: they are left as they are."""
    form: str = ""
    """The id of the form that a ticked checkbox submits; empty: they cannot be ticked."""

    def ticking(self, form: str) -> Setting:
        return replace(self, form=form)


def setting_of(world: World, repository: Repository, *, folder: str = "") -> Setting:
    """The setting of the texts of a repository."""
    logins = frozenset(a.login.lower() for a in world.tables.accounts)
    return Setting(world.full_name(repository), repository.next_number - 1, logins, folder)


def link_references(state: StateCore) -> None:
    setting: Setting = state.env["setting"]
    for block in state.tokens:
        if block.type == "inline" and block.children:
            block.children = list(_linked(block.children, setting))


def _linked(children: list[Token], setting: Setting) -> Iterator[Token]:
    """The same tokens with mentions, references and bare addresses as links."""
    depth = 0
    for token in children:
        depth += token.nesting if token.type in ("link_open", "link_close") else 0
        if token.type == "text" and depth == 0 and token.content:
            yield from _split(token.content, setting)
        else:
            yield token


def _split(text: str, setting: Setting) -> Iterator[Token]:
    end = 0
    for found in REFERENCE.finditer(text):
        address = _address(found, setting)
        if address is None:
            continue
        yield _text(text[end : found.start()])
        yield Token("link_open", "a", 1, attrs={"href": address})
        yield _text(found[0][:7] if found["sha"] else found[0])
        yield Token("link_close", "a", -1)
        end = found.end()
    yield _text(text[end:])


def _address(found: re.Match[str], setting: Setting) -> str | None:
    if found["url"]:
        return found["url"]
    if found["sha"]:
        return f"/{setting.repository}/commit/{found['sha']}"
    if found["number"]:
        known = found["repository"] or int(found["number"]) <= setting.numbers
        return (
            f"/{found['repository'] or setting.repository}/issues/{found['number']}"
            if known
            else None
        )
    login = found[0].removeprefix("@")
    if login.lower() not in setting.logins:
        return None
    bot = login.endswith("[bot]")
    return f"/apps/{quote(login.removesuffix('[bot]'))}" if bot else f"/{quote(login)}"


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
