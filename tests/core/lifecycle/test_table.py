"""Every state of a stage, and everything that can happen to it: what it comes to, what is done.

`transitions.txt` holds the answers; what it does not name changes nothing. Running this file as a
program (`python -m tests.core.lifecycle.test_table`) writes it anew, to be read before it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest

from tests.core.lifecycle.playing import Play
from tests.core.lifecycle.situations import EVENTS, SITUATIONS

TABLE = Path(__file__).with_name("transitions.txt")
SHOWING = {
    "put-comment",
    "put-stage-issue",
    "set-labels",
    "put-check",
    "react",
    "close-issue",
    "block-stage",
    "link-stage",
}
"""What only shows where the plan stands; not in the table."""


@cache
def situation(name: str) -> Play:
    return SITUATIONS[name]()


def answer(state: str, event: str) -> str:
    """`plan/stage: what was done`, for stage 1 and the plan."""
    play = deepcopy(situation(state))
    play.done.clear()
    EVENTS[event](play.world)
    play.reconcile()
    done = [command.kind for command in play.done if command.kind not in SHOWING]
    return f"{answer_of(play)}{': ' if done else ''}{', '.join(dict.fromkeys(done))}"


def before(state: str) -> str:
    return answer_of(situation(state))


def answer_of(play: Play) -> str:
    stage = play.life.stage(1)
    held = f" ({stage.before})" if stage.before else ""
    plan = "" if play.life.status == "open" else f"{play.life.status}/"
    return f"{plan}{stage.status}{held}"


def told() -> Mapping[tuple[str, str], str]:
    answers, event = {}, ""
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith(" "):
            event = line
        elif line:
            state, _, said = line.strip().partition(" -> ")
            answers[state.strip(), event] = said
    return answers


def written() -> Iterator[str]:
    for event in EVENTS:
        yield event
        for state in SITUATIONS:
            said = answer(state, event)
            if said != before(state):
                yield f"  {state:<20} -> {said}"
        yield ""


def test_each_situation_is_what_its_name_says() -> None:
    for name in SITUATIONS:
        assert situation(name).life.stage(1).status == name.split(",")[0]


@pytest.mark.parametrize("state", SITUATIONS)
@pytest.mark.parametrize("event", EVENTS)
def test_what_comes_of_it(state: str, event: str) -> None:
    assert answer(state, event) == told().get((state, event), before(state))


def test_the_table_names_nothing_else() -> None:
    assert set(told()) <= {(state, event) for state in SITUATIONS for event in EVENTS}


if __name__ == "__main__":
    TABLE.write_text("\n".join(written()))
