"""mix.exs read as syntax."""

from __future__ import annotations

from bot.elixir.mixfile import App, app_owning, apps_of


def app(project: str, application: str = "[]", more: str = "", path: str = "mix.exs") -> App:
    code = f"""\
defmodule Shop.MixProject do
  use Mix.Project
  @version "1.0.0"
  @requirement "~> 1.14"
  def project, do: {project}
  def application, do: {application}
{more}
end
"""
    return apps_of({path: code.encode()})[0]


def test_application_callback_makes_it_deployable() -> None:
    found = app("[app: :shop, package: []]", "[mod: {Shop.Application, []}]")
    assert (found.name, found.callback, found.package, found.deployable) == (
        "shop",
        "Shop.Application",
        True,
        True,
    )


def test_package_without_callback_is_a_library() -> None:
    assert not app("[app: :shop, package: package()]").deployable
    assert app("[app: :shop]").deployable


def test_alias_in_the_callback_is_resolved() -> None:
    assert app("[app: :shop]", "[mod: {App, []}]", "  alias Shop.App\n").callback == "Shop.App"


def test_attribute_values_are_read() -> None:
    assert app("[app: :shop, elixir: @requirement]").requirement == "~> 1.14"


def test_source_paths_of_the_default_environment() -> None:
    found = app(
        "[app: :shop, elixirc_paths: paths(Mix.env())]",
        more='  defp paths(:test), do: ["lib", "support"]\n  defp paths(_), do: ["lib", "web"]',
    )
    assert found.elixirc_paths == ("lib", "web")
    assert app("[app: :shop]").elixirc_paths == ("lib",)


def test_umbrella_owns_nothing_itself() -> None:
    umbrella = 'defmodule U do\n  use Mix.Project\n  def project, do: [apps_path: "apps"]\nend\n'
    inner = "defmodule W do\n  use Mix.Project\n  def project, do: [app: :web]\nend\n"
    apps = apps_of({"mix.exs": umbrella.encode(), "apps/web/mix.exs": inner.encode()})
    owner = app_owning(apps, "apps/web/lib/a.ex")
    assert owner is not None
    assert owner.name == "web"
    assert app_owning(apps, "apps/website/lib/a.ex") is None
    assert app_owning(apps, "lib/a.ex") is None


def test_mix_files_of_fixtures_and_templates_are_no_applications() -> None:
    code = b"defmodule W do\n  use Mix.Project\n  def project, do: [app: :web]\nend\n"
    assert apps_of({"test/fixtures/app/mix.exs": code, "priv/templates/mix.exs": code}) == ()
    assert apps_of({"test_integrations/web/mix.exs": code}) == ()
    assert [app.path for app in apps_of({"apps/test_web/mix.exs": code})] == ["apps/test_web"]


def test_file_that_is_no_mix_project() -> None:
    assert (
        apps_of({"mix.exs": b"IO.puts(1)\n", "a/mix.exs": b"defmodule do end ((", "b/mix.exs": b""})
        == ()
    )
