"""Runs a simulator until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import json
import shutil
import signal
import socket
import sys
from importlib import import_module
from typing import TextIO

import uvloop

from bot.simulator.options import Options
from bot.simulator.seed import APP_SLUG, PEOPLE, plant
from bot.simulator.state.journal import StateUnusable, lock
from bot.simulator.urls import Urls, base_of
from bot.simulator.world import World


class PortTaken(Exception):
    """Somebody else listens there."""


def serve(options: Options, out: TextIO = sys.stdout) -> None:
    """Serves until SIGINT or SIGTERM.

    Raises:
        PortTaken: the port is in use.
        StateUnusable: the state folder is in use or of another format.
    """
    if options.fresh:
        clear(options)
    listening = _listen(options.host, options.port)
    try:
        host, port = listening.getsockname()[:2]
        world = World(options, Urls(base_of(host, port)))
        uvloop.run(_run(world, listening, out))
    finally:
        listening.close()


def clear(options: Options) -> None:
    """Removes the state, if the folder is one of a simulator.

    Raises:
        StateUnusable: it is in use, or holds something else, which is not ours to remove.
    """
    folder = options.state
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not (folder / "state.sqlite").is_file():
        raise StateUnusable(f"{str(folder)!r} is no simulator's state, so --fresh leaves it alone")
    with lock(folder):
        shutil.rmtree(folder)


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(512)
    except OSError as error:
        listening.close()
        raise PortTaken(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listening


async def _run(world: World, listening: socket.socket, out: TextIO) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    # Importing the server takes longest of all; git and the making of a key need no Python.
    loading = loop.run_in_executor(None, import_module, "bot.simulator.server")
    await plant(world)
    server = (await loading).server_for(world)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.handle_exit, number, None)
    if stop.is_set():
        server.should_exit = True
    gc.freeze()
    gc.enable()
    # Already listening: who connects before the server takes over waits a moment.
    out.write((_as_json(world) if world.options.json_output else _as_text(world)) + "\n")
    out.flush()
    await server.serve(sockets=[listening])


def _as_json(world: World) -> str:
    tables = world.tables
    app = tables.apps.one("slug", APP_SLUG)
    assert app is not None
    (hook,) = tables.hooks.where("app", app.id)
    return json.dumps(
        {
            "url": world.urls.base,
            "api": world.urls.api,
            "graphql": world.urls.graphql,
            "state": str(world.folder),
            "repositories": [world.full_name(r) for r in tables.repositories],
            "tokens": _tokens(world),
            "app": {
                "id": app.id,
                "client_id": app.client_id,
                "private_key": str(world.folder / "app.pem"),
                "webhook_secret": hook.secret,
            },
        }
    )


def _tokens(world: World) -> dict[str, str]:
    tables = world.tables
    found = {}
    for login in PEOPLE:
        person = tables.accounts.one("login", login)
        if person is not None and (token := tables.tokens.one("account", person.id)):
            found[login] = token.value
    return found


def _as_text(world: World) -> str:
    lines = [f"GitHub simulator on {world.urls.base}", ""]
    for repository in world.tables.repositories:
        name = world.full_name(repository)
        lines.append(f"  {world.urls.page(name)}   git clone {world.urls.clone(name)}")
    lines += ["", "Acting as, with the token for git and the API:"]
    lines += [f"  {login:11} {token}" for login, token in _tokens(world).items()]
    lines += [
        "",
        f"REST {world.urls.api}   GraphQL {world.urls.graphql}",
        f"The App's key: {world.folder / 'app.pem'}   State: {world.folder}",
        "Ctrl-C stops it; the same command goes on where it stopped.",
    ]
    return "\n".join(lines)
