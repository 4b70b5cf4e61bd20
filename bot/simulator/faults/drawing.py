"""Decides from the plan what goes wrong, and writes down what did."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random

from bot.simulator.clock import Clock, stamp
from bot.simulator.faults.plan import Fault, FaultPlan, Kind

LOGGED = 1_000
BORN = 2_000
"""Young objects remembered at most."""


@dataclass(frozen=True)
class Injected:
    """A fault that was let loose, `subject` being the call, the delivery or the job."""

    number: int
    at: str
    kind: Kind
    fault: int
    """Its place in the plan."""
    subject: str


@dataclass
class _Die:
    """A fault's own randomness, so that what others draw does not change it."""

    fault: Fault
    random: Random
    met: int = 0
    used: int = 0

    def falls(self) -> bool:
        self.met += 1
        if self.met <= self.fault.skip or self.used == self.fault.count:
            return False
        fell = self.random.random() < self.fault.probability
        self.used += fell
        return fell


@dataclass
class Faults:
    """The faults of one simulator. They are not kept over a restart."""

    clock: Clock
    plan: FaultPlan = field(default_factory=FaultPlan)
    log: deque[Injected] = field(default_factory=lambda: deque(maxlen=LOGGED))

    def __post_init__(self) -> None:
        self._number = 0
        self.set(self.plan)

    def set(self, plan: FaultPlan) -> None:
        """Begins the plan anew; the log goes on."""
        self.plan = plan
        self._kinds = {fault.kind for fault in plan.faults}
        self._dice = [
            _Die(fault, Random(f"{plan.seed}/{place}"))  # noqa: S311 - repeatable, guards nothing
            for place, fault in enumerate(plan.faults)
        ]
        self._born: dict[str, float] = {}

    def has(self, *kinds: Kind) -> bool:
        return not self._kinds.isdisjoint(kinds)

    def draw(
        self, kinds: tuple[Kind, ...], matches: Callable[[Fault], bool], subject: str
    ) -> Iterator[Fault]:
        """Each fault of these kinds that matches and falls now, in the order of the plan."""
        if not self.has(*kinds):
            return
        for place, die in enumerate(self._dice):
            if die.fault.kind in kinds and matches(die.fault) and die.falls():
                self._note(die.fault.kind, place, subject)
                yield die.fault

    def wants(self, kind: Kind, name: str = "") -> Fault | None:
        """Whether this is to go wrong now, for the thing of that name (an Actions job)."""
        fallen = self.draw(
            (kind,), lambda f: not f.name or fnmatchcase(name, f.name), f"{kind} {name}".strip()
        )
        return next(fallen, None)

    def for_delivery(self, event: str, action: str | None) -> list[Fault]:
        def matches(fault: Fault) -> bool:
            return fault.event in ("", event, f"{event}/{action}")

        subject = f"delivery {event}/{action}" if action else f"delivery {event}"
        return list(self.draw(("lose", "drop", "duplicate", "delay", "reorder"), matches, subject))

    def saw_born(self, path: str) -> None:
        """Remembers the age of an object by its path in the API, if that will matter."""
        if self.has("absent"):
            self._born.setdefault(path, self.clock.seconds())
            while len(self._born) > BORN:
                del self._born[next(iter(self._born))]

    def age(self, path: str) -> float | None:
        """Seconds; also of what lies beneath a young object. None: not young."""
        moments = [self._born[p] for p in _with_parents(path) if p in self._born]
        return self.clock.seconds() - max(moments) if moments else None

    def _note(self, kind: Kind, place: int, subject: str) -> None:
        self._number += 1
        at = stamp(self.clock.now())
        self.log.append(Injected(self._number, at, kind, place, subject))


def _with_parents(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
