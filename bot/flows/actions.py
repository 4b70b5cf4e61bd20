"""From findings to actions: what a codemod can do, what needs a person, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.core.finding import SEVERITIES, Finding
from bot.core.plan import Action, Change, FileRange
from bot.elixir import edit
from bot.elixir.changed import with_changes
from bot.elixir.fixes import all_codemods, codemod
from bot.elixir.fixes.base import Codemod, Declined, GeneratedTest, Proposal, Requirement
from bot.elixir.project import Project
from bot.elixir.rules import rule
from bot.flows.advice import advice_for, group_of
from bot.flows.excerpt import before_and_after, parses
from bot.flows.places import change_range, finding_range, identity


@dataclass
class Composition:
    """Actions in the making, with the changes previewed for each."""

    project: Project
    actions: dict[str, Action] = field(default_factory=dict)
    changes: dict[str, tuple[Change, ...]] = field(default_factory=dict)
    action_of: dict[str, str] = field(default_factory=dict)
    """Action id by finding id."""


def compose(project: Project, findings: Iterable[Finding]) -> Composition:
    """One action per codemod proposal, one advice per rule and module for the other findings."""
    made = Composition(project)
    advice: dict[tuple[str, str, str], list[tuple[Finding, str]]] = {}
    for finding in sorted(findings, key=_urgency):
        action, reason = _by_codemod(made, finding)
        if action is not None:
            made.action_of[finding.id] = action.id
        else:
            advice.setdefault(group_of(finding), []).append((finding, reason))
    for group in advice.values():
        action = advice_for(project, group)
        made.actions[action.id] = action
        made.action_of.update({finding.id: action.id for finding, _ in group})
    _weaken_requirements(made)
    return made


def _weaken_requirements(made: Composition) -> None:
    """A foundation that only undecided actions stand on waits for the same decision."""
    for action in [a for a in made.actions.values() if a.codemod and not a.finding_ids]:
        users = [a for a in made.actions.values() if action.id in a.depends_on]
        if users and all(user.fix != "automatic" for user in users):
            decision = f"Only {users[0].id} needs this: {users[0].decision}"
            changed = {"fix": "assisted", "decision": action.decision or decision}
            made.actions[action.id] = action.model_copy(update=changed)


def _urgency(finding: Finding) -> tuple[int, int, str, int]:
    return finding.stage, SEVERITIES.index(finding.severity), finding.path, finding.start_byte


def _by_codemod(made: Composition, finding: Finding) -> tuple[Action | None, str]:
    """The finding's action, or why no codemod takes it."""
    reason = ""
    for mod in all_codemods():
        if finding.rule not in mod.rules:
            continue
        offer = mod.propose(made.project, finding)
        if isinstance(offer, Declined):
            reason = reason or offer.reason
            continue
        action = _action(made, mod, offer, finding)
        if isinstance(action, Action):
            return action, ""
        reason = reason or action.reason
    return None, reason


def _action(
    made: Composition, mod: Codemod, offer: Proposal, finding: Finding
) -> Action | Declined:
    known = identity(finding.stage, mod.name, offer.params)
    if known in made.actions:
        merged = made.actions[known]
        ids = (*merged.finding_ids, finding.id)
        made.actions[known] = merged.model_copy(update={"finding_ids": tuple(dict.fromkeys(ids))})
        return made.actions[known]
    needed = [_required(made, r, finding) for r in offer.requires]
    refused = next((n for n in needed if isinstance(n, Declined)), None)
    if refused is not None:
        return refused
    before = with_changes(
        made.project, _merged(made, [n.id for n in needed if isinstance(n, Action)])
    )
    changes = mod.apply(before, offer.params)
    if isinstance(changes, Declined):
        return changes
    depends = tuple(n.id for n in needed if isinstance(n, Action))
    files = (finding_range(made.project, finding),)
    blocked = [n for n in needed if isinstance(n, Action) and n.fix != "automatic"]
    fix = offer.fix if not blocked else "assisted"
    decision = offer.decision or (
        f"First decide on {blocked[0].id}: {blocked[0].decision}" if blocked else ""
    )
    offer = Proposal(offer.title, offer.params, fix, decision, offer.requires, offer.notes)
    action = _build(made.project, mod, offer, changes, (finding,), files, depends, finding.stage)
    _add(made, action, changes)
    return action


def _required(made: Composition, requirement: Requirement, finding: Finding) -> Action | Declined:
    mod = codemod(requirement.codemod)
    params = dict(requirement.params)
    offer = (
        mod.propose_requirement(made.project, params)
        if mod.propose_requirement
        else Declined("no such requirement")
    )
    if isinstance(offer, Declined):
        return offer
    known = next(
        (
            a
            for a in made.actions.values()
            if a.codemod == mod.name and a.params == dict(offer.params)
        ),
        None,
    )
    if known is not None:
        return known
    changes = mod.apply(made.project, offer.params)
    if isinstance(changes, Declined):
        return changes
    files = tuple(change_range(made.project, change) for change in changes)
    action = _build(made.project, mod, offer, changes, (), files, (), finding.stage)
    _add(made, action, changes)
    return action


def _add(made: Composition, action: Action, changes: tuple[Change, ...]) -> None:
    made.actions[action.id] = action
    made.changes[action.id] = changes


def _merged(made: Composition, ids: Iterable[str]) -> tuple[Change, ...]:
    latest: dict[str, Change] = {}
    for action_id in ids:
        for change in made.changes.get(action_id, ()):
            latest[change.path] = change
    return tuple(latest.values())


def _build(
    project: Project,
    mod: Codemod,
    offer: Proposal,
    changes: tuple[Change, ...],
    findings: tuple[Finding, ...],
    files: tuple[FileRange, ...],
    depends: tuple[str, ...],
    stage: int,
) -> Action:
    before, after = before_and_after(changes)
    test = generated_test(mod, project, offer.params)
    first = findings[0] if findings else None
    notes = tuple(f"Note for reviewers: {note}" for note in offer.notes)
    return Action(
        id=identity(stage, mod.name, offer.params),
        stage=stage,
        title=offer.title,
        fix=offer.fix,
        rule=first.rule if first else "",
        finding_ids=tuple(f.id for f in findings),
        codemod=mod.name,
        params=dict(offer.params),
        files=files,
        problem=f"{first.message}. {rule(first.rule).harm}" if first else mod.summary,
        invariant=mod.invariant,
        before=before,
        after=after,
        diff=edit.diff(changes),
        decision=offer.decision if offer.fix != "automatic" else "",
        steps=(*mod.steps, *notes),
        how_to_test=_how_to_test(mod, test),
        test_code=test.code if isinstance(test, GeneratedTest) else "",
        done_when=mod.done_when,
        depends_on=depends,
        effort=mod.effort,
        risk=mod.risk,
    )


def generated_test(
    mod: Codemod, project: Project, params: Mapping[str, str]
) -> GeneratedTest | Declined:
    """The codemod's test, where it is Elixir: a name made by `unquote` cannot be called by name."""
    made = mod.test(project, params)
    if isinstance(made, GeneratedTest) and not parses(made.code):
        return Declined("what it would call has no name a test can write")
    return made


def _how_to_test(mod: Codemod, test: GeneratedTest | Declined) -> str:
    if isinstance(test, Declined):
        return (
            f"{mod.how_to_test} No test can be generated ({test.reason}); the proof is structural:"
            " the finding is gone and the suite is unchanged."
        )
    proof = f"The generated test `{test.path}` gives a {test.proof} proof."
    return f"{mod.how_to_test} {proof} {test.note}".strip()
