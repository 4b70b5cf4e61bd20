"""Authors and committers in the bodies of requests."""

from __future__ import annotations

from bot.simulator.clock import moment_in
from bot.simulator.errors import ApiError
from bot.simulator.git import Person
from bot.simulator.identity.emails import person_of
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.scope import Call


class GivenPerson(Body):
    name: str | None = None
    email: str | None = None
    date: str | None = None


def caller_as_person(call: Call) -> Person:
    return person_of(call.actor(), call.world.clock.now())


def person_from(given: GivenPerson | None, otherwise: Person, field: str) -> Person:
    """Raises:
    ApiError: 422 for a person without name or email, and for a date that is none.
    """
    if given is None:
        return otherwise
    missing = [f for f in ("name", "email") if not (getattr(given, f) or "").strip()]
    if missing:
        said = "\n".join(f'"{name}" wasn\'t supplied.' for name in missing)
        raise ApiError(422, f"Invalid request.\n\n{said}")
    when = otherwise.when if given.date is None else moment_in(given.date)
    if when is None:
        raise ApiError(422, f"{field}.date is not a valid ISO 8601 date")
    return Person(given.name or "", given.email or "", when)
