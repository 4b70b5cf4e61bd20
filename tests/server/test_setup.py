"""`/setup`: an App of one's own in three clicks, on the local GitHub, by its forms."""

from __future__ import annotations

import html
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from bot.errors import Refused, Unreachable
from bot.server.registration import EVENTS, env_file, manifest, register
from bot.settings import load_settings
from tests.durable.support import until
from tests.github.hub import Hub
from tests.ports import free_port
from tests.server.serving import Bot, local_github, places, serving

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with local_github(tmp_path_factory.mktemp("setup"), free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory, hub: Hub) -> Iterator[Bot]:
    """A server without an App, which stays without one."""
    folder = tmp_path_factory.mktemp("bot")
    with serving(folder, places(hub, folder / "state")) as started:
        started.hear()
        yield started


@pytest.fixture
def fresh(tmp_path: Path, hub: Hub) -> Iterator[Bot]:
    """Another one, to be set up."""
    with serving(tmp_path, places(hub, tmp_path / "state")) as started:
        started.hear()
        yield started


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    """Somebody's, who is the admin on the local GitHub."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        client.cookies.set("acting_as", "admin")
        yield client


def hidden(page: httpx.Response) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in FIELD.findall(page.text)}


def action(page: httpx.Response) -> str:
    found = re.search(r'<form method="post" action="([^"]*)"', page.text)
    assert found is not None, page.text
    return urljoin(str(page.url), html.unescape(found[1]))


def leading(bot: Bot, browser: httpx.Client, **more: str) -> httpx.Response:
    """The page with the button that leads to GitHub."""
    form = browser.get(bot.said["setup"])
    assert form.status_code == 200
    fields = {"name": "Genesis of acme", "webhook": "https://genesis.example.com/webhook", **more}
    return browser.post(action(form), data={**hidden(form), **fields})


def test_three_clicks_make_an_app_and_the_server_goes_on_as_it(
    hub: Hub, fresh: Bot, browser: httpx.Client, tmp_path: Path
) -> None:
    bot = fresh
    page = leading(bot, browser)
    asked = json.loads(hidden(page)["manifest"])
    assert asked["hook_attributes"] == {
        "url": "https://genesis.example.com/webhook",
        "active": True,
    }
    assert asked["public"] is False
    confirm = browser.post(action(page), data=hidden(page))
    assert confirm.status_code == 200, confirm.text
    assert "genesis.example.com" in confirm.text
    back = browser.post(
        f"{hub.said['url']}/settings/apps",
        data={**hidden(confirm), "name": "Genesis of acme"},
        headers={"origin": hub.said["url"]},
    )
    assert back.status_code == 302
    location = back.headers["location"]
    assert location.startswith(bot.said["setup"].partition("/setup")[0] + "/setup/done?")
    made = browser.get(location)
    assert made.status_code == 200
    assert "genesis-of-acme" in made.text
    steps = re.findall(r"<li>(.*?)</li>", made.text, re.DOTALL)
    assert ["/installations/new" in step for step in steps] == [True, False, False, False]
    for step, command in zip(steps[1:3], ("onboard", "doctor"), strict=True):
        assert f"genesis {command} OWNER/REPO" in step
    assert "otp-refactor" in steps[3]
    assert 'href="/plans"' in made.text

    file = env_file(load_settings(state_dir=tmp_path / "state"))
    lines = dict(line.split("=", 1) for line in file.read_text().splitlines())
    key = Path(lines["GENESIS_GITHUB_PRIVATE_KEY_FILE"].strip("'"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, key)] == [0o600, 0o600]
    assert "PRIVATE KEY" in key.read_text()
    secret = lines["GENESIS_GITHUB_WEBHOOK_SECRET"].strip("'")
    assert len(secret) > 20
    assert secret not in made.text
    assert "PRIVATE KEY" not in made.text

    said = bot.hear()
    assert said["app"] == "genesis-of-acme[bot]"
    assert urlsplit(location).netloc == urlsplit(said["pages"]).netloc, "where the page leads on to"
    assert "genesis onboard" in bot.page("/plans").text
    assert bot.page("/readyz").json()["ready"] is True
    bot.page("/setup", 404)
    assert secret not in bot.log_text()
    assert bot.end() == 0


def test_the_next_start_is_that_app(hub: Hub, browser: httpx.Client, tmp_path: Path) -> None:
    environment = places(hub, tmp_path / "state")
    with serving(tmp_path, environment) as first:
        first.hear()
        page = leading(first, browser, name="Genesis the second")
        confirm = browser.post(action(page), data=hidden(page))
        back = browser.post(
            f"{hub.said['url']}/settings/apps",
            data={**hidden(confirm), "name": "Genesis the second"},
            headers={"origin": hub.said["url"]},
        )
        browser.get(back.headers["location"])
        first.hear()
        first.end()
    with serving(tmp_path, environment) as second:
        assert second.hear()["app"] == "genesis-the-second[bot]"


@pytest.mark.parametrize("token", ["", "x", "é"])
def test_without_the_token_nobody_gets_a_form(bot: Bot, token: str) -> None:
    address = bot.said["setup"].partition("?")[0]
    with httpx.Client(trust_env=False) as client:
        assert client.get(address, params={"token": token}).status_code == 403
        form = {"token": token, "name": "x", "webhook": "https://example.com"}
        answer = client.post(address, data=form)
        assert answer.status_code == 403
        assert "manifest" not in answer.text


@pytest.mark.parametrize("state", ["", "x", "a" * 32])
def test_a_code_without_our_state_is_not_used(bot: Bot, hub: Hub, state: str) -> None:
    before = hub.now()
    address = bot.said["setup"].partition("?")[0] + "/done"
    with httpx.Client(trust_env=False) as client:
        answer = client.get(address, params={"state": state, "code": "0123456789abcdef"})
    assert answer.status_code == 403
    assert not [e for e in hub.exchanges(before) if "app-manifests" in e["path"]]


def test_a_state_is_good_once(bot: Bot, browser: httpx.Client) -> None:
    page = leading(bot, browser)
    state = parse_qs(urlsplit(action(page)).query)["state"][0]
    address = bot.said["setup"].partition("?")[0] + "/done"
    answers = [
        browser.get(address, params={"state": state, "code": "wrong"}).status_code for _ in range(2)
    ]
    assert answers == [502, 403]


@pytest.mark.parametrize(
    "given",
    [
        {"name": ""},
        {"name": "x" * 35},
        {"name": '"><script>'},
        {"webhook": ""},
        {"webhook": "ftp://example.com"},
        {"webhook": "javascript:alert(1)"},
        {"webhook": "https://"},
        {"owner": "a/b"},
        {"owner": "-"},
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_sent(
    bot: Bot, browser: httpx.Client, given: dict[str, str]
) -> None:
    page = leading(bot, browser, **given)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert "manifest" not in page.text
    assert "<script>" not in page.text


def test_an_organization_owns_its_app(bot: Bot, browser: httpx.Client, hub: Hub) -> None:
    page = leading(bot, browser, owner="acme")
    assert urlsplit(action(page)).path == "/organizations/acme/settings/apps/new"
    assert f"form-action 'self' {hub.said['url']}" in page.headers["content-security-policy"]


def test_another_name_for_this_machine_is_not_answered(bot: Bot) -> None:
    """A page of a stranger may lead its own name here, and would read the answer."""
    headers = {"host": "evil.example.com"}
    answer = httpx.get(bot.said["setup"], headers=headers, trust_env=False)
    assert answer.status_code == 400
    assert "token" not in answer.text


def test_it_ends_when_told_before_there_is_an_app(fresh: Bot) -> None:
    assert fresh.end() == 0


def test_the_manifest_asks_for_what_we_need() -> None:
    asked = manifest("Name", "https://example.com/webhook", "http://127.0.0.1:1/setup/done")
    assert asked["default_permissions"]["contents"] == "write"
    assert asked["default_permissions"]["metadata"] == "read"
    assert "administration" not in asked["default_permissions"]
    assert set(asked["default_events"]) == set(EVENTS)


@pytest.mark.parametrize("code", ["", "../x", "a/b", "x" * 201, "a b"])
def test_what_is_no_code_is_not_sent(tmp_path: Path, code: str) -> None:
    settings = load_settings(state_dir=tmp_path, github_api_url="http://127.0.0.1:9")
    with pytest.raises(Refused):
        register(settings, code)


def test_a_github_that_is_away_is_said(tmp_path: Path) -> None:
    settings = load_settings(state_dir=tmp_path, github_api_url="http://127.0.0.1:9")
    with pytest.raises(Unreachable):
        register(settings, "abc")
    assert not env_file(settings).exists()


def test_nothing_is_left_of_a_code_that_is_refused(tmp_path: Path, hub: Hub) -> None:
    settings = load_settings(state_dir=tmp_path, github_api_url=hub.said["api"])
    with pytest.raises(Refused, match="404"):
        register(settings, "0123456789")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_githubs_to_say(bot: Bot, browser: httpx.Client, hub: Hub) -> None:
    page = leading(bot, browser, name="otp-genesis")
    confirm = browser.post(action(page), data=hidden(page))
    refused = browser.post(
        f"{hub.said['url']}/settings/apps",
        data={**hidden(confirm), "name": "otp-genesis"},
        headers={"origin": hub.said["url"]},
    )
    assert refused.status_code == 422
    until(lambda: bot.process.poll() is None)
