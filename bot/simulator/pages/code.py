"""A repository's files: the tree, one file, its bytes."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from bot.simulator.git import BareRepository, Entry, TooLarge, UnknownObject
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.places import Place, place_of, rest_of
from bot.simulator.pages.references import setting_of
from bot.simulator.pages.rendering import link_to, page
from bot.simulator.rest.scope import AtRepository, Here

router = pages_router()

SHOWN_BYTES = 1 << 20
SHOWN_LINES = 20_000
SHOWN_ENTRIES = 1000
RAW_BYTES = 32 << 20
READABLE = (".md", ".markdown")
IMAGES = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}


@dataclass(frozen=True)
class Readme:
    name: str
    html: Markup


@router.get("/{owner}/{repo}")
async def repository(here: AtRepository) -> Response:
    if here.git.ref(f"refs/heads/{here.repository.default_branch}") is None:
        clone = here.world.urls.clone(here.world.full_name(here.repository))
        return page(here.request, "code/empty.html", repository=here.repository, clone=clone)
    return await _tree(here, await place_of(here.git, here.repository.default_branch))


@router.get("/{owner}/{repo}/tree/{rest:path}")
async def tree(here: AtRepository) -> Response:
    return await _tree(here, await place_of(here.git, rest_of(here.request)))


async def _tree(here: Here, place: Place) -> Response:
    entry = await here.git.entry_at(place.sha, place.path)
    if entry.type != "tree":
        raise UnknownObject(f"{place.path!r} is no folder")
    entries = await here.git.tree(entry.sha)
    entries.sort(key=lambda e: (e.type != "tree", e.path))
    return page(
        here.request,
        "code/tree.html",
        repository=here.repository,
        place=place,
        entries=entries[:SHOWN_ENTRIES],
        more=max(len(entries) - SHOWN_ENTRIES, 0),
        commit=await here.git.commit(place.sha),
        readme=await _readme(here, place, entries),
        branches=list(here.git.branches()),
        clone=here.world.urls.clone(here.world.full_name(here.repository)),
    )


async def _readme(here: Here, place: Place, entries: list[Entry]) -> Readme | None:
    for entry in entries:
        if entry.type == "blob" and entry.path.lower() in ("readme.md", "readme", "readme.txt"):
            text = _text(await _content(here.git, entry))
            if text is None:
                return None
            if not entry.path.lower().endswith(READABLE):
                return Readme(entry.path, Markup('<pre class="plain">{}</pre>').format(text))
            return Readme(entry.path, _rendered(here, place, place.path, text))
    return None


def _rendered(here: Here, place: Place, folder: str, text: str) -> Markup:
    base = link_to(here.world, here.repository, "blob", place.name, *filter(None, [folder]))
    setting = setting_of(here.world, here.repository, folder=base)
    markup: Markup = here.request.app.state.markdown.render(text, setting)
    return markup


async def _content(git: BareRepository, entry: Entry) -> bytes | None:
    """None for a file that is too large to be shown."""
    if entry.size is not None and entry.size > SHOWN_BYTES:
        return None
    return await git.blob(entry.sha)


def _text(content: bytes | None) -> str | None:
    """None for what is no text."""
    if content is None or b"\0" in content[:8000]:
        return None
    return content.decode("utf-8", "replace")


@router.get("/{owner}/{repo}/blob/{rest:path}")
async def file(here: AtRepository) -> Response:
    place = await place_of(here.git, rest_of(here.request))
    entry = await here.git.entry_at(place.sha, place.path)
    if entry.type == "tree":
        return await _tree(here, place)
    if entry.type == "commit":
        raise UnknownObject(f"{place.path!r} is a submodule")
    text = _text(await _content(here.git, entry))
    lines = [] if text is None else text.removesuffix("\n").split("\n")
    html: Markup | None = None
    markdown = place.path.lower().endswith(READABLE)
    if text is not None and markdown and "plain" not in here.request.query_params:
        html = _rendered(here, place, place.path.rpartition("/")[0], text)
    return page(
        here.request,
        "code/blob.html",
        repository=here.repository,
        place=place,
        entry=entry,
        text=text,
        lines=lines[:SHOWN_LINES],
        more=max(len(lines) - SHOWN_LINES, 0),
        html=html,
        markdown=markdown,
        image=_kind(place.path).startswith("image/"),
    )


@router.get("/{owner}/{repo}/raw/{rest:path}")
async def raw(here: AtRepository) -> Response:
    """The bytes of a file, as text or image but never as a page or script of this site."""
    place = await place_of(here.git, rest_of(here.request))
    entry = await here.git.entry_at(place.sha, place.path)
    if entry.type != "blob":
        raise UnknownObject(f"{place.path!r} is no file")
    if (entry.size or 0) > RAW_BYTES:
        raise TooLarge("the file is too large to be shown; clone the repository")
    content = await here.git.blob(entry.sha)
    kind = _kind(place.path)
    if not kind.startswith("image/") and _text(content) is None:
        kind = "application/octet-stream"
    sealed = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    return Response(content, headers=sealed, media_type=kind)


def _kind(path: str) -> str:
    name = path.lower()
    return next((k for end, k in IMAGES.items() if name.endswith(end)), "text/plain; charset=utf-8")
