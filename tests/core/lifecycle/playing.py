"""Plays a plan on the small GitHub: rounds as the server makes them, crashes where a test wants."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.core.lifecycle.commands import AnyCommand
from bot.core.lifecycle.decide import decide
from bot.core.lifecycle.state import Asked, PlanLife
from tests.core.lifecycle.world import Refused, World

MOST_ROUNDS = 16


class Crash(Exception):
    """The server dies."""


def newborn() -> PlanLife:
    return PlanLife(
        plan="7", repository="o/r", issue=7, requested=Asked(actor="wim", source="label")
    )


@dataclass
class Play:
    """A world, and the life that is stored."""

    world: World
    life: PlanLife
    done: list[AnyCommand] = field(default_factory=list)
    """What was carried out."""

    def reconcile(
        self, ticker: tuple[str, str] | None = None, *, crash_at: int | None = None
    ) -> int:
        """Rounds until nothing new is to be done; how many steps (stores, commands) were taken.

        `crash_at` is the step before which the server dies; the first is storing the life.
        """
        steps, last = 0, None
        for _ in range(MOST_ROUNDS):
            decision = decide(self.life, self.world.facts(self.life, ticker))
            if decision.life == self.life and decision.commands in ((), last):
                return steps
            last = decision.commands
            if decision.life != self.life:
                steps = self._step(steps, crash_at)
                self.life = decision.life
            for command in decision.commands:
                steps = self._step(steps, crash_at)
                try:
                    self.world.carry_out(self.life, command)
                    self.done.append(command)
                except Refused:
                    break
        raise AssertionError(
            f"no end after {MOST_ROUNDS} rounds: {[c.kind for c in decision.commands]}"
        )

    def _step(self, steps: int, crash_at: int | None) -> int:
        if steps == crash_at:
            raise Crash
        return steps + 1


def started(world: World | None = None, *, approve: bool = True) -> Play:
    """A plan made and shown, and as a rule approved."""
    play = Play(world or World(), newborn())
    play.reconcile()
    if approve:
        play.world.say("wim", "/genesis approve")
        play.reconcile()
    return play


def publish(play: Play) -> Play:
    """The run in flight begins, and leaves the commits of its stage."""
    play.world.start_run()
    play.reconcile()
    play.world.end_run("published")
    play.reconcile()
    return play


def published(world: World | None = None) -> Play:
    """An approved plan whose first stage was run and published."""
    return publish(started(world))


def until_review(play: Play) -> Play:
    """The stage in flight published, its checks green."""
    publish(play)
    play.world.check("success")
    play.reconcile()
    return play
