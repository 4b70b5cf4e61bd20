"""A push policy, worked out for the refs of one push, as the update hook reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from bot.simulator.git.objects import NULL_SHA
from bot.simulator.git.policy import PushPolicy, RefRule
from bot.simulator.git.refnames import LONGEST, is_ref_name

Condition = Literal["always", "forced", "merges", "workflows"]
SEPARATOR = "\x1f"
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
FULL_SHA_NAME = re.compile(r"refs/(?:heads|tags)/([0-9a-fA-F]{40})")
PROTECTED = "protected branch hook declined"
RULESET = "push declined due to repository rule violations"
NOT_AUTHORIZED = (
    "You're not authorized to push to this branch. Visit https://docs.github.com/repositories/"
    "configuring-branches-and-merges-in-your-repository/managing-protected-branches/"
    "about-protected-branches for more information."
)


@dataclass(frozen=True)
class Command:
    """What a push asks for: NULL_SHA is no object, as git has it."""

    ref: str
    old: str
    new: str

    @property
    def creates(self) -> bool:
        return self.old == NULL_SHA

    @property
    def deletes(self) -> bool:
        return self.new == NULL_SHA


@dataclass(frozen=True)
class Ruling:
    """Why a ref is refused: if the condition holds, which only the hook can tell.

    `answer` stands behind the ref in git's table; `{path}` in it is the file that broke the rule.
    """

    ref: str
    condition: Condition
    heading: str = ""
    review: str = ""
    message: str = ""
    answer: str = "pre-receive hook declined"

    def line(self) -> str:
        fields = (
            self.ref,
            self.condition,
            self.heading,
            self.review,
            self.message,
            self.answer,
        )
        return SEPARATOR.join(CONTROL.sub(" ", field) for field in fields) + "\n"


def rulings(policy: PushPolicy, commands: Iterable[Command]) -> list[Ruling]:
    """All that could be said against a push."""
    return [ruling for command in commands for ruling in _rulings(policy, command)]


def _rulings(policy: PushPolicy, command: Command) -> Iterator[Ruling]:
    if match := FULL_SHA_NAME.fullmatch(command.ref):
        text = "GH002: Sorry, branch or tag names consisting of 40 hex characters are not allowed."
        yield Ruling(
            command.ref, "always", text, message=f'Invalid branch or tag name "{match[1]}"'
        )
    if not command.deletes and not is_ref_name(command.ref):
        # git takes it where it is not UTF-8, but no JSON could tell of it.
        text = f"The name of a ref must be UTF-8 and cannot have more than {LONGEST} bytes."
        yield Ruling(command.ref, "always", text)
    for rule in policy.rules:
        if rule.covers(command.ref):
            for condition, message in _violations(rule, command):
                yield _violation(policy, rule, command.ref, condition, message)
    if not policy.may_write_workflows and not command.deletes:
        answer = (
            f"refusing to allow {policy.pusher_kind} to create or update workflow `{{path}}` "
            "without `workflows` permission"
        )
        yield Ruling(command.ref, "workflows", answer=answer)


def _violations(rule: RefRule, command: Command) -> Iterator[tuple[Condition, str]]:
    if command.deletes:
        if rule.blocks_deletion:
            yield "always", "Cannot delete this branch"
        return
    if command.creates and rule.blocks_creation:
        yield "always", "Cannot create ref due to creations being restricted."
    if not command.creates and rule.blocks_update:
        ruleset = rule.source == "ruleset"
        yield "always", "Cannot update this protected ref." if ruleset else NOT_AUTHORIZED
    if rule.blocks_force:
        yield "forced", "Cannot force-push to this branch"
    if rule.requires_linear_history:
        yield "merges", "This branch must not contain merge commits."
    if rule.requires_pull_request:
        yield "always", "Changes must be made through a pull request."
    expected = list(rule.expected_checks(command.new))
    if len(expected) == 1:
        yield "always", f'Required status check "{expected[0]}" is expected.'
    elif expected:
        yield "always", f"{len(expected)} of {len(expected)} required status checks are expected."


def _violation(
    policy: PushPolicy, rule: RefRule, ref: str, condition: Condition, message: str
) -> Ruling:
    if rule.source == "protection":
        heading = f"GH006: Protected branch update failed for {ref}."
        return Ruling(ref, condition, heading, "", message, PROTECTED)
    heading = f"GH013: Repository rule violations found for {ref}."
    name = quote(ref, safe="", errors="surrogateescape")
    review = f"Review all repository rules at {policy.rules_url}?ref={name}"
    return Ruling(ref, condition, heading, review, message, RULESET)
