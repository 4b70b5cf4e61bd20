"""`/setup`: from no App to one, in three clicks; guarded by a token that the start printed."""

from __future__ import annotations

import hmac
import json
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from bot.errors import OtpError
from bot.server.pages.app import POLICY, application, hosts_of, templates
from bot.server.registration import Registered, manifest, register
from bot.settings import Settings

LIFE = 3600.0
"""Seconds between the form and GitHub's answer; its code is good as long."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,33}\Z")
OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\Z")
EMPTY = {"name": "", "owner": "", "webhook": ""}
WRONG = "This address needs the token that `genesis serve` printed when it started."


@dataclass
class SetUp:
    """One set-up, which ends when an App was made."""

    settings: Settings
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    made: Registered | None = None
    done: threading.Event = field(default_factory=threading.Event)
    _states: dict[str, float] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def knows(self, token: str) -> bool:
        """Whether it is the token, and still good."""
        good = hmac.compare_digest(token.encode(), self.token.encode())
        return good and self.made is None

    def begin(self) -> str:
        """A state that GitHub is to bring back."""
        state = secrets.token_urlsafe(24)
        with self._turn:
            now = time.monotonic()
            self._states = {s: t for s, t in self._states.items() if now - t < LIFE}
            self._states[state] = now
        return state

    def end(self, state: str, code: str) -> Registered | None:
        """The App, None for a state that was never begun, or is used or too old.

        Raises what `register` does.
        """
        with self._turn:
            began = self._states.pop(state, None)
            if began is None or time.monotonic() - began > LIFE or self.made is not None:
                return None
            self.made = register(self.settings, code)
        return self.made


def setup_pages(setup: SetUp, host: str) -> FastAPI:
    """The pages of a server that has no App yet."""
    app = application(hosts_of(host))
    environment = templates()
    app.include_router(_asking(setup, environment))

    @app.get("/setup/done", response_class=HTMLResponse)
    def finish(state: str = "", code: str = "") -> Response:
        try:
            made = setup.end(state, code)
        except OtpError as error:
            return _wrong(environment, str(error), 502)
        if made is None:
            return _wrong(environment, "Nobody began this here, or it was too long ago.", 403)
        page = _page(environment, "made.html", app=made)
        # The server goes on as that App once this page is sent.
        threading.Timer(0.5, setup.done.set).start()
        return page

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app


def _asking(setup: SetUp, environment: Environment) -> APIRouter:
    router = APIRouter()

    @router.get("/", response_class=HTMLResponse)
    @router.get("/setup", response_class=HTMLResponse)
    def ask(token: str = "") -> Response:
        if not setup.knows(token):
            return _wrong(environment, WRONG, 403)
        return _page(environment, "setup.html", token=token, problem="", given=EMPTY)

    @router.post("/setup", response_class=HTMLResponse)
    def prepare(
        request: Request,
        token: str = Form(""),
        name: str = Form(""),
        owner: str = Form(""),
        webhook: str = Form(""),
    ) -> Response:
        if not setup.knows(token):
            return _wrong(environment, WRONG, 403)
        given = {"name": name.strip(), "owner": owner.strip(), "webhook": webhook.strip()}
        if problem := _problem(**given):
            page = _page(environment, "setup.html", token=token, problem=problem, given=given)
            page.status_code = 422
            return page
        done = f"{request.url.scheme}://{request.url.netloc}/setup/done"
        return _leading(setup, environment, given, done)

    return router


def _leading(
    setup: SetUp, environment: Environment, given: dict[str, str], done: str
) -> HTMLResponse:
    web = setup.settings.github_server_url
    place = f"organizations/{quote(given['owner'])}/settings" if given["owner"] else "settings"
    text = json.dumps(manifest(given["name"], given["webhook"], done))
    page = _page(
        environment,
        "leading.html",
        action=f"{web}/{place}/apps/new?state={setup.begin()}",
        manifest=text,
        web=web,
    )
    # This one form goes to GitHub, which leads back here by redirects.
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(web))
    page.headers["content-security-policy"] = POLICY.replace(
        "form-action 'self'", f"form-action 'self' {origin}"
    )
    return page


def _problem(name: str, owner: str, webhook: str) -> str:
    if not NAME.match(name):
        return "A name is 1 to 34 letters, digits, spaces, dots or hyphens."
    if owner and not OWNER.match(owner):
        return "That is no name of an organization."
    parts = urlsplit(webhook)
    if parts.scheme not in ("http", "https") or not parts.hostname or len(webhook) > 1000:
        return "The webhook address begins with https://, and GitHub can reach it."
    return ""


def _page(environment: Environment, name: str, **values: object) -> HTMLResponse:
    return HTMLResponse(environment.get_template(name).render(**values))


def _wrong(environment: Environment, text: str, status: int) -> HTMLResponse:
    page = _page(environment, "wrong.html", text=text)
    page.status_code = status
    return page
