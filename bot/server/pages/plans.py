"""`/plans`: every plan this server has looked at, and where its stages stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from sqlalchemy.exc import SQLAlchemyError

from bot.core.lifecycle.state import BUSY, REVIEWABLE
from bot.durable.known_plans import KnownPlan, plans
from bot.server.status import Server


@dataclass(frozen=True)
class StageShown:
    """A stage as it is shown."""

    number: int
    status: str
    tone: str
    """`good`, `busy`, `asks`, `off` or `waits`: its colour."""
    link: str


@dataclass(frozen=True)
class PlanShown:
    """A plan as it is shown."""

    title: str
    link: str
    status: str
    reason: str
    stages: tuple[StageShown, ...]
    seen: str


def plans_router(server: Server, environment: Environment) -> APIRouter:
    """The page."""
    router = APIRouter()

    @router.get("/plans", response_class=HTMLResponse)
    def show() -> Response:
        try:
            found = plans(server.database)
        except SQLAlchemyError as error:
            why = type(error).__name__
            text = environment.get_template("away.html").render(why=why)
            return HTMLResponse(text, 503)
        ready, parts = server.readiness()
        text = environment.get_template("plans.html").render(
            plans=[shown(plan, server.web) for plan in found],
            app=server.post.ourselves if server.post is not None else "",
            ready=ready,
            parts=parts,
        )
        return HTMLResponse(text)

    return router


def shown(plan: KnownPlan, web: str) -> PlanShown:
    """A plan with its links."""
    home = f"{web}/{plan.repository}"
    stages = tuple(
        StageShown(
            stage.number,
            stage.status.replace("-", " "),
            tone_of(stage.status),
            f"{home}/pull/{stage.pull}" if stage.pull else "",
        )
        for stage in plan.stages
    )
    seen = datetime.fromtimestamp(plan.seen, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    title = f"{plan.repository} #{plan.issue}"
    return PlanShown(title, f"{home}/issues/{plan.issue}", plan.status, plan.reason, stages, seen)


def tone_of(status: str) -> str:
    """The colour of a status."""
    if status == "merged":
        return "good"
    if status in BUSY or status in REVIEWABLE:
        return "busy"
    if status in ("needs-human", "blocked-by-policy", "stale"):
        return "asks"
    return "waits" if status in ("planned", "approved", "paused") else "off"
