"""What a team lets Genesis do: the settings of `.github/otp-genesis.yml`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

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

PROTECTED: tuple[str, ...] = (
    ".github/**",
    ".genesis/**",
    ".gitattributes",
    ".gitmodules",
    "**/.credo.exs",
    "**/.formatter.exs",
    "**/mix.lock",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    "**/config/runtime.exs",
    "**/*.secret.exs",
)


class Limits(Record):
    """Where Genesis stops and asks."""

    attempts: int = Field(default=3, ge=1, le=20)
    """Attempts at one stage before a person is asked."""
    minutes: float = Field(default=120, gt=0, le=6 * 60)
    """Of one attempt."""
    usd_per_stage: float | None = Field(default=None, gt=0)
    usd_per_plan: float | None = Field(default=None, gt=0)
    files: int = Field(default=50, ge=1)
    """Files one stage may change."""
    lines: int = Field(default=2000, ge=1)
    """Lines one stage may add and remove."""


class Policy(Record):
    """The configuration; every setting has a default, an empty file is a valid one."""

    version: Literal[1] = 1
    label: str = Field(default="otp-refactor", min_length=1, max_length=50)
    """The label that asks for a plan."""
    goal: str = Field(default="", max_length=500)
    """What to plan for; empty: the title of the issue."""
    run: Literal["manual", "on-approval", "auto"] = "on-approval"
    """`manual`: each stage by its own command; `on-approval`: in order once the plan is approved;
    `auto`: in order at once."""
    stages: tuple[int, ...] = (1, 2, 3, 4)
    """Stages that may be run."""
    base: str = Field(default="", max_length=255)
    """Branch to work on; empty: the default branch."""
    workflow: str = Field(default="otp-genesis.yml", pattern=r"^[A-Za-z0-9._-]+\.ya?ml$")
    """File name of the workflow that runs stages."""
    permissions: dict[Verb, Need] = Field(default_factory=dict)
    """Roles that commands ask for, where they differ from the usual."""
    limits: Limits = Limits()
    protected_paths: tuple[str, ...] = PROTECTED
    """Globs of files no fix may touch."""
    required_checks: tuple[str, ...] = ()
    """Names of checks that must have passed; empty: all there are."""
    ignored_checks: tuple[str, ...] = ()
    checks_minutes: int = Field(default=60, ge=1)
    """How long to wait for checks before a person is told."""
    draft: bool = True
    """Open pull requests as drafts until their checks are green."""

    @field_validator("stages")
    @classmethod
    def _known_stages(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(number not in range(1, 5) for number in value):
            raise ValueError("stages are 1 to 4; stage 5 is carried out by people")
        return tuple(sorted(set(value)))

    def needs(self, verb: Verb) -> Need:
        """The least role for a command."""
        return self.permissions.get(verb, NEEDED[verb])
