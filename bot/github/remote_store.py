"""The plans of a repository on GitHub: a mirror of `refs/genesis/plan-*`, written by lease.

Loading believes the server as far as our seal goes; a plan's history only ever grows there. Where
somebody deleted or forced the ref, or wrote to it, the newest commit of ours is put back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.codebase.remote_git import Move, Remote
from bot.codebase.repository import Repository
from bot.errors import NotThere, PushRefused, Refused, Transient
from bot.github.memory import Memory
from bot.github.sealing import Seal
from bot.github.store import PREFIX, PlanStore
from bot.settings import Settings

LAST = "refs/genesis/last/"
"""In the mirror alone: the newest commit of each plan that was seen or written from here."""

MOST_READ = 200
"""Plans whose files are held; those of another one are read from the mirror again."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Stored:
    """A plan's files as they stand at `tip`."""

    tip: str
    files: Mapping[str, bytes]


class RemoteStore:
    """Plans of one repository on a server, for one process.

    `remote` gives the repository with a token that may read, or with `write` that may push.
    """

    def __init__(
        self,
        mirror: Path,
        remote: Callable[[bool], Remote],
        settings: Settings,
        *,
        writer: str,
        seal: Seal | None = None,
    ) -> None:
        self._remote = remote
        self.repository = Repository.bare(mirror, settings)
        self.store = PlanStore(self.repository, writer=writer, seal=seal)
        self._read = Memory(MOST_READ)

    def tips(self) -> dict[str, str]:
        """Newest commit by plan id as the server has them; one question for all plans."""
        found = self.refs()
        return {name.removeprefix(PREFIX): tip for name, tip in found.items()}

    def refs(self, *more: str) -> dict[str, str]:
        """Commit by full name of every plan's ref and, asked with them, those that `more` names."""
        return self._remote(False).refs(f"{PREFIX}*", *more)

    def load(self, plan_id: str) -> Stored | None:
        """The plan as the server has it, None when it has none.

        Raises `Refused` when the server's history is not a continuation of ours and ours cannot
        be put back.
        """
        ref = f"{PREFIX}{plan_id}"
        return self.load_at(plan_id, self._remote(False).refs(ref).get(ref))

    def load_at(self, plan_id: str, tip: str | None) -> Stored | None:
        """`load` for who was just told where the server has the plan; None: nowhere.

        Only a plan that has moved is fetched.
        """
        tip = self._believed(plan_id, tip)
        if tip is None:
            return None
        known: Stored | None = self._read.get(plan_id)
        if known is None or known.tip != tip:
            entries = self.repository.list(tip)
            known = Stored(tip, self.repository.read_all(entries))
            self._read.put(plan_id, known)
        return known

    def save(
        self, plan_id: str, files: Mapping[str, bytes], message: str, expected: str | None
    ) -> str:
        """One transition on top of `expected` (None: a new plan), on the server on return.

        Raises `Transient` when the plan has moved on, or when no answer came: load again, decide
        anew. What was written is never lost: a commit that did arrive is what the next load finds.
        """
        ref = f"{PREFIX}{plan_id}"
        # A push that was refused, or a kill before it, leaves a commit here that nobody else has.
        self._set(ref, expected)
        commit = self.store.write(plan_id, files, message, expected)
        try:
            self._remote(True).push(self.repository.git_dir, Move(ref, commit, expected))
        except PushRefused as error:
            self._set(ref, self._last(plan_id))
            if error.why != "stale":
                raise
            raise Transient(f"plan {plan_id} was changed by another process") from error
        except Transient:
            self._set(ref, self._last(plan_id))
            raise
        self._set(_last(plan_id), commit)
        return commit

    def _believed(self, plan_id: str, tip: str | None) -> str | None:
        """The commit to go on from: the server's, or ours put back where the server lost it."""
        last = self._last(plan_id)
        if tip == last:
            return tip
        good: str | None = None
        if tip is not None:
            self._fetch(plan_id, tip)
            good = self.store.newest_ours(plan_id, tip)
        if last is not None and (good is None or not self._continues(last, good)):
            good = last
        if tip is not None and good is None:
            raise Refused(
                f"the record of plan {plan_id} bears no seal of this App",
                hint="somebody else wrote it, or the App has another key now: plan anew",
            )
        if good is not None and good != tip:
            self._restore(plan_id, good, tip)
        self._set(f"{PREFIX}{plan_id}", good)
        self._set(_last(plan_id), good)
        return good

    def _restore(self, plan_id: str, last: str, tip: str | None) -> None:
        if tip is not None and self._continues(tip, last):
            # An older commit of ours: a push from an old mirror, or a backup that was put back.
            what = "went back"
        elif tip is not None and self._continues(last, tip):
            what = "was written to by somebody else"
        else:
            what = "was deleted" if tip is None else "was overwritten"
        log.warning("plan_restored", plan=plan_id, how=what, lost=tip, restored=last)
        try:
            move = Move(f"{PREFIX}{plan_id}", last, tip)
            self._remote(True).push(self.repository.git_dir, move)
        except PushRefused as error:
            raise Refused(
                f"the record of plan {plan_id} {what} and cannot be put back: {error.message}",
                hint=f"restore {PREFIX}{plan_id} at {last}, or ask for a new plan",
            ) from error

    def _fetch(self, plan_id: str, tip: str) -> None:
        ref = f"{PREFIX}{plan_id}"
        try:
            self._remote(False).fetch(self.repository.git_dir, f"{ref}:{ref}")
        except NotThere as error:
            raise Transient(f"plan {plan_id} moved while it was read") from error
        if self.repository.ref(ref) != tip:
            raise Transient(f"plan {plan_id} moved while it was read")

    def _continues(self, older: str, newer: str) -> bool:
        git = self.repository.git
        return git.run("merge-base", "--is-ancestor", older, newer, check=False).returncode == 0

    def _last(self, plan_id: str) -> str | None:
        return self.repository.ref(_last(plan_id))

    def _set(self, ref: str, value: str | None) -> None:
        now = self.repository.ref(ref)
        if now != value:
            self.repository.update_ref(ref, value, now, reason="as the server has it")


def _last(plan_id: str) -> str:
    return f"{LAST}{plan_id}"
