"""All tables, each with the ways in which its rows are looked up."""

from __future__ import annotations

from bot.simulator.records.accounts import Account, Token
from bot.simulator.records.actions import (
    Artifact,
    Attestation,
    CacheEntry,
    Job,
    Run,
    Secret,
    Variable,
    Workflow,
)
from bot.simulator.records.apps import App, Delivery, Hook, Installation, ManifestCode
from bot.simulator.records.checks import CheckRun, CheckSuite, CommitStatus
from bot.simulator.records.issues import (
    Comment,
    Dependency,
    Issue,
    Reaction,
    TimelineEvent,
    Tombstone,
)
from bot.simulator.records.pulls import PullRequest, Review, ReviewComment, ReviewThread
from bot.simulator.records.repositories import (
    Collaborator,
    FormerName,
    Label,
    Milestone,
    Protection,
    Repository,
    Ruleset,
)
from bot.simulator.state.journal import Journal
from bot.simulator.state.table import Table


class Tables:
    """The whole state. Logins, names and labels are looked up in lower case, as GitHub does."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._last = int(journal.meta("last_id") or 1000)
        self._accounts(journal)
        self._repositories(journal)
        self._issues(journal)
        self._pulls(journal)
        self._checks(journal)
        self._actions(journal)

    def next_id(self) -> int:
        """Ids are unique over all kinds, so that a mixed-up id is never found by chance."""
        self._last += 1
        self.journal.note("last_id", str(self._last))
        return self._last

    def _accounts(self, journal: Journal) -> None:
        self.accounts = Table(
            Account,
            journal,
            login=lambda a: a.login.lower(),
            email=lambda a: (a.email or "").lower(),
        )
        self.tokens = Table(
            Token,
            journal,
            value=lambda t: t.value,
            installation=lambda t: t.installation_id,
            account=lambda t: t.account_id,
        )
        self.apps = Table(
            App,
            journal,
            slug=lambda a: a.slug,
            client=lambda a: a.client_id,
            bot=lambda a: a.bot_id,
        )
        self.installations = Table(
            Installation, journal, app=lambda i: i.app_id, account=lambda i: i.account_id
        )
        self.hooks = Table(
            Hook, journal, app=lambda h: h.app_id, repository=lambda h: h.repository_id
        )
        self.deliveries = Table(
            Delivery,
            journal,
            hook=lambda d: d.hook_id,
            guid=lambda d: d.guid,
            state=lambda d: d.state,
        )
        self.manifest_codes = Table(ManifestCode, journal, code=lambda m: m.code)

    def _repositories(self, journal: Journal) -> None:
        self.repositories = Table(
            Repository,
            journal,
            name=lambda r: (r.owner_id, r.name.lower()),
            owner=lambda r: r.owner_id,
            fork_of=lambda r: r.fork_of_id,
        )
        self.former_names = Table(
            FormerName,
            journal,
            name=lambda f: (f.owner_id, f.name.lower()),
            repository=lambda f: f.repository_id,
        )
        self.collaborators = Table(
            Collaborator,
            journal,
            repository=lambda c: c.repository_id,
            one=lambda c: (c.repository_id, c.account_id),
        )
        self.labels = Table(
            Label,
            journal,
            repository=lambda x: x.repository_id,
            name=lambda x: (x.repository_id, x.name.lower()),
        )
        self.milestones = Table(
            Milestone,
            journal,
            repository=lambda m: m.repository_id,
            number=lambda m: (m.repository_id, m.number),
        )
        self.protections = Table(
            Protection,
            journal,
            repository=lambda p: p.repository_id,
            branch=lambda p: (p.repository_id, p.branch),
        )
        self.rulesets = Table(Ruleset, journal, repository=lambda r: r.repository_id)

    def _issues(self, journal: Journal) -> None:
        self.issues = Table(
            Issue,
            journal,
            repository=lambda i: i.repository_id,
            number=lambda i: (i.repository_id, i.number),
            state=lambda i: (i.repository_id, i.state),
            parent=lambda i: i.parent_id,
            milestone=lambda i: i.milestone_id,
            milestone_state=lambda i: (i.milestone_id, i.state),
        )
        self.tombstones = Table(Tombstone, journal, number=lambda t: (t.repository_id, t.number))
        self.dependencies = Table(
            Dependency, journal, blocked=lambda d: d.blocked_id, blocking=lambda d: d.blocking_id
        )
        self.comments = Table(
            Comment, journal, issue=lambda c: c.issue_id, repository=lambda c: c.repository_id
        )
        self.reactions = Table(Reaction, journal, subject=lambda r: (r.subject, r.subject_id))
        self.timeline = Table(
            TimelineEvent, journal, issue=lambda e: e.issue_id, repository=lambda e: e.repository_id
        )

    def _pulls(self, journal: Journal) -> None:
        self.pulls = Table(
            PullRequest,
            journal,
            repository=lambda p: p.repository_id,
            number=lambda p: (p.repository_id, p.number),
            issue=lambda p: p.issue_id,
            head=lambda p: (p.head_repository_id, p.head_ref),
            base=lambda p: (p.repository_id, p.base_ref),
            head_sha=lambda p: p.head_sha,
        )
        self.reviews = Table(Review, journal, pull=lambda r: r.pull_id)
        self.threads = Table(ReviewThread, journal, pull=lambda t: t.pull_id)
        self.review_comments = Table(
            ReviewComment,
            journal,
            pull=lambda c: c.pull_id,
            review=lambda c: c.review_id,
            thread=lambda c: c.thread_id,
            repository=lambda c: c.repository_id,
        )

    def _checks(self, journal: Journal) -> None:
        self.suites = Table(
            CheckSuite,
            journal,
            sha=lambda s: (s.repository_id, s.head_sha),
            one=lambda s: (s.repository_id, s.head_sha, s.app_id),
        )
        self.check_runs = Table(
            CheckRun,
            journal,
            suite=lambda r: r.suite_id,
            sha=lambda r: (r.repository_id, r.head_sha),
        )
        self.statuses = Table(CommitStatus, journal, sha=lambda s: (s.repository_id, s.sha))

    def _actions(self, journal: Journal) -> None:
        self.workflows = Table(
            Workflow,
            journal,
            repository=lambda w: w.repository_id,
            path=lambda w: (w.repository_id, w.path),
        )
        self.runs = Table(
            Run,
            journal,
            repository=lambda r: r.repository_id,
            workflow=lambda r: r.workflow_id,
            sha=lambda r: (r.repository_id, r.head_sha),
            suite=lambda r: r.suite_id,
            status=lambda r: r.latest.status,
        )
        self.jobs = Table(
            Job,
            journal,
            run=lambda j: j.run_id,
            attempt=lambda j: (j.run_id, j.attempt),
            check_run=lambda j: j.check_run_id,
        )
        self.artifacts = Table(
            Artifact, journal, repository=lambda a: a.repository_id, run=lambda a: a.run_id
        )
        self.variables = Table(
            Variable,
            journal,
            repository=lambda v: v.repository_id,
            name=lambda v: (v.repository_id, v.name),
        )
        self.secrets = Table(
            Secret,
            journal,
            repository=lambda s: s.repository_id,
            name=lambda s: (s.repository_id, s.name),
        )
        self.caches = Table(CacheEntry, journal, repository=lambda c: c.repository_id)
        self.attestations = Table(Attestation, journal, repository=lambda a: a.repository_id)
