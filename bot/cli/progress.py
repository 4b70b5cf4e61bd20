"""What `genesis run` is doing: a line that stays on a terminal, a line per action elsewhere."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from bot.cli.live_line import LiveLine

if TYPE_CHECKING:
    from bot.core.plan import Action
    from bot.core.state import ActionStatus
    from bot.flows.watch import Place


_WORDS: dict[str, str] = {
    "patch": "to decide",
    "failed": "failed and undone",
    "flaky": "undone, tests are flaky",
    "skipped": "for a person",
    "waiting": "waiting",
}


class RunProgress(LiveLine):
    """A `Watcher` on standard error; says each remark once."""

    def note(self, text: str) -> None:
        """A remark, once: an offline run would repeat itself at every step."""
        offline = "no key is set: the offline model serves every step"
        self.once(offline if "served offline" in text else text)

    def doing(self, what: str, action: str = "", place: Place = (0, 0)) -> None:
        """Redraw the line that stays; nothing where nobody watches."""
        self.redraw(f"{_placed(place)}{action} {what}".strip())

    def ended(self, action: Action, status: ActionStatus, detail: str, place: Place) -> None:
        """One line per action."""
        from bot.core.state import outcome

        word = outcome(status, detail)
        short = detail[:10] if status == "committed" else shorten(detail, 100, placeholder=" …")
        self.line(f"{_placed(place)}{_WORDS.get(word, word)}: {action.id}  {short}")


def _placed(place: Place) -> str:
    number, total = place
    return f"[{number}/{total}] " if number else ""
