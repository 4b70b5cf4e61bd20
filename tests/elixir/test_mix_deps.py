from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.elixir.mix_deps import Declared, Dependency, declared
from bot.elixir.source import Source


def read(deps: str, more: str = "", listed: str = "deps()") -> Declared:
    text = f"""
    defmodule A.MixProject do
      use Mix.Project
      def project, do: [app: :a, version: "1.0", deps: {listed}]
      defp deps do
        {deps}
      end
      {more}
    end
    """
    return declared(Source("mix.exs", text.encode()))


def test_entries_of_every_form_are_read() -> None:
    found = read(
        """
        [
          {:phoenix, "~> 1.7"},
          # {:gone, "1.0"},
          {:ecto, "~> 3.0 and < 4.0", only: [:dev, :test], runtime: false},
          {:x, git: "https://example.org/x.git", tag: "v1"},
          {:y, path: "../y", only: :test},
          {:z, in_umbrella: true}
        ]
        """
    )
    assert found.complete
    assert found.dependencies == (
        Dependency("phoenix", "~> 1.7"),
        Dependency("ecto", "~> 3.0 and < 4.0", ("dev", "test"), (("runtime", "false"),)),
        Dependency("x", options=(("git", "https://example.org/x.git"),)),
        Dependency("y", only=("test",), options=(("path", "../y"),)),
        Dependency("z", options=(("in_umbrella", "true"),)),
    )


def test_lists_may_be_joined_and_come_from_functions() -> None:
    more = 'defp more, do: [{:b, "1.0"}] ++ last()\n  defp last, do: [{:c, "2.0"}]'
    found = read('[{:a, "0.1"}] ++ more()', more)
    assert [d.name for d in found.dependencies] == ["a", "b", "c"]
    assert found.complete
    inline = read("[]", listed='[{:d, "1.0"}]')
    assert [d.name for d in inline.dependencies] == ["d"]


@pytest.mark.parametrize(
    "deps",
    [
        '[{:a, "1"}] ++ elsewhere()',
        '[{:a, "1"}, dep(:b)]',
        '[{:a, "1"}] ++ deps()',
        'if System.get_env("X"), do: [], else: [{:a, "1"}]',
    ],
)
def test_what_only_running_it_would_tell_is_said_to_be_missing(deps: str) -> None:
    assert not read(deps).complete


def test_a_project_without_dependencies_has_none() -> None:
    assert declared(Source("mix.exs", b"defmodule A do\n  use Mix.Project\nend")).complete
    assert declared(Source("mix.exs", b"IO.puts 1")) == Declared((), complete=False)


@given(st.text('[]{}(),:"ab~>1. \n+-#', max_size=60))
def test_any_text_is_read_without_an_exception(deps: str) -> None:
    read(deps)
