"""The checks on a pull request's head."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args

from bot.core.lifecycle.checks import CheckFacts, Conclusion
from bot.github.reading.context import Reading

OURS = "genesis/"
"""What the names of our check runs begin with."""
RUN = re.compile(r"/actions/runs/(?P<run>[0-9]{1,19})(?:/job/(?P<job>[0-9]{1,19}))?")

Status = Literal["queued", "in_progress", "completed"]

_STATUSES: dict[str, tuple[Status, Conclusion | None]] = {
    "pending": ("in_progress", None),
    "success": ("completed", "success"),
    "failure": ("completed", "failure"),
    "error": ("completed", "failure"),
}
"""The older commit statuses, in the words of check runs."""


def check_facts(reading: Reading, head: str) -> tuple[CheckFacts, ...]:
    """The newest check run of each name in each suite, and the newest status of each context."""
    listed = reading.client.pages(f"./commits/{head}/check-runs", key="check_runs", filter="latest")
    runs = [_check(reading, run) for run in listed]
    combined = reading.client.get(f"./commits/{head}/status", per_page=100)
    statuses = [_status(reading, status) for status in combined["statuses"]]
    return (*runs, *statuses)


def status_of(thing: dict[str, Any]) -> tuple[Status, Conclusion | None]:
    """Of a check run or a workflow run; what GitHub may add to either is no success."""
    status: Status = "queued"
    if thing["status"] in get_args(Status):
        status = thing["status"]
    if status != "completed":
        return status, None
    conclusion: Conclusion = "action_required"
    if thing["conclusion"] in get_args(Conclusion):
        conclusion = thing["conclusion"]
    return status, conclusion


def _check(reading: Reading, run: dict[str, Any]) -> CheckFacts:
    app = run.get("app") or {}
    # With the token of a job, what others' jobs say comes from the same App as what we say.
    ours = app.get("id") == reading.app_id and run["name"].startswith(OURS)
    url = run.get("details_url") or run.get("html_url") or ""
    found = RUN.search(url) or RUN.search(run.get("html_url") or "")
    status, conclusion = status_of(run)
    return CheckFacts(
        name=run["name"],
        app=app.get("slug") or "",
        ours=ours,
        status=status,
        conclusion=conclusion,
        run=int(found["run"]) if found else 0,
        url=url,
        title=((run.get("output") or {}).get("title") or "") if ours else "",
    )


def _status(reading: Reading, status: dict[str, Any]) -> CheckFacts:
    state, conclusion = _STATUSES.get(status["state"], ("in_progress", None))
    creator = (status.get("creator") or {}).get("login", "")
    return CheckFacts(
        name=status["context"],
        app="",
        ours=creator == reading.ourselves,
        status=state,
        conclusion=conclusion,
        url=status.get("target_url") or "",
    )
