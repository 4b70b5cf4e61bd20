"""What is asked of branches, and small things that addresses of the API lead to."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from bot.simulator.errors import not_found
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.rendering import link_to, page
from bot.simulator.records.repositories import Protection
from bot.simulator.rest.actions.finding import workflow_of
from bot.simulator.rest.scope import AtRepository, Calling

router = pages_router()

COLOURS = ("#5b4bd6", "#17753f", "#b3261e", "#8a5a00", "#1b5fb3", "#8b3fa8", "#0f766e", "#9d4b12")
RESULTS = {"success": "#17753f", "failure": "#b3261e"}
SVG = "image/svg+xml"
AVATAR = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40"'
    ' rx="{}" fill="{}"/><text x="20" y="27" font-family="sans-serif" font-size="20"'
    ' font-weight="600" text-anchor="middle" fill="#fff">{}</text></svg>'
)
BADGE = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" width="180" height="20"><rect width="180" height="20"'
    ' rx="4" fill="#3a3d4a"/><path d="M110 0h66a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-66z" fill="{}"/>'
    '<g fill="#fff" font-family="sans-serif" font-size="11" text-anchor="middle">'
    '<text x="55" y="14">{}</text><text x="145" y="14">{}</text></g></svg>'
)


@dataclass(frozen=True)
class Demands:
    """What one protected branch asks for, in words."""

    branch: str
    sentences: list[str]


@router.get("/{owner}/{repo}/rules")
@router.get("/{owner}/{repo}/rules/{id:int}")
async def rules(here: AtRepository) -> Response:
    protections = here.tables.protections.where("repository", here.repository.id)
    return page(
        here.request,
        "code/rules.html",
        repository=here.repository,
        protected=[Demands(each.branch, demands_of(each)) for each in protections],
        rulesets=here.tables.rulesets.where("repository", here.repository.id),
    )


def demands_of(protection: Protection) -> list[str]:
    reviews, contexts = protection.required_reviews, protection.required_contexts
    said = {
        "Changes come by pull request only.": reviews is not None,
        f"Approving reviews that are needed: {reviews}.": bool(reviews),
        f"These checks must pass: {', '.join(contexts or [])}.": bool(contexts),
        "The branch must be up to date before it is merged.": protection.strict,
        "Conversations must be resolved.": protection.conversation_resolution,
        "The history stays linear.": protection.linear_history,
        "Only some may push.": protection.push_restrictions is not None,
        "Nobody may push.": protection.locked,
        "Force pushes are allowed.": protection.allow_force_pushes,
        "It may be deleted.": protection.allow_deletions,
        "Admins are held to this, too.": protection.enforce_admins,
    }
    return [sentence for sentence, holds in said.items() if holds]


@router.get("/{owner}/{repo}/milestone/{number:int}")
async def milestone(here: AtRepository, number: int) -> Response:
    if here.tables.milestones.one("number", (here.repository.id, number)) is None:
        raise not_found()
    path = link_to(here.world, here.repository, "issues")
    return RedirectResponse(f"{path}?milestone={number}", 302)


@router.get("/{owner}/{repo}/workflows/{name}/badge.svg")
async def badge(here: AtRepository, name: str) -> Response:
    """How the last run on the default branch came out."""
    workflow = workflow_of(here, name)
    runs = [
        run
        for run in here.tables.runs.where("workflow", workflow.id)
        if run.head_branch == here.repository.default_branch and run.latest.conclusion
    ]
    word = runs[-1].latest.conclusion if runs else None
    shown = {"success": "passing", "failure": "failing"}.get(word or "", word or "no status")
    colour = RESULTS.get(word or "", "#5d6073")
    return Response(BADGE.format(colour, workflow.name[:18], shown), media_type=SVG)


@router.get("/avatars/{id:int}")
async def avatar(call: Calling, id: int) -> Response:
    """The first letter; people are round, programs and organizations are not."""
    account = call.tables.accounts.get(id)
    if account is None:
        raise not_found()
    corner = 20 if account.type == "User" else 9
    made = AVATAR.format(corner, COLOURS[id % len(COLOURS)], account.login[0].upper())
    return Response(made, headers={"cache-control": "public, max-age=86400"}, media_type=SVG)
