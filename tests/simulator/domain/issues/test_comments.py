"""Minimising comments, which REST cannot; the rest is tested over REST."""

from __future__ import annotations

import pytest

from bot.simulator.domain.issues.comments import minimize_comment, unminimize_comment
from bot.simulator.errors import ApiError
from bot.simulator.identity.caller import Caller
from tests.simulator.rest.issues.stage import commented, judged, opened
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio


async def test_a_comment_is_minimised_by_its_author_or_a_writer(sim: Simulated) -> None:
    await opened(sim.as_("writer"))
    made = await commented(sim.as_("outsider"), "Noise")
    comment = sim.world.tables.comments[made["id"]]
    heard: list[object] = []
    sim.world.hub.listeners.append(heard.append)
    people = {
        login: Caller(actor=sim.world.tables.accounts.one("login", login))
        for login in ("reader", "writer", "outsider")
    }
    with pytest.raises(ApiError):
        minimize_comment(sim.world, people["reader"], sim.repository, comment, "spam")
    reader = judged(sim.as_("reader"))
    address = f"{SHOP}/issues/comments/{comment.id}"
    assert (await reader.get(address)).json()["minimized"] is None
    minimize_comment(sim.world, people["outsider"], sim.repository, comment, "resolved")
    assert (await reader.get(address)).json()["minimized"] == {"reason": "resolved"}
    unminimize_comment(sim.world, people["writer"], sim.repository, comment)
    assert (await reader.get(address)).json()["minimized"] is None
    assert heard == []
