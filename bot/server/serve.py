"""`genesis serve`: ingress, drainer, durable work, sweeper and pages, and their end in order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import structlog
import uvicorn

from bot.durable import engine
from bot.durable.sweep import Sweeper
from bot.flows.react.post import Post
from bot.server.drainer import Drainer
from bot.server.pages import Server, pages
from bot.server.process import IngressProcess
from bot.settings import Settings

log = structlog.get_logger()


@dataclass(frozen=True)
class Listening:
    """Where to listen, and how often to sweep (seconds)."""

    host: str = "127.0.0.1"
    port: int = 8080
    """Of `/webhook`, which GitHub must reach."""
    pages_port: int = 8081
    """Of the pages and metrics, which are for the operator."""
    sweep: float = 600.0
    executor: str = "genesis-1"


def serve(settings: Settings, listening: Listening, ready: Callable[[Post], None]) -> None:
    """Serve until SIGTERM or SIGINT; then no delivery is taken, and what is under way ends.

    `ready` is called once all parts run. Raises `Unusable`, `Busy` or what GitHub says.
    """
    post = Post.open(settings)
    folder = settings.state_dir / "server" / "inbox"
    ingress = IngressProcess(settings, folder, listening.host, listening.port)
    drainer, sweeper = Drainer(folder, post.ourselves), Sweeper(post, listening.sweep)
    with ExitStack() as stack:
        stack.callback(post.app.close)
        stack.enter_context(engine.running(settings, post, executor=listening.executor))
        ingress.start()
        stack.callback(ingress.stop)
        drainer.start()
        stack.callback(drainer.stop)
        sweeper.start()
        stack.callback(sweeper.stop)
        ready(post)
        _pages(Server(post, ingress, drainer), listening)
        log.info("stopping")


def _pages(server: Server, listening: Listening) -> None:
    config = uvicorn.Config(
        pages(server),
        host="127.0.0.1",
        port=listening.pages_port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run()
