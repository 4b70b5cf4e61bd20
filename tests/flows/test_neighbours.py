"""Path dependencies beside the checkout: built with, and nothing else of the machine seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.codebase.repository import Repository
from bot.core.verdict import Baseline
from bot.flows.neighbours import neighbours
from bot.flows.onboarding.place import PlaceFacts, look_around
from bot.flows.onboarding.place_checks import place_checks
from bot.flows.watch import Silent
from bot.settings import load_settings
from tests.flows.support import MIX, SHOP, repository, written
from tests.verify.support import sandbox

PRICE = {
    "mix.exs": """\
defmodule Price.MixProject do
  use Mix.Project
  def project, do: [app: :price, version: "0.1.0", deps: [{:coin, path: "../coin"}]]
end
""",
    "lib/price.ex": "defmodule Price do\n  def of(n), do: Coin.of(n)\nend\n",
    "secret.txt": "read only",
}
COIN = {
    "mix.exs": """\
defmodule Coin.MixProject do
  use Mix.Project
  @app :coin
  def project, do: [app: @app, version: "0.1.0"]
end
""",
    "lib/coin.ex": "defmodule Coin do\n  def of(n), do: n * 100\nend\n",
}
PRICE_TEST = """\
defmodule Shop.PriceTest do
  use ExUnit.Case

  test "reckons" do
    assert Price.of(2) == 200
  end
end
"""


def shop(top: Path, dependency: str, **more: str) -> Path:
    """A project with this entry in its deps; two applications and something private beside it."""
    written(top / "price", PRICE)
    written(top / "coin", COIN)
    written(top / "private", {"key.txt": "secret", "mix.exs": COIN["mix.exs"]})
    named = MIX.replace("deps: []", f"deps: [{dependency}]")
    return repository(top / "shop", {**SHOP, "mix.exs": named, **more})


def seen(root: Path) -> dict[str, Path]:
    return neighbours(Repository.open(root, load_settings()))


def built(root: Path, mode: str) -> PlaceFacts:
    settings = load_settings(cache_dir=root.parent / "cache", sandbox=mode)
    return look_around(root, settings, Silent(), build=True)


@pytest.mark.elixir
@pytest.mark.parametrize("mode", ["auto", "off"])
@pytest.mark.parametrize("written_as", ["relative", "absolute"])
def test_what_stands_beside_the_checkout_is_built_with(
    tmp_path: Path, mode: str, written_as: str
) -> None:
    path = "../price" if written_as == "relative" else str(tmp_path / "price")
    named = f'{{:price, path: "{path}"}}'
    root = shop(tmp_path, named, **{"test/shop/price_test.exs": PRICE_TEST})
    found = built(root, mode).build
    assert isinstance(found, Baseline)
    assert found.obstacle == ""
    assert [c.summary for c in found.checks if c.name == "test"] == ["2 tests, 0 failures"]
    assert not (tmp_path / "price/_build").exists()


@pytest.mark.elixir
def test_nothing_else_of_the_machine_is_seen(tmp_path: Path) -> None:
    if not sandbox().isolated:
        pytest.skip("NO ISOLATION TESTED: bubblewrap is absent or blocked here")
    spying = f"""\
defmodule Shop.SpyTest do
  use ExUnit.Case

  test "sees what it builds with, and that only to read" do
    assert Enum.sort(File.ls!("{tmp_path}")) -- ["cache", "coin", "price"] == []
    assert {{:error, :erofs}} = File.write("{tmp_path}/price/lib/price.ex", "")
    assert File.ls!("{tmp_path}/price/.git") == []
  end
end
"""
    named = f'{{:price, path: "{tmp_path}/price"}}'
    root = shop(tmp_path, named, **{"test/shop/spy_test.exs": spying})
    written(tmp_path / "price", {".git/config": "token"})
    found = built(root, "required").build
    assert isinstance(found, Baseline)
    (tested,) = [c for c in found.checks if c.name == "test"]
    assert tested.status == "passed", tested.output_tail


def test_a_folder_counts_only_where_it_is_the_application_that_is_named(tmp_path: Path) -> None:
    root = shop(
        tmp_path,
        '{:price, path: "../price"}, {:private, path: "../private"}, {:none, path: "../none"},'
        ' {:computed, path: Path.expand("../private", __DIR__)}, {:coin, path: "../#{:private}"},'
        ' {:sample, path: "../sample", only: :dev}, {:tmp, path: "/tmp"}, {:root, path: "/"}',
    )
    found = seen(root)
    assert found == {"../price": tmp_path / "price", "../coin": tmp_path / "coin"}


def test_what_holds_the_home_or_the_checkout_is_no_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, {"mix.exs": COIN["mix.exs"]})
    root = shop(tmp_path, f'{{:coin, path: "{tmp_path}"}}')
    assert seen(root) == {}
    other = shop(tmp_path / "other", f'{{:coin, path: "{tmp_path}/coin"}}')
    written(tmp_path, {"coin/mix.exs": COIN["mix.exs"]})
    assert seen(other) == {f"{tmp_path}/coin": tmp_path / "coin"}
    monkeypatch.setenv("HOME", str(tmp_path / "coin/home"))
    assert seen(other) == {}


@pytest.mark.elixir
def test_a_path_that_is_not_seen_is_called_that(tmp_path: Path) -> None:
    root = shop(tmp_path, '{:other, path: "../private"}')
    facts = built(root, "auto")
    (check,) = [c for c in place_checks(facts) if c.name == "build"]
    assert check.outcome == "failure"
    assert "path dependencies are not seen by the build" in check.says
    assert check.says.endswith("other (../private)")
    assert "make `mix test` work" not in check.fix
    assert "whose own mix.exs has that name" in check.fix
