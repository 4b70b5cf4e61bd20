"""A run as the log of a job shows it: a folded group per action, remarks beside the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.core.plan import Action
from bot.core.state import ActionStatus
from bot.flows.stage_run.account import annotation, log_line
from bot.flows.watch import Place

Say = Callable[[str], None]


@dataclass
class LogWatch:
    """A `Watcher`; whatever it is told, a line of it is no command to the runner."""

    say: Say
    _noted: set[str] = field(default_factory=set)
    _open: str = ""

    def note(self, text: str) -> None:
        """A remark, once, as an annotation of the run."""
        if text not in self._noted:
            self._noted.add(text)
            self.say(annotation("notice", "genesis", text))

    def doing(self, what: str, action: str = "", place: Place = (0, 0)) -> None:
        """A line, in the group of its action."""
        if action != self._open:
            self.close()
            if action:
                number, total = place
                at = f"[{number}/{total}] " if number else ""
                self.say(f"::group::{log_line(at + action)}")
            self._open = action
        self.say(log_line(what))

    def ended(self, action: Action, status: ActionStatus, detail: str, place: Place) -> None:
        """The end of an action, outside of its group."""
        self.close()
        self.say(log_line(f"{status}: {action.id} {detail}"))
        if status == "failed":
            self.say(annotation("warning", action.id, detail))

    def close(self) -> None:
        """End the open group."""
        if self._open:
            self.say("::endgroup::")
            self._open = ""
