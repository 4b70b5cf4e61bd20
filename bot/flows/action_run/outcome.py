"""What came of one use of the action: its status, its outputs, and what people are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bot.core.render.markdown import prose
from bot.core.sanitize import one_line
from bot.errors import Exit, OtpError
from bot.flows.stage_run.account import annotation

Status = Literal["ok", "nothing", "findings", "failed", "could-not-verify", "refused", "error"]

EXITS: dict[Status, Exit] = {
    "ok": Exit.OK,
    "nothing": Exit.OK,
    "findings": Exit.FINDINGS,
    "failed": Exit.UNRESOLVED,
    "could-not-verify": Exit.CANNOT_BUILD,
    "refused": Exit.UNUSABLE,
    "error": Exit.INTERNAL,
}
"""How the step ends; an error of ours brings its own code."""

_REFUSALS = frozenset({Exit.USAGE, Exit.UNUSABLE, Exit.CONFIG})


@dataclass(frozen=True)
class ActionOutcome:
    """One finished command."""

    status: Status
    page: str
    """Markdown for the page of the run."""
    remarks: tuple[str, ...] = ()
    """Lines for the log that the runner shows beside files."""
    plan: str = ""
    stage: str = ""
    attempts: str = ""
    findings: str = ""
    cost_usd: str = ""
    pr_number: str = ""
    report: Path | None = None
    sarif: Path | None = None
    branch: str = ""
    commit: str = ""
    exit_code: Exit = field(default=Exit.OK)

    @property
    def code(self) -> Exit:
        """The exit code of the step."""
        return self.exit_code or EXITS[self.status]

    def outputs(self) -> dict[str, str]:
        """The action's outputs by their names with underscores."""
        return {
            "status": self.status,
            "plan": self.plan,
            "stage": self.stage,
            "attempts": self.attempts,
            "findings": self.findings,
            "cost_usd": self.cost_usd,
            "pr_number": self.pr_number,
            "report_path": str(self.report or ""),
            "sarif_path": str(self.sarif or ""),
            "branch": self.branch,
            "commit": self.commit,
        }


def stopped(error: OtpError, command: str) -> ActionOutcome:
    """What an expected error amounts to: `refused` where the caller can put it right."""
    refused = error.exit_code in _REFUSALS
    status: Status = "refused" if refused else "error"
    return ActionOutcome(
        status=status,
        page=_stopped_page(error, command, status),
        remarks=(annotation("error", f"otp-genesis {command}".strip(), str(error)),),
        exit_code=error.exit_code,
    )


def _stopped_page(error: OtpError, command: str, status: Status) -> str:
    lines = [f"## OTP-Genesis {command or 'action'}: {status}", "", prose(one_line(error.message))]
    if error.hint:
        lines += ["", f"What to do: {prose(one_line(error.hint))}"]
    return "\n".join(lines) + "\n"
