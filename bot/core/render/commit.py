"""Commit messages: what changed, why, and how far it is proved."""

from __future__ import annotations

from textwrap import fill

from bot.core.plan import Action
from bot.core.verdict import Verdict

_PROOFS = {
    "behavioural": "Proof: behavioural. The generated test fails on the code before for the intended reason and passes after.",
    "traced": "Proof: traced. The generated test watches what processes are started; it fails before and passes after.",
    "structural": "Proof: structural. The finding is gone and the suite is unchanged; fault tolerance itself was not tested.",
    "none": "Proof: none beyond a green suite.",
}
WIDTH = 72


def commit_message(action: Action, verdict: Verdict, title: str = "") -> str:
    """Subject and body, wrapped at 72 columns."""
    notes = [s.removeprefix("Note for reviewers: ") for s in action.steps if s.startswith("Note for reviewers: ")]
    paragraphs = [action.problem, f"Kept: {action.invariant}" if action.invariant else "", *notes, _PROOFS[verdict.proof], _suite(verdict)]
    body = "\n\n".join(fill(" ".join(p.replace("`", "").split()), WIDTH) for p in paragraphs if p)
    return f"{_subject(title or action.title)}\n\n{body}"


def trailers(plan_id: str, action_id: str) -> dict[str, str]:
    """The trailers that tie a commit to its plan."""
    return {"Genesis-Plan": plan_id, "Genesis-Action": action_id}


def _subject(title: str) -> str:
    line = " ".join(title.replace("`", "").split())
    return line if len(line) <= WIDTH else line[: WIDTH - 1].rstrip() + "…"


def _suite(verdict: Verdict) -> str:
    suite = next((c for c in verdict.checks if c.name == "test"), None)
    return f"Suite: {suite.summary}." if suite is not None else ""
