"""Who hears of what: installations, permissions, subscriptions."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator.domain.apps.installations import accept_permissions, install, select
from bot.simulator.events import Event
from bot.simulator.identity.caller import Caller
from bot.simulator.records.accounts import Level
from bot.simulator.records.apps import App, Hook
from bot.simulator.seed import add_app
from bot.simulator.webhooks.audience import PERMISSIONS, audience
from tests.simulator.judges.checking import problems_of_payload
from tests.simulator.judges.receiver import receiving
from tests.simulator.support import Simulated
from tests.simulator.webhooks.waiting import app_hook, settled

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:9/hook"


def admin(sim: Simulated) -> Caller:
    return Caller(actor=sim.world.tables.accounts.one("login", "admin"))


def event(sim: Simulated, name: str, action: str | None = None, **payload: Any) -> Event:
    return Event(name, action, admin(sim), payload, sim.repository)


def other_app(sim: Simulated, permissions: dict[str, Level], events: list[str]) -> App:
    """A second App, installed on acme, with a hook."""
    world = sim.world
    app = add_app(world, "other", "Other", permissions, events, world.clock.now())
    hook = Hook(
        id=world.tables.next_id(),
        app_id=app.id,
        url=URL,
        events=[],
        created_at=world.clock.now(),
        updated_at=world.clock.now(),
    )
    world.tables.hooks.add(hook)
    install(world, admin(sim), app, world.owner(sim.repository))
    return app


def heard(sim: Simulated, event: Event) -> set[str]:
    """The slugs of the Apps, and "repository" for its hooks."""
    apps = sim.world.tables.apps
    return {
        apps[r.hook.app_id].slug if r.hook.app_id else "repository"
        for r in audience(sim.world.tables, event)
    }


def repository_hook(sim: Simulated, *events: str) -> Hook:
    hook = Hook(
        id=sim.world.tables.next_id(),
        repository_id=sim.repository.id,
        url=URL,
        events=list(events),
        created_at=sim.world.clock.now(),
        updated_at=sim.world.clock.now(),
    )
    return sim.world.tables.hooks.add(hook)


async def test_subscribed_and_permitted(sim: Simulated) -> None:
    app_hook(sim, URL)
    other_app(sim, {"issues": "read"}, ["issues", "push"])
    assert heard(sim, event(sim, "issues", "opened")) == {"otp-genesis", "other"}
    assert heard(sim, event(sim, "push")) == {"otp-genesis"}, "other may not read contents"
    assert heard(sim, event(sim, "label", "created")) == set(), "nobody subscribes"


async def test_either_permission_will_do_for_comments(sim: Simulated) -> None:
    other_app(sim, {"pull_requests": "read"}, ["issue_comment", "issues"])
    assert heard(sim, event(sim, "issue_comment", "created")) == {"other"}
    assert heard(sim, event(sim, "issues", "opened")) == set()


async def test_every_permission_is_one_that_apps_can_have(sim: Simulated) -> None:
    needed = {name for names in PERMISSIONS.values() for name in names}
    assert {"issues", "checks", "contents"} <= needed
    assert all(name.replace("_", "").isalpha() for name in needed)


async def test_an_installation_on_other_repositories(sim: Simulated) -> None:
    app_hook(sim, URL)
    installation = sim.installation
    installation.repository_selection = "selected"
    assert heard(sim, event(sim, "issues", "opened")) == set()
    installation.repository_ids = [sim.repository.id]
    assert heard(sim, event(sim, "issues", "opened")) == {"otp-genesis"}


async def test_a_suspended_installation_hears_of_its_suspension_only(sim: Simulated) -> None:
    app_hook(sim, URL)
    installation = sim.installation
    installation.suspended_at = sim.world.clock.now()
    assert heard(sim, event(sim, "issues", "opened")) == set()
    told = Event("installation", "suspend", admin(sim), {}, None, installation.id)
    assert heard(sim, told) == {"otp-genesis"}


@pytest.mark.parametrize(
    ("name", "action", "everybody"),
    [
        ("check_run", "created", True),
        ("check_run", "completed", True),
        ("check_run", "rerequested", False),
        ("check_run", "requested_action", False),
        ("check_suite", "completed", True),
        ("check_suite", "requested", False),
        ("check_suite", "rerequested", False),
    ],
)
async def test_requests_go_to_the_app_that_checks(
    sim: Simulated, name: str, action: str, everybody: bool
) -> None:
    app_hook(sim, URL)
    repository_hook(sim, "*")
    other = other_app(sim, {"checks": "write"}, ["check_run", "check_suite"])
    told = event(sim, name, action, **{name: {"app": {"id": other.id}}})
    expected = {"other", "otp-genesis", "repository"} if everybody else {"other"}
    assert heard(sim, told) == expected


async def test_hooks_of_a_repository_hear_nothing_of_installations(sim: Simulated) -> None:
    repository_hook(sim, "*")
    assert heard(sim, event(sim, "installation", "created")) == set()
    assert heard(sim, event(sim, "issues", "opened")) == {"repository"}


async def test_installing_choosing_and_accepting_are_told(sim: Simulated) -> None:
    app = other_app(sim, {"issues": "read"}, ["issues"])
    (installation,) = sim.world.tables.installations.where("app", app.id)
    (hook,) = sim.world.tables.hooks.where("app", app.id)
    with receiving("") as (url, receiver):
        hook.url = url
        # What was not sent before goes to the old address.
        sim.world.commit()
        await settled(sim)
        app.permissions = {"issues": "write"}
        accept_permissions(sim.world, admin(sim), installation)
        accept_permissions(sim.world, admin(sim), installation)
        select(sim.world, admin(sim), installation, [sim.repository])
        select(sim.world, admin(sim), installation, [])
        select(sim.world, admin(sim), installation, None)
        sim.world.commit()
        await settled(sim, 4)
        deliveries = {(d.event, d.action): d.payload() for d in receiver.deliveries}
    assert set(deliveries) == {
        ("installation", "new_permissions_accepted"),
        ("installation_repositories", "removed"),
        ("installation_repositories", "added"),
    }
    for (name, _), payload in deliveries.items():
        assert problems_of_payload(name, payload) == []
    first = next(d for d in sim.world.tables.deliveries if d.action == "created")
    assert installation.permissions == {"issues": "write"}
    assert first.installation_id == installation.id


async def test_an_app_is_installed_once_on_an_account(sim: Simulated) -> None:
    with pytest.raises(ValueError, match="already"):
        install(sim.world, admin(sim), sim.genesis, sim.world.owner(sim.repository))


async def test_repositories_come_and_go_under_an_installation(sim: Simulated) -> None:
    with receiving("") as (url, receiver):
        app_hook(sim, url)
        client = sim.as_("admin")
        made = await client.post("/orgs/acme/repos", json={"name": "fresh"})
        assert made.status_code == 201, made.text
        gone = await client.delete("/repos/acme/fresh")
        assert gone.status_code == 204
        await settled(sim, 4)
        told = receiver.of("installation_repositories")
        by_action = {d.action: d.payload() for d in told}
    assert set(by_action) == {"added", "removed"}
    assert [r["name"] for r in by_action["added"]["repositories_added"]] == ["fresh"]
    assert [r["name"] for r in by_action["removed"]["repositories_removed"]] == ["fresh"]
    for payload in by_action.values():
        assert problems_of_payload("installation_repositories", payload) == []
