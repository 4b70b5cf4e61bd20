"""The job that may write: it executes nothing, checks everything again and pushes one ref.

No workflow starts from that ref; the server moves the branch of the pull request to it later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.codebase.files import NoFile, WorkFiles
from bot.codebase.remote_git import Move, Remote
from bot.config import CONFIG_PATH, load_policy
from bot.core.fingerprint import fingerprint
from bot.core.lifecycle.manifest import (
    MANIFEST_FILE,
    MOST_MANIFEST,
    VERDICT_FILE,
    Handed,
    Manifest,
    StageVerdict,
)
from bot.core.lifecycle.outcome import OutcomeStatus, StageOutcome, published_ref
from bot.core.plan import Plan
from bot.core.policy import Policy
from bot.core.sanitize import mask, one_line
from bot.core.state import ActionState
from bot.errors import ConfigError, OtpError, PushRefused, Refused, Unauthorised, Unusable
from bot.flows.selection import selected
from bot.flows.stage_run.account import summary_of
from bot.flows.stage_run.approved import Approved, accepted, read_approved
from bot.flows.stage_run.building import Builder, Built, Signature
from bot.flows.stage_run.contents import broken_contents
from bot.flows.stage_run.job import Job
from bot.flows.stage_run.order import StageOrder
from bot.flows.stage_run.requester import co_author
from bot.flows.stage_run.results import Results
from bot.flows.stage_run.rules import Rules, read_handed
from bot.settings import Settings

BASE, PLAN, DEFAULT = "refs/genesis/base", "refs/genesis/plan", "refs/genesis/default"
NOT_PUBLISHED = "was not published"
LONGEST_REASON, MOST_REASONS = 1000, 50


@dataclass
class Publication:
    """One attempt, on its way to the server."""

    job: Job
    order: StageOrder
    hand: Path
    """Where the files of the jobs before are."""
    scratch: Path
    """An empty folder for git."""
    settings: Settings
    manifest: Manifest | None = None
    verdict: StageVerdict | None = None
    known: frozenset[str] = field(default_factory=frozenset)
    """Ids of the approved plan's actions."""

    def carry_out(self) -> StageOutcome:
        """The outcome, whatever happens; `published` only what was seen on the server."""
        try:
            return self._carried_out()
        except (PushRefused, Unauthorised) as error:
            return self._ended("failed", (str(error),))
        except Refused as error:
            return self._ended("refused", (str(error),))
        except OtpError as error:
            return self._ended("failed", (str(error),))

    def _carried_out(self) -> StageOutcome:
        results, handed = Results.of(self.job.results), self.job.handed(self.order)
        if not results.digest("work"):
            broken = [j for j in ("prepare", "work") if results.result(j) != "success"] or ["work"]
            return self._ended("failed", (results.why(broken[0]),))
        self.manifest = self._handed(Manifest, MANIFEST_FILE, results.digest("work"), handed)
        if self.manifest.status != "ready":
            return self._ended(self.manifest.status, self.manifest.reasons)
        if not results.digest("verify"):
            return self._ended("failed", (results.why("verify"),))
        self.verdict = self._handed(StageVerdict, VERDICT_FILE, results.digest("verify"), handed)
        if self.verdict.status != "passed":
            return self._ended(self.verdict.status, self.verdict.reasons)
        if self.verdict.manifest != results.digest("work"):
            raise Refused("`verify` passed another manifest")
        if not self.verdict.tree or self.verdict.tree != self.manifest.tree:
            raise Refused("`verify` passed another tree")
        return self._publish(self.manifest)

    def _handed(self, kind: Any, name: str, digest: str, here: Handed) -> Any:
        try:
            data = WorkFiles(self.hand).read_bytes(name, MOST_MANIFEST)
        except NoFile:
            raise Unusable(f"{name} did not arrive: its artifact could not be downloaded") from None
        record = read_handed(kind, data, digest)
        if not record.same_place(here):
            raise Refused(f"{name} was made for another attempt or in another run")
        return record

    def _publish(self, manifest: Manifest) -> StageOutcome:
        remote = Remote(self.job.remote, self.settings.environment, token=self.job.token)
        git_dir = self.scratch / "git"
        remote.clone(git_dir, f"{self.order.base}:{BASE}", depth=1)
        builder = Builder.at(git_dir, self.scratch / "nowhere", self.settings.environment)
        approved = self._approved(remote, builder, git_dir)
        policy = self._policy(remote, builder, git_dir)
        entries = {e.path: (e.mode, e.sha) for e in builder.entries(self.order.base)}
        rules = Rules.at(entries, self._allowed(approved.plan), policy)
        # Contents are looked at only where they are sure to be small and of regular files.
        broken = rules.follow(manifest) or broken_contents(manifest, builder.texts(manifest))
        if broken:
            return self._ended("refused", broken)
        login = approved.life.requested.actor
        who = co_author(login, self.job.api, self.job.token)
        signature = Signature(self.settings.bot_name, self.settings.bot_email, who)
        built = builder.build(manifest, signature)
        if built.tree != manifest.tree:
            raise Refused("the commits lead to another tree than the one `verify` passed")
        if built.lines > policy.limits.lines:
            most = policy.limits.lines
            raise Refused(f"{built.lines:,} lines are added or removed; {most:,} are allowed")
        return self._pushed(remote, git_dir, manifest, built)

    def _pushed(
        self, remote: Remote, git_dir: Path, manifest: Manifest, built: Built
    ) -> StageOutcome:
        ref = published_ref(self.order.plan, self.order.stage, self.order.attempt)
        remote.push(git_dir, Move(ref, built.tip, None))
        if remote.refs(ref).get(ref) != built.tip:
            return self._ended("failed", (f"{ref} was pushed and is not there",))
        made = self._ended("published", manifest.reasons)
        actions = tuple(_committed(a, built.commits) for a in manifest.actions if self._is_known(a))
        return made.model_copy(
            update={
                "commit": built.tip,
                "tree": built.tree,
                "actions": actions,
                "summary": summary_of(manifest, built.commits),
                "fingerprint": "",
            }
        )

    def _approved(self, remote: Remote, builder: Builder, git_dir: Path) -> Approved:
        """From the plan's ref itself: what was approved is nobody's word but the server's."""
        remote.fetch(git_dir, f"refs/genesis/plan-{self.order.plan}:{PLAN}")
        commit = self.order.plan_commit
        inside = builder.git.run("merge-base", "--is-ancestor", commit, PLAN, check=False)
        if inside.returncode != 0:
            raise Refused(f"commit {commit[:12]} is not in the history of the plan's ref")
        folder = self.scratch / "plan"
        files = WorkFiles(folder)
        folder.mkdir()
        for entry in builder.entries(commit):
            if entry.regular and "/" not in entry.path and entry.path.endswith(".json"):
                files.write(entry.path, builder.git.raw("cat-file", "blob", entry.sha))
        approved = read_approved(folder, self.order)
        self.known = frozenset(action.id for action in approved.plan.actions())
        return approved

    def _policy(self, remote: Remote, builder: Builder, git_dir: Path) -> Policy:
        """Of the default branch as it is now; where it cannot be used nothing is published."""
        remote.fetch(git_dir, f"refs/heads/{self.job.default_branch}:{DEFAULT}", depth=1)
        tip = builder.git.line("rev-parse", "--verify", f"{DEFAULT}^{{commit}}")
        found = [e for e in builder.entries(tip) if e.path == CONFIG_PATH]
        if not found:
            return Policy()
        try:
            text = builder.git.raw("cat-file", "blob", found[0].sha).decode("utf-8")
            return load_policy(text, CONFIG_PATH)
        except (ConfigError, UnicodeDecodeError) as error:
            raise Refused(f"{CONFIG_PATH} cannot be used: {error}") from None

    def _allowed(self, plan: Plan) -> frozenset[str]:
        """Actions that need no further word of a person."""
        chosen = selected(plan, stage=self.order.stage, only=self.order.only)
        free = {action.id for action in chosen if action.fix != "assisted"}
        return (accepted(plan, self.order) | free) - set(self.order.dropped)

    def _ended(self, status: OutcomeStatus, reasons: tuple[str, ...]) -> StageOutcome:
        """An outcome without commits."""
        shown = tuple(one_line(mask(text))[:LONGEST_REASON] for text in reasons[:MOST_REASONS])
        manifest, verdict = self.manifest, self.verdict
        failure = verdict.fingerprint if verdict else manifest.fingerprint if manifest else ""
        tests = verdict or manifest
        return StageOutcome(
            plan=self.order.plan,
            stage=self.order.stage,
            attempt=self.order.attempt,
            status=status,
            base=self.order.base,
            actions=tuple(_uncommitted(a) for a in manifest.actions) if manifest else (),
            dropped=self.order.dropped,
            tests_before=tests.tests_before if tests else "",
            tests_after=tests.tests_after if tests else "",
            reasons=shown,
            fingerprint="" if status == "nothing" else failure or fingerprint(shown),
            usd=manifest.usd if manifest else 0.0,
            tokens=manifest.tokens if manifest else 0,
            minutes=sum(r.minutes for r in (manifest, verdict) if r is not None),
        )

    def _is_known(self, action: ActionState) -> bool:
        return action.id in self.known


def _uncommitted(action: ActionState) -> ActionState:
    """Nothing of it is on the server."""
    reason = one_line(action.reason)[:LONGEST_REASON]
    if action.status != "committed":
        return action.model_copy(update={"commit": "", "undo_commit": "", "reason": reason})
    return ActionState(id=action.id, attempts=action.attempts, reason=NOT_PUBLISHED)


def _committed(action: ActionState, made: Mapping[str, str]) -> ActionState:
    """As it is on the server: committed is what a commit is there for, and nothing else."""
    if action.id not in made:
        return _uncommitted(action)
    return action.model_copy(
        update={"status": "committed", "commit": made[action.id], "undo_commit": "", "reason": ""}
    )
