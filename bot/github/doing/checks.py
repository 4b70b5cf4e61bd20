"""Our check runs: one for each stage and commit, with annotations."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.lifecycle.commands import PutCheck
from bot.core.names import check_name
from bot.core.render.github import markers
from bot.github.doing.context import Doing
from bot.github.doing.single import Thing

PER_REQUEST = 50
"""GitHub takes no more annotations at once."""
MOST = 200
MAX_SUMMARY = 65_535
_MESSAGE = 64 * 1024
_TITLE = 255

Annotation = tuple[str, int, str]
"""Path, line, message."""


def put_check(doing: Doing, command: PutCheck) -> None:
    """Create or update the check run of this stage on the commit."""
    wanted: dict[str, object] = {"status": command.status}
    if command.conclusion is not None:
        wanted["conclusion"] = command.conclusion
    put_check_run(
        doing,
        check_name(command.stage),
        command.head,
        wanted,
        output(command.title, command.summary),
        command.annotations,
    )


def output(title: str, summary: str) -> dict[str, object]:
    """The two texts of a check run, as short as GitHub wants them."""
    return {"title": title[:_TITLE], "summary": markers.fit(summary, limit=MAX_SUMMARY)}


def put_check_run(
    doing: Doing,
    name: str,
    head: str,
    wanted: dict[str, object],
    texts: dict[str, object],
    annotations: Sequence[Annotation],
) -> None:
    """The newest check run of ours of that name on a commit, as wanted.

    One that has ended stays as it ended where work begins anew: that is another run.
    """
    client, key = doing.client, doing.key("check", name, head)
    with doing.app.made.turn(key):
        run = _newest(doing, name, head)
        made = doing.app.made.get(key)
        if made is not None and (run is None or made["id"] > run["id"]):
            run = made
        if run is None or (run["status"] == "completed" and wanted["status"] != "completed"):
            body = {"name": name, "head_sha": head, **wanted, "output": texts}
            run = client.post("checks", "./check-runs", body)
            there = set()
        else:
            there = _there(doing, run) if annotations else set()
            if not _shows(run, wanted, texts):
                change = {**wanted, "output": texts}
                run = client.patch("checks", f"./check-runs/{run['id']}", change)
        doing.app.made.put(key, run)
        notes = [_annotation(*note) for note in dict.fromkeys(annotations) if note not in there]
        for start in range(0, min(len(notes), MOST), PER_REQUEST):
            more = {**texts, "annotations": notes[start : min(start + PER_REQUEST, MOST)]}
            # GitHub adds them to those there are: sent twice they stand there twice.
            client.patch("checks", f"./check-runs/{run['id']}", {"output": more}, repeatable=False)


def _newest(doing: Doing, name: str, head: str) -> Thing | None:
    listed = doing.client.pages(
        f"./commits/{head}/check-runs",
        key="check_runs",
        check_name=name,
        app_id=doing.app_id,
        filter="latest",
    )
    mine = [run for run in listed if (run.get("app") or {}).get("id") == doing.app_id]
    return max(mine, key=lambda run: int(run["id"]), default=None)


def _shows(run: Thing, wanted: dict[str, object], texts: dict[str, object]) -> bool:
    shown = run.get("output") or {}
    same = all(run.get(name) == value for name, value in wanted.items())
    return same and all(shown.get(name) == value for name, value in texts.items())


def _there(doing: Doing, run: Thing) -> set[Annotation]:
    if not (run.get("output") or {}).get("annotations_count"):
        return set()
    listed = doing.client.pages(f"./check-runs/{run['id']}/annotations")
    return {(note["path"], note["start_line"], note["message"]) for note in listed}


def _annotation(path: str, line: int, message: str) -> dict[str, object]:
    return {
        "path": path,
        "start_line": max(1, line),
        "end_line": max(1, line),
        "annotation_level": "failure",
        "message": message.encode()[:_MESSAGE].decode("utf-8", "ignore") or "failed",
    }
