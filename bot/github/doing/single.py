"""One object of a kind, however often and by however many it is asked for.

GitHub has no way to create something only where it is not there yet. So: within this process the
search and the creation are one step for each key, and what was made a moment ago counts as found
though GitHub's lists lag behind. Of two processes that create at once (of which the queue lets
there be none) each searches again afterwards, and whoever did not make the oldest takes his back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.errors import Transient
from bot.github.doing.context import Here
from bot.github.errors import NotFound

Thing = dict[str, Any]


@dataclass(frozen=True)
class Single:
    """How the one object is looked for, made, brought up to date, and taken back."""

    key: tuple[object, ...]
    find: Callable[[], list[Thing]]
    """All there are."""
    create: Callable[[], Thing]
    update: Callable[[Thing], Thing | None]
    """Change what differs; None where nothing does."""
    withdraw: Callable[[Thing, Thing], None]
    """Of the second that we made, and the first."""

    def put(self, here: Here) -> Thing:
        """The object as it is wanted; raises `Transient` where it vanished meanwhile."""
        made = here.app.made
        with made.turn(self.key):
            found = self.find() or [t for t in (made.get(self.key),) if t is not None]
            if found:
                return self._updated(here, _oldest(found))
            thing = self.create()
            made.put(self.key, thing)
            first = _oldest([thing, *self.find()])
            if first["id"] == thing["id"]:
                return thing
            made.put(self.key, first)
            self.withdraw(thing, first)
            return self._updated(here, first)

    def _updated(self, here: Here, thing: Thing) -> Thing:
        try:
            changed = self.update(thing)
        except NotFound as error:
            here.app.made.forget(self.key)
            raise Transient(f"it is gone: {error.message}") from error
        if changed is not None and here.app.made.get(self.key) is not None:
            here.app.made.put(self.key, changed)
        return changed or thing


def _oldest(things: list[Thing]) -> Thing:
    return min(things, key=lambda thing: int(thing["id"]))
