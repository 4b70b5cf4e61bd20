"""Plans live in git: one append-only ref per plan, one commit per transition."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.codebase.repository import Repository
from bot.core.sanitize import mask
from bot.errors import Refused, Transient, Unusable
from bot.github.sealing import NONCE, SEAL, Seal

PREFIX = "refs/genesis/plan-"
PLAN_ID = re.compile(r"(?:local-[1-9][0-9]{0,8}|[1-9][0-9]{0,17})\Z")
FARTHEST = 50
"""Commits of somebody else on top of ours that are looked behind."""
COMPONENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")


@dataclass(frozen=True)
class Transition:
    """One commit of a plan's history."""

    sha: str
    time: datetime
    message: str
    """First line of the commit message."""


def _nonce() -> str:
    return uuid.uuid4().hex


class PlanStore:
    """The plans of one repository as files in commits; `bot.github.plans` gives them types.

    `writer` names this process in each commit; with the nonce it keeps two writers' commits from
    being the same object, which compare-and-swap could not tell apart.
    """

    def __init__(
        self,
        repository: Repository,
        *,
        writer: str = "",
        nonce: Callable[[], str] = _nonce,
        seal: Seal | None = None,
    ) -> None:
        self.repository = repository
        self.writer = writer or _nonce()
        self._nonce = nonce
        self._seal = seal
        self._secrets = repository.settings.secrets()

    def next_id(self) -> str:
        """The first `local-<n>` no plan has; creating it can still lose a race."""
        numbers = [int(name.removeprefix("local-")) for name in self.list() if "-" in name]
        return f"local-{max(numbers, default=0) + 1}"

    def list(self) -> tuple[str, ...]:
        """Ids of all plans, oldest number first, issues before local ones."""
        names = (ref.removeprefix(PREFIX) for ref in self.repository.refs("refs/genesis/"))
        return tuple(sorted(filter(PLAN_ID.match, names), key=_order))

    def latest(self) -> str | None:
        """Id of the plan written to last, None when there is none."""
        tips = [
            (self.history(plan_id)[0].time, _order(plan_id), plan_id) for plan_id in self.list()
        ]
        return max(tips)[2] if tips else None

    def tip(self, plan_id: str) -> str | None:
        """Newest commit of the plan, None when there is no such plan."""
        return self.repository.ref(_ref(plan_id))

    def write(
        self, plan_id: str, files: Mapping[str, bytes], message: str, expected: str | None
    ) -> str:
        """Add a commit with `files` laid over those of `expected` (None: a new plan); its id.

        Raises `Transient` when the plan is not at `expected` any more. Secrets are masked.
        """
        ref = _ref(plan_id)
        if self.repository.ref(ref) != expected:
            raise Transient(f"plan {plan_id!r} was changed by another process")
        blobs = self._blobs(expected)
        for path, content in files.items():
            blobs[_checked_path(path)] = self._store(content)
        commit = self._commit(plan_id, self._tree(blobs), message, expected)
        self.repository.update_ref(ref, commit, expected, reason=message.splitlines()[0])
        return commit

    def read(self, plan_id: str, commit: str | None = None) -> dict[str, bytes]:
        """Files of the plan, at its tip or at one of its commits; raises `Unusable`."""
        entries = self.repository.list(commit or self._require(plan_id))
        return self.repository.read_all(entries)

    def history(self, plan_id: str) -> tuple[Transition, ...]:
        """The plan's transitions, newest first; raises `Unusable` when there is no such plan."""
        form = "--format=%H%x00%ct%x00%s"
        out = self.repository.git.line("rev-list", form, self._require(plan_id))
        # Each row comes after a header; rev-list can leave it out only since git 2.33.
        rows = (line.split("\0") for line in out.split("\n") if "\0" in line)
        return tuple(Transition(s, datetime.fromtimestamp(int(t), UTC), m) for s, t, m in rows)

    def newest_ours(self, plan_id: str, tip: str) -> str | None:
        """The newest commit of the line to `tip` that bears our seal; `tip` where none is used."""
        if self._seal is None:
            return tip
        git = self.repository.git
        line = git.line("rev-list", "--first-parent", f"--max-count={FARTHEST}", tip).split()
        fits = (sha for sha in line if self._bears_seal(plan_id, sha))
        return next(fits, None)

    def _bears_seal(self, plan_id: str, commit: str) -> bool:
        assert self._seal is not None, "there is none to look for"
        return self._seal.fits(plan_id, self.repository.git.line("cat-file", "commit", commit))

    def _require(self, plan_id: str) -> str:
        tip = self.tip(plan_id)
        if tip is None:
            known = ", ".join(self.list()) or "none yet"
            raise Unusable(f"no such plan: {plan_id!r}", hint=f"plans here: {known}")
        return tip

    def _blobs(self, commit: str | None) -> dict[str, str]:
        if commit is None:
            return {}
        return {entry.path: entry.sha for entry in self.repository.list(commit)}

    def _store(self, content: bytes) -> str:
        text = mask(content.decode("utf-8", "surrogateescape"), self._secrets)
        data = text.encode("utf-8", "surrogateescape")
        return self.repository.git.line("hash-object", "-w", "--no-filters", "--stdin", stdin=data)

    def _tree(self, blobs: Mapping[str, str]) -> str:
        lines: list[str] = []
        below: dict[str, dict[str, str]] = {}
        for path, sha in blobs.items():
            first, _, rest = path.partition("/")
            if rest:
                below.setdefault(first, {})[rest] = sha
            else:
                lines.append(f"100644 blob {sha}\t{first}\0")
        for name, inner in below.items():
            lines.append(f"040000 tree {self._tree(inner)}\t{name}\0")
        return self.repository.git.line("mktree", "-z", stdin="".join(lines).encode())

    def _commit(self, plan_id: str, tree: str, message: str, parent: str | None) -> str:
        git = self.repository.git
        name, email = git.identity
        nonce = self._nonce()
        trailers = f"Genesis-Writer: {self.writer}\n{NONCE}: {nonce}\n"
        if self._seal is not None:
            trailers += f"{SEAL}: {self._seal.sign(plan_id, tree, parent or '', nonce)}\n"
        text = f"{mask(message, self._secrets).strip()}\n\n{trailers}".encode("utf-8", "replace")
        identity = ("-c", f"user.name={name}", "-c", f"user.email={email}")
        parents = ("-p", parent) if parent else ()
        return git.line(*identity, "commit-tree", tree, *parents, "-F", "-", stdin=text)


def _ref(plan_id: str) -> str:
    if not PLAN_ID.match(plan_id):
        raise Unusable(f"not a plan id: {plan_id!r}", hint="an id looks like local-1")
    return f"{PREFIX}{plan_id}"


def _order(plan_id: str) -> tuple[bool, int]:
    return plan_id.startswith("local-"), int(plan_id.removeprefix("local-"))


def _checked_path(path: str) -> str:
    if not all(COMPONENT.match(piece) for piece in path.split("/")):
        raise Refused(f"not a path in a plan: {path!r}")
    return path
