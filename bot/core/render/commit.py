"""Commit messages: what changed, why, and how far it is proved."""

from __future__ import annotations

import re
from textwrap import fill, shorten

from bot.core.plan import Action
from bot.core.verdict import Proof, Verdict

PROOFS: dict[Proof, str] = {
    "behavioural": "The generated test fails on the code before for the intended reason and"
    " passes after.",
    "traced": "The generated test watches what processes are started; it fails before and"
    " passes after.",
    "structural": "The finding is gone and the suite is unchanged; fault tolerance itself was"
    " not tested.",
    "none": "Nothing beyond a green suite.",
}
ELSEWHERE = (
    "Proof: by the gates alone where this was written. Nothing of the repository was run there;"
    " a job of its own builds and tests the whole change before it is published."
)
WIDTH = 72


def commit_message(action: Action, verdict: Verdict, title: str = "", *, untested: str = "") -> str:
    """Subject and body, wrapped at 72 columns; `untested` says why there is no generated test."""
    notes = [
        s.removeprefix("Note for reviewers: ")
        for s in action.steps
        if s.startswith("Note for reviewers: ")
    ]
    paragraphs = [
        action.problem,
        f"Kept: {kept(action.invariant)}" if action.invariant else "",
        *notes,
        *((ELSEWHERE,) if verdict.elsewhere else (_proof(action, verdict, untested),)),
        _suite(verdict),
    ]
    body = "\n\n".join(fill(" ".join(p.replace("`", "").split()), WIDTH) for p in paragraphs if p)
    return f"{_subject(title or action.title)}\n\n{body}"


def trailers(plan_id: str, action_id: str) -> dict[str, str]:
    """The trailers that tie a commit to its plan."""
    return {"Genesis-Plan": plan_id, "Genesis-Action": action_id}


def kept(invariant: str) -> str:
    """The invariant without the conditions under which the codemod is automatic at all."""
    sentences = re.split(r"(?<=[.;])\s+(?=[A-Z])", invariant)
    return " ".join(s for s in sentences if not s.startswith("Automatic"))


def _subject(title: str) -> str:
    """One line of at most `WIDTH` characters, cut between words."""
    return shorten(title.replace("`", ""), WIDTH, placeholder=" …")


def _proof(action: Action, verdict: Verdict, untested: str) -> str:
    why = f" No test was generated: {untested}." if untested else ""
    if verdict.proof == "none" and not action.finding_ids:
        return f"Proof: none of its own, the suite is unchanged.{why}"
    return f"Proof: {verdict.proof}. {PROOFS[verdict.proof]}{why}"


def _suite(verdict: Verdict) -> str:
    suite = next((c for c in verdict.checks if c.name == "test"), None)
    if suite is None:
        return ""
    # A change that breaks a test is never committed: what is red here was red before.
    return f"Suite: {suite.summary}{'' if suite.status == 'passed' else ', none of them new'}."
