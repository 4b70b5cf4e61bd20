"""Failed checks, compared with what the same ones say of the base: not all that is red is ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from bot.core.ci_log.reduction import Reduced, together
from bot.core.fingerprint import fingerprint
from bot.core.lifecycle.checks import FAILED, CheckFacts
from bot.github.reading.checks import check_facts
from bot.github.reading.context import Reading

RED = FAILED - {"cancelled"}
"""A check that was cancelled shows nothing about the commit."""


@dataclass(frozen=True)
class Failed:
    """A failed check and what its log comes to; None where there is no log."""

    check: CheckFacts
    log: Reduced | None


def ours(
    reading: Reading,
    failed: Sequence[Failed],
    bases: Iterable[str],
    read: Callable[[CheckFacts], Reduced | None],
) -> tuple[Failed, ...]:
    """Those that do not fail on any of the commits `bases` as they do here.

    Of a log only what is new is left. `read` gives the log of a check of a base.
    """
    left = tuple(failed)
    for base in dict.fromkeys(filter(None, bases)):
        if not any(one.check.conclusion in RED for one in left):
            break
        there = [c for c in check_facts(reading, base) if c.conclusion in RED and not c.ours]
        left = tuple(new for one in left if (new := _beyond(one, there, read)) is not None)
    return left


def _beyond(
    one: Failed, there: Sequence[CheckFacts], read: Callable[[CheckFacts], Reduced | None]
) -> Failed | None:
    """What is left of a failure besides that of the same checks on the base."""
    named = (one.check.name, one.check.app)
    same = [check for check in there if (check.name, check.app) == named]
    if not same or one.check.conclusion not in RED:
        return one
    logs = [log for check in same if (log := read(check)) is not None] if one.log else []
    if one.log is None or not logs:
        # The name is all there is to compare.
        return None
    new = _new(one.log, logs)
    return replace(one, log=new) if new is not None else None


def _new(log: Reduced, known: Sequence[Reduced]) -> Reduced | None:
    if any(log.fingerprint == other.fingerprint for other in known):
        return None
    seen = {fingerprint([block.text]) for other in known for block in other.blocks}
    if not log.blocks or not seen:
        return log
    blocks = tuple(b for b in log.blocks if fingerprint([b.text]) not in seen)
    if not blocks:
        return log if log.more > max(other.more for other in known) else None
    return together([replace(log, blocks=blocks)])
