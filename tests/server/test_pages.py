"""The operator's pages: whatever a plan holds, it is text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bot.core.lifecycle.state import Asked, PlanLife, StageLife
from bot.durable.database import Database, opened
from bot.durable.known_plans import KnownPlan, KnownStage, remember
from bot.durable.meters import Meters
from bot.server.pages.app import pages
from bot.server.pages.plans import shown, tone_of
from bot.server.process import IngressProcess
from bot.server.status import Server
from bot.settings import Settings, load_settings

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)> &amp; \u202e{{ 7*7 }}'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(state_dir=tmp_path)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    with opened(settings) as found:
        yield found


@pytest.fixture
def client(settings: Settings, database: Database, tmp_path: Path) -> Iterator[TestClient]:
    ingress = IngressProcess(settings, tmp_path / "inbox", "127.0.0.1", 0)
    server = Server(database, Meters(), ingress, "https://github.example.com")
    with TestClient(pages(server, "127.0.0.1"), base_url="http://127.0.0.1:8081") as made:
        yield made


def life(**more: object) -> PlanLife:
    asked = Asked(actor="writer", source="label")
    made = PlanLife(plan="4", repository="acme/shop", issue=4, requested=asked)
    return made.model_copy(update=more)


def test_no_plan_yet_says_what_to_do(client: TestClient) -> None:
    page = client.get("/plans")
    assert page.status_code == 200
    assert "otp-refactor" in page.text
    assert client.get("/", follow_redirects=False).headers["location"] == "/plans"


def test_a_plan_links_its_issue_and_its_pull_requests(
    client: TestClient, database: Database
) -> None:
    stages = (StageLife(number=1, status="awaiting-review", pull=9), StageLife(number=2))
    remember(database, life(status="open", stages=stages))
    text = client.get("/plans").text
    assert 'href="https://github.example.com/acme/shop/issues/4"' in text
    assert 'href="https://github.example.com/acme/shop/pull/9"' in text
    assert "awaiting review" in text


def test_whatever_a_plan_says_is_shown_as_text(client: TestClient, database: Database) -> None:
    stages = (StageLife(number=1, status="needs-human", reason=HOSTILE),)
    remember(database, life(repository=f"acme/{HOSTILE}", stages=stages))
    text = client.get("/plans").text
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{ 7*7 }}" in text
    assert 'href="https://github.example.com/acme/"' not in text


@pytest.mark.parametrize("path", ["/plans", "/healthz", "/readyz", "/style.css", "/metrics"])
def test_every_page_forbids_what_it_does_not_need(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "script-src" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("host", ["evil.example.com", "127.0.0.1.evil.example.com", ""])
def test_another_name_is_not_answered(client: TestClient, host: str) -> None:
    assert client.get("/plans", headers={"host": host}).status_code == 400


def test_what_does_not_run_is_said(client: TestClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    parts = answer.json()
    assert (parts["ready"], parts["database"], parts["ingress"]) == (False, "up", "down")
    assert (parts["github"], parts["work"]) == ("not reached yet", "down")
    assert client.get("/healthz").status_code == 200
    assert "Not ready" in client.get("/plans").text
    assert "genesis_ingress_up 0.0" in client.get("/metrics").text


def test_a_database_that_is_away_is_a_page_of_its_own(
    client: TestClient, database: Database, tmp_path: Path
) -> None:
    database.engine.dispose()
    for file in (tmp_path / "server").glob("known.sqlite*"):
        file.unlink()
    (tmp_path / "server" / "known.sqlite").mkdir()
    answer = client.get("/plans")
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert client.get("/readyz").json()["database"] == "down"


def test_every_status_of_a_stage_has_its_colour() -> None:
    tones = {status: tone_of(status) for status in ("merged", "running", "needs-human", "skipped")}
    expected = {"merged": "good", "running": "busy", "needs-human": "asks", "skipped": "off"}
    assert tones == expected


def test_a_moment_is_shown_in_utc() -> None:
    plan = KnownPlan("a/b", "1", 1, "open", "", (KnownStage(1, "planned", 0),), 0.0)
    assert shown(plan, "https://x").seen == "1970-01-01 00:00:00 UTC"
