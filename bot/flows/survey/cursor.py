"""Where a job without a memory keeps what it knew last: in the repository, by a ref of its own.

It only saves calls. Who may push can forge it, and so delay a look; each plan has its turn all the
same (`movement.ROUNDS`). Lost, or of another version, everything is looked at anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from pydantic import Field, ValidationError

from bot.codebase.remote_git import Move, Remote
from bot.codebase.repository import Repository
from bot.core.model import Record
from bot.errors import OtpError, Transient
from bot.flows.survey.looks import Look, Seen

REF = "refs/genesis/cursor"
FILE = "cursor.json"

log = structlog.get_logger()


class Cursor(Record):
    """The repository and its plans as the last job left them."""

    seen: Seen | None = None
    looks: dict[str, Look] = Field(default_factory=dict)
    """By plan."""


@dataclass
class Cursors:
    """The ref; `mirror` is any git directory of ours, `remote` as for a `RemoteStore`."""

    mirror: Repository
    remote: Callable[[bool], Remote]
    _tip: str | None = None

    def load(self) -> Cursor:
        """The one that is there, else an empty one; raises what asking GitHub raises."""
        self._tip = self.remote(False).refs(REF).get(REF)
        if self._tip is None:
            return Cursor()
        try:
            self.remote(False).fetch(self.mirror.git_dir, f"{REF}:{REF}", depth=1)
            return Cursor.model_validate_json(self.mirror.read(self._tip, FILE))
        except Transient:
            raise
        except (ValidationError, OtpError) as error:
            log.warning("cursor_unusable", why=type(error).__name__)
            return Cursor()

    def save(self, cursor: Cursor) -> bool:
        """Put it in the place of the one that was loaded; False where that is not there any more.

        Then another job came in between, whose own is as good.
        """
        commit = self._commit(cursor.model_dump_json(indent=1).encode())
        try:
            self.remote(True).push(self.mirror.git_dir, Move(REF, commit, self._tip))
        except OtpError as error:
            log.warning("cursor_not_kept", why=str(error))
            return False
        self._tip = commit
        return True

    def _commit(self, content: bytes) -> str:
        """Without a parent: what it was before is of no use to anybody."""
        git = self.mirror.git
        blob = git.line("hash-object", "-w", "--no-filters", "--stdin", stdin=content)
        tree = git.line("mktree", "-z", stdin=f"100644 blob {blob}\t{FILE}\0".encode())
        name, email = git.identity
        identity = ("-c", f"user.name={name}", "-c", f"user.email={email}")
        return git.line(*identity, "commit-tree", tree, "-F", "-", stdin=b"Where the bot is\n")
