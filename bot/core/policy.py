"""What a team lets Genesis do: the settings of `.github/otp-genesis.yml`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    field_validator,
)

from bot.core.model import Record

Verb = Literal[
    "plan",
    "approve",
    "fix",
    "retry",
    "status",
    "explain",
    "skip",
    "stop",
    "replan",
    "cost",
    "help",
]
Need = Literal["read", "triage", "write", "maintain", "admin"]

NEEDED: dict[Verb, Need] = {
    "plan": "write",
    "approve": "write",
    "fix": "write",
    "retry": "write",
    "status": "read",
    "explain": "read",
    "skip": "write",
    "stop": "triage",
    "replan": "write",
    "cost": "read",
    "help": "read",
}
"""The least role each command asks for, unless the configuration says otherwise."""

ALWAYS_PROTECTED: tuple[str, ...] = (
    ".github/**",
    ".genesis/**",
    ".gitattributes",
    ".gitmodules",
)
"""What decides about us, and what git itself obeys: no configuration opens these."""

PROTECTED: tuple[str, ...] = (
    *ALWAYS_PROTECTED,
    "**/.credo.exs",
    "**/.formatter.exs",
    "**/mix.lock",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    "**/config/runtime.exs",
    "**/*.secret.exs",
)


WorkflowFile = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+\.ya?ml$")]
"""Name of a file below `.github/workflows/`."""

BRANCH = r"^(?:[A-Za-z0-9_][A-Za-z0-9_./+@-]*)?$"


class _Setting(Record):
    # The texts below the fields are the descriptions in the JSON Schema.
    model_config = ConfigDict(use_attribute_docstrings=True)


def _relative(globs: tuple[str, ...]) -> tuple[str, ...]:
    if any(not glob or glob.startswith("/") or ".." in glob.split("/") for glob in globs):
        raise ValueError("globs are relative to the top of the repository")
    return globs


Globs = Annotated[tuple[str, ...], Field(max_length=200), AfterValidator(_relative)]


Level = Literal["error", "warning", "info", "off"]
"""What findings of a rule count as; `off`: it does not run."""


class RuleSetting(_Setting):
    """How one rule is applied; a severity, or `off`, can stand in place of the whole map."""

    severity: Level | None = None
    """What its findings count as, `off`: it does not run; null: what the rule itself says."""
    exclude: Globs = ()
    """Globs of files of which this rule tells nothing."""
    limits: dict[str, int] = Field(default_factory=dict, max_length=20)
    """Numbers it compares with, by name, where they differ from its own; `genesis explain RULE`
    lists them."""


def _form(value: Any) -> str:
    return "[level]" if isinstance(value, str) else "[map]"


class AnalysisSetting(_Setting):
    """What the analyser tells."""

    exclude: Globs = ()
    """Globs of files of which nothing is told; they are still read, to understand the others."""
    rules: dict[
        str,
        Annotated[
            Annotated[Level, Tag("[level]")] | Annotated[RuleSetting, Tag("[map]")],
            Discriminator(_form),
        ],
    ] = Field(default_factory=dict, max_length=500)
    """Rules by their id, each with a severity, `off`, or a map of more, such as
    `{dynamic-atom: off, raw-send: error, god-process: {severity: info, limits: {lines: 900}}}`."""

    def rule_settings(self) -> dict[str, RuleSetting]:
        """What is set for each rule that is named, the short forms written out."""
        return {
            name: given if isinstance(given, RuleSetting) else RuleSetting(severity=given)
            for name, given in self.rules.items()
        }


class Limits(_Setting):
    """Where Genesis stops and asks."""

    attempts: int = Field(default=3, ge=1, le=20)
    """Attempts at one stage before a person is asked."""
    minutes: float = Field(default=120, gt=0, le=6 * 60)
    """Minutes one attempt may take."""
    usd_per_stage: float | None = Field(default=None, gt=0)
    """US dollars one stage may cost, over all its attempts; null: no limit."""
    usd_per_plan: float | None = Field(default=None, gt=0)
    """US dollars the whole plan may cost; null: no limit."""
    attempts_per_day: int | None = Field(default=None, ge=1)
    """Attempts begun in the repository on one day in UTC, for all plans; null: no limit."""
    usd_per_plan_day: float | None = Field(default=None, gt=0)
    """US dollars one plan may cost on one day in UTC; null: no limit."""
    files: int = Field(default=50, ge=1)
    """Files one stage may change."""
    lines: int = Field(default=2000, ge=1)
    """Lines one stage may add and remove."""


class Policy(_Setting):
    """The configuration; every setting has a default, an empty file is a valid one."""

    version: Literal[1] = 1
    """Of the format of this file."""
    label: str = Field(default="otp-refactor", min_length=1, max_length=50)
    """The label that asks for a plan."""
    goal: str = Field(default="", max_length=500)
    """What to plan for; empty: the title of the issue."""
    run: Literal["manual", "on-approval", "auto"] = "on-approval"
    """`manual`: each stage by its own command; `on-approval`: in order once the plan is approved;
    `auto`: in order at once."""
    stages: tuple[int, ...] = (1, 2, 3, 4)
    """Stages that may be run."""
    base: str = Field(default="", max_length=255, pattern=BRANCH)
    """Branch to work on; empty: the default branch."""
    workflow: WorkflowFile = "otp-genesis.yml"
    """File name of the workflow that runs stages."""
    permissions: dict[Verb, Need] = Field(default_factory=dict)
    """Roles that commands ask for, where they differ from the usual."""
    limits: Limits = Limits()
    """Where Genesis stops and asks."""
    analysis: AnalysisSetting = AnalysisSetting()
    """What the analyser tells. It is read from the commit that is analysed."""
    protected_paths: Globs = PROTECTED
    """Globs of files no fix may touch; the first four stay protected whatever stands here."""
    required_checks: tuple[str, ...] = ()
    """Names of checks that must have passed; empty: all there are."""
    ignored_checks: tuple[str, ...] = ()
    """Names of checks that are not waited for and never start an attempt."""
    dispatch_checks: tuple[WorkflowFile, ...] = Field(default=(), max_length=10)
    """File names of workflows to start on the branch of a pull request, for where its own events
    start none, as without an App; each needs `workflow_dispatch`."""
    checks_minutes: int = Field(default=60, ge=1, le=7 * 24 * 60)
    """How long to wait for checks before a person is told."""
    draft: bool = True
    """Open pull requests as drafts until their checks are green."""

    @field_validator("stages")
    @classmethod
    def _known_stages(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(number not in range(1, 5) for number in value):
            raise ValueError("stages are 1 to 4; stage 5 is carried out by people")
        return tuple(sorted(set(value)))

    @field_validator("protected_paths")
    @classmethod
    def _always_protected(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*ALWAYS_PROTECTED, *value)))

    def needs(self, verb: Verb) -> Need:
        """The least role for a command."""
        return self.permissions.get(verb, NEEDED[verb])
