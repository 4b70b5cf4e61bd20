"""What is said of the App, by what GitHub said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.flows.onboarding.app_checks import app_checks, no_app_checks
from bot.flows.onboarding.check import Check, Outcome, failed
from bot.github.asking import GitHubSite
from bot.github.purposes import granted
from bot.github.reading.doctor import AppSeen, Asked

EVENTS = ("issues", "push")
APP: dict[str, Any] = {
    "slug": "genesis",
    "owner": {"login": "acme", "type": "Organization"},
    "html_url": "https://github.com/apps/genesis",
    "permissions": dict(granted()),
}
HOOK = {"url": "https://g.example.com/webhook", "content_type": "json", "insecure_ssl": "0"}
INSTALLATION: dict[str, Any] = {
    "id": 7,
    "html_url": "https://github.com/organizations/acme/settings/installations/7",
    "suspended_at": None,
    "repository_selection": "selected",
    "account": {"login": "acme"},
    "permissions": dict(granted()),
    "events": list(EVENTS),
}


def delivery(code: int, status: str = "OK") -> dict[str, Any]:
    return {"status_code": code, "status": status}


GOOD = AppSeen(
    GitHubSite(),
    ahead=0.4,
    about=Asked(200, APP),
    hook=Asked(200, HOOK),
    deliveries=Asked(200, [delivery(202), delivery(200)]),
    installation=Asked(200, INSTALLATION),
)


def checks_of(seen: AppSeen) -> tuple[Check, ...]:
    return app_checks(seen, "acme/shop", EVENTS)


def of(name: str, seen: AppSeen) -> Check:
    (found,) = [check for check in checks_of(seen) if check.name == name]
    return found


def test_where_all_is_well_all_is_ok() -> None:
    assert {check.outcome for check in checks_of(GOOD)} == {"ok"}


def test_without_settings_nothing_is_called_well_but_that_github_answers() -> None:
    checks = checks_of(AppSeen(GitHubSite(), "no GitHub App is set up", ahead=0.0))
    assert [check.outcome for check in checks] == ["ok", "failure", "could-not-check"]
    assert "/setup" in checks[1].fix


def installation(**more: Any) -> Asked:
    return Asked(200, INSTALLATION | more)


def without(*rights: str) -> dict[str, str]:
    return {right: level for right, level in granted().items() if right not in rights}


CASES: list[tuple[str, dict[str, Any], Outcome, str, str]] = [
    (
        "GitHub",
        {"ahead": None, "about": Asked(0, why="x")},
        "failure",
        "does not answer",
        "network",
    ),
    ("GitHub", {"ahead": None}, "ok", "answers", ""),
    ("clock", {"ahead": 9.0}, "ok", "as GitHub's", ""),
    ("clock", {"ahead": 30.0}, "warning", "30 s ahead of", "NTP"),
    ("clock", {"ahead": -300.0}, "failure", "300 s behind", "NTP"),
    ("clock", {"ahead": None}, "could-not-check", "time", ""),
    ("credentials", {"about": Asked(401, why="exp")}, "failure", "exp", "GENESIS_GITHUB_APP_ID"),
    ("credentials", {"about": Asked(404, why="none")}, "failure", "none", "the key"),
    ("credentials", {"about": Asked(502, why="bad gateway")}, "could-not-check", "gateway", ""),
    ("key file", {"exposed": "/k.pem"}, "warning", "may read /k.pem", "chmod 600 /k.pem"),
    ("webhook secret", {"secret": False}, "warning", "not set", "GENESIS_GITHUB_WEBHOOK_SECRET"),
    ("webhook", {"hook": Asked(404)}, "failure", "has none", "organizations/acme/settings/apps"),
    ("webhook", {"hook": Asked(200, HOOK | {"url": ""})}, "failure", "no address", "/webhook"),
    ("webhook", {"hook": Asked(200, HOOK | {"content_type": "form"})}, "failure", "JSON", "json"),
    (
        "webhook",
        {"hook": Asked(200, HOOK | {"url": "http://g.example.com/webhook"})},
        "warning",
        "not encrypted",
        "https",
    ),
    ("webhook", {"hook": Asked(200, HOOK | {"url": "http://127.0.0.1:1/webhook"})}, "ok", "", ""),
    ("webhook", {"hook": Asked(200, HOOK | {"insecure_ssl": "1"})}, "warning", "certif", "SSL"),
    ("webhook", {"hook": Asked(0, why="silence")}, "could-not-check", "silence", ""),
    ("deliveries", {"deliveries": Asked(200, [])}, "could-not-check", "none yet", "advanced"),
    ("deliveries", {"deliveries": Asked(403, why="no")}, "could-not-check", "no", ""),
    (
        "deliveries",
        {"deliveries": Asked(200, [delivery(401, "Invalid HTTP Response: 401"), delivery(202)])},
        "failure",
        "1 of the last 2 failed",
        "secret is another one",
    ),
    (
        "deliveries",
        {"deliveries": Asked(200, [delivery(202), delivery(0, "timed out")])},
        "warning",
        "later ones were taken",
        "reachable from GitHub",
    ),
    (
        "deliveries",
        {"deliveries": Asked(200, [delivery(500)])},
        "failure",
        "with 500",
        "look at its log",
    ),
    (
        "installation",
        {"installation": Asked(404)},
        "failure",
        "not installed on acme/shop",
        "https://github.com/apps/genesis/installations/new",
    ),
    ("installation", {"installation": Asked(0, why="?")}, "could-not-check", "?", ""),
    (
        "installation",
        {"installation": installation(suspended_at="2026-01-01T00:00:00Z")},
        "failure",
        "suspended",
        "settings/installations/7",
    ),
    ("permissions", {"installation": Asked(404)}, "could-not-check", "no installation", ""),
    (
        "permissions",
        {"installation": installation(permissions=without("checks"))},
        "failure",
        "lacks checks: write",
        "an owner accepts them at https://github.com/organizations/acme/settings",
    ),
    (
        "permissions",
        {"installation": installation(permissions=dict(granted()) | {"issues": "read"})},
        "failure",
        "lacks issues: write",
        "an owner",
    ),
    (
        "permissions",
        {
            "about": Asked(200, APP | {"permissions": without("checks")}),
            "installation": installation(permissions=without("checks")),
        },
        "failure",
        "lacks checks: write",
        "settings/apps/genesis/permissions: checks: write; then an owner",
    ),
    (
        "permissions",
        {"installation": installation(permissions=dict(granted()) | {"secrets": "write"})},
        "warning",
        "never used: secrets: write",
        "take them away",
    ),
    ("events", {"installation": installation(events=["push"])}, "failure", "issues", "Subscribe"),
    ("events", {"installation": installation(events=[*EVENTS, "star"])}, "ok", "", ""),
]


@pytest.mark.parametrize(("name", "seen", "outcome", "says", "fix"), CASES)
def test_the_table(name: str, seen: dict[str, Any], outcome: Outcome, says: str, fix: str) -> None:
    check = of(name, replace(GOOD, **seen))
    assert (check.outcome, says in check.says, fix in check.fix) == (outcome, True, True), check


@pytest.mark.parametrize(("name", "seen", "outcome", "says", "fix"), CASES)
def test_every_failure_and_warning_says_what_to_do(
    name: str, seen: dict[str, Any], outcome: Outcome, says: str, fix: str
) -> None:
    checks = checks_of(replace(GOOD, **seen))
    assert failed(checks) or outcome != "failure"
    assert all(check.fix for check in checks if check.outcome in ("failure", "warning"))


def test_a_bot_in_workflows_needs_no_webhook_and_no_events() -> None:
    seen = replace(GOOD, hook=Asked(404), installation=installation(events=[]), secret=False)
    assert failed(checks_of(seen))
    checks = app_checks(seen, "acme/shop", EVENTS, served=False)
    assert {check.outcome for check in checks} == {"ok"}
    assert "deliveries" not in {check.name for check in checks}


def test_without_an_app_a_person_alone_is_no_failure() -> None:
    checks = no_app_checks(AppSeen(GitHubSite(), "no GitHub App is set up", ahead=0.0))
    assert [check.outcome for check in checks] == ["ok", "could-not-check"]


def test_an_app_of_a_person_has_its_page_elsewhere() -> None:
    owner = {"login": "ann", "type": "User"}
    seen = replace(GOOD, about=Asked(200, APP | {"owner": owner}), hook=Asked(404))
    assert "https://github.com/settings/apps/genesis" in of("webhook", seen).fix


def test_an_app_of_an_enterprise_has_its_page_there() -> None:
    """Its owner has a slug and no login; so has the account of such an installation."""
    seen = replace(
        GOOD,
        about=Asked(200, APP | {"owner": {"slug": "big"}}),
        hook=Asked(404),
        installation=installation(account={"slug": "big"}),
    )
    assert "https://github.com/enterprises/big/settings/apps/genesis" in of("webhook", seen).fix
    assert "of big" in of("installation", seen).says


def test_what_a_server_answered_cannot_break_the_table() -> None:
    seen = replace(GOOD, deliveries=Asked(200, [delivery(500, "a\n\x1b[31mb")]))
    assert "\n" not in of("deliveries", seen).says
    assert "\x1b" not in of("deliveries", seen).says
