"""How jobs ended, and what follows from it for others and for the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.simulator.actions.host import Conclusion, JobView
from bot.simulator.actions.workflow.model import Job


@dataclass(frozen=True)
class Result:
    """What others see of a job in `needs`, and how all before it went."""

    result: Conclusion
    outputs: Mapping[str, str] = field(default_factory=dict)
    ancestors: frozenset[Conclusion] = frozenset()
    """The results of everything it waited for, itself included."""


def in_order(jobs: Mapping[str, Job]) -> list[Job]:
    """Each job after those it needs; the file's order otherwise."""
    ordered: dict[str, Job] = {}
    while len(ordered) < len(jobs):
        ready = (j for j in jobs.values() if j.id not in ordered and ordered.keys() >= {*j.needs})
        job = next(ready)
        ordered[job.id] = job
    return list(ordered.values())


def result_of(view: JobView) -> Conclusion:
    return "success" if view.succeeded else view.conclusion or "failure"


def combine(results: Iterable[Conclusion]) -> Conclusion:
    """The worst of several: of a matrix, or of a called workflow."""
    seen = set(results)
    for conclusion in ("failure", "cancelled", "success"):
        if conclusion in seen:
            return conclusion
    return "skipped"


def conclude(conclusions: Iterable[Conclusion], cancelled: bool) -> Conclusion:
    """Of a run: a cancelled one is that, whatever else went wrong."""
    result = combine(conclusions)
    return "cancelled" if cancelled and result != "success" else result
