"""One repository: its settings, topics, languages."""

from __future__ import annotations

from typing import Any, Literal

from starlette.responses import Response

from bot.simulator.domain.repositories.languages import bytes_by_language
from bot.simulator.domain.repositories.repositories import delete_repository, edit_repository
from bot.simulator.errors import ApiError, invalid, not_accessible, not_found
from bot.simulator.identity.rights import has_permission
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.repositories import full_repository_view

router = router_for("repos")

MOST_TOPICS = 20
SETTINGS = (
    "name",
    "description",
    "homepage",
    "private",
    "default_branch",
    "archived",
    "has_issues",
    "has_projects",
    "has_wiki",
    "allow_merge_commit",
    "allow_squash_merge",
    "allow_rebase_merge",
    "allow_auto_merge",
    "allow_update_branch",
    "delete_branch_on_merge",
)
NULLABLE = ("description", "homepage")


class Settings(Body):
    name: str | None = None
    description: str | None = None
    homepage: str | None = None
    private: bool | None = None
    visibility: Literal["public", "private"] | None = None
    default_branch: str | None = None
    archived: bool | None = None
    has_issues: bool | None = None
    has_projects: bool | None = None
    has_wiki: bool | None = None
    allow_merge_commit: bool | None = None
    allow_squash_merge: bool | None = None
    allow_rebase_merge: bool | None = None
    allow_auto_merge: bool | None = None
    allow_update_branch: bool | None = None
    delete_branch_on_merge: bool | None = None

    def changes(self) -> dict[str, Any]:
        """What was given, but for null where null says nothing."""
        given = {n: getattr(self, n) for n in SETTINGS if self.given(n)}
        found = {n: v for n, v in given.items() if v is not None or n in NULLABLE}
        if self.visibility is not None:
            found["private"] = self.visibility == "private"
        return found


class Topics(Body):
    names: list[str]


@router.get("/repos/{owner}/{repo}")
async def get_repository(here: AtRepository) -> Response:
    return reply(_view(here))


@router.patch("/repos/{owner}/{repo}")
async def update_repository(here: AtRepository, body: Settings) -> Response:
    """An archive takes no change but to be one no more."""
    changes = body.changes()
    _require_admin(here)
    if here.repository.archived and changes.get("archived") is not False:
        raise ApiError(403, "Repository was archived so is read-only.")
    methods = ("allow_merge_commit", "allow_squash_merge", "allow_rebase_merge")
    if not any(changes.get(m, getattr(here.repository, m)) for m in methods):
        message = "Sorry, you need to allow at least one merge strategy."
        raise invalid("Repository", "merge_commit_allowed", "custom", message)
    await edit_repository(here.world, here.caller, here.repository, changes)
    return reply(_view(here))


@router.delete("/repos/{owner}/{repo}")
async def remove_repository(here: AtRepository) -> Response:
    _require_admin(here)
    await delete_repository(here.world, here.caller, here.repository)
    return no_content()


@router.get("/repos/{owner}/{repo}/topics")
async def list_topics(here: AtRepository) -> Response:
    return reply({"names": here.repository.topics})


@router.put("/repos/{owner}/{repo}/topics")
async def replace_topics(here: AtRepository, body: Topics) -> Response:
    here.require("administration", "write", "maintain")
    names = list(dict.fromkeys(name.lower() for name in body.names))
    if len(names) > MOST_TOPICS:
        raise ApiError(422, f"A repository cannot have more than {MOST_TOPICS} topics.")
    for name in names:
        plain = name.replace("-", "").isalnum() and name.isascii()
        if not plain or name.startswith("-") or len(name) > 50:
            message = (
                "Topics must start with a lowercase letter or number, consist of 50 characters or"
                " less, and can include hyphens."
            )
            raise ApiError(422, "Validation Failed", [message])
    await edit_repository(here.world, here.caller, here.repository, {"topics": names})
    return reply({"names": names})


@router.get("/repos/{owner}/{repo}/languages")
async def list_languages(here: AtRepository) -> Response:
    return reply(await bytes_by_language(here.git))


@router.get("/repos/{owner}/{repo}/releases")
async def list_releases(here: AtRepository) -> Response:
    """The simulator has none."""
    here.require("contents", "read")
    return paginate(here.request, [], lambda row: row)


@router.get("/repos/{owner}/{repo}/releases/latest")
@router.get("/repos/{owner}/{repo}/releases/{id}")
@router.get("/repos/{owner}/{repo}/releases/tags/{tag:path}")
async def get_release(here: AtRepository) -> Response:
    here.require("contents", "read")
    raise not_found()


def _view(here: Here) -> dict[str, Any]:
    """An App that may write contents sees how the repository merges."""
    viewer = here.caller.actor if here.caller.is_user else None
    sees = here.caller.is_bot and has_permission(here.caller, here.repository, "contents", "write")
    return full_repository_view(here.world, here.repository, viewer, settings=sees)


def _require_admin(here: Here) -> None:
    """Also for an archive, which must be able to be taken out again."""
    here.actor()
    if here.caller.is_app_itself:
        raise ApiError(401, "A JSON web token could not be decoded")
    if not here.can("administration", "write", "admin"):
        if here.caller.is_bot:
            raise not_accessible()
        raise ApiError(403, "Must have admin rights to Repository.")
