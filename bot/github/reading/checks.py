"""The checks on a pull request's head, and what failed in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

from bot.core.lifecycle.facts import FAILED, CheckFacts, Conclusion
from bot.core.policy import Policy
from bot.github.reading.context import Reading

RUN = re.compile(r"/actions/runs/(?P<run>[0-9]{1,19})(?:/job/(?P<job>[0-9]{1,19}))?")
MOST_LOGS = 10
"""Failed jobs whose logs are read."""
MAX_LOG = 32 * 1024 * 1024
"""Bytes of one log; a longer one is cut at its beginning, for failures stand at the end."""

_STATUSES: dict[str, tuple[Literal["in_progress", "completed"], Conclusion | None]] = {
    "pending": ("in_progress", None),
    "success": ("completed", "success"),
    "failure": ("completed", "failure"),
    "error": ("completed", "failure"),
}
"""The older commit statuses, in the words of check runs."""


def check_facts(reading: Reading, head: str) -> tuple[CheckFacts, ...]:
    """Newest check runs by name, and commit statuses."""
    listed = reading.client.pages(f"./commits/{head}/check-runs", key="check_runs", filter="latest")
    runs = [_check(reading, run) for run in listed]
    combined = reading.client.get(f"./commits/{head}/status", per_page=100)
    statuses = [_status(reading, status) for status in combined["statuses"]]
    return (*runs, *statuses)


def _check(reading: Reading, run: dict[str, Any]) -> CheckFacts:
    app = run.get("app") or {}
    ours = app.get("id") == reading.app_id
    url = run.get("details_url") or run.get("html_url") or ""
    found = RUN.search(url) or RUN.search(run.get("html_url") or "")
    status = run["status"] if run["status"] in ("in_progress", "completed") else "queued"
    return CheckFacts(
        name=run["name"],
        app=app.get("slug", ""),
        ours=ours,
        status=status,
        conclusion=run["conclusion"] if status == "completed" else None,
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


def failed_checks(checks: Iterable[CheckFacts], policy: Policy) -> tuple[CheckFacts, ...]:
    """Those that count and failed, once all that count have ended; nothing before that."""
    counting = [c for c in checks if not c.ours and c.name not in policy.ignored_checks]
    if any(c.status != "completed" for c in counting):
        return ()
    return tuple(c for c in counting if c.conclusion in FAILED)
