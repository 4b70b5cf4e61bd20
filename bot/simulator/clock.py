"""The one clock of the simulator; it can be set forward, so that an hour need not be waited for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

FARTHEST = timedelta(days=366 * 100)
"""Ahead of the machine, so that what is due later than now has a date, too."""


class Clock:
    """Wall time plus what somebody added to it."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        """The time in UTC, whole seconds: GitHub's timestamps have no fractions."""
        return (datetime.now(UTC) + self.ahead).replace(microsecond=0)

    def seconds(self) -> float:
        """Since 1970, with fractions: for windows and ages."""
        return (datetime.now(UTC) + self.ahead).timestamp()

    def advance(self, seconds: float) -> None:
        """Sets the clock forward.

        Raises:
            ValueError: for a step back, as expiry and rate windows rely on time going on; for one
                that leads too far.
        """
        if seconds < 0:
            raise ValueError("the clock goes forward only")
        if self.ahead.total_seconds() + seconds > FARTHEST.total_seconds():
            raise ValueError(f"the clock goes {FARTHEST.days:,} days ahead at most")
        self.ahead += timedelta(seconds=seconds)


def stamp(moment: datetime) -> str:
    """The form of GitHub's timestamps: `2026-11-25T20:00:00Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


def maybe_stamp(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def moment_in(text: str) -> datetime | None:
    """The time that an ISO 8601 text names, UTC where it says nothing; None for other texts, also
    for those whose time has no date in UTC: before the year 1 or after 9999."""
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found
