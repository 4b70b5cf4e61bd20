"""A simulator inside the test's own event loop, and clients for each of its people."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jwt
from fastapi import FastAPI

from bot.simulator.app import create_app
from bot.simulator.options import Options, Source
from bot.simulator.records.apps import App, Installation
from bot.simulator.records.repositories import Repository
from bot.simulator.seed import APP_SLUG, key_pair, plant
from bot.simulator.urls import Urls
from bot.simulator.world import World

BASE = "http://github.test"
SHOP = "/repos/acme/shop"


def git(*arguments: str, cwd: Path) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def make_source(folder: Path, files: Mapping[str, str] | None = None) -> Path:
    """A git repository with one commit on `main`."""
    folder.mkdir(parents=True)
    write_files(
        folder, files or {"README.md": "# Shop\n", "lib/shop.ex": "defmodule Shop do\nend\n"}
    )
    git("init", "-q", "-b", "main", cwd=folder)
    git("add", "-A", cwd=folder)
    git("commit", "-q", "-m", "Begin", cwd=folder)
    return folder


@dataclass
class Simulated:
    """A running simulator: `await sim.as_("writer").get(...)`."""

    world: World
    app: FastAPI
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def repository(self) -> Repository:
        """The first one, `acme/shop`."""
        return next(iter(self.world.tables.repositories))

    @property
    def genesis(self) -> App:
        app = self.world.tables.apps.one("slug", APP_SLUG)
        assert app is not None
        return app

    @property
    def installation(self) -> Installation:
        (found,) = self.world.tables.installations.where("app", self.genesis.id)
        return found

    def client(self, token: str = "", **headers: str) -> httpx.AsyncClient:
        """A client of the REST API: paths begin with /repos and the like."""
        named = {"user-agent": "tests", "accept": "application/vnd.github+json"}
        if token:
            named["authorization"] = f"Bearer {token}"
        made = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url=f"{BASE}/api/v3",
            headers=named | headers,
            timeout=30,
        )
        self.clients.append(made)
        return made

    def as_(self, login: str) -> httpx.AsyncClient:
        """A client for one of the seeded people."""
        return self.client(self.token_of(login))

    def token_of(self, login: str) -> str:
        person = self.world.tables.accounts.one("login", login)
        assert person is not None
        token = self.world.tables.tokens.one("account", person.id)
        assert token is not None
        return token.value

    def as_app(self) -> httpx.AsyncClient:
        """The App with its JWT."""
        return self.client(self.app_jwt())

    def app_jwt(self, **claims: Any) -> str:
        at = int(self.world.clock.now().timestamp())
        body = {"iat": at - 5, "exp": at + 300, "iss": str(self.genesis.id)} | claims
        key = (self.world.folder / "app.pem").read_text()
        return jwt.encode(body, key, algorithm="RS256")


def _give_key(state: Path) -> None:
    """Making a key takes longer than most tests; the simulator uses the one it finds."""
    if not state.exists():
        state.mkdir(parents=True)
        (state / "app.pem").write_text(_app_key())


@cache
def _app_key() -> str:
    return key_pair()[0]


@asynccontextmanager
async def simulated(
    state: Path, *sources: Path, limits: bool = False, **options: Any
) -> AsyncIterator[Simulated]:
    """Over the given folders, named as the folders are; the state survives in `state`."""
    named = tuple(Source(path=path, name=path.name) for path in sources)
    chosen = Options(state=state, sources=named, enforce_limits=limits, **options)
    _give_key(state)
    world = World(chosen, Urls(BASE))
    sim = Simulated(world, create_app(world))
    try:
        await plant(world)
        async with sim.app.router.lifespan_context(sim.app):
            yield sim
            for client in sim.clients:
                await client.aclose()
    finally:
        if not world.closed:
            await world.close()
