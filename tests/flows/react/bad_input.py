"""A plan on a local GitHub where something is wrong, looked at as the server looks at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.core.lifecycle.state import StageLife
from bot.flows.react.loop import Reaction, Reactor
from bot.flows.react.post import Post
from bot.flows.react.record import PlanRecord
from bot.github.app_auth import App
from tests.e2e.app_support import QUICK_CHECKS, QUICK_STAGE, STAGE_FILE
from tests.github.hub import OURSELVES, SAMPLE, Place
from tests.github.waiting import until

CHECKS_FILE = ".github/workflows/ci.yml"
ALARM = {"lib/kiosk/alarm.ex": "defmodule Kiosk.Alarm do\nend\n", "ci.sh": "exit 0\n"}
"""What the quick stage changes, and what the quick checks run."""
RETRY = "`/genesis retry stage 1` tries again, `/genesis skip 1` goes on without it."


def files(**more: str | None) -> dict[str, str]:
    """Of a repository with both quick workflows, and `more` by path (`__` for `/`)."""
    quick = {**SAMPLE, **ALARM, STAGE_FILE: QUICK_STAGE, CHECKS_FILE: QUICK_CHECKS}
    named = {name.replace("__", "/"): text for name, text in more.items()}
    return {path: text for path, text in {**quick, **named}.items() if text is not None}


@dataclass
class Bad:
    """One plan, its repository, and us."""

    place: Place
    folder: Path
    number: int
    app: App = field(init=False)
    post: Post = field(init=False)

    def __post_init__(self) -> None:
        self.begin(self.place.hub.app())

    def begin(self, app: App) -> None:
        """A process of ours that remembers nothing."""
        self.app = app
        settings = self.place.hub.settings(self.folder, cache_dir=self.folder / "cache")
        self.post = Post(self.app, settings, OURSELVES)

    @classmethod
    def labelled(cls, place: Place, folder: Path) -> Bad:
        number = place.issue("Survive the night", labels=["otp-refactor"])
        return cls(place, folder, number)

    @classmethod
    def approved(cls, place: Place, folder: Path) -> Bad:
        """With its plan, and a writer's word for stage 1."""
        bad = cls.labelled(place, folder)
        bad.look()
        bad.say("/genesis approve stage 1")
        return bad

    def look(self) -> Reaction:
        """What one look does."""
        with self.post.client(self.place.installation, self.place.full_name) as client:
            return Reactor(self.post, client, str(self.number)).react()

    def say(self, text: str) -> None:
        """A writer's word, and the look that follows."""
        self.place.say(self.number, text)
        self.look()

    def stage(self) -> StageLife:
        """Stage 1, from the plan's ref."""
        with self.post.client(self.place.installation, self.place.full_name) as client:
            ref = client.get(f"./git/ref/genesis/plan-{self.number}")["object"]["sha"]
            stored = self.post.store(client).load_at(str(self.number), ref)
        assert stored is not None
        return PlanRecord.read(stored).life.stage(1)

    def comes_to(self, *wanted: str, **more: object) -> StageLife:
        """Look until stage 1 stands so."""

        def there() -> StageLife | None:
            self.look()
            stage = self.stage()
            fits = stage.status in wanted and all(getattr(stage, n) == v for n, v in more.items())
            return stage if fits else None

        return until(there, f"stage 1 is {wanted} {more}; it is {self.stage()}")

    def goes_on(self) -> None:
        """After a person's one step the stage comes to its pull request, green."""
        self.say("/genesis retry stage 1")
        stage = self.comes_to("awaiting-review")
        assert (stage.reason, stage.failures) == ("", 1)

    def comments(self, number: int = 0) -> list[str]:
        """What we said on the plan's issue, or on another."""
        where = f"/issues/{number or self.number}/comments"
        found: Iterable[Any] = self.place.by("admin", "GET", where, None, per_page=100)
        return [c["body"] for c in found if c["user"]["login"] == OURSELVES]

    def dashboard(self) -> str:
        """Our comment with the stages."""
        (board,) = [body for body in self.comments() if "kind=dashboard" in body]
        return board

    def pull(self) -> dict[str, Any]:
        """The one pull request of the plan."""
        (found,) = self.place.by("admin", "GET", "/pulls", None, state="all")
        made: dict[str, Any] = found
        return made

    def runs(self) -> list[dict[str, Any]]:
        """Runs that we started, oldest first."""
        listed = self.place.by("admin", "GET", "/actions/runs", None, event="workflow_dispatch")
        mine = [r for r in listed["workflow_runs"] if r["actor"]["login"] == OURSELVES]
        return sorted(mine, key=lambda run: int(run["id"]))

    def ended(self) -> dict[str, Any]:
        """The newest run, once it has."""

        def look() -> dict[str, Any] | None:
            runs = self.runs()
            return runs[-1] if runs and runs[-1]["status"] == "completed" else None

        return until(look, "the run ends")
