"""docs/doctor.md says what the doctor looks at, and what `genesis init` writes."""

from __future__ import annotations

from bot.flows.onboarding.app_checks import app_checks
from bot.flows.onboarding.files import WAYS, Setup, files_for
from bot.flows.onboarding.place_checks import place_checks
from bot.flows.onboarding.repository_checks import repository_checks
from bot.flows.onboarding.serverless_checks import serverless_checks
from tests.docs.pages import codes, prose, tables
from tests.flows.onboarding import test_app_checks as of_app
from tests.flows.onboarding import test_place_checks as of_place
from tests.flows.onboarding import test_repository_checks as of_repository

PAGE = "doctor.md"


def told() -> list[set[str]]:
    """The checks of each table."""
    found = [t for t in tables(PAGE) if t.head[0] == "check"]
    return [{name for row in table.rows for name in codes(row[0])} for table in found]


def test_every_check_is_told_and_none_is_made_up() -> None:
    machine, app, repository, serverless = told()
    assert machine == {check.name for check in place_checks(of_place.GOOD)}
    assert app == {check.name for check in app_checks(of_app.GOOD, "acme/shop", of_app.EVENTS)}
    assert repository == {check.name for check in repository_checks(of_repository.GOOD)}
    assert serverless == {check.name for check in serverless_checks(of_repository.bot())}


def test_every_way_is_told_with_the_files_it_writes() -> None:
    (table,) = [t for t in tables(PAGE) if "--for" in t.head[0]]
    assert [codes(row[0])[0] for row in table.rows] == list(WAYS)
    for way, row in zip(WAYS, table.rows, strict=True):
        files = {path.rpartition("/")[2] for path in files_for(way, Setup("acme"))}
        named = {name.rpartition("/")[2] for name in codes(row[1]) if name.endswith(".yml")}
        assert named <= files
        assert files - named <= {"otp-genesis.yml"}, "it shares its name with the configuration"


def test_what_the_app_is_not_asked_for_is_what_it_is_not_granted() -> None:
    from bot.github.purposes import granted

    (table,) = [t for t in tables("permissions.md") if t.head == ("permission", "why not")]
    refused = {name for row in table.rows for name in codes(row[0])}
    assert {"workflows", "administration", "secrets"} <= refused
    assert not refused & set(granted())
    assert "`actions/permissions`" in prose(PAGE)
