"""One state transition, and a look at every open plan: `make bench-plans`.

Against the local GitHub on this machine, which takes its share of the processors.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.simulator.serving import Serving, serving
from bot import log
from bot.core.events import Hint
from bot.core.lifecycle.commands import Analyse
from bot.core.plan import Plan
from bot.durable.database import Database, opened
from bot.durable.looks import leave, looks, seen
from bot.durable.meters import Meters
from bot.durable.reacting import Reacting
from bot.flows.react.analysis import analyse
from bot.flows.react.loop import Reactor
from bot.flows.react.post import Post
from bot.flows.react.record import plan_files
from bot.flows.survey.movement import ROUNDS, Movement, Survey
from bot.github.client import Client
from bot.github.tally import TALLY
from bot.settings import load_settings
from examples.story.cast import onboarded

REPO = "acme/kiosk"
LABEL = "otp-refactor"
TRANSITIONS = 40
SCRATCH = "900000"
"""A plan that is written to and never looked at."""
WORKERS = 4
WHOLE = "a look at every plan, after a start"
WARM = "the same, with the answers remembered"
NOTHING = "to know where something moved"
TURNS = "a sweep with the plans whose turn it is, on average"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plans", description=__doc__)
    parser.add_argument("--plans", type=int, default=1_000)
    count = parser.parse_args().plans
    log.set_up(-1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = onboarded("kiosk", folder)
        with serving(app, folder / "github") as running:
            with _posted(running, folder) as post:
                installation = post.app.installation_of(REPO)
                moved = sorted(_transitions(post, installation))
                made = _opened(running, post, installation, count)
                seconds = _looked_at(post, installation, count)
            calls = _calls(running, folder, installation)
    _show_times(moved, made, seconds, count)
    _show_calls(calls, count)


def _show_times(moved: list[float], made: float, seconds: float, count: int) -> None:
    title = f"Plans; {os.cpu_count()} processors, shared with the local GitHub"
    table = Table("figure", "aim", "measured", title=title)
    table.add_row("one state transition", "<= 150 ms", _ms(statistics.median(moved)))
    table.add_row(f"the slowest of {TRANSITIONS}", "", _ms(moved[-1]))
    aim = f"<= {60 * count / 1_000:g} s"
    table.add_row(f"{count} open plans looked at", aim, f"{seconds:.1f} s")
    table.add_row("from label to issues, the analysis apart", "", _ms(made))
    Console().print(table)


def _show_calls(calls: Mapping[str, float], count: int) -> None:
    title = f"Calls that GitHub counts, of 5,000 an hour; {count} plans that wait for people"
    table = Table("a sweep", "calls", "a plan", "1,000 plans", title=title)
    for name, number in calls.items():
        grown = number if name == NOTHING else number * 1_000 / count
        table.add_row(name, f"{number:.1f}", f"{number / count:.3f}", f"{grown:,.0f}")
    Console().print(table)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


@contextmanager
def _posted(running: Serving, folder: Path) -> Iterator[Post]:
    said = running.said
    settings = load_settings(
        github_app_id=said["app"]["id"],
        github_private_key_file=said["app"]["private_key"],
        github_api_url=said["api"],
        github_server_url=said["url"],
        github_pace=0,
        state_dir=folder / "state",
        cache_dir=folder / "cache",
    )
    post = Post.open(settings)
    try:
        yield post
    finally:
        post.app.close()


def _transitions(post: Post, installation: int) -> list[float]:
    """Seconds of each of some transitions of one plan."""
    times = []
    with post.client(installation, REPO) as client:
        store, tip = post.store(client), None
        for number in range(TRANSITIONS):
            began = time.perf_counter()
            tip = store.save(SCRATCH, {"lifecycle.json": str(number).encode()}, "Moved", tip)
            times.append(time.perf_counter() - began)
    return times


def _opened(running: Serving, post: Post, installation: int, count: int) -> float:
    """Open so many plans; seconds for one. The analysis is made once, and stands in for all."""
    began = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        issues = list(pool.map(lambda n: _issue(running, n), range(count)))
    with post.client(installation, REPO) as client:
        base = client.get("./git/ref/heads/main")["object"]["sha"]
        command = Analyse(base=base, goal="Survive", replan=0)
        files = analyse(post, client, str(issues[0]), command)
    plan = Plan.model_validate_json(files["plan.json"])

    def planned(post: Post, client: Client, plan_id: str, command: Analyse) -> Mapping[str, bytes]:
        return plan_files(plan.model_copy(update={"id": plan_id}))

    def open_one(issue: int) -> None:
        with post.client(installation, REPO) as client:
            assert Reactor(post, client, str(issue), planner=planned).react().settled

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(open_one, issues))
    return (time.perf_counter() - began) / count


def _issue(running: Serving, number: int) -> int:
    headers = {"authorization": f"Bearer {running.said['tokens']['writer']}"}
    body = {"title": f"Plan {number}", "labels": [LABEL]}
    url = f"{running.said['api']}/repos/{REPO}/issues"
    made = httpx.post(url, json=body, headers=headers, trust_env=False).raise_for_status()
    return int(made.json()["number"])


def _looked_at(post: Post, installation: int, count: int) -> float:
    """Seconds for a look at every plan, none of which finds anything to do."""
    began = time.perf_counter()
    with post.client(installation, REPO) as client:
        plans = [plan for plan in post.store(client).tips() if plan != SCRATCH]
    assert len(plans) == count

    def look(plan: str) -> None:
        with post.client(installation, REPO) as client:
            reaction = Reactor(post, client, plan).react()
        assert reaction.settled
        assert not reaction.done

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(look, plans))
    return time.perf_counter() - began


@dataclass
class Sweeps:
    """Sweeps by a server that has just started, without the threads of one."""

    post: Post
    database: Database
    installation: int

    def whole(self) -> None:
        """A look at every plan."""
        with self.post.client(self.installation, REPO) as client:
            plans = [plan for plan in self.post.store(client).tips() if plan != SCRATCH]
        self._look(plans)

    def swept(self) -> None:
        """One as the server makes it, that finds nothing."""
        found = self.moved()
        assert found.plans == ()
        self._look(set(found.later) - {SCRATCH})

    def moved(self) -> Movement:
        """What it asks to know where to look."""
        listed = self.post.repositories(self.installation)
        (about,) = (one for one in listed if one["full_name"] == REPO)
        known, before = looks(self.database, REPO), seen(self.database, REPO)
        with self.post.client(self.installation, REPO) as client:
            store, now = self.post.store(client), self.post.now()
            found = Survey(client, store, about, known, before, now).moved()
        leave(self.database, REPO, found.seen)
        return found

    def _look(self, plans: Iterable[str]) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(self._react, plans))

    def _react(self, plan: str) -> None:
        hint = Hint(
            delivery=plan,
            event="sweep",
            scope="plan",
            installation=self.installation,
            repository=REPO,
            plan=plan,
        )
        Reacting(self.post, self.database, Meters())(hint, 0)


@contextmanager
def _started(running: Serving, folder: Path, installation: int) -> Iterator[Sweeps]:
    with _posted(running, folder) as post, opened(post.settings) as database:
        yield Sweeps(post, database, installation)


def _calls(running: Serving, folder: Path, installation: int) -> dict[str, float]:
    """What sweeps cost that find nothing."""
    calls: dict[str, float] = {}
    with _started(running, folder, installation) as sweeps:
        calls[WHOLE] = _counted(sweeps.whole)
        calls[WARM] = _counted(sweeps.whole)
        sweeps.moved()
    with _started(running, folder, installation) as sweeps:
        calls[NOTHING] = _counted(sweeps.moved)
        # Each plan has its turn in them.
        calls[TURNS] = sum(_counted(sweeps.swept) for _ in range(ROUNDS)) / ROUNDS
    return calls


def _counted(work: Callable[[], object]) -> int:
    before = _answered()
    work()
    return _answered() - before


def _answered() -> int:
    return sum(count for status, count in TALLY.answers().items() if status != "304")


if __name__ == "__main__":
    main()
