"""`genesis serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.output import screen

if TYPE_CHECKING:
    from bot.flows.react.post import Post


def serve(
    host: Annotated[str, typer.Option(help="Address for webhooks.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port for /webhook.")] = 8080,
    pages_port: Annotated[
        int,
        typer.Option(min=1, max=65535, help="Port for pages and metrics, on this machine only."),
    ] = 8081,
    sweep: Annotated[
        float, typer.Option(min=1, help="Seconds between looks at everything, heard of or not.")
    ] = 600.0,
    json_: JsonFlag = False,
) -> None:
    """Serve as a GitHub App: take webhooks, plan, dispatch stages, open pull requests."""
    from bot import log
    from bot.server.serve import Listening
    from bot.server.serve import serve as run
    from bot.settings import load_settings

    screen.machine = json_
    settings = load_settings()
    log.set_up(1, secrets=settings.secrets())

    def ready(post: Post) -> None:
        where = {
            "webhook": f"http://{host}:{port}/webhook",
            "pages": f"http://127.0.0.1:{pages_port}",
        }
        screen.data({"app": post.ourselves, **where})
        screen.say(
            f"{post.ourselves} takes webhooks at {where['webhook']}; pages: {where['pages']}"
        )

    run(settings, Listening(host, port, pages_port, sweep), ready)
