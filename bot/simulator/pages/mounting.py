"""Puts the pages into the application; last, as their addresses begin with any name."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.errors import not_found
from bot.simulator.pages import code, history, home, rules
from bot.simulator.pages.control import apps, deliveries, people, requests, switches
from bot.simulator.pages.conversation import changes as text_changes
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.issues import changes as issue_changes
from bot.simulator.pages.issues import listing, reading
from bot.simulator.pages.markdown import Markdown
from bot.simulator.pages.pulls import changes as pull_changes
from bot.simulator.pages.pulls import reading as pull_reading
from bot.simulator.pages.runs import changes as run_changes
from bot.simulator.pages.runs import reading as run_reading

nowhere = pages_router()
ROUTERS = (
    deliveries.router,
    requests.router,
    switches.router,
    apps.router,
    people.router,
    home.router,
    rules.router,
    code.router,
    history.router,
    listing.router,
    reading.router,
    issue_changes.router,
    text_changes.router,
    pull_reading.router,
    pull_changes.router,
    run_reading.router,
    run_changes.router,
    nowhere,
)


@nowhere.get("/{rest:path}")
async def no_page(request: Request) -> Response:
    raise not_found()


def mount_pages(app: FastAPI) -> None:
    app.state.markdown = Markdown()
    for router in ROUTERS:
        app.include_router(router)
