"""Our check runs: one for each stage and commit, with annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.core.lifecycle.commands import PutCheck
from bot.core.names import check_name
from bot.core.render.github import markers
from bot.github.doing.context import Doing, Here
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
    here: Here,
    name: str,
    head: str,
    wanted: dict[str, object],
    texts: dict[str, object],
    annotations: Sequence[Annotation],
) -> None:
    """The newest check run of ours of that name on a commit, as wanted.

    One that has ended stays as it ended where work begins anew: that is another run.
    """
    client, key = here.client, here.key("check", name, head)
    with here.app.made.turn(key):
        run = _newest(here, name, head)
        made = here.app.made.get(key)
        if made is not None and (run is None or made["id"] > run["id"]):
            run = made
        if run is None or (run["status"] == "completed" and wanted["status"] != "completed"):
            body = {"name": name, "head_sha": head, **wanted, "output": texts}
            run = client.post("checks", "./check-runs", body)
            there: set[Annotation] = set()
        else:
            there = _there(here, run) if annotations else set()
            if not _shows(run, wanted, texts):
                change = {**wanted, "output": texts}
                run = client.patch("checks", f"./check-runs/{run['id']}", change)
        here.app.made.put(key, run)
        for notes in _batches(annotations, there):
            more = {"output": {**texts, "annotations": notes}}
            # GitHub adds them to those there are: sent twice they stand there twice.
            run = client.patch("checks", f"./check-runs/{run['id']}", more, repeatable=False)
            here.app.made.put(key, run)


def _batches(
    annotations: Sequence[Annotation], there: set[Annotation]
) -> Iterator[list[dict[str, object]]]:
    """Those that are not there yet, as many at a time as GitHub takes."""
    notes = [_annotation(*note) for note in dict.fromkeys(annotations)]
    new = [n for n in notes if (n["path"], n["start_line"], n["message"]) not in there][:MOST]
    for start in range(0, len(new), PER_REQUEST):
        yield new[start : start + PER_REQUEST]


def _newest(here: Here, name: str, head: str) -> Thing | None:
    listed = here.client.pages(
        f"./commits/{head}/check-runs",
        key="check_runs",
        check_name=name,
        app_id=here.app_id,
        filter="latest",
    )
    mine = [run for run in listed if (run.get("app") or {}).get("id") == here.app_id]
    return max(mine, key=lambda run: int(run["id"]), default=None)


def _shows(run: Thing, wanted: dict[str, object], texts: dict[str, object]) -> bool:
    shown = run.get("output") or {}
    same = all(run.get(name) == value for name, value in wanted.items())
    return same and all(shown.get(name) == value for name, value in texts.items())


def _there(here: Here, run: Thing) -> set[Annotation]:
    if not (run.get("output") or {}).get("annotations_count"):
        return set()
    listed = here.client.pages(f"./check-runs/{run['id']}/annotations")
    return {(note["path"], note["start_line"], note["message"]) for note in listed}


def _annotation(path: str, line: int, message: str) -> dict[str, object]:
    return {
        "path": path,
        "start_line": max(1, line),
        "end_line": max(1, line),
        "annotation_level": "failure",
        "message": message.encode()[:_MESSAGE].decode("utf-8", "ignore") or "failed",
    }
