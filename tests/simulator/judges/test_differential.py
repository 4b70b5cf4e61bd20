"""The same stories told to the simulator and to an emulator that others wrote.

What differs is excused by name, with what GitHub does; an excuse that is no longer needed fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.simulator.judges import library
from tests.simulator.judges.excuses import EXCUSES, Excuse
from tests.simulator.judges.peers import Peer, running_emulator, running_simulator
from tests.simulator.judges.stories import STORIES, Outcome, Story, told
from tests.simulator.support import make_source


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Peer, Peer]]:
    if reason := library.emulator_missing():
        pytest.skip(reason)
    source = make_source(tmp_path_factory.mktemp("source") / "shop", {"README.md": "# shop\n"})
    with (
        running_simulator(tmp_path_factory.mktemp("simulator"), {"shop": source}) as simulator,
        running_emulator(tmp_path_factory.mktemp("emulator")) as emulator,
    ):
        yield simulator.peer(), emulator


def test_excuses_belong_to_stories() -> None:
    assert set(EXCUSES) <= {story.__name__ for story in STORIES}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_both_tell_the_same_story(peers: tuple[Peer, Peer], story: Story) -> None:
    ours, theirs = (told(story, peer) for peer in peers)
    excuses = {excuse.step: excuse for excuse in EXCUSES.get(story.__name__, ())}
    assert differences(ours, theirs, excuses) == []


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
