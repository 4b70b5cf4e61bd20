"""Our check runs: one for each stage and commit, with annotations."""

from __future__ import annotations

from bot.core.lifecycle.commands import PutCheck
from bot.core.names import check_name
from bot.core.render.github import markers
from bot.github.doing.context import Doing

PER_REQUEST = 50
"""GitHub takes no more annotations at once."""
MOST = 200
_MESSAGE = 64 * 1024


def put_check(doing: Doing, command: PutCheck) -> None:
    """Create or update the check run of this stage on the commit."""
    name = check_name(command.stage)
    found = list(
        doing.client.pages(
            f"./commits/{command.head}/check-runs",
            key="check_runs",
            check_name=name,
            app_id=doing.app_id,
        )
    )
    notes = [_annotation(*note) for note in command.annotations[:MOST]]
    wanted: dict[str, object] = {"status": command.status}
    if command.conclusion is not None:
        wanted["conclusion"] = command.conclusion
    output = {"title": command.title, "summary": markers.fit(command.summary, limit=65_535)}
    first = {**wanted, "output": {**output, "annotations": notes[:PER_REQUEST]}}
    if found:
        run = int(found[-1]["id"])
        doing.client.patch("checks", f"./check-runs/{run}", first)
    else:
        made = doing.client.post(
            "checks", "./check-runs", {"name": name, "head_sha": command.head, **first}
        )
        run = int(made["id"])
    for start in range(PER_REQUEST, len(notes), PER_REQUEST):
        more = {**output, "annotations": notes[start : start + PER_REQUEST]}
        doing.client.patch("checks", f"./check-runs/{run}", {"output": more})


def _annotation(path: str, line: int, message: str) -> dict[str, object]:
    return {
        "path": path,
        "start_line": max(1, line),
        "end_line": max(1, line),
        "annotation_level": "failure",
        "message": message.encode()[:_MESSAGE].decode("utf-8", "ignore") or "failed",
    }
