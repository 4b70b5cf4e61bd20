"""One reaction: rounds of read, decide, store and carry out, until a round changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.core.events import Hint
from bot.core.lifecycle.commands import Analyse, AnyCommand, Command
from bot.core.lifecycle.decide import Decision, decide
from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.requests import Request, parse
from bot.core.lifecycle.state import PlanLife
from bot.core.plan import Plan
from bot.errors import OtpError, Transient
from bot.flows.react.about import about
from bot.flows.react.analysis import analyse
from bot.flows.react.explain import explanations
from bot.flows.react.post import Post
from bot.flows.react.record import PlanRecord, life_files, outcome_files
from bot.flows.react.rights import telling
from bot.github.client import Client
from bot.github.doing.context import Doing
from bot.github.doing.executor import carry_out
from bot.github.errors import NotAllowed
from bot.github.reading.context import Reading
from bot.github.reading.gather import gather
from bot.github.remote_store import RemoteStore
from bot.github.rights import rights_key
from bot.github.store import PREFIX

MOST_ROUNDS = 16
"""A plan's whole way from label to issues takes five."""

Planner = Callable[[Post, Client, str, Analyse], Mapping[str, bytes]]
"""What carries `Analyse` out: the files of the plan, or the one that says why there is none."""

log = structlog.get_logger()


