"""What a sweep hears of without a delivery, what it asks for that, and what it leaves alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.lifecycle.state import Asked, PlanLife, StageLife
from bot.durable.database import Database, opened
from bot.durable.looks import drop, leave, looks, note, seen
from bot.flows.react.post import Post
from bot.flows.survey.looks import Look, look_of, rests
from bot.flows.survey.movement import MOST_UNKNOWN, ROUNDS, Movement, Survey
from bot.settings import load_settings
from tests.github.hub import Hub, Place

LABEL = "otp-refactor"
QUOTED = "lib/shop/cart.ex"
CONFIG = ".github/otp-genesis.yml"


@pytest.fixture(scope="module")
def post(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    made = Post.open(hub.settings(tmp_path_factory.mktemp("state")))
    yield made
    made.app.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened(load_settings(state_dir=tmp_path)) as found:
        yield found


@dataclass
class Scene:
    """A repository with one plan at rest, and the sweeps over it."""

    place: Place
    post: Post
    database: Database
    installation: int = field(init=False)
    issue: int = field(init=False)
    stage_issue: int = field(init=False)

    def __post_init__(self) -> None:
        self.installation = self.place.installation
        self.place.commit("main", {QUOTED: "1\n", "README.md": "1\n"})
        self.issue = self.place.issue(labels=[LABEL])
        self.stage_issue = self.place.issue("Stage 1")
        self.store(self.plan)
        self.noted()

    @property
    def plan(self) -> str:
        return str(self.issue)

    def store(self, plan: str) -> str:
        """A record of ours."""
        client = self.place.client(self.post.as_app)
        files = {"lifecycle.json": b"{}"}
        return self.post.store(client).save(plan, files, f"Plan {plan}", None)

    def life(self, **more: Any) -> PlanLife:
        stage = {"number": 1, "issue": self.stage_issue, **more}
        return PlanLife(
            plan=self.plan,
            repository=self.place.full_name,
            issue=self.issue,
            status="open",
            base_branch="main",
            requested=Asked(actor="writer", source="label"),
            stages=(StageLife.model_validate(stage),),
        )

    def noted(self, **more: Any) -> None:
        """It was looked at, and this was found."""
        look = look_of(self.life(), None).model_copy(update={"quoted": (QUOTED,), **more})
        note(self.database, self.life(), look)

    def survey(self) -> Survey:
        listed = self.post.repositories(self.installation)
        about = next(one for one in listed if one["full_name"] == self.place.full_name)
        name = self.place.full_name
        client = self.post.client(self.installation, name)
        known, before = looks(self.database, name), seen(self.database, name)
        store, now = self.post.store(client), self.post.now()
        return Survey(client, store, about, known, before, now)

    def sweep(self) -> Movement:
        moved = self.survey().moved()
        leave(self.database, self.place.full_name, moved.seen)
        return moved

    def asked(self, work: Callable[[], object]) -> Counter[str]:
        """Calls of the repository's API by path and status, git's own apart."""
        before = self.place.hub.now()
        work()
        found = self.place.hub.exchanges(before)
        return Counter(
            f"{e['path']} {e['status']}"
            for e in found
            if e["path"].startswith(f"/api/v3/repos/{self.place.full_name}")
        )


@pytest.fixture
def scene(hub: Hub, post: Post, database: Database) -> Scene:
    """Swept twice, so that nothing is new there."""
    made = Scene(hub.place(post.as_app), post, database)
    made.sweep()
    made.sweep()
    assert made.sweep().plans == ()
    return made


def dashboard(scene: Scene) -> int:
    return scene.place.say(scene.issue, "- [ ] approve")


def close(scene: Scene, number: int) -> None:
    scene.place.by("writer", "PATCH", f"/issues/{number}", {"state": "closed"})


MOVES: dict[str, Callable[[Scene], object]] = {
    "a comment": lambda s: s.place.say(s.issue, "Hello"),
    "a comment on a stage": lambda s: s.place.say(s.stage_issue, "/genesis retry"),
    "the issue closed": lambda s: close(s, s.issue),
    "a stage's issue closed": lambda s: close(s, s.stage_issue),
    "another title": lambda s: s.place.by("writer", "PATCH", f"/issues/{s.issue}", {"title": "X"}),
    "the label off": lambda s: s.place.by("writer", "DELETE", f"/issues/{s.issue}/labels/{LABEL}"),
    "a lock": lambda s: s.place.by("admin", "PUT", f"/issues/{s.issue}/lock"),
    "the record deleted": lambda s: s.place.by(
        "admin", "DELETE", f"/git/refs/genesis/plan-{s.plan}"
    ),
    "the record written to": lambda s: s.place.by(
        "admin",
        "PATCH",
        f"/git/refs/genesis/plan-{s.plan}",
        {"sha": s.place.tip("main"), "force": True},
    ),
    "a stage's branch": lambda s: s.place.commit(f"genesis/{s.plan}/stage-1", {"a": "1"}),
    "a quoted file on the base": lambda s: s.place.commit("main", {QUOTED: "2\n"}),
    "the base rewritten": lambda s: s.place.by(
        "admin", "PATCH", "/git/refs/heads/main", {"sha": lone(s), "force": True}
    ),
    "the configuration": lambda s: s.place.commit("main", {CONFIG: "version: 1\n"}, "admin"),
    "the workflow of stages": lambda s: s.place.commit(
        "main", {".github/workflows/otp-genesis.yml": "on: push\n"}, "admin"
    ),
    "archived": lambda s: s.place.by("admin", "PATCH", "", {"archived": True}),
    "without issues": lambda s: s.place.by("admin", "PATCH", "", {"has_issues": False}),
}


def lone(scene: Scene) -> str:
    """A commit beside the base."""
    parents = scene.place.by("admin", "GET", "/commits/main")["parents"]
    return scene.place.loose({"other": "1"}, parents[0]["sha"])


ABOUT_ALL = {
    "the configuration",
    "the workflow of stages",
    "archived",
    "without issues",
    "the base rewritten",
}


@pytest.mark.parametrize("move", MOVES)
def test_what_moved_is_heard_of_and_once(scene: Scene, move: str) -> None:
    MOVES[move](scene)
    survey = scene.survey()
    moved = survey.moved()
    assert scene.plan in moved.plans
    assert moved.config is (move in ABOUT_ALL)
    leave(scene.database, scene.place.full_name, moved.seen)
    assert scene.plan not in scene.sweep().plans


def test_a_ticked_box_is_heard_of(scene: Scene) -> None:
    comment = dashboard(scene)
    scene.sweep()
    scene.place.by("writer", "PATCH", f"/issues/comments/{comment}", {"body": "- [x] approve"})
    assert scene.sweep().plans == (scene.plan,)
    assert scene.sweep().plans == ()


def test_what_other_people_do_costs_no_plan_a_look(scene: Scene) -> None:
    other = scene.place.issue("Something else")
    scene.place.say(other, "Hello")
    scene.place.commit("main", {"README.md": "2\n"})
    scene.place.commit("feature", {QUOTED: "3\n"})
    moved = scene.sweep()
    assert (moved.plans, moved.config) == ((), False)


def test_a_new_wish_is_heard_of(scene: Scene) -> None:
    labelled = scene.place.issue(labels=[LABEL])
    shouted = scene.place.issue(labels=[LABEL.upper()])
    asked, talked = scene.place.issue("Ask"), scene.place.issue("Talk")
    scene.place.say(asked, "/genesis plan")
    scene.place.say(talked, "a plan would be nice")
    assert scene.sweep().plans == tuple(map(str, sorted([labelled, shouted, asked])))


def test_a_wish_whose_look_came_to_nothing_is_heard_of_again(scene: Scene) -> None:
    number = scene.place.issue("Another one", labels=[LABEL])
    assert scene.sweep().plans == (str(number),)
    moved = scene.sweep()
    assert str(number) in {*moved.plans, *moved.later}


def test_what_is_under_way_is_looked_at_each_time(scene: Scene) -> None:
    scene.noted(rests=False)
    assert scene.sweep().plans == (scene.plan,)
    assert scene.sweep().plans == (scene.plan,)


def test_what_is_to_be_looked_at_by_now_is(scene: Scene) -> None:
    now = datetime.now(UTC)
    scene.noted(again=now + timedelta(hours=1))
    assert scene.sweep().plans == ()
    scene.noted(again=now - timedelta(seconds=1))
    assert scene.sweep().plans == (scene.plan,)


def test_any_push_may_do_a_stale_plan_good(scene: Scene) -> None:
    scene.noted(stale=True)
    assert scene.sweep().plans == ()
    scene.place.commit("main", {"README.md": "3\n"})
    assert scene.sweep().plans == (scene.plan,)


def test_what_nothing_is_known_of_is_looked_at_later(scene: Scene) -> None:
    drop(scene.database, scene.place.full_name, scene.plan)
    moved = scene.sweep()
    assert (moved.plans, moved.later) == ((), (scene.plan,))


def test_one_sweep_looks_at_so_many_unknown_plans_and_the_next_ones_at_the_others(
    scene: Scene,
) -> None:
    plans = {str(n) for n in range(1000, 1000 + MOST_UNKNOWN + 20)}
    tip = scene.place.tip("main")
    for plan in plans:
        body = {"ref": f"refs/genesis/plan-{plan}", "sha": tip}
        scene.place.by("admin", "POST", "/git/refs", body)
    seen_later: set[str] = set()
    first = scene.survey()
    assert len(first._unknown(0)) == MOST_UNKNOWN
    seen_later = first._unknown(0) | first._unknown(1)
    assert seen_later == plans
    body = {"ref": "refs/heads/genesis/1119/stage-1", "sha": tip}
    scene.place.by("admin", "POST", "/git/refs", body)
    assert "1119" in scene.survey()._unknown(0)


def test_each_plan_has_its_turn_within_so_many_sweeps(scene: Scene) -> None:
    turns = [scene.plan in scene.sweep().later for _ in range(ROUNDS)]
    assert turns.count(True) == 1


def test_a_sweep_costs_the_same_however_many_plans_rest(scene: Scene) -> None:
    def counted() -> int:
        return sum(scene.asked(scene.sweep).values())

    one = counted()
    for number in range(2000, 2030):
        life = scene.life().model_copy(update={"plan": str(number), "issue": number})
        note(scene.database, life, look_of(life, None))
        scene.store(str(number))
    scene.sweep()
    assert counted() == one == 3
    # GitHub counts no call that it answers like this.
    assert all(path.endswith(" 304") for path in scene.asked(scene.sweep))


def test_a_push_is_about_what_quotes_its_files(scene: Scene) -> None:
    assert scene.survey().pushed() == ()
    scene.place.commit("main", {"README.md": "4\n"})
    assert scene.survey().pushed() == ()
    scene.place.commit("main", {QUOTED: "4\n"})
    assert scene.survey().pushed() == (scene.plan,)
    # Only a sweep takes note: whoever was told and died is told again.
    assert scene.survey().pushed() == (scene.plan,)
    assert scene.sweep().plans == (scene.plan,)
    assert scene.survey().pushed() == ()


def test_a_push_before_the_first_sweep_is_about_everything(
    hub: Hub, post: Post, database: Database
) -> None:
    made = Scene(hub.place(post.as_app), post, database)
    assert made.survey().pushed() == (made.plan,)


def test_a_pull_request_of_others_is_looked_at_for_what_it_does_to_the_configuration(
    scene: Scene,
) -> None:
    scene.place.commit("feature", {CONFIG: "version: 9\n"}, "admin")
    body = {"title": "Change", "head": "feature", "base": "main"}
    number = scene.place.by("admin", "POST", "/pulls", body)["number"]
    moved = scene.sweep()
    assert (moved.plans, moved.pulls) == ((), (number,))
    assert scene.sweep().pulls == ()


@pytest.mark.parametrize(
    ("stage", "rest"),
    [
        ({"status": "planned"}, True),
        ({"status": "approved"}, True),
        ({"status": "needs-human"}, True),
        ({"status": "merged", "pull": 7}, True),
        ({"status": "needs-human", "pull": 7}, False),
        ({"status": "queued"}, False),
        ({"status": "running"}, False),
        ({"status": "retrying"}, False),
        ({"status": "checking"}, False),
        ({"status": "paused", "before": "running"}, False),
        ({"status": "cancelled", "flying": True}, False),
    ],
)
def test_a_plan_rests_when_nothing_is_under_way(
    scene: Scene, stage: dict[str, Any], rest: bool
) -> None:
    life = scene.life(**stage)
    assert rests(life) is rest
    assert not rests(life.model_copy(update={"status": "planning"}))
    assert not rests(life.model_copy(update={"replies": {1: "Yes."}}))
    assert not rests(life.model_copy(update={"unclaimed": {"approve": "2026-01-01T00:00:00Z"}}))


def test_what_another_version_wrote_is_worked_out_anew(scene: Scene) -> None:
    class Other(Look):
        more: int = 0

    name = scene.place.full_name
    look = looks(scene.database, name)[scene.plan]
    note(scene.database, scene.life(), Other(**look.model_dump(), more=1))
    assert looks(scene.database, name) == {}
