"""Turns without a server on a local GitHub: each makes up for what was lost before it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.codebase.remote_git import Move
from bot.core.events import Hint
from bot.flows.react.post import Post
from bot.flows.react.turn import Looked, Turn
from bot.flows.survey.cursor import REF, Cursor, Cursors
from tests.github.hub import SAMPLE, Hub, Place, local_hub

LABEL = "otp-refactor"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with local_hub(tmp_path_factory.mktemp("hub")) as found:
        yield found


@dataclass
class Play:
    """A repository with a labelled issue; each turn is a machine that knows nothing."""

    hub: Hub
    place: Place
    folder: Path
    number: int
    machines: int = 0

    def post(self) -> Post:
        self.machines += 1
        return Post.open(self.hub.settings(self.folder / str(self.machines)))

    def turn(
        self, hint: Hint | None = None, *, dry: bool = False, patience: float = 5.0
    ) -> tuple[Looked, ...]:
        post = self.post()
        try:
            with post.client(self.place.installation, self.place.full_name) as client:
                return Turn(post, client, hint, patience=patience, dry=dry).take()
        finally:
            post.app.close()

    def cursors(self, post: Post) -> Cursors:
        client = post.client(self.place.installation, self.place.full_name)
        mirror = post.store(client).repository
        return Cursors(mirror, lambda write: post.remote(client, write=write))

    def move(self, new: str | None) -> None:
        """Move the cursor's ref to another commit of the repository, or delete it."""
        post = self.post()
        client = post.client(self.place.installation, self.place.full_name)
        store, remote = post.store(client), post.remote(client, write=True)
        old = remote.refs(REF)[REF]
        if new is not None:
            remote.fetch(store.repository.git_dir, f"refs/heads/{new}:refs/heads/{new}")
            new = store.repository.ref(f"refs/heads/{new}")
        remote.push(store.repository.git_dir, Move(REF, new, old))

    def shown(self) -> dict[str, list[str]]:
        issues = self.place.by("admin", "GET", "/issues", None, state="all", per_page=100)
        comments = self.place.by("admin", "GET", f"/issues/{self.number}/comments")
        return {
            "issues": sorted(issue["title"] for issue in issues),
            "comments": [comment["body"].splitlines()[0] for comment in comments],
        }

    def calls(self, after: int) -> Counter[str]:
        return Counter(e["method"] for e in self.hub.exchanges(after))


@pytest.fixture
def play(hub: Hub, tmp_path: Path) -> Play:
    app = hub.app()
    place = hub.place(app, SAMPLE)
    app.close()
    number = place.issue()
    place.by("writer", "POST", f"/issues/{number}/labels", {"labels": [LABEL]})
    return Play(hub, place, tmp_path, number)


def status(looked: tuple[Looked, ...], number: int) -> str:
    found = {one.plan: one.reaction.life for one in looked}
    life = found[str(number)]
    assert life is not None
    return life.status


def test_a_label_nobody_told_of_becomes_a_plan_and_then_nothing_moves(play: Play) -> None:
    assert status(play.turn(), play.number) == "open"
    shown = play.shown()
    assert len(shown["issues"]) > 2
    before = play.hub.now()

    second = play.turn()

    assert [one.done for one in second if one.done] == []
    assert play.shown() == shown
    assert set(play.calls(before)) <= {"GET", "POST", "DELETE"}


def test_what_was_said_while_nobody_listened_is_answered(play: Play) -> None:
    play.turn()
    said = play.place.say(play.number, "/genesis status")

    looked = play.turn()

    assert [one.plan for one in looked if one.done] == [str(play.number)]
    comments = play.place.by("admin", "GET", f"/issues/{play.number}/comments")
    assert [c for c in comments if f"re={said} " in c["body"]]


def test_without_its_cursor_it_looks_at_everything_and_doubles_nothing(play: Play) -> None:
    play.turn()
    shown = play.shown()
    play.move(None)

    assert status(play.turn(), play.number) == "open"

    assert play.shown() == shown