@dataclass
class Reaction:
    """What came of a hint."""

    life: PlanLife | None = None
    """None: there is no plan, and nobody asked for one."""
    plan: Plan | None = None
    formerly: str = ""
    """Name of the repository in its record when we came."""
    done: list[Command] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Commands GitHub refused, with its words."""
    settled: bool = False
    """The last round changed nothing."""
    idle: bool = False
    """It wanted nothing changed, either: nothing was refused, or is not to be seen yet."""
    look_again: datetime | None = None
    """When to react even if nothing is heard until then."""


@dataclass
class Reactor:
    """Reacts for one plan of one repository."""

    post: Post
    client: Client
    plan_id: str
    hint: Hint | None = None
    would: Callable[[Command], None] | None = None
    """A dry run: is given each command in place of carrying it out, and nothing is stored."""
    planner: Planner = analyse

    def react(self) -> Reaction:
        """Rounds until nothing changes; raises `Transient` where it is worth trying again."""
        reaction = Reaction()
        if self._lacks(reaction):
            return reaction
        try:
            self._rounds(reaction)
        except NotAllowed:
            # What is known of our rights is a moment old.
            self.post.app.made.forget(rights_key(self.client.installation))
            if not self._lacks(reaction):
                raise
        return reaction

    def _rounds(self, reaction: Reaction) -> None:
        store = self.post.store(self.client)
        before: Decision | None = None
        for _ in range(MOST_ROUNDS):
            decision = self._round(store, reaction, before)
            if decision is None or self.would is not None:
                reaction.settled = self.would is None
                return
            before = decision

    def _lacks(self, reaction: Reaction) -> bool:
        """Whether rights are lacking; where somebody waits for us it is told, and no more done."""
        lacking = self.post.app.lacking(self.client.installation)
        if lacking is None:
            return False
        log.warning("permissions_lacking", plan=self.plan_id, permissions=lacking.permissions)
        record = self._newborn()
        command = telling(self.client, record.life, lacking)
        if command is not None:
            self._do(self.post.store(self.client), record, command, reaction)
        return True

    def _round(
        self, store: RemoteStore, reaction: Reaction, before: Decision | None
    ) -> Decision | None:
        """What was decided and done; None where there was nothing, or nothing else than before.

        What was done and is wanted again is either refused or not to be seen yet: doing it once
        more at once would not help.
        """
        record = self._record(store)
        if record is None:
            return None
        facts = self._facts(record)
        if not record.tip and not wanted(facts):
            return None
        decision = decide(record.life, facts)
        reaction.life, reaction.plan = decision.life, record.plan
        reaction.formerly = reaction.formerly or record.life.repository
        reaction.look_again = decision.look_again
        stored = decision.life == record.life and bool(record.tip)
        if stored and (not decision.commands or _same(decision, before)):
            reaction.idle = not decision.commands
            return None
        if not stored and self.would is None:
            record = self._stored(store, record, decision.life, facts)
        for command in decision.commands:
            self._do(store, record, command, reaction)
        return decision

    def _record(self, store: RemoteStore) -> PlanRecord | None:
        # One call of the API in place of a git process: most looks find nothing new.
        ref = self.client.find(f"./git/ref/{PREFIX.removeprefix('refs/')}{self.plan_id}")
        stored = store.load_at(self.plan_id, ref["object"]["sha"] if ref is not None else None)
        if stored is not None:
            return PlanRecord.read(stored)
        if self.hint is not None and not _may_ask(self.hint):
            return None
        return self._newborn()

    def _newborn(self) -> PlanRecord:
        sender = self.hint.sender if self.hint else ""
        return PlanRecord.newborn(self.plan_id, self.client.full_name, sender)

    def _facts(self, record: PlanRecord) -> Facts:
        reading = Reading(
            client=self.client,
            life=record.life,
            plan=record.plan,
            hint=self.hint,
            ourselves=self.post.ourselves,
            app_id=self.post.app.app_id,
            now=self.post.now(),
            secrets=self.post.settings.secrets(),
            kept=record.kept,
        )
        facts = gather(reading)
        more = {"plan_problem": record.problem, "explanations": explanations(facts.comments)}
        return facts.model_copy(update=more)

    def _stored(
        self, store: RemoteStore, record: PlanRecord, life: PlanLife, facts: Facts
    ) -> PlanRecord:
        outcomes = [run.outcome for s in facts.stages for run in s.runs if run.outcome is not None]
        files = life_files(life) | outcome_files(record.run, outcomes)
        tip = store.save(self.plan_id, files, _message(record.life, life), record.tip or None)
        return PlanRecord(tip, life, record.plan, record.run, record.problem)

    def _do(
        self, store: RemoteStore, record: PlanRecord, command: AnyCommand, reaction: Reaction
    ) -> None:
        if self.would is not None:
            self.would(command)
            return
        with structlog.contextvars.bound_contextvars(**about(command, record.life)):
            self._done(store, record, command, reaction)

    def _done(
        self, store: RemoteStore, record: PlanRecord, command: AnyCommand, reaction: Reaction
    ) -> None:
        """A command that GitHub refuses holds up no other."""
        try:
            if isinstance(command, Analyse):
                self._analysed(store, record, command)
            else:
                carry_out(self._doing(record), command)
        except Transient:
            raise
        except OtpError as error:
            log.warning("command_refused", plan=self.plan_id, why=str(error))
            reaction.problems.append(f"{command.kind}: {error}")
            return
        log.info("carried_out")
        reaction.done.append(command)

    def _analysed(self, store: RemoteStore, record: PlanRecord, command: Analyse) -> None:
        files = self.planner(self.post, self.client, self.plan_id, command)
        store.save(self.plan_id, files, f"Plan {self.plan_id}", record.tip)

    def _doing(self, record: PlanRecord) -> Doing:
        app_id = self.post.app.app_id
        return Doing(self.client, self.post.ourselves, app_id, record.life, record.tip)


def _same(decision: Decision, before: Decision | None) -> bool:
    return before is not None and decision.commands == before.commands


def _may_ask(hint: Hint) -> bool:
    """Whether a delivery can be the first word about a plan; most are about other issues."""
    return bool(hint.labelled) or (hint.said is not None and bool(parse(hint.said.body)))


def wanted(facts: Facts) -> bool:
    """Whether the issue has the trigger label, or somebody asks for a plan there."""
    if facts.issue is None or facts.issue.state != "open":
        return False
    label = facts.policy.label.casefold()
    if label in {name.casefold() for name in facts.issue.labels}:
        return True
    return any(
        isinstance(request, Request) and request.verb == "plan"
        for comment in facts.comments
        if not comment.ours and not comment.bot and not comment.edited
        for request in parse(comment.body)
    )


def _message(before: PlanLife, after: PlanLife) -> str:
    """What moved, as the subject of the transition's commit."""
    was = {stage.number: stage.status for stage in before.stages}
    moved = [
        f"stage {stage.number} {stage.status}"
        for stage in after.stages
        if was.get(stage.number) not in (None, stage.status)
    ]
    if before.status != after.status:
        moved.insert(0, f"plan {after.status}")
    return f"Plan {after.plan}: {', '.join(moved) or 'noted'}"
