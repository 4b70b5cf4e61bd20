"""`make chaos`: whole plans while deliveries get lost, calls fail and the server is killed.

Each run plays one plan on a copy of `examples/kiosk`, with faults and kills of its own seed, and
ends with a calm sweep. What GitHub shows then must be what it shows after a run without any fault.
The folder of a run that failed or differs is kept, with GitHub's state and the server's log.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from examples.story.cast import Cast, Failed, onboarded, playing
from examples.story.plot import dashboard, play, pull_of

AGENT = "otp-genesis*"
"""Only our calls go wrong, not those of the people in the play."""
MARKER = re.compile(r"<!-- genesis [^>]* -->")


def main() -> int:
    """0 when every run ended as the calm one did."""
    parser = argparse.ArgumentParser(description="Plans under faults and kills.")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="genesis-chaos.") as name:
        calm, seconds = run(None, Path(name))
    say(f"calm run: {seconds:.0f} s\n{json.dumps(calm, indent=2)}")
    seeds = range(options.seed, options.seed + options.runs)
    same = sum(alike(seed, calm) for seed in seeds)
    say(f"{same} of {options.runs} runs ended as the calm one")
    return 0 if same == options.runs else 1


def alike(seed: int, calm: dict[str, Any]) -> bool:
    """Whether one run with faults ended as the calm one; says so, and keeps what did not."""
    folder = Path(tempfile.mkdtemp(prefix=f"genesis-chaos.{seed}."))
    try:
        end, seconds = run(seed, folder)
    except (Failed, httpx.HTTPError) as error:
        say(f"run {seed}: FAILED: {error}; kept in {folder}")
        return False
    if end != calm:
        say(f"run {seed}: {difference(calm, end)} ({seconds:.0f} s); kept in {folder}")
        return False
    shutil.rmtree(folder)
    say(f"run {seed}: same end state ({seconds:.0f} s)")
    return True


def say(text: str) -> None:
    """One line of the report."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(seed: int | None, folder: Path) -> tuple[dict[str, Any], float]:
    """What GitHub shows at the end of one plan, and how long it took; None is the calm one."""
    began = time.monotonic()
    with playing(folder, onboarded("kiosk", folder)) as cast:
        cast.tell = lambda text: None
        cast.begin_serving()
        with trouble(cast, seed):
            number = play(cast)
        cast.faults({})
        end = cast.until("the end state", lambda: settled(cast, number), 180)
    return end, time.monotonic() - began


@contextmanager
def trouble(cast: Cast, seed: int | None) -> Iterator[None]:
    """Faults, and a thread that kills the server every few seconds and starts it again."""
    if seed is None:
        yield
        return
    chance = random.Random(seed)  # noqa: S311 - a seed makes a run repeatable
    cast.faults({"seed": seed, "faults": faults(chance)})
    stop = threading.Event()
    killer = threading.Thread(target=_kill, args=(cast, chance, stop), daemon=True)
    killer.start()
    try:
        yield
    finally:
        stop.set()
        killer.join()


def faults(chance: random.Random) -> list[dict[str, Any]]:
    """A mix of what goes wrong between GitHub and us."""
    rare = chance.uniform(0.02, 0.08)
    return [
        {"kind": "lose", "probability": chance.uniform(0.05, 0.3)},
        {"kind": "drop", "probability": chance.uniform(0.05, 0.3)},
        {"kind": "duplicate", "probability": chance.uniform(0.05, 0.3)},
        {"kind": "reorder", "probability": chance.uniform(0.05, 0.3), "seconds": 2},
        {"kind": "delay", "probability": 0.1, "seconds": 3},
        {"kind": "error", "probability": rare, "when": "before", "agent": AGENT},
        {"kind": "error", "probability": rare, "when": "after", "agent": AGENT},
        {"kind": "cut", "probability": rare / 2, "when": "after", "agent": AGENT},
        {"kind": "absent", "probability": rare, "seconds": 1, "agent": AGENT},
        {"kind": "secondary_limit", "probability": rare / 4, "seconds": 1, "agent": AGENT},
        {"kind": "token_expired", "probability": rare / 2},
    ]


def _kill(cast: Cast, chance: random.Random, stop: threading.Event) -> None:
    while not stop.wait(chance.uniform(3.0, 20.0)):
        cast.end_serving(signal.SIGKILL)
        time.sleep(chance.uniform(0.0, 1.0))
        cast.begin_serving()


def settled(cast: Cast, number: int) -> dict[str, Any] | None:
    """What GitHub shows, once the plan is closed and nothing changed for a while."""
    if cast.get(f"/issues/{number}")["state"] != "closed":
        return None
    first = shown(cast, number)
    time.sleep(8)
    return first if shown(cast, number) == first else None


def shown(cast: Cast, number: int) -> dict[str, Any]:
    """Everything that could be there twice, without ids and times."""
    issues = cast.get("/issues?state=all&per_page=100")
    plain = [issue for issue in issues if "pull_request" not in issue]
    comments = cast.get(f"/issues/{number}/comments?per_page=100")
    board = dashboard(cast, number)
    return {
        "issues": sorted(f"{i['title']}: {i['state']}, {_labels(i)}" for i in plain),
        "comments": sorted(_kind(c["body"]) for c in comments),
        "sub-issues": len(cast.get(f"/issues/{number}/sub_issues?per_page=100")),
        "pulls": [_pull(cast, number, stage) for stage in (1, 2, 3, 4)],
        "all pulls": len(cast.get("/pulls?state=all&per_page=100")),
        "stages": [
            line for line in (board or {"body": ""})["body"].splitlines() if line[:3] in ROWS
        ],
        "main": [c["commit"]["message"].splitlines()[0] for c in cast.get("/commits?sha=main")],
    }


ROWS = ("| 1", "| 2", "| 3", "| 4", "| 5")


def _pull(cast: Cast, number: int, stage: int) -> str:
    pull = pull_of(cast, number, stage)
    if pull is None:
        return "none"
    commits = cast.get(f"/pulls/{pull['number']}/commits")
    titles = ", ".join(c["commit"]["message"].splitlines()[0] for c in commits)
    return f"{pull['state']}, merged at {bool(pull['merged_at'])}: {titles}"


def _labels(issue: dict[str, Any]) -> str:
    return "+".join(sorted(label["name"] for label in issue["labels"]))


def _kind(body: str) -> str:
    found = MARKER.findall(body)
    return re.sub(r"re=\d+", "re=N", found[-1]) if found else body.splitlines()[0]


def difference(calm: dict[str, Any], end: dict[str, Any]) -> str:
    """Where two end states differ."""
    return "DIFFERS: " + json.dumps(
        {key: {"calm": calm[key], "here": end[key]} for key in calm if calm[key] != end[key]}
    )


if __name__ == "__main__":
    sys.exit(main())
