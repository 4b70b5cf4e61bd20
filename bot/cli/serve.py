"""`genesis serve`."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.extras import need_github
from bot.cli.output import screen

if TYPE_CHECKING:
    from bot.server.serve import Listening
    from bot.server.status import Server
    from bot.server.web import Web
    from bot.settings import Settings

Host = Annotated[str, typer.Option(help="Address for webhooks; 0.0.0.0 for all of the machine's.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port for /webhook; 0: a free one.")]
PagesHost = Annotated[str, typer.Option(help="Address for pages and metrics: for operators only.")]
PagesPort = Annotated[
    int, typer.Option(min=0, max=65535, help="Port for pages and metrics; 0: a free one.")
]
Sweep = Annotated[
    float, typer.Option(min=1, help="Seconds between two sweeps, which find what no delivery told.")
]
Drain = Annotated[
    float, typer.Option(min=0, help="Seconds that what is under way has when the server stops.")
]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Plans worked on at a time.")]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8080,
    pages_host: PagesHost = "127.0.0.1",
    pages_port: PagesPort = 8081,
    sweep: Sweep = 600.0,
    drain: Drain = 25.0,
    workers: Workers = 4,
    json_: JsonFlag = False,
) -> None:
    """Serve as a GitHub App: take webhooks, plan, dispatch stages, open pull requests.

    Without an App it begins with `/setup`, which makes one. It stops at SIGTERM or Ctrl-C, and
    goes on where it stopped.
    """
    screen.machine = json_
    need_github("serving")
    from bot.server.serve import Listening, until_told
    from bot.server.web import Web

    listening = Listening(host, port, sweep, drain, workers)
    stop = threading.Event()
    web = Web(pages_host, pages_port)
    try:
        with until_told(stop):
            _run(listening, web, stop)
    finally:
        web.close()
    from bot.durable.engine import left_behind

    if left := left_behind():
        # Its threads would keep the process; what they did is known by what GitHub shows.
        screen.note(f"{left} reactions were cut off; they are taken up at the next start")
        sys.stdout.flush()
        os._exit(0)


def _run(listening: Listening, web: Web, stop: threading.Event) -> None:
    from bot import log
    from bot.server.registration import app_settings
    from bot.server.serve import serve as run

    settings = app_settings()
    log.set_up(1, secrets=settings.secrets())
    log.take_standard("dbos")
    if not settings.github_app_id:
        _set_up(settings, web, stop)
        if stop.is_set():
            return
        settings = app_settings()
        log.set_up(1, secrets=settings.secrets())

    def ready(server: Server) -> None:
        assert server.post is not None, "it is ready"
        app = server.post.ourselves
        where = {"webhook": _webhook(listening.host, server.ingress.port), "pages": web.url}
        screen.event({"app": app, **where})
        screen.say(f"{app} takes webhooks at {where['webhook']}; pages: {where['pages']}")
        sys.stdout.flush()

    run(settings, listening, web, stop, ready)


def _webhook(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/webhook" if ":" in host else f"http://{host}:{port}/webhook"


def _set_up(settings: Settings, web: Web, stop: threading.Event) -> None:
    """Serve `/setup` until an App was made, or we are told to stop."""
    from bot.server.pages.setup import SetUp, setup_pages

    setup = SetUp(settings)
    web.start(setup_pages(setup, web.host))
    address = f"{web.url}/setup?token={setup.token}"
    screen.event({"setup": address})
    screen.say(f"no GitHub App is set up yet: make one at {address}")
    sys.stdout.flush()
    while not stop.is_set() and not setup.done.wait(0.2):
        pass
    web.stop()
