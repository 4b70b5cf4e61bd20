"""Global state in asynchronous tests: only what other tests can see."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "async-global-state"
READER = """\
defmodule Shop.Limit do
  @app :shop
  def now, do: Application.get_env(@app, :limit, 10)
  def own, do: Application.get_env(:shop, __MODULE__, [])
  def url, do: System.fetch_env!("SHOP_URL")
  def table, do: :persistent_term.get({__MODULE__, :table})
  @built Application.compile_env(:shop, :built)
  def built, do: @built
end
"""


def said(
    body: str, use: str = "ExUnit.Case, async: true", head: str = "", reader: str = READER
) -> list[str]:
    test = f"""\
defmodule Shop.LimitTest do
  use {use}
  {head}
  describe "limit" do
    test "works" do
      {body}
    end
  end
end
"""
    return outcome(RULE, {"lib/limit.ex": reader, "test/limit_test.exs": test})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Application.put_env(:shop, :limit, 1)", ["warning"]),
        ("Application.put_env :shop, :limit, 1", ["warning"]),
        (":shop |> Application.delete_env(:limit)", ["warning"]),
        ("Application.put_env(:shop, Shop.Limit, [])", ["warning"]),
        ('System.put_env("SHOP_URL", "x")', ["warning"]),
        (":persistent_term.put({Shop.Limit, :table}, 1)", ["warning"]),
        ("Logger.configure(level: :debug)", ["warning"]),
        ('File.cd!("x", fn -> :ok end)', ["warning"]),
        ("with_mock Shop.Mail, [send: fn _ -> :ok end] do\n:ok\nend", ["warning"]),
        (":meck.expect(Shop.Mail, :send, fn _ -> :ok end)", ["warning"]),
        ("Application.put_env(:shop, :other, 1)", ["~private-key"]),
        ("Application.put_env(:shop, :built, 1)", ["~private-key"]),
        ("Application.put_env(:desk, :limit, 1)", ["~private-key"]),
        ("Application.put_env(:shop, key, 1)", []),
        ('System.put_env("SHOP_#{id}", "x")', []),
        ('Shop.eval("Logger.configure(level: :debug)")', []),
        ("# Logger.configure(level: :debug)", []),
        ("Application.get_env(:shop, :limit)", []),
        ("Other.configure(level: :debug)", []),
    ],
)
def test_sites(body: str, words: list[str]) -> None:
    assert said(body) == words


def test_each_thing_is_told_once() -> None:
    put = "Application.put_env(:shop, :limit, 1)"
    assert said(f"{put}\n{put}\nLogger.configure(level: :debug)") == ["warning", "warning"]


@pytest.mark.parametrize("use", ["ExUnit.Case", "ExUnit.Case, async: false", "Shop.Case"])
def test_modules_that_run_alone(use: str) -> None:
    assert said("Application.put_env(:shop, :limit, 1)", use=use) == []


def test_the_last_word_on_async_counts() -> None:
    use = "Shop.Case, async: true\n  use ExUnit.Case, async: false"
    assert said("Application.put_env(:shop, :limit, 1)", use=use) == []


def test_global_mode_of_mox() -> None:
    assert said(":ok", head="setup [:set_mox_global, :verify_on_exit!]") == ["warning"]
    assert said(":ok", head="setup :set_mox_from_context") == []


def test_a_change_while_files_are_loaded() -> None:
    assert said(":ok", head="Application.put_env(:shop, :limit, 1)") == []
    assert said(":ok", head="setup do\nApplication.put_env(:shop, :limit, 1)\nend") == ["warning"]
    helper = "defp small, do: Application.put_env(:shop, :limit, 1)"
    assert said("small()", head=helper) == ["warning"]


def test_two_asynchronous_tests_that_set_the_same() -> None:
    put = "Application.put_env(:tesla, :adapter, X)"
    test = """\
defmodule NAME do
  use ExUnit.Case, async: true
  test "works" do
    PUT
  end
end
"""
    files = {
        f"test/{name}_test.exs": test.replace("NAME", name).replace("PUT", put) for name in "AB"
    }
    assert outcome(RULE, files) == ["warning", "warning"]


def test_code_of_the_application_is_no_test() -> None:
    code = READER + "defmodule Shop.X do\n  use Shop.Server, async: true\n"
    code += "  def go, do: Logger.configure(level: :debug)\nend\n"
    assert said(":ok", reader=code) == []
