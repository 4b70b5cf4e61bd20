"""Every address of a page, asked for and sent to in ways that no browser would."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from bot.simulator.pages.mounting import ROUTERS
from tests.simulator.pages.browser import Browser
from tests.simulator.pages.conftest import Visit
from tests.simulator.support import BASE, Simulated

pytestmark = pytest.mark.anyio

PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
ODD = ["1", "%00", "%FF%FE", "..%2F..%2Fetc", "-x", "%7B%7B7*7%7D%7D", "a" * 3000, "%0d%0aX:%20y"]
NAMES = (
    "account base body content draft edit event field head id issue kind label line login method"
    " minutes new number path place plan reason ref remove role selection sha side state title"
    " turn url verdict was assignee reviewer milestone discard later message owner name manifest"
).split()
VALUES = [
    "",
    "\0",
    "-1",
    "9" * 40,
    "\ud7ff\uffff",
    "{{ 7*7 }}",
    "a\r\nb: c",
    "x" * 70_000,
    "[" * 999,
]


def templates(method: str) -> Iterator[str]:
    """The addresses of pages, without that which takes every other one."""
    for router in ROUTERS[:-1]:
        for route in router.routes:
            if isinstance(route, APIRoute) and method in (route.methods or ()):
                yield route.path


def filled(path: str, odd: str) -> str:
    """The address with our repository in it, and `odd` for everything else."""

    def value(found: re.Match[str]) -> str:
        known = {"owner": "acme", "repo": "shop"}.get(found[1])
        return known or ("999999999999" if found[2] == "int" and odd != "1" else odd)

    return PARAMETER.sub(value, path)


async def test_odd_addresses_are_answered(sim: Simulated, admin: Browser) -> None:
    await admin.send("/acme/shop/issues", title="One")
    paths = {filled(path, odd) for path in templates("GET") for odd in ODD}
    assert len(paths) > 150
    broken = []
    for path in sorted(paths):
        for query in ("", "?page=-1&q=%00&raw=x&edit=%FF&at=R&path=%00&part=1&state=%0a"):
            shown = await admin.get(path + query)
            if shown.status >= 500 or "x" in shown.response.headers:
                broken.append((shown.status, path[:80] + query))
    assert broken == []


async def test_odd_forms_change_nothing_and_are_answered(sim: Simulated, visit: Visit) -> None:
    admin, nobody = visit("admin"), visit("")
    await admin.send("/acme/shop/issues", title="One")
    number = len(sim.world.tables.issues)
    paths = sorted({filled(path, "1") for path in templates("POST")})
    assert len(paths) > 30
    broken = []
    for path in paths:
        if path.endswith("/delete"):
            continue
        sent = [await nobody.send(path), await admin.send(path)]
        sent += [await admin.send(path, **dict.fromkeys(NAMES, value)) for value in VALUES]
        broken += [(path, shown.status) for shown in sent if shown.status >= 500]
    assert broken == []
    assert (await admin.get("/acme/shop/issues/1")).status == 200
    assert len(sim.world.tables.issues) - number < len(VALUES)


async def test_bodies_that_are_no_forms(sim: Simulated, admin: Browser) -> None:
    kinds = {
        "application/json": b'{"title": "x"}',
        "multipart/form-data": b"--",
        "multipart/form-data; boundary=x": b"--x\r\nContent-Disposition: form-data\r\n\r\n",
        "application/x-www-form-urlencoded": b"title=%FF%FE&&=&" + b"&".join([b"a=1"] * 3000),
        "text/plain": b"\xff",
        "": b"",
    }
    for kind, content in kinds.items():
        answer = await admin.client.post(
            "/acme/shop/issues", content=content, headers={"origin": BASE, "content-type": kind}
        )
        assert answer.status_code in (400, 422), kind
    assert len(sim.world.tables.issues) == 0


async def test_a_cookie_that_names_nobody(sim: Simulated, admin: Browser) -> None:
    for cookie in ("acting_as=%FF", "acting_as=otp-genesis[bot]", "acting_as=acme", "acting_as="):
        answer = await admin.client.get("/", headers={"cookie": cookie})
        assert answer.status_code == 200
        sent = await admin.client.post(
            "/acme/shop/issues", data={"title": "x"}, headers={"cookie": cookie, "origin": BASE}
        )
        assert sent.status_code in (303, 401)
    assert {issue.author_id for issue in sim.world.tables.issues} <= {
        account.id for account in sim.world.tables.accounts if account.type == "User"
    }
