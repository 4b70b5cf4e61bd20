"""`genesis serve`: ingress, drainer, durable work, sweeper and pages, and their end in order."""

from __future__ import annotations

import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType

import structlog

from bot.durable import engine
from bot.durable.database import Database, opened
from bot.durable.meters import Meters
from bot.durable.reacting import Reacting
from bot.durable.sweep import Sweeper
from bot.durable.workers import Heart
from bot.errors import Transient, Unusable
from bot.flows.react.post import Post
from bot.server.drainer import Drainer
from bot.server.inbox import Inbox, SegmentInbox
from bot.server.pages.app import pages
from bot.server.process import IngressProcess
from bot.server.status import Server
from bot.server.table_inbox import TableInbox
from bot.server.web import Web
from bot.settings import Settings

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
REVOKING = 10.0
"""Seconds for giving back tokens at the end."""
AGAIN = 5.0
"""Seconds between two tries at a GitHub that does not answer when we start."""
_LOOK_UP = 1.0
"""Seconds until a signal is seen that did not wake anybody."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Listening:
    """Where to listen, and in what time (seconds)."""

    host: str = "127.0.0.1"
    port: int = 8080
    """Of `/webhook`, which GitHub must reach."""
    sweep: float = 600.0
    """Between two sweeps."""
    drain: float = engine.DRAIN
    """For what is under way when the server ends."""
    workers: int = 4
    """Plans worked on at a time."""


@contextmanager
def until_told(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at the first signal; a second one ends the process at once."""

    def told(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    before = {number: signal.signal(number, told) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve(
    settings: Settings,
    listening: Listening,
    web: Web,
    stop: threading.Event,
    ready: Callable[[Server], None],
) -> None:
    """Serve until `stop`; then no delivery is taken, and what is under way ends.

    `ready` is called once all parts run. Raises `Unusable`, `Busy` or what GitHub says.
    """
    lost = threading.Event()
    with opened(settings) as database, ExitStack() as stack:
        ingress = _ingress(settings, listening, database)
        server = Server(database, Meters(), ingress, settings.github_server_url, stopping=stop)
        # From here on nothing is lost, however long GitHub or the database keep us waiting.
        ingress.start()
        stack.callback(ingress.stop)
        web.start(pages(server, web.host))
        stack.callback(web.stop)
        post = _opened(settings, stop)
        if post is None:
            return
        server.post = post
        stack.callback(_revoke, post)
        stack.enter_context(_working(server, listening, lost))
        log.info("ready", app=post.ourselves, port=ingress.port)
        ready(server)
        # A signal that another thread takes does not wake this one: it looks up by itself.
        while not stop.wait(_LOOK_UP):
            pass
        log.info("stopping", within=listening.drain)
        ingress.stop()
    if lost.is_set():
        raise Unusable(
            "this worker was silent for so long that others took over its work",
            hint="look at the load of the machine and at the database, then start it again",
        )


@contextmanager
def _working(server: Server, listening: Listening, lost: threading.Event) -> Iterator[None]:
    post, database, meters = server.post, server.database, server.meters
    assert post is not None, "GitHub is not known yet"
    executor = _executor(database)
    reacting = Reacting(post, database, meters)

    def give_up() -> None:
        lost.set()
        server.stopping.set()

    def take_over(executor: str) -> int:
        count = engine.take_over(executor)
        meters.taken_over.inc(count)
        return count

    with ExitStack() as stack:
        heart = Heart(database, executor, take_over, give_up)
        if database.shared:
            heart.register()
            # Beats until all work has ended: while it drains it is not dead.
            stack.callback(heart.stop)
        drain = engine.running(
            database.url,
            reacting,
            executor=executor,
            workers=listening.workers,
            drain=lambda: 0.0 if lost.is_set() else listening.drain,
        )
        stack.enter_context(drain)
        if database.shared:
            heart.start()
        server.drainer = Drainer(_inbox(server), post.ourselves, meters)
        server.drainer.start()
        stack.callback(server.drainer.stop)
        server.sweeper = Sweeper(post, database, meters, listening.sweep)
        server.sweeper.start()
        stack.callback(server.sweeper.stop)
        yield


def _revoke(post: Post) -> None:
    """Give the tokens back, if GitHub takes them soon; they end within the hour by themselves."""
    revoking = threading.Thread(target=post.app.close, name="revoking", daemon=True)
    revoking.start()
    revoking.join(REVOKING)


def _ingress(settings: Settings, listening: Listening, database: Database) -> IngressProcess:
    folder = settings.state_dir / "server" / "inbox"
    return IngressProcess(settings, folder, listening.host, listening.port, database.libpq)


def _inbox(server: Server) -> Inbox:
    if server.database.shared:
        return TableInbox(server.database)
    return SegmentInbox(server.ingress.folder)


def _executor(database: Database) -> str:
    """On SQLite always the same: what it left is found at the next start. Else never the same."""
    if not database.shared:
        return "genesis-1"
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _opened(settings: Settings, stop: threading.Event) -> Post | None:
    """Who we are on GitHub, asked until it answers; None when the server is to stop before."""
    while True:
        try:
            return Post.open(settings)
        except Transient as error:
            log.warning("github_away", why=str(error))
            if stop.wait(max(AGAIN, error.retry_after)):
                return None
