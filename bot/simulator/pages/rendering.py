"""From a template to a page."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.simulator.clock import stamp
from bot.simulator.identity.rights import may_see
from bot.simulator.pages.acting import people
from bot.simulator.pages.assets import address_of
from bot.simulator.records.accounts import Account
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))
RECENT = 30 * 86400


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """The template with `values`, and what the frame around every page shows."""
    world: World = request.app.state.world
    text = TEMPLATES.get_template(template).render(
        world=world,
        caller=request.state.caller,
        me=request.state.caller.actor,
        people=people(world),
        request=request,
        here=request.url.path,
        now=world.clock.now(),
        account=world.tables.accounts.get,
        full_name=world.full_name,
        **({"repository": None} | values),
    )
    # Names of files may hold bytes that are no UTF-8; they are shown as question marks.
    return HTMLResponse(text.encode("utf-8", "replace"), status)


def ago(moment: datetime | None, now: datetime) -> Markup:
    """`3 hours ago`, with the exact time behind it."""
    if moment is None:
        return Markup("")
    seconds = max(int((now - moment).total_seconds()), 0)
    words = moment.strftime("on %-d %b %Y") if seconds > RECENT else _elapsed(seconds)
    exact = stamp(moment)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, exact, words)


def _elapsed(seconds: int) -> str:
    for unit, length in UNITS:
        if seconds >= length:
            return f"{plural(seconds // length, unit)} ago"
    return "just now"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def plural(count: int, noun: str, nouns: str = "") -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {nouns or noun + 's'}"


def size(count: int | None) -> str:
    """Bytes for people."""
    number = float(count or 0)
    for unit in ("bytes", "KB", "MB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} GB"


def readable(text: str) -> str:
    """A name of a file or ref as it can be shown."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def in_path(text: object) -> str:
    """Escaped for the path of an address; slashes stay, odd bytes keep their value."""
    return quote(str(text).encode("utf-8", "surrogateescape"), safe="/@:+,=~-._")


def with_query(request: Request, **changes: object) -> str:
    """The address of this page with other parameters; None takes one away.

    `part` says that only a part of the page is wanted, which no link does.
    """
    given = request.query_params.multi_items()
    kept = [(k, v) for k, v in given if k not in changes and k != "part"]
    asked = kept + [(k, str(v)) for k, v in changes.items() if v not in (None, "")]
    return f"?{urlencode(asked)}" if asked else "?"


def link_to(world: World, repository: Repository, *parts: object) -> str:
    """The path of a page of the repository."""
    return "/".join(["", quote(world.full_name(repository)), *(in_path(p) for p in parts)])


def account_link(account: Account | None) -> Markup:
    if account is None:
        return Markup('<span class="who">ghost</span>')
    bot = Markup(' <span class="tag">bot</span>') if account.type == "Bot" else ""
    path = quote(account.login)
    if account.type == "Bot":
        path = "apps/" + quote(account.login.removesuffix("[bot]"))
    name = escape(account.login.removesuffix("[bot]"))
    return Markup('<a class="who" href="/{}">{}</a>{}').format(path, name, bot)


def open_count(world: World, repository: Repository, kind: str) -> int:
    """Of "issues" or "pulls", which are one table."""
    found = world.tables.issues.where("state", (repository.id, "open"))
    pulls = sum(issue.pull_id is not None for issue in found)
    return pulls if kind == "pulls" else len(found) - pulls


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "duration": duration,
        "inpath": in_path,
        "plural": plural,
        "readable": readable,
        "size": size,
    }
    made.globals |= {
        "account_link": account_link,
        "ago": ago,
        "asset": address_of,
        "link_to": link_to,
        "may_see": may_see,
        "open_count": open_count,
        "with_query": with_query,
    }
    return made


TEMPLATES = _environment()
