"""A small pure GitHub: people and CI act on it, commands change it, facts are read from it.

Commands are carried out as the executor does, looking first. What must never happen raises
`AssertionError` on the spot: two attempts in flight, two pull requests, a moved commit of a person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.core.lifecycle.checks import CheckFacts, Conclusion, Failure
from bot.core.lifecycle.commands import (
    Analyse,
    AnswerThread,
    BlockStage,
    CancelRun,
    CloseIssue,
    Command,
    Dispatch,
    LinkStage,
    MarkReady,
    MoveBranch,
    PutCheck,
    PutComment,
    PutPull,
    PutStageIssue,
    React,
    RerunFailed,
    SetLabels,
    StartCheck,
)
from bot.core.lifecycle.facts import (
    Comment,
    Facts,
    IssueFacts,
    PullFacts,
    Refusal,
    RepositoryFacts,
    ReviewFacts,
    Role,
    RunFacts,
    StageFacts,
    ThreadFacts,
    Tick,
)
from bot.core.lifecycle.outcome import OutcomeStatus, StageOutcome
from bot.core.lifecycle.state import BUSY, PlanLife, StageLife
from bot.core.plan import Plan
from bot.core.policy import Policy
from bot.core.render.github import markers
from bot.core.render.github.dashboard import ticked
from tests.core.lifecycle.plans import five_stages

PEOPLE: dict[str, Role] = {
    "ada": "admin",
    "wim": "write",
    "tri": "triage",
    "rea": "read",
    "out": "none",
    "bad[bot]": "admin",
}
KINDS = ("issue", "pull", "comment", "run", "check", "review", "push")
START = datetime(2026, 11, 25, 12, tzinfo=UTC)
PLAN_ISSUE = 7


class Refused(Exception):
    """GitHub does not do it."""


@dataclass
class Pull:
    number: int
    stage: int
    base: str
    head: str
    title: str
    body: str
    draft: bool
    labels: set[str]
    state: str = "open"
    merged: str = ""
    conflict: bool | None = False
    queued: bool = False
    reviews: list[ReviewFacts] = field(default_factory=list)
    threads: list[ThreadFacts] = field(default_factory=list)


@dataclass
class Run:
    id: int
    stage: int
    attempt: int
    cause: str
    base: str
    only: str
    dropped: tuple[str, ...]
    begun: datetime
    status: str = "queued"
    conclusion: Conclusion | None = None
    outcome: StageOutcome | None = None
    cancelling: bool = False
    held: bool = False
    """It waits for a person to approve it."""


@dataclass
class Check:
    name: str
    status: str
    conclusion: Conclusion | None = None
    run: int = 0
    run_attempt: int = 1
    title: str = ""
    summary: str = ""
    ours: bool = False
    fails: str = "it works"
    """The test that fails where it is red."""


@dataclass
class World:
    policy: Policy = field(default_factory=Policy)
    now: datetime = START
    access: str = "active"
    archived: bool = False
    policy_problem: str = ""
    workflow: bool = True
    switched_off: bool = False
    held: tuple[str, ...] = ()
    """Names of the checks that do not begin before a person approves them."""
    dispatches_vanish: bool = False
    opens_pulls: bool = True
    drafts: bool = True
    ci: tuple[str, ...] = ("test",)
    red_on_base: set[str] = field(default_factory=set)
    """Names of checks that fail on the base as they fail with us."""
    reruns: bool = True
    """GitHub runs failed jobs again."""
    refused: set[int] = field(default_factory=set)
    """Runs that it did not run again."""
    refuses: dict[str, str] = field(default_factory=dict)
    """What it does not do at all, with its words, by the command's kind."""
    said_no: dict[tuple[int, int, str], str] = field(default_factory=dict)
    """Those words, as the executor remembers them by stage, attempt and kind."""
    others: int = 0
    """Attempts of other plans, on the first day."""
    base_branch: str = "main"
    base: int = 1
    drift: set[str] = field(default_factory=set)
    rewritten: bool = False
    requested_by: str = "wim"
    roles: dict[str, Role] = field(default_factory=lambda: dict(PEOPLE))
    issues: dict[int, IssueFacts] = field(default_factory=dict)
    stage_issues: dict[int, int] = field(default_factory=dict)
    linked: set[int] = field(default_factory=set)
    blocked: set[tuple[int, int]] = field(default_factory=set)
    comments: list[Comment] = field(default_factory=list)
    reactions: set[tuple[int, int, str]] = field(default_factory=set)
    plan: Plan | None = None
    plan_problem: str = ""
    analyses: list[Analyse] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    branches: dict[int, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    """Author by commit of a person."""
    pulls: dict[int, Pull] = field(default_factory=dict)
    checks: dict[str, list[Check]] = field(default_factory=dict)
    """By head."""
    started: dict[str, set[str]] = field(default_factory=dict)
    """Workflows that were started on a commit, where none begins by itself."""
    ids: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.issues:
            self.issues[PLAN_ISSUE] = IssueFacts(
                number=PLAN_ISSUE,
                id=7000,
                node="I_7",
                title="Make it robust",
                body="please",
                state="open",
                labels=(self.policy.label,),
                author="rea",
            )

    def new_id(self, kind: str) -> int:
        """Each kind counts for itself: what is made first does not matter to the others."""
        self.ids[kind] = self.ids.get(kind, 1000 * (KINDS.index(kind) + 1)) + 1
        return self.ids[kind]

    def wait(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    @property
    def base_commit(self) -> str:
        return f"{self.base:040x}"

    # ----- what commands do -----

    def carry_out(self, life: PlanLife, command: Command) -> None:
        """Raises `Refused` where GitHub or the executor would."""
        assert self.access == "active", command
        assert not self.archived, command
        assert not self.policy_problem, command
        kind = str(command.model_dump()["kind"])
        key = self._awaited(life, command, kind)
        if words := self.refuses.get(kind):
            self.said_no[key] = words
            raise Refused(words)
        getattr(self, f"_{kind.replace('-', '_')}")(life, command)
        self.said_no.pop(key, None)

    def _awaited(self, life: PlanLife, command: Command, kind: str) -> tuple[int, int, str]:
        awaited = Dispatch | MoveBranch | PutPull | StartCheck
        number = command.stage if isinstance(command, awaited) else 0
        return number, life.stage(number).attempt if number else 0, kind

    def _react(self, life: PlanLife, command: React) -> None:
        self.reactions.add((command.issue, command.comment, command.content))

    def _analyse(self, life: PlanLife, command: Analyse) -> None:
        self.analyses.append(command)
        if not self.plan_problem:
            self.plan = five_stages(command.base, command.goal)

    def _put_comment(self, life: PlanLife, command: PutComment) -> None:
        text = markers.fit(command.body, command.marker)
        assert command.on in self.issues or command.on in self.pulls
        for at, comment in enumerate(self.comments):
            mine = comment.ours and comment.on == command.on
            if mine and markers.read(comment.body) == markers.read(command.marker):
                self.comments[at] = comment.model_copy(update={"body": text, "edited": True})
                return
        self._said("otp-genesis[bot]", text, command.on, ours=True)

    def _put_stage_issue(self, life: PlanLife, command: PutStageIssue) -> None:
        mark = markers.marker(life.plan, "stage", stage=command.stage)
        body = markers.fit(command.body, mark)
        number = command.number or self.stage_issues.get(command.stage, 0)
        if number in self.issues:
            update = {"title": command.title, "body": body}
            self.issues[number] = self.issues[number].model_copy(update=update)
            return
        number = self.new_id("issue")
        self.stage_issues[command.stage] = number
        self.issues[number] = IssueFacts(
            number=number,
            id=number * 1000,
            node=f"I_{number}",
            title=command.title,
            body=body,
            state="open",
            labels=command.labels,
        )

    def _link_stage(self, life: PlanLife, command: LinkStage) -> None:
        assert command.parent in self.issues
        assert command.issue in self.issues
        self.linked.add(command.issue)

    def _block_stage(self, life: PlanLife, command: BlockStage) -> None:
        assert command.issue != command.by
        self.blocked.add((command.issue, command.by))

    def _set_labels(self, life: PlanLife, command: SetLabels) -> None:
        if command.on in self.pulls:
            self.pulls[command.on].labels |= set(command.add)
            self.pulls[command.on].labels -= set(command.remove)
            return
        self.label(command.on, add=command.add, remove=command.remove)

    def label(self, on: int, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> None:
        there = dict.fromkeys((*self.issues[on].labels, *add))
        labels = tuple(name for name in there if name not in remove)
        self.issues[on] = self.issues[on].model_copy(update={"labels": labels})

    def _close_issue(self, life: PlanLife, command: CloseIssue) -> None:
        self.set_issue(command.number, state=command.state)

    def set_issue(self, number: int, **change: object) -> None:
        self.issues[number] = self.issues[number].model_copy(update=change)

    def set_stage_issue(self, stage: int, **change: object) -> None:
        if number := self.stage_issues.get(stage):
            self.set_issue(number, **change)

    def delete_issue(self, stage: int) -> None:
        if number := self.stage_issues.pop(stage, 0):
            del self.issues[number]

    def _dispatch(self, life: PlanLife, command: Dispatch) -> None:
        if not self.workflow:
            raise Refused("no workflow")
        if self.dispatches_vanish:
            return
        if any((r.stage, r.attempt) == (command.stage, command.attempt) for r in self.runs):
            return
        flying = [r for r in self.runs if r.status != "completed"]
        assert not flying, f"two attempts in flight: {flying}"
        assert command.stage in self.policy.stages
        assert life.stage(command.stage).failures <= self.policy.limits.attempts
        self.runs.append(
            Run(
                id=self.new_id("run"),
                stage=command.stage,
                attempt=command.attempt,
                cause=command.cause,
                base=command.base,
                only=command.only,
                dropped=command.dropped,
                begun=self.now,
            )
        )

    def _cancel_run(self, life: PlanLife, command: CancelRun) -> None:
        run = next(r for r in self.runs if r.id == command.run)
        run.cancelling = run.status != "completed"

    def _rerun_failed(self, life: PlanLife, command: RerunFailed) -> None:
        if not self.reruns:
            self.refused.add(command.run)
            raise Refused("it is too old")
        for check in self._all_checks():
            if check.run == command.run and check.run_attempt == 1:
                check.status, check.conclusion, check.run_attempt = "queued", None, 2

    def _all_checks(self) -> list[Check]:
        return [check for checks in self.checks.values() for check in checks]

    def _move_branch(self, life: PlanLife, command: MoveBranch) -> None:
        here = self.branches.get(command.stage, "")
        if here == command.to:
            return
        if here != command.expected:
            raise Refused("the branch is not where it was left")
        assert here not in self.foreign, "a commit of a person would be lost"
        self.branches[command.stage] = command.to
        for pull in self._open(command.stage):
            pull.head, pull.conflict = command.to, False
        self._ci_starts(command.stage)

    def _ci_starts(self, stage: int) -> None:
        for pull in self._open(stage):
            if pull.head not in self.checks and not self.policy.dispatch_checks:
                new = [Check(name, "queued", run=self.new_id("check")) for name in self.ci]
                self.checks[pull.head] = [c for c in new if c.name not in self.held]

    def _start_check(self, life: PlanLife, command: StartCheck) -> None:
        assert command.workflow not in self.started.get(command.head, ()), "started twice"
        assert self.branches[command.stage] == command.head, "another commit would be checked"
        self.started.setdefault(command.head, set()).add(command.workflow)
        check = Check(command.workflow.partition(".")[0], "queued", run=self.new_id("check"))
        self.checks.setdefault(command.head, []).append(check)

    def _open(self, stage: int) -> list[Pull]:
        return [p for p in self.pulls.values() if p.stage == stage and p.state == "open"]

    def _put_pull(self, life: PlanLife, command: PutPull) -> None:
        body = markers.fit(command.body, markers.marker(life.plan, "pull", stage=command.stage))
        found = [self.pulls[command.number]] if command.number else self._open(command.stage)
        if not found:
            head = self.branches.get(command.stage, "")
            if not head or not self.opens_pulls:
                raise Refused("no branch, or no pull requests")
            number = self.new_id("pull")
            self.pulls[number] = Pull(
                number=number,
                stage=command.stage,
                base=command.base,
                head=head,
                title=command.title,
                body=body,
                draft=command.draft and self.drafts,
                labels=set(command.labels),
            )
            self._ci_starts(command.stage)
            return
        found[0].title, found[0].body = command.title, body

    def _mark_ready(self, life: PlanLife, command: MarkReady) -> None:
        self.pulls[command.pull].draft = False

    def _put_check(self, life: PlanLife, command: PutCheck) -> None:
        assert command.head not in self.foreign
        checks = self.checks.setdefault(command.head, [])
        name = f"genesis/stage-{command.stage}"
        checks[:] = [c for c in checks if c.name != name]
        ours = Check(name, command.status, command.conclusion, title=command.title, ours=True)
        ours.summary = command.summary
        checks.append(ours)

    def _answer_thread(self, life: PlanLife, command: AnswerThread) -> None:
        pull = self.pulls[command.pull]
        for at, thread in enumerate(pull.threads):
            if thread.id == command.thread:
                assert not thread.answered, "answered twice"
                said = (*thread.comments, ("otp-genesis", command.body))
                update = {"answered": True, "comments": said}
                pull.threads[at] = thread.model_copy(update=update)
        if command.resolve:
            pull.threads = [t for t in pull.threads if t.id != command.thread]

    # ----- what people and CI do -----

    def _said(self, author: str, body: str, on: int, ours: bool = False) -> int:
        number = self.new_id("comment")
        self.comments.append(
            Comment(
                id=number,
                on=on,
                author=author,
                bot=author.endswith("[bot]"),
                ours=ours,
                body=body,
                edited=False,
            )
        )
        return number

    def say(self, author: str, body: str, on: int = PLAN_ISSUE) -> int:
        return self._said(author, body, on)

    def tick(self, box: str) -> bool:
        """Whether there is such a box, empty until now."""
        for at, comment in enumerate(self.comments):
            fields = markers.read(comment.body) or {}
            empty = [line for line in comment.body.split("\n") if f"<!-- box={box} -->" in line]
            if comment.ours and fields.get("kind") == "dashboard" and empty:
                body = comment.body.replace(empty[0], empty[0].replace("- [ ]", "- [x]"))
                self.comments[at] = comment.model_copy(update={"body": body})
                return body != comment.body
        return False

    def dashboard(self) -> str:
        found = [c.body for c in self.comments if c.ours and "kind=dashboard" in c.body]
        assert len(found) <= 1, "two dashboards"
        return found[0] if found else ""

    def running(self) -> Run | None:
        return next((r for r in self.runs if r.status != "completed"), None)

    def start_run(self) -> None:
        if run := self.running():
            run.status, run.held = "in_progress", False

    def hold_run(self) -> None:
        """The run in flight does not go on without a person's word."""
        if run := self.running():
            run.held = True

    def end_run(
        self,
        status: OutcomeStatus | None,
        *,
        conclusion: Conclusion = "success",
        fingerprint: str = "",
        usd: float = 0.5,
        **wrong: object,
    ) -> None:
        """The run in flight ends; with no status it leaves no outcome."""
        run = self.running()
        if run is None:
            return
        if run.cancelling:
            status, conclusion = None, "cancelled"
        run.status, run.conclusion = "completed", conclusion
        if status is not None:
            outcome = StageOutcome(
                plan=str(PLAN_ISSUE),
                stage=run.stage,
                attempt=run.attempt,
                status=status,
                base=run.base,
                commit=f"{run.id:040x}" if status == "published" else "",
                reasons=() if status == "published" else (f"it was {status}",),
                summary="One commit." if status == "published" else "",
                fingerprint=fingerprint,
                usd=usd,
                minutes=3,
            )
            run.outcome = outcome.model_copy(update=wrong)

    def approve_checks(self) -> None:
        """A person lets the checks of the first open pull request begin."""
        names, self.held = self.held, ()
        pull = next((p for p in self.pulls.values() if p.state == "open"), None)
        if pull is not None:
            new = [Check(name, "queued", run=self.new_id("check")) for name in names]
            self.checks.setdefault(pull.head, []).extend(new)

    def settle_cancelled(self) -> None:
        """Runs that were cancelled end."""
        for run in self.runs:
            if run.cancelling and run.status != "completed":
                run.status, run.conclusion = "completed", "cancelled"

    def check(self, conclusion: Conclusion, name: str = "test") -> None:
        """The checks of open pull requests end."""
        for pull in self.pulls.values():
            for check in self.checks.get(pull.head, []):
                if pull.state == "open" and check.name == name and check.status != "completed":
                    check.status, check.conclusion = "completed", conclusion

    def run_checks_again(self, conclusion: Conclusion | None = None, fails: str = "") -> None:
        """A person runs all of them again; with a conclusion they end so at once."""
        for pull in self.pulls.values():
            for check in self.checks.get(pull.head, []):
                if pull.state == "open" and not check.ours and check.status == "completed":
                    check.status = "completed" if conclusion else "queued"
                    check.conclusion, check.fails = conclusion, fails or check.fails
                    check.run_attempt += 1

    def our_check(self, stage: int) -> Check:
        """The check run of ours on the head of its pull request."""
        pull = self.pull(stage)
        assert pull is not None
        (mine,) = (c for c in self.checks[pull.head] if c.ours)
        return mine

    def pull(self, stage: int) -> Pull | None:
        """The newest pull request of a stage."""
        mine = [p for p in self.pulls.values() if p.stage == stage]
        return mine[-1] if mine else None

    def merge(self, stage: int) -> None:
        pull = self.pull(stage)
        if pull is None or pull.state == "closed":
            return
        self.base += 1
        pull.state, pull.merged = "closed", self.base_commit
        number = self.stage_issues.get(stage, 0)
        if f"Closes #{number}." in pull.body:
            self.set_issue(number, state="closed")
        self.branches.pop(stage, None)

    def close_pull(self, stage: int) -> None:
        if (pull := self.pull(stage)) and not pull.merged:
            pull.state = "closed"

    def reopen_pull(self, stage: int) -> None:
        if (pull := self.pull(stage)) and not pull.merged and stage in self.branches:
            pull.state = "open"

    def push(self, stage: int, author: str = "rea") -> None:
        """A person puts a commit on the stage's branch."""
        if stage in self.branches:
            commit = f"{self.new_id('push'):039x}f"
            self.branches[stage] = commit
            self.foreign[commit] = author
            for pull in self._open(stage):
                pull.head = commit
            self._ci_starts(stage)

    def delete_branch(self, stage: int) -> None:
        if self.branches.pop(stage, None):
            for pull in self._open(stage):
                pull.state = "closed"

    def request_changes(self, stage: int, author: str = "wim") -> None:
        if (pull := self.pull(stage)) and pull.state == "open":
            number = self.new_id("review")
            pull.reviews.append(
                ReviewFacts(
                    id=number,
                    author=author,
                    bot=author.endswith("[bot]"),
                    role=self.roles[author],
                    state="changes_requested",
                    body="Not like this",
                )
            )
            pull.threads.append(
                ThreadFacts(
                    id=f"T_{number}",
                    reply_to=number,
                    path="lib/a.ex",
                    line=3,
                    comments=((author, "Why?"),),
                )
            )

    # ----- what is read -----

    def facts(self, life: PlanLife, ticker: tuple[str, str] | None = None) -> Facts:
        """As gathered for this life; `ticker` is the box and actor that a delivery tells of."""
        there = RepositoryFacts.model_validate(
            {
                "full_name": "o/r",
                "access": self.access,
                "archived": self.archived,
                "base_branch": self.base_branch,
                "base": self.base_commit,
                "drift": tuple(sorted(self.drift)),
                "rewritten": self.rewritten,
                "workflow": self.workflow,
                "switched_off": self.switched_off,
                "drafts": self.drafts,
                "attempts_today": self._attempts_today(),
            }
        )
        blank = Facts(now=self.now, repository=there, policy=self.policy, issue=None)
        if self.access != "active":
            return blank
        issue = self.issues.get(PLAN_ISSUE)
        facts = blank.model_copy(
            update={"issue": issue, "policy_problem": self.policy_problem, "plan": self.plan}
        )
        return facts if issue is None else facts.model_copy(update=self._rest(life, ticker))

    def _rest(self, life: PlanLife, ticker: tuple[str, str] | None) -> dict[str, object]:
        asked = self.analyses[-1].replan if self.analyses else -1
        asker = "" if life.stages else self.requested_by
        approvers = {s.approved.actor for s in life.stages if s.approved}
        said = (c.model_copy(update={"role": self._role(c.author)}) for c in self.comments)
        return {
            "requested": self._role(asker or life.requested.actor),
            "requested_by": asker,
            "roles": {name: self._role(name) for name in approvers},
            "comments": tuple(said),
            "ticks": tuple(self._tick(box, ticker) for box in ticked(self.dashboard())),
            "stages": tuple(self._stage(s) for s in life.stages),
            "plan_problem": self.plan_problem if asked == life.replans else "",
        }

    def _role(self, name: str) -> Role:
        return self.roles.get(name, "none")

    def _tick(self, box: str, ticker: tuple[str, str] | None) -> Tick:
        if ticker is None or ticker[0] != box:
            return Tick(box=box)
        return Tick(box=box, actor=ticker[1], role=self._role(ticker[1]))

    def _stage(self, stage: StageLife) -> StageFacts:
        n = stage.number
        number = stage.issue or self.stage_issues.get(n, 0)
        tip = self.branches.get(n, "")
        pull = self._pull_of(stage)
        facts = self._pull_facts(pull) if pull else None
        return StageFacts(
            number=n,
            issue=self.issues.get(number),
            linked=number in self.linked,
            blocked_by=tuple(sorted(by for issue, by in self.blocked if issue == number)),
            branch=tip,
            foreign=(self.foreign[tip],) if tip in self.foreign else (),
            pull=facts,
            runs=tuple(
                self._run_facts(r)
                for r in self.runs
                if (r.stage, r.attempt) == (n, stage.attempt) and _read(stage)
            ),
            failure=self._failure(facts) if facts else None,
            kept=next((r.outcome for r in self.runs if r.outcome and _led_to(r, stage)), None),
            refused=tuple(
                Refusal(attempt=attempt, kind=kind, words=words)
                for (number, attempt, kind), words in self.said_no.items()
                if number == n
            ),
        )

    def _pull_of(self, stage: StageLife) -> Pull | None:
        if stage.pull:
            return self.pulls[stage.pull]
        mine = [p for p in self.pulls.values() if p.stage == stage.number]
        return next((p for p in reversed(mine) if p.number not in stage.past), None)

    def _pull_facts(self, pull: Pull) -> PullFacts:
        return PullFacts.model_validate(
            {
                "number": pull.number,
                "node": f"PR_{pull.number}",
                "state": pull.state,
                "merged": bool(pull.merged),
                "merge_commit": pull.merged,
                "draft": pull.draft,
                "base": pull.base,
                "head": pull.head,
                "title": pull.title,
                "body": pull.body,
                "labels": tuple(sorted(pull.labels)),
                "conflict": pull.conflict,
                "queued": pull.queued,
                "checks": tuple(_check_facts(c) for c in self.checks.get(pull.head, [])),
                "reviews": tuple(pull.reviews),
                "threads": tuple(pull.threads),
                "held": self.held,
                "started": tuple(sorted(self.started.get(pull.head, ()))),
            }
        )

    def _run_facts(self, run: Run) -> RunFacts:
        return RunFacts.model_validate(
            {
                "id": run.id,
                "attempt": run.attempt,
                "status": run.status,
                "conclusion": run.conclusion,
                "outcome": run.outcome,
                "problem": "" if run.outcome else "no report",
                "held": run.held,
            }
        )

    def _failure(self, pull: PullFacts) -> Failure | None:
        checks = [c for c in self.checks.get(pull.head, []) if not c.ours]
        failed = [c for c in checks if c.conclusion == "failure"]
        if not failed or any(c.status != "completed" for c in checks):
            return None
        inherited = tuple(c.name for c in failed if c.name in self.red_on_base)
        mine = [c for c in failed if c.name not in self.red_on_base]
        if not mine:
            text = {"text": "", "fingerprint": ""}
            return Failure(head=pull.head, inherited=inherited, innocent=True, **text)
        runs = tuple(c.run for c in mine if c.run)
        return Failure(
            head=pull.head,
            inherited=inherited,
            text=f"1) test {mine[0].fails}",
            fingerprint=mine[0].fails,
            paths=("lib/a.ex",),
            runs=runs,
            rerun=tuple(c.run for c in mine if c.run_attempt > 1),
            refused=tuple(run for run in runs if run in self.refused),
        )

    def _attempts_today(self) -> int:
        today = self.now.date()
        others = self.others if today == START.date() else 0
        return others + sum(r.begun.date() == today for r in self.runs)


def _read(stage: StageLife) -> bool:
    busy = bool({stage.status, stage.before} & BUSY)
    return stage.flying or busy or stage.status == "pr-open"


def _led_to(run: Run, stage: StageLife) -> bool:
    """Whether the run left what is on the stage's branch."""
    said = run.outcome
    return said is not None and run.stage == stage.number and said.commit == stage.head != ""


def _check_facts(check: Check) -> CheckFacts:
    return CheckFacts.model_validate(
        {
            "name": check.name,
            "app": "otp-genesis" if check.ours else "github-actions",
            "ours": check.ours,
            "status": check.status,
            "conclusion": check.conclusion,
            "run": check.run,
            "title": check.title,
        }
    )
