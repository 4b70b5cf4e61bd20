"""More than one server at once: what each of them does is done once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from tests.e2e.app_support import Plan, Running, playing, serving, until
from tests.e2e.test_app_pulls import status, under_review
from tests.ports import free_port
from tests.postgres import postgres, shared_url

__all__ = ["postgres", "shared_url"]

pytestmark = pytest.mark.xdist_group("app_workers")


@contextmanager
def beside(folder: Path, first: Running, **settings: str) -> Iterator[Running]:
    """A second server for the same GitHub."""
    folder.mkdir()
    log = folder / "server.log"
    port = free_port()
    with (
        log.open("w") as errors,
        serving(folder, first.hub, port, errors, **settings) as told,
    ):
        where = {"webhook": told["webhook"], "pages": told["pages"], "log": log}
        yield replace(first, **where, _plans=[], _places=[])


def reactions(app: Running) -> float:
    return app.metric("genesis_reactions_total", result="done")


def merged(plan: Plan) -> None:
    """The pull request of the first stage, merged by a person."""
    number = plan.pulls()[0]["number"]
    where = f"/pulls/{number}/merge"
    plan.place.by("maintainer", "PUT", where, {"merge_method": "squash"})
    until("the stage is over", lambda: status(plan) == "merged")


def played(app: Running) -> Plan:
    """A plan to its first pull request, an attempt more, and the merge."""
    plan, _ = under_review(app)
    plan.say("/genesis retry stage 1")
    until("another attempt", lambda: len(plan.runs()) == 2)
    until("it waits for review", lambda: status(plan) == "awaiting-review")
    assert len(plan.pulls()) == 1
    merged(plan)
    plan.go_on()
    assert plan.runs() == [f"genesis {plan.number} stage 1 attempt {n}" for n in (1, 2)]
    return plan


def test_two_servers_of_one_database_share_the_work(tmp_path: Path, shared_url: str) -> None:
    both = {"GENESIS_DATABASE_URL": shared_url}
    with playing(tmp_path, **both) as one, beside(tmp_path / "two", one, **both) as two:
        played(one)
        played(one)
        one.check_whole()
        two.check_whole()
        assert (reactions(one) > 0, reactions(two) > 0) == (True, True)


@dataclass
class FanOut:
    """Hands each delivery on to all, as if each server were GitHub's only one."""

    targets: list[str] = field(default_factory=list)
    url: str = ""

    def hand_on(self, body: bytes, headers: dict[str, str]) -> None:
        threads = [
            Thread(target=httpx.post, args=(url,), kwargs={"content": body, "headers": headers})
            for url in self.targets
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@contextmanager
def fanning_out() -> Iterator[FanOut]:
    made = FanOut()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept = ("content-type", "x-github", "x-hub")
            made.hand_on(
                body, {k: v for k, v in self.headers.items() if k.lower().startswith(kept)}
            )
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}/webhook"
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_two_servers_that_know_nothing_of_each_other_double_nothing(tmp_path: Path) -> None:
    """As when an old one was not stopped: only what GitHub shows stands between them."""
    with (
        fanning_out() as hook,
        playing(tmp_path, "--webhook-url", hook.url) as one,
        beside(tmp_path / "two", one) as two,
    ):
        hook.targets += [one.webhook, two.webhook]
        plan = played(one)
        assert (reactions(one) > 0, reactions(two) > 0) == (True, True)
        bodies = [body for body in plan.bodies() if "kind=dashboard" in body]
        assert len(bodies) == 1
        one.check_whole()
        two.check_whole()
