"""Admits calls or refuses them as GitHub does, and says in headers what is left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import ceil

from bot.simulator.clock import Clock
from bot.simulator.errors import ApiError
from bot.simulator.limits.charge import HOUR, MINUTE, Charge, Resource
from bot.simulator.limits.windows import Fixed, Sliding

CONCURRENT = 100
CONTENT_A_MINUTE = 80
CONTENT_AN_HOUR = 500
WAIT = 60
"""Seconds to stay away where no window says better."""

PRIMARY = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
SECONDARY = f"{PRIMARY}#about-secondary-rate-limits"


@dataclass(frozen=True)
class Left:
    """The state of one primary limit."""

    limit: int
    used: int
    reset: int
    resource: Resource

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-reset": str(self.reset),
            "x-ratelimit-resource": self.resource,
        }


@dataclass
class _Payer:
    """What one caller has used."""

    hours: dict[Resource, Fixed] = field(default_factory=dict)
    points: dict[bool, Sliding] = field(
        default_factory=lambda: {False: Sliding(MINUTE), True: Sliding(MINUTE)}
    )
    """Of REST (False) and of GraphQL (True)."""
    minute: Sliding = field(default_factory=lambda: Sliding(MINUTE))
    hour: Sliding = field(default_factory=lambda: Sliding(HOUR))
    """Content created."""


class Limits:
    """All callers' windows. They live in memory and go by the simulator's clock."""

    def __init__(self, clock: Clock, enforced: bool) -> None:
        self._clock = clock
        self.enforced = enforced
        self._payers: dict[str, _Payer] = {}
        self._running: Counter[str] = Counter()

    def enter(self, charge: Charge) -> None:
        """Lets a call in; `leave` must follow.

        Raises:
            ApiError: 403, the primary limit or a secondary one is exceeded. Nothing is charged.
        """
        now = self._clock.seconds()
        if self.enforced and not charge.free:
            self._check_primary(charge, now)
            self._check_secondary(charge, now)
            self._note(charge, now)
        self._running[charge.key] += 1
        self._hour(charge, now).used += not charge.free

    def leave(self, charge: Charge, counted: bool) -> None:
        """Ends the call; a 304 is not `counted` towards the primary limit after all."""
        self._running[charge.key] -= 1
        if not self._running[charge.key]:
            del self._running[charge.key]
        hour = self._hour(charge, self._clock.seconds())
        if not counted and not charge.free:
            hour.used = max(0, hour.used - 1)

    def left(self, charge: Charge) -> Left:
        hour = self._hour(charge, self._clock.seconds())
        used = min(hour.used, charge.limit) if self.enforced else hour.used
        return Left(charge.limit, used, ceil(hour.ends), charge.resource)

    def _payer(self, charge: Charge) -> _Payer:
        return self._payers.setdefault(charge.key, _Payer())

    def _hour(self, charge: Charge, now: float) -> Fixed:
        hours = self._payer(charge).hours
        return hours.setdefault(charge.resource, Fixed(charge.window)).at(now)

    def _note(self, charge: Charge, now: float) -> None:
        payer = self._payer(charge)
        payer.points[charge.resource == "graphql"].at(now).add(now, charge.points)
        if charge.creates_content:
            payer.minute.at(now).add(now, 1)
            payer.hour.at(now).add(now, 1)

    def _check_primary(self, charge: Charge, now: float) -> None:
        if self._hour(charge, now).used < charge.limit:
            return
        message = f"API rate limit exceeded for {charge.who}."
        if charge.key.startswith("anonymous"):
            message += (
                " (But here's the good news: Authenticated requests get a higher rate limit."
                " Check out the documentation for more details.)"
            )
        raise ApiError(403, message, documentation=PRIMARY)

    def _check_secondary(self, charge: Charge, now: float) -> None:
        payer = self._payer(charge)
        points = payer.points[charge.resource == "graphql"].at(now)
        if self._running[charge.key] >= CONCURRENT:
            raise secondary(WAIT)
        if points.total + charge.points > charge.points_limit:
            raise secondary(points.frees(now, points.total + charge.points - charge.points_limit))
        if not charge.creates_content:
            return
        for window, most in ((payer.minute, CONTENT_A_MINUTE), (payer.hour, CONTENT_AN_HOUR)):
            if window.at(now).total >= most:
                raise secondary(window.frees(now, 1), content=True)


def secondary(seconds: float, *, content: bool = False) -> ApiError:
    """GitHub's refusal for `seconds`, in one of its two wordings."""
    message = "You have exceeded a secondary rate limit"
    if content:
        message += (
            " and have been temporarily blocked from content creation."
            " Please retry your request again later."
        )
    else:
        message += ". Please wait a few minutes before you try again."
    wait = str(max(1, ceil(seconds)))
    return ApiError(403, message, headers={"retry-after": wait}, documentation=SECONDARY)
