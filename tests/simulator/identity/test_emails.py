"""Whose the addresses in commits are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.simulator.identity.emails import account_with_email, email_of, person_of
from tests.simulator.support import Simulated

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 1, 2, tzinfo=UTC)


async def test_people_have_their_own_address(sim: Simulated) -> None:
    tables = sim.world.tables
    writer = tables.accounts.one("login", "writer")
    assert writer is not None
    assert email_of(writer) == "writer@simulator.test"
    assert account_with_email(tables, "Writer@Simulator.test") == writer
    assert person_of(writer, NOW).name == "Writer"


async def test_apps_have_a_private_address(sim: Simulated) -> None:
    tables = sim.world.tables
    bot = tables.accounts.one("login", "otp-genesis[bot]")
    assert bot is not None
    assert email_of(bot) == f"{bot.id}+otp-genesis[bot]@users.noreply.github.com"
    assert account_with_email(tables, email_of(bot)) == bot
    assert account_with_email(tables, "otp-genesis[bot]@users.noreply.github.com") == bot


@pytest.mark.parametrize(
    "email", ["", "nobody@example.com", "1+nobody@users.noreply.github.com", "writer", "@"]
)
async def test_strangers_belong_to_nobody(sim: Simulated, email: str) -> None:
    assert account_with_email(sim.world.tables, email) is None
