"""Configuration read while compiling: what runs then, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "compile-time-env"


def said(statement: str, module: str = "Shop.A", path: str = "lib/a.ex") -> list[str]:
    return outcome(RULE, {path: f"defmodule {module} do\n  {statement}\nend\n"})


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("@a Application.get_env(:shop, :a)", ["warning"]),
        ("@a :shop |> Application.get_env(:a)", ["warning"]),
        ("@a Application.fetch_env!(:shop, :a)[:b]", ["warning"]),
        ("@a Application.compile_env(:shop, :a)", []),
        ('@a Application.compile_env(:shop, :a, System.get_env("A") == "1")', ["~stated-default"]),
        ('@a Other.compile_env(:shop, :a, System.get_env("A") == "1")', ["warning"]),
        ('@a System.get_env("A") || "b"', ["warning"]),
        ('@a System.get_env("GIT_SHA")', ["~build-value"]),
        ('@a System.get_env("A")\n  use Ecto.Repo, adapter: @a', ["~build-value"]),
        ('@a System.get_env("A")\n  use Shop.Token, salt: @a', ["warning"]),
        ('@a System.get_env("A")\n  use Ecto.Repo, adapter: @a\n  def a, do: @a', ["warning"]),
        ("mode = Application.get_env(:shop, :mode)", ["warning"]),
        ("plug Shop.Auth, key: Application.get_env(:shop, :key)", ["warning"]),
        ("field :a, default: Application.get_env(:shop, :a)", []),
        ('if System.get_env("CI"), do: @mode :ci', ["~build-value"]),
        ("@a fn -> Application.get_env(:shop, :a) end", []),
        ("@a &Application.get_env(:shop, &1)", []),
        ("@spec get_env(atom) :: atom", []),
        ("def a, do: Application.get_env(:shop, :a)", []),
        ("if @x do\n    def a, do: Application.get_env(:shop, :a)\n  end", []),
        ("# @a Application.get_env(:shop, :a)", []),
        ("@a Other.get_env(:shop, :a)", []),
        ("@a Application.get_env(", []),
    ],
)
def test_sites(statement: str, words: list[str]) -> None:
    assert said(statement) == words


def test_nested_module_is_told_once() -> None:
    assert said("defmodule B do\n    @a Application.get_env(:shop, :a)\n  end") == ["warning"]


@pytest.mark.parametrize("path", ["mix.exs", "config/config.exs", "test/a_test.exs"])
def test_files_that_run_where_they_are_compiled(path: str) -> None:
    assert said("@a Application.get_env(:shop, :a)", path=path) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("use Tesla\n  plug Shop.Url, Application.get_env(:shop, :url)", []),
        ("use Plug.Builder\n  plug Shop.Url, Application.get_env(:shop, :url)", ["warning"]),
        ("use Tesla\n  @url Application.get_env(:shop, :url)", ["warning"]),
    ],
)
def test_options_that_each_request_evaluates(body: str, words: list[str]) -> None:
    assert said(body) == words


@pytest.mark.parametrize(
    ("switch", "words"),
    [
        ("case {get} do\n:on -> use Shop.B\n_ -> use Shop.C\nend", ["info"]),
        ("if {get}, do: use(Shop.B)", ["info"]),
        ("if {get} do\nimport Shop.B\nend", ["info"]),
        ("if {get} do\ndef a, do: 1\nend", ["warning"]),
        ("if {get} do\ndef a do\nalias Shop.B\nB.c()\nend\nend", ["warning"]),
    ],
)
def test_what_only_compilation_can_choose(switch: str, words: list[str]) -> None:
    assert said(switch.format(get="Application.get_env(:shop, :kind)")) == words


@pytest.mark.parametrize(
    ("use", "file", "words"),
    [
        ("@mail.send(x)", "test", ["info"]),
        ("@mail.send(x)", "prod", ["warning"]),
        ("{@mail.send(x), @mail}", "test", ["warning"]),
        ("Shop.Post.send(@mail, x)", "test", ["warning"]),
    ],
)
def test_a_module_that_tests_swap(use: str, file: str, words: list[str]) -> None:
    code = f"""\
defmodule Shop.A do
  @mail Application.get_env(:shop, :mail)
  def go(x), do: {use}
end
"""
    config = {f"config/{file}.exs": "import Config\nconfig :shop, mail: Shop.Fake\n"}
    assert outcome(RULE, {"lib/a.ex": code, "config/test.exs": "# mail\n"}) == ["warning"]
    assert outcome(RULE, {"lib/a.ex": code, **config}) == words


@pytest.mark.parametrize(
    ("above", "words"),
    [
        ('@moduledoc "After a change, recompile it: mix deps.compile shop."', ["info"]),
        ("# Read at compile time, for the clauses below.", ["info"]),
        ("# The kinds that are known.", ["warning"]),
        ('@moduledoc "Kinds."', ["warning"]),
        ('@moduledoc "Checks the kinds at compile time."', ["warning"]),
        ('@doc "Recompile."\n  def a, do: 1', ["warning"]),
    ],
)
def test_what_is_said_to_be_of_the_build_is_a_remark(above: str, words: list[str]) -> None:
    assert said(f"{above}\n  kinds = Application.get_env(:shop, :kinds)") == words
