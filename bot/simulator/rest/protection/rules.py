"""The rules of a ruleset, as bodies of requests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic_core import to_json

from bot.simulator.rest.bodies import Body


class PullRequestParameters(Body):
    dismiss_stale_reviews_on_push: bool
    require_code_owner_review: bool
    require_last_push_approval: bool
    required_approving_review_count: Annotated[int, Field(ge=0, le=10)]
    required_review_thread_resolution: bool
    allowed_merge_methods: list[Literal["merge", "squash", "rebase"]] | None = None


class PullRequestRule(Body):
    type: Literal["pull_request"]
    parameters: PullRequestParameters


class RequiredCheck(Body):
    context: str
    integration_id: int | None = None


class StatusCheckParameters(Body):
    required_status_checks: list[RequiredCheck]
    strict_required_status_checks_policy: bool
    do_not_enforce_on_create: bool = False


class StatusChecksRule(Body):
    type: Literal["required_status_checks"]
    parameters: StatusCheckParameters


class UpdateParameters(Body):
    update_allows_fetch_and_merge: bool = False


class UpdateRule(Body):
    type: Literal["update"]
    parameters: UpdateParameters = Field(default_factory=UpdateParameters)


class BareRule(Body):
    """One that needs no parameters."""

    type: Literal[
        "creation",
        "deletion",
        "required_linear_history",
        "required_signatures",
        "non_fast_forward",
    ]


class KeptRule(Body):
    """One that is kept and shown, but not enforced here."""

    type: Literal[
        "merge_queue",
        "required_deployments",
        "commit_message_pattern",
        "commit_author_email_pattern",
        "committer_email_pattern",
        "branch_name_pattern",
        "tag_name_pattern",
        "file_path_restriction",
        "max_file_path_length",
        "file_extension_restriction",
        "max_file_size",
        "workflows",
        "code_scanning",
        "copilot_code_review",
    ]
    parameters: dict[str, Any] = Field(default_factory=dict)

    @field_validator("parameters")
    @classmethod
    def _can_be_kept(cls, value: dict[str, Any]) -> dict[str, Any]:
        """JSON can hold halves of characters, which nothing else can."""
        to_json(value)
        return value


Rule = Annotated[
    PullRequestRule | StatusChecksRule | UpdateRule | BareRule | KeptRule,
    Field(discriminator="type"),
]


class BypassActor(Body):
    actor_id: int | None = None
    actor_type: Literal[
        "Integration", "OrganizationAdmin", "RepositoryRole", "Team", "DeployKey", "User"
    ]
    bypass_mode: Literal["always", "pull_request", "exempt"] = "always"


class RefNames(Body):
    include: list[str] = Field(default_factory=list)
    exclude: list[str] = Field(default_factory=list)


class Conditions(Body):
    ref_name: RefNames = Field(default_factory=RefNames)


class RulesetEdit(Body):
    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    target: Literal["branch", "tag", "push"] | None = None
    enforcement: Literal["disabled", "active", "evaluate"] | None = None
    bypass_actors: list[BypassActor] | None = None
    conditions: Conditions | None = None
    rules: list[Rule] | None = None


class NewRuleset(RulesetEdit):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    enforcement: Literal["disabled", "active", "evaluate"]
