"""Where generated tests go."""

from __future__ import annotations

import pytest

from bot.elixir.fixes.test_files import test_file as new_test_file
from bot.elixir.mixfile import App
from tests.elixir.fixes.support import MIX_EXS, project_of


def app(path: str) -> App:
    return next(a for a in project_of({f"{path}/mix.exs".lstrip("/"): MIX_EXS}).apps)


@pytest.mark.parametrize(
    ("module", "path"),
    [
        ("Shop.Mailer", "test/shop/mailer_run_supervision_test.exs"),
        ("Shop.HTTPClient", "test/shop/http_client_run_supervision_test.exs"),
        ("ShopWeb.API.V2", "test/shop_web/api/v2_run_supervision_test.exs"),
    ],
)
def test_path_follows_the_module(module: str, path: str) -> None:
    assert new_test_file(project_of({}), app(""), module, "run", "supervision").path == path


def test_child_application_of_an_umbrella_keeps_its_own_tests() -> None:
    found = new_test_file(project_of({}), app("apps/shop"), "Shop.Mailer", "run!", "restart")
    assert found.path == "apps/shop/test/shop/mailer_run_restart_test.exs"
    assert found.module == "Shop.MailerRunRestartTest"


def test_existing_file_is_never_written_over() -> None:
    taken = project_of({"test/shop/mailer_run_test.exs": ""})
    found = new_test_file(taken, app(""), "Shop.Mailer", "run")
    assert found.path == "test/shop/mailer_run_2_test.exs"
    assert found.module == "Shop.MailerRun2Test"
