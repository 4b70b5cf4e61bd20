"""`genesis serve` before a local GitHub: to work, to drain, to be killed and to go on."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.durable.support import until
from tests.github.hub import Hub
from tests.ports import free_port
from tests.server.ingress.support import headers_of, signed
from tests.server.serving import (
    HERE,
    Bot,
    label,
    labelled,
    local_github,
    reading,
    serving,
    settings_for,
    until_planned,
)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Hub]:
    with local_github(tmp_path_factory.mktemp("serve"), port) as running:
        yield running


@pytest.fixture
def bot(tmp_path: Path, hub: Hub, port: int) -> Iterator[Bot]:
    """One that is ready, with a folder of its own."""
    with serving(tmp_path, settings_for(hub, tmp_path / "state"), port=port) as started:
        started.hear()
        yield started


def ours(hub: Hub, number: int) -> list[str]:
    """First lines of what we wrote below an issue: our markers."""
    comments = reading(hub, f"/issues/{number}/comments")
    marks = [c["body"].rstrip().splitlines()[-1] for c in comments if c["user"]["type"] == "Bot"]
    return sorted(marks)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"


def child_of(bot: Bot) -> int:
    """The ingress."""
    tasks = Path(f"/proc/{bot.process.pid}/task").glob("*/children")
    found = [int(pid) for file in tasks for pid in file.read_text().split()]
    return next(
        p for p in found if b"bot.server.ingress" in Path(f"/proc/{p}/cmdline").read_bytes()
    )


def test_a_label_becomes_a_plan_and_all_of_it_can_be_looked_at(hub: Hub, bot: Bot) -> None:
    number = labelled(hub)
    until(lambda: reading(hub, f"/issues/{number}/reactions"))
    until_planned(hub, number)
    until(lambda: bot.metric('genesis_reactions_total{result="done"}') >= 2)
    until(lambda: bot.page("/readyz").json()["last_sweep_seconds_ago"] is not None)
    until(lambda: bot.page("/readyz").json()["inbox_bytes"] == 0)

    ready = bot.page("/readyz").json()
    assert ready["ready"] is True
    assert {ready[part] for part in ("database", "ingress", "work")} == {"up"}
    assert (ready["inbox_seconds"], ready["stopping"]) == (0.0, False)
    assert bot.page("/healthz").json() == {"status": "ok"}

    assert bot.metric('genesis_deliveries_total{event="issues.labeled",fate="enqueued"}') == 1
    until(lambda: bot.metric('genesis_commands_total{kind="put-stage-issue"}') == 5)
    # The ingress tells its counts once a second, and what we did comes back as further deliveries.
    until(lambda: bot.metric('genesis_ingress_answers_total{status="202"}') > 5)
    until(lambda: bot.metric("genesis_inbox_waiting_bytes") == 0)
    assert bot.metric("genesis_reaction_seconds_count") >= 2
    assert bot.metric("genesis_ingress_up") == 1
    assert bot.metric('genesis_plans{status="open"}') == 1
    assert bot.metric('genesis_plans{status="orphaned"}') == 0
    assert bot.metric('genesis_github_answers_total{status="200"}') > 10
    assert 0 < bot.metric('genesis_github_rate_remaining{resource="core"}') <= 15_000

    page = bot.page("/plans").text
    assert f"acme/courier #{number}" in page
    assert page.count("planned") == 5

    reacted = [e for e in bot.events() if e["event"] == "reacted" and e["plan"] == str(number)]
    bound = {"delivery", "installation", "repository", "plan", "event_name", "timestamp", "level"}
    assert reacted
    assert all(bound <= set(event) for event in reacted)
    assert all(line.startswith("{") for line in bot.log_text().splitlines())


def test_sigterm_ends_it_within_its_time_and_nothing_is_left(hub: Hub, bot: Bot) -> None:
    number = labelled(hub)
    until_planned(hub, number)
    ingress, before = child_of(bot), hub.now()
    began = time.monotonic()
    assert bot.end() == 0
    assert time.monotonic() - began < 30
    until(lambda: gone(ingress))
    with pytest.raises(httpx.TransportError):
        httpx.get(bot.said["webhook"], trust_env=False)
    revoked = [e for e in hub.exchanges(before) if e["path"].endswith("/installation/token")]
    assert revoked
    assert {e["method"] for e in revoked} == {"DELETE"}
    assert "stopping" in [e["event"] for e in bot.events()]


def test_what_is_under_way_at_sigterm_is_done_by_the_next_one(
    hub: Hub, tmp_path: Path, port: int
) -> None:
    environment = settings_for(hub, tmp_path / "state")
    with serving(tmp_path, environment, "--drain", "0", port=port) as bot:
        bot.hear()
        number = labelled(hub)
        until(lambda: ours(hub, number))
        assert bot.end() == 0
    with serving(tmp_path, environment, port=port) as bot:
        bot.hear()
        until_planned(hub, number)
        settled(bot, hub, number)


def settled(bot: Bot, hub: Hub, number: int) -> None:
    """Nothing is there twice once nothing is left to do."""
    until(lambda: not [v for s in ("enqueued", "pending") if (v := queue(bot, s))])
    marks = ours(hub, number)
    assert marks
    assert len(marks) == len(set(marks))
    titles = [issue["title"] for issue in reading(hub, f"/issues/{number}/sub_issues")]
    assert len(titles) == len(set(titles)) == 5


def queue(bot: Bot, status: str) -> float:
    return bot.metric(f'genesis_queue{{status="{status}"}}')


@pytest.mark.parametrize("moment", ["eyes", "dashboard", "some stages"])
def test_killed_with_9_it_goes_on_where_it_was(
    hub: Hub, tmp_path: Path, port: int, moment: str
) -> None:
    environment = settings_for(hub, tmp_path / "state")
    with serving(tmp_path, environment, port=port) as bot:
        bot.hear()
        ingress = child_of(bot)
        number = labelled(hub)
        look = {
            "eyes": lambda: reading(hub, f"/issues/{number}/reactions"),
            "dashboard": lambda: ours(hub, number),
            "some stages": lambda: reading(hub, f"/issues/{number}/sub_issues"),
        }[moment]
        until(look)
        bot.end(signal.SIGKILL)
        until(lambda: gone(ingress))
    with serving(tmp_path, environment, port=port) as bot:
        bot.hear()
        until_planned(hub, number)
        settled(bot, hub, number)


def test_what_happened_while_it_was_away_is_seen_when_it_is_back(
    hub: Hub, tmp_path: Path, port: int
) -> None:
    # The ingress of the test before may take a moment to see that its parent is gone.
    until(lambda: not listens(port))
    number = labelled(hub)
    environment = settings_for(hub, tmp_path / "state")
    with serving(tmp_path, environment, "--sweep", "600", port=port) as bot:
        bot.hear()
        until_planned(hub, number)
        # GitHub was asked for what it could not deliver.
        until(lambda: bot.metric("genesis_redeliveries_asked_total") >= 1)
        taken = 'genesis_deliveries_total{event="issues.labeled",fate="enqueued"}'
        until(lambda: bot.metric(taken) >= 1)
        settled(bot, hub, number)


def test_an_ingress_that_dies_is_started_again(hub: Hub, bot: Bot) -> None:
    first = child_of(bot)
    os.kill(first, signal.SIGKILL)
    until(lambda: bot.metric("genesis_ingress_deaths_total") == 1)
    until(lambda: bot.metric("genesis_ingress_up") == 1)
    assert child_of(bot) != first
    number = labelled(hub)
    until_planned(hub, number)
    assert [e for e in bot.events() if e["event"] == "ingress_died"]


def test_deliveries_are_kept_while_github_is_away(hub: Hub, tmp_path: Path) -> None:
    away = settings_for(hub, tmp_path / "state")
    away["GENESIS_GITHUB_API_URL"] = f"http://127.0.0.1:{free_port()}/api/v3"
    port = free_port()
    body = json.dumps({"action": "labeled"}).encode()
    secret = hub.said["app"]["webhook_secret"]
    headers = headers_of(body)
    headers["x-hub-signature-256"] = signed(body, secret)
    with serving(tmp_path, away, port=port) as bot:
        until(lambda: "github_away" in bot.log_text())
        url = f"http://127.0.0.1:{port}/webhook"
        answer = httpx.post(url, content=body, headers=headers, trust_env=False)
        assert answer.status_code == 202
        assert bot.end() == 0


def test_a_second_one_on_the_same_folder_is_told_so(hub: Hub, bot: Bot, tmp_path: Path) -> None:
    with serving(tmp_path / "second", settings_for(hub, tmp_path / "state")) as second:
        assert second.process.wait(60) == 7
        said = second.hear()
    assert "another genesis serve" in said["error"]["message"]


def test_a_port_that_is_taken_is_said(hub: Hub, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with serving(tmp_path, settings_for(hub, tmp_path / "state"), port=taken) as bot:
            assert bot.process.wait(90) == 3
            said = bot.hear()
    assert f"cannot listen on 127.0.0.1:{taken}" in said["error"]["message"]
    assert "--port" in said["error"]["hint"]


def test_a_label_that_was_there_before_the_app_heard_of_it_is_found(
    hub: Hub, tmp_path: Path, port: int
) -> None:
    """No delivery tells of it at all: it is lost, not failed."""
    with hub.faults({"kind": "lose"}):
        writer = hub.hand("writer")
        issue = writer.post(f"{HERE}/issues", json={"title": "Survive"}).json()
        label(hub, issue["number"])
    with serving(tmp_path, settings_for(hub, tmp_path / "state"), port=port) as bot:
        bot.hear()
        until_planned(hub, issue["number"])


def test_of_two_servers_on_one_postgres_the_second_finishes_what_the_first_began(
    hub: Hub, tmp_path: Path, port: int, shared_url: str
) -> None:
    """The deliveries too: the first one dies with its inbox, which is the database."""

    def environment(name: str) -> dict[str, str]:
        state = tmp_path / name / "state"
        return settings_for(hub, state, GENESIS_DATABASE_URL=shared_url)

    with (
        serving(tmp_path / "one", environment("one"), "--workers", "1", port=port) as one,
        serving(tmp_path / "two", environment("two"), "--workers", "1") as two,
    ):
        one.hear()
        two.hear()
        numbers = [labelled(hub, f"Plan {n}") for n in range(3)]
        until(lambda: any(reading(hub, f"/issues/{n}/reactions") for n in numbers))
        one.end(signal.SIGKILL)
        for number in numbers:
            until_planned(hub, number)
        for number in numbers:
            settled(two, hub, number)
        assert two.page("/readyz").json()["ready"] is True
        assert two.end() == 0
