"""Who we are with nothing but the token of a job."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import Unusable
from bot.flows.react.post import Post
from bot.github.asking import GitHubSite
from bot.github.client import Client
from bot.github.errors import NotAllowed
from bot.github.job_auth import JobToken
from bot.github.pacing import Pace
from tests.github.hub import Hub

SEAL = SecretStr("5" * 64)


def test_who_we_are_is_asked_of_the_server(hub: Hub) -> None:
    site = GitHubSite(hub.said["api"], hub.said["url"])
    token = SecretStr(hub.said["tokens"]["writer"])

    app = JobToken.of(site, token, SEAL)

    assert (app.login, app.app_id) == ("github-actions[bot]", _id(hub))
    assert app.token(0, "acme/any", "contents") == token.get_secret_value()
    assert "5555" not in repr(app)


def test_a_token_that_is_refused_is_no_endless_loop(hub: Hub) -> None:
    site = GitHubSite(hub.said["api"], hub.said["url"])
    app = JobToken(site, 1, SecretStr("ghs_" + "x" * 36), SEAL)

    with pytest.raises(NotAllowed), Client(app, 0, "acme/any", Pace(0)) as client:
        client.get(".")


def test_without_a_seal_of_its_own_it_does_not_begin(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="GENESIS_SEAL"):
        Post.in_job(hub.settings(tmp_path), SecretStr("ghs_x"))


def _id(hub: Hub) -> int:
    return int(hub.hand("reader").get("/apps/github-actions").json()["id"])
