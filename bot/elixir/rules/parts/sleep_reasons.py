"""What a sleep in a test is there for, and what is to be said of it."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.rules.parts.about_time import (
    has_old_data,
    shows_time,
    speaks_of_time,
)
from bot.elixir.rules.parts.absence import awaits_absence, is_too_early
from bot.elixir.rules.parts.after_sleep import (
    asks_next,
    ends_before,
    reads_next,
    starts_before,
    waits_next,
)
from bot.elixir.rules.parts.sleep_places import place_of
from bot.elixir.rules.parts.standing import above

_SHORT_MS = 10
"""Up to this many milliseconds a sleep usually moves a clock on, and waits for nobody."""
OF_A_SERVER = "before it asks a server"
OF_AN_EVENT = "whatever has happened by then"
INSTEAD = {
    "time": "so that time passes",
    "named": "in a test whose name speaks of time",
    "absence": "before it checks that something is not so",
    "early": "before it checks that what it then awaits has not come yet",
    "short": "so that a moment passes",
    "again": "before it looks once more",
    "late": "while a task runs that it awaits later",
    "interval": "between the rounds of a loop",
    "last": "as the last thing it does",
    "settling": "before a statement that waits by its name",
    "reading": "before a read that waits without a limit",
}
NOTES = {
    "time": "what stands at the sleep speaks of a time that has to pass",
    "named": "it lets a time pass, or waits for what another process does then",
    "absence": "where nothing is to happen, no event ends the wait: how long is long enough is a "
    "guess",
    "early": "what is to come is awaited after it: the sleep only shows that it is not too early",
    "short": "so short a sleep moves a clock on, or leaves it to luck whether another process ran",
    "again": "it sleeps where a first look came too early; a second one may do so too",
    "late": "the task is awaited by itself: what is left to luck is how far it has come by then",
    "interval": "each round has checked something just before: it spaces them",
    "last": "the test itself checks nothing after it: it leaves time for something to fail, or can "
    "go",
    "settling": "if the next statement waits by itself, as its name says, it needs no pause before",
    "reading": "the next statement waits for its data as long as that takes: for these it needs no "
    "pause before",
    "server": "the server that is asked next answers after the mail it has: what the test sent to "
    "it before needs no wait, and what others send later is left to luck",
    "event": "the test waits for a time to pass, not for an event",
}


def about_of(call: Call, duration: str) -> str:
    """A word for what a sleep is there for."""
    if shows_time(call, duration):
        return "time"
    asks = asks_next(call) is not None
    if not asks and _is_named_after_time(call) and not has_old_data(call):
        return "named"
    if is_too_early(call):
        return "early"
    if awaits_absence(call, test_name(call)):
        return "absence"
    if is_short(duration):
        return "short"
    if place := place_of(call):
        return place
    if waits_next(call) is not None and not ends_before(call):
        return "settling"
    if reads_next(call) is not None:
        return "reading"
    return "server" if asks else "event"


def _is_named_after_time(call: Call) -> bool:
    """Whether the name of the test speaks of time; the name of a group does not say so of a sleep
    that has another reason, or that follows a start.
    """
    own, *groups = _names(call) or [""]
    if speaks_of_time(own):
        return True
    return any(map(speaks_of_time, groups)) and not (place_of(call) or starts_before(call))


def is_short(duration: str) -> bool:
    """Whether it is over at once."""
    return duration.isdigit() and int(duration) <= _SHORT_MS


def instead_of(call: Call, about: str) -> str:
    """What the sleep does, in words; of a group's name it is not said that it is the test's."""
    if about == "named" and not speaks_of_time(_names(call)[0]):
        return "in a group of tests whose name speaks of time"
    return INSTEAD.get(about, OF_AN_EVENT)


def test_name(call: Call) -> str:
    """What the test around a sleep is called, its groups included."""
    return " ".join(_names(call))


def _names(call: Call) -> list[str]:
    """The name of the test, then those of the groups around it."""
    names = []
    for node in above(call):
        if nodes.is_call_to(node, "test", "describe", "property", "feature", "scenario"):
            args = nodes.arguments(node)
            names.append(text(args[0]) if args else "")
    return names