def test_a_cursor_somebody_forged_holds_nothing_up(play: Play) -> None:
    play.turn()
    shown = play.shown()
    play.move("main")
    said = play.place.say(play.number, "/genesis status")

    play.turn()

    comments = play.place.by("admin", "GET", f"/issues/{play.number}/comments")
    assert [c for c in comments if f"re={said} " in c["body"]]
    assert play.shown()["issues"] == shown["issues"]


def test_a_dry_run_writes_nothing_at_all(play: Play) -> None:
    before, shown = play.hub.now(), play.shown()

    looked = play.turn(dry=True)

    assert [type(command).__name__ for one in looked for command in one.done] != []
    assert play.shown() == shown
    written = [
        e
        for e in play.hub.exchanges(before)
        if e["method"] in ("POST", "PATCH", "PUT") and "access_tokens" not in json.dumps(e)
    ]
    assert [e for e in written if "git-upload-pack" not in json.dumps(e)] == []


def test_of_two_turns_at_once_one_keeps_the_cursor_and_none_doubles_anything(play: Play) -> None:
    play.turn()
    shown = play.shown()
    one, other = play.post(), play.post()
    first, second = play.cursors(one), play.cursors(other)
    known = first.load()
    assert second.load() == known

    # The same once more, within one second, would be the very commit that is there.
    mine = Cursor(seen=known.seen)
    assert mine != known
    assert first.save(mine)
    assert not second.save(Cursor())

    assert play.cursors(play.post()).load() == mine
    play.turn()
    assert play.shown() == shown


def test_a_turn_that_breaks_off_is_made_up_for(play: Play) -> None:
    class Ended(Exception):
        """The machine is gone."""

    post = play.post()
    with post.client(play.place.installation, play.place.full_name) as client:
        turn = Turn(post, client)
        now = post.now

        def ends() -> datetime:
            if turn._looked:
                raise Ended
            return now()

        post.now = ends
        with pytest.raises(Ended):
            turn.take()
    assert play.cursors(play.post()).load() == Cursor()

    assert status(play.turn(), play.number) == "open"
    assert len([t for t in play.shown()["issues"] if "stage 1" in t]) == 1


def test_it_stays_for_what_is_due_soon_and_not_for_what_is_late(play: Play) -> None:
    slept: list[float] = []
    post = play.post()
    with post.client(play.place.installation, play.place.full_name) as client:
        turn = Turn(post, client, patience=30, sleep=slept.append)
        start = post.now()
        post.now = lambda: start + timedelta(seconds=sum(slept))
        due = {"1": start + timedelta(seconds=10), "2": start + timedelta(seconds=40)}
        seen = []
        for plan in turn._in_time(due):
            seen.append(plan)
            if len(seen) < 3:
                due[plan] = post.now() + timedelta(seconds=8)

    assert seen == ["1", "1", "1"]
    assert slept == [10, 8, 8]


def test_what_a_turn_could_not_look_at_is_heard_by_the_next_one(play: Play) -> None:
    play.turn()
    asked = play.place.issue()
    play.place.say(asked, "/genesis plan")
    away = {"kind": "error", "agent": "otp-genesis*", "status": 503}
    with play.hub.faults(away | {"path": f"/repos/*/git/ref/genesis/plan-{asked}"}):
        looked = {one.plan: one for one in play.turn(patience=0)}
    assert looked[str(asked)].problem
    assert looked[str(asked)].reaction.life is None

    assert status(play.turn(), asked) == "open"


def test_a_configuration_that_could_not_be_looked_at_is_looked_at_again(play: Play) -> None:
    play.turn()
    play.place.commit("main", {".github/otp-genesis.yml": "run: sometimes\n"})
    away = {"kind": "error", "agent": "otp-genesis*", "status": 503}
    with play.hub.faults(away | {"path": "/repos/*/check-runs"}):
        play.turn(patience=0)

    play.turn()

    issues = play.place.by("admin", "GET", "/issues", None, state="open", per_page=100)
    assert len([i for i in issues if "otp-genesis.yml" in (i["body"] or "")]) == 1
