"""The same stories told to the simulator and to an emulator that others wrote.

What differs is excused by name, with what GitHub does; an excuse that is no longer needed fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import pytest

from tests.simulator.judges import library
from tests.simulator.judges.excuses import EXCUSES, WEBHOOKS, Excuse
from tests.simulator.judges.peers import Peer, running_emulator, running_simulator
from tests.simulator.judges.receiver import Receiver, receiving
from tests.simulator.judges.serving import NeverHappened, until
from tests.simulator.judges.stories import STORIES, Outcome, Story, Teller, told
from tests.simulator.support import make_source

EVENTS = """
check_run check_suite create delete issue_comment issues label pull_request pull_request_review push
""".split()
SECRET = "shared with both"
SENT_WITHIN = 10.0


@dataclass(frozen=True)
class Listened:
    """A peer, and what a hook of its repository hears."""

    peer: Peer
    receiver: Receiver

    def heard(self) -> Counter[str]:
        """Event and action -> how often, since `forget`."""
        return Counter(
            f"{each.event}/{each.action}" if each.action else each.event
            for each in list(self.receiver.deliveries)
            if each.event != "ping"
        )

    def forget(self) -> None:
        self.receiver.deliveries.clear()


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Listened, Listened]]:
    if reason := library.emulator_missing():
        pytest.skip(reason)
    source = make_source(tmp_path_factory.mktemp("source") / "shop", {"README.md": "# shop\n"})
    with (
        running_simulator(tmp_path_factory.mktemp("simulator"), {"shop": source}) as simulator,
        running_emulator(tmp_path_factory.mktemp("emulator")) as emulator,
        receiving(SECRET) as (our_url, ours),
        receiving(SECRET) as (their_url, theirs),
    ):
        pair = Listened(simulator.peer(), ours), Listened(emulator, theirs)
        for listened, url in zip(pair, (our_url, their_url), strict=True):
            hook(listened, url)
        yield pair


def hook(listened: Listened, url: str) -> None:
    """Makes the hook; its ping is not counted, as emulate sends none."""
    config = {"url": url, "content_type": "json", "secret": SECRET}
    teller = Teller(listened.peer)
    teller.quietly("admin", "POST /hooks", {"name": "web", "config": config, "events": EVENTS})
    teller.close()


def test_excuses_belong_to_stories() -> None:
    assert EXCUSES.keys() | WEBHOOKS.keys() <= {story.__name__ for story in STORIES}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_both_tell_the_same_story(peers: tuple[Listened, Listened], story: Story) -> None:
    for listened in peers:
        listened.forget()
    ours, theirs = (told(story, listened.peer) for listened in peers)
    excuses = {excuse.step: excuse for excuse in EXCUSES.get(story.__name__, ())}
    assert differences(ours, theirs, excuses) == []
    excused = {each.kind: each.more for each in WEBHOOKS.get(story.__name__, ())}
    with suppress(NeverHappened):
        until(lambda: surplus(peers) == excused, "both have sent all", SENT_WITHIN)
    assert surplus(peers) == excused


def surplus(peers: tuple[Listened, Listened]) -> Mapping[str, int]:
    """How many more of each webhook we sent; those of which both sent as many are left out."""
    ours, theirs = (listened.heard() for listened in peers)
    return {
        kind: ours[kind] - theirs[kind]
        for kind in ours.keys() | theirs.keys()
        if ours[kind] != theirs[kind]
    }


def differences(
    ours: Mapping[str, Outcome], theirs: Mapping[str, Outcome], excuses: Mapping[str, Excuse]
) -> list[str]:
    """What differs and is not excused, and what is excused and does not differ."""
    found = [f"{step}: no such step is told" for step in excuses.keys() - ours.keys()]
    for step, outcome in ours.items():
        excuse, other = excuses.get(step), theirs[step]
        if excuse is None and outcome != other:
            found.append(f"{step}: ours {shown(outcome)}, theirs {shown(other)}")
        elif excuse is not None and outcome == other:
            found.append(f"{step}: both {shown(outcome)}, so strike the excuse")
        elif excuse is not None and outcome.status != excuse.ours:
            found.append(f"{step}: ours {shown(outcome)}, the excuse says {excuse.ours}")
    return found


def shown(outcome: Outcome) -> str:
    return f"{outcome.status} {dict(outcome.kept)}"


A, B = Outcome(200, (("state", "open"),)), Outcome(422)


@pytest.mark.parametrize(
    ("ours", "theirs", "excuse", "found"),
    [
        (A, A, None, []),
        (A, B, None, ["s: ours 200 {'state': 'open'}, theirs 422 {}"]),
        (B, A, Excuse("s", 422, "why"), []),
        (B, B, Excuse("s", 422, "why"), ["s: both 422 {}, so strike the excuse"]),
        (B, A, Excuse("s", 404, "why"), ["s: ours 422 {}, the excuse says 404"]),
        (A, A, Excuse("t", 404, "why"), ["t: no such step is told"]),
    ],
)
def test_an_excuse_must_be_needed(
    ours: Outcome, theirs: Outcome, excuse: Excuse | None, found: list[str]
) -> None:
    excuses = {excuse.step: excuse} if excuse else {}
    assert differences({"s": ours}, {"s": theirs}, excuses) == found
