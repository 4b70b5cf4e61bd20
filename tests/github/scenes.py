"""A plan on a repository of a test's own: what we would read of it, and do to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.events import Hint, Said, Ticked
from bot.core.lifecycle.commands import AnyCommand
from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.outcome import StageOutcome, published_ref
from bot.core.lifecycle.state import Asked, PlanLife, StageLife
from bot.core.names import branch_of
from bot.core.plan import Action, FileRange, Plan, StagePlan
from bot.core.render.github import markers
from bot.github.app_auth import App
from bot.github.client import Client
from bot.github.doing.context import Doing
from bot.github.doing.executor import carry_out
from bot.github.reading.context import Reading
from bot.github.reading.gather import gather
from tests.github.hub import OURSELVES, Place
from tests.github.support import plan as five_stages

QUOTED = "lib/shop.ex"


def quoting(plan_id: str, commit: str, *paths: str, path: str = "") -> Plan:
    """A plan with one action in each of its first four stages, that quote these files."""

    def action(stage: int) -> Action:
        places = tuple(FileRange(path=p, line=1, end_line=1, code="x") for p in paths)
        return Action(
            id=f"{stage}-do",
            stage=stage,
            title="Do it",
            fix="automatic",
            rule="r",
            finding_ids=(),
            files=places,
            problem="p",
            steps=("Do it.",),
            how_to_test="t",
            done_when=("Done.",),
        )

    def part(known: StagePlan) -> StagePlan:
        actions = (action(known.number),) if known.number < 5 else ()
        return known.model_copy(update={"actions": actions})

    made = five_stages(plan_id)
    stages = tuple(part(stage) for stage in made.stages)
    return made.model_copy(update={"commit": commit, "stages": stages, "path": path})


@dataclass
class Scene:
    """One plan's issue, its life, and whoever reads it."""

    place: Place
    issue: int
    life: PlanLife
    plan: Plan | None = None
    hint: Hint | None = None
    kept: dict[int, StageOutcome] = field(default_factory=dict)
    later: timedelta = timedelta()
    """How far our clock is ahead."""
    app: App | None = None
    """Ours through another server, where a test looks between."""
    waited: list[float] = field(default_factory=list)

    @classmethod
    def begin(cls, place: Place, *, stages: int = 0, paths: tuple[str, ...] = (QUOTED,)) -> Scene:
        """A labelled issue of the writer's, and a plan of so many stages at the tip of `main`."""
        number = place.issue(labels=["otp-refactor"])
        base = place.tip("main")
        life = PlanLife(
            plan=str(number),
            repository=place.full_name,
            issue=number,
            status="open" if stages else "planning",
            requested=Asked(actor="writer", source="label"),
            base_branch="main",
            base=base,
            stages=tuple(StageLife(number=n) for n in range(1, stages + 1)),
        )
        made = quoting(str(number), base, *paths) if stages else None
        return cls(place, number, life, made)

    @property
    def plan_id(self) -> str:
        return self.life.plan

    def stage(self, number: int, **change: object) -> None:
        """Our state of a stage, changed."""
        stage = self.life.stage(number).model_copy(update=change)
        self.life = self.life.with_stage(stage)

    def told(self, event: str, **more: object) -> None:
        """A delivery brings us here."""
        base = {
            "delivery": "d",
            "event": event,
            "scope": "plan",
            "installation": self.place.installation,
            "repository": self.place.full_name,
            "plan": self.plan_id,
        }
        self.hint = Hint.model_validate({**base, **more})

    def heard(self, comment: int, body: str) -> None:
        """The delivery of a new comment."""
        self.told("issue_comment.created", said=Said(id=comment, body=body))

    def saw_ticked(self, comment: int, actor: str, before: str, after: str) -> None:
        """The delivery of an edit of our dashboard."""
        done = Ticked(comment=comment, actor=actor, before=before, after=after)
        self.told("issue_comment.edited", sender=actor, ticked=done)

    def client(self) -> Client:
        return self.place.client(self.app, sleep=self.waited.append)

    def facts(self, client: Client | None = None) -> Facts:
        """What we read now."""
        if client is not None:
            return gather(self.reading(client))
        with self.client() as fresh:
            return gather(self.reading(fresh))

    def reading(self, client: Client) -> Reading:
        return Reading(
            client=client,
            life=self.life,
            plan=self.plan,
            hint=self.hint,
            ourselves=OURSELVES,
            app_id=client.app.app_id,
            now=datetime.now(UTC) + self.later,
            secrets=("hunter2-hunter2",),
            kept=self.kept,
        )

    def do(self, *commands: AnyCommand, client: Client | None = None) -> None:
        """Carry them out, in order."""
        with self.client() as fresh:
            used = client or fresh
            app_id = used.app.app_id
            doing = Doing(used, OURSELVES, app_id, self.life, tip="0" * 40)
            for command in commands:
                carry_out(doing, command)

    def marker(self, kind: str, **fields: object) -> str:
        return markers.marker(self.plan_id, kind, **fields)

    def branch(self, stage: int) -> str:
        return branch_of(self.plan_id, stage)

    def ours(self, number: int, body: str) -> int:
        """The id of a comment of ours."""
        return self.place.say(number, body, OURSELVES)

    def stage_issue(self, stage: int, *, known: bool = True) -> dict[str, Any]:
        """Our issue of a stage; `known`: our state has its number."""
        body = f"Stage\n\n{self.marker('stage', stage=stage)}"
        made: dict[str, Any] = self.place.by(
            OURSELVES, "POST", "/issues", {"title": "S", "body": body, "labels": ["genesis:stage"]}
        )
        if known:
            self.stage(stage, issue=made["number"])
        return made

    def pushed(self, stage: int, files: dict[str, str | None] | None = None) -> str:
        """A commit of ours on the stage's branch, where our state says that it is."""
        message = f"Fix\n\nGenesis-Plan: {self.plan_id}\n"
        changed = files or {"lib/fix.ex": f"# {stage}\n"}
        head = self.place.commit(self.branch(stage), changed, OURSELVES, message=message)
        self.stage(stage, head=head)
        return head

    def published(self, stage: int, attempt: int, files: dict[str, str | None]) -> str:
        """A commit that a run left under its own ref."""
        commit = self.place.loose(files, self.place.tip("main"), OURSELVES)
        ref = published_ref(self.plan_id, stage, attempt)
        self.place.by(OURSELVES, "POST", "/git/refs", {"ref": ref, "sha": commit})
        return commit

    def pull(self, stage: int, *, draft: bool = False, login: str = OURSELVES) -> int:
        """The pull request of a stage's branch, in our state."""
        body = {
            "title": f"Stage {stage}",
            "head": self.branch(stage),
            "base": "main",
            "body": self.marker("pull", stage=stage),
            "draft": draft,
        }
        number = int(self.place.by(login, "POST", "/pulls", body)["number"])
        self.stage(stage, pull=number, status="checking")
        return number
