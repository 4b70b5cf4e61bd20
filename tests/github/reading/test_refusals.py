"""What GitHub refused to do for a stage is read back, for one attempt and until it is done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.core.lifecycle.facts import Refusal
from bot.github.errors import NotAllowed, Rejected, Suspended
from tests.github.between import Between
from tests.github.doing.test_runs import dispatch, ready
from tests.github.hub import Hub, Place

DISPATCHES = r"POST /.*/dispatches$"


def test_the_words_of_a_refusal_are_read_until_it_is_done(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = ready(place)
    scene.app = hub.app(spy.api)
    assert scene.facts().stage(1).refused == ()
    said = {"message": 'Unexpected inputs provided: ["plan"]'}
    spy.answer(DISPATCHES, 422, said)
    with pytest.raises(Rejected):
        scene.do(dispatch())
    words = '422 Unexpected inputs provided: ["plan"]'
    assert scene.facts().stage(1).refused == (Refusal(attempt=1, kind="dispatch", words=words),)
    spy.instead = lambda method, path, body: None
    scene.do(dispatch())
    assert scene.facts().stage(1).refused == ()


def test_a_refusal_is_of_one_attempt_only(hub: Hub, place: Place, spy: Between) -> None:
    scene = ready(place)
    scene.app = hub.app(spy.api)
    spy.answer(DISPATCHES, 403, {"message": "Resource not accessible by integration"})
    with pytest.raises(NotAllowed):
        scene.do(dispatch())
    (refused,) = scene.facts().stage(1).refused
    assert refused.words == "403 Resource not accessible by integration"
    scene.stage(1, status="queued", attempt=2, flying=True, dispatched=datetime.now(UTC))
    assert scene.facts().stage(1).refused == ()


def test_a_suspension_is_no_refusal_of_the_stage(hub: Hub, place: Place, spy: Between) -> None:
    scene = ready(place)
    scene.app = hub.app(spy.api)
    spy.answer(DISPATCHES, 403, {"message": "This installation has been suspended"})
    with pytest.raises(Suspended):
        scene.do(dispatch())
    assert scene.facts().stage(1).refused == ()
