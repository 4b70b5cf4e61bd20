"""Atoms made at run time: where the value comes from decides."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import in_function, outcome

RULE = "dynamic-atom"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("String.to_atom(x)", ["info"]),
        ("x |> String.to_atom()", ["info"]),
        ("&String.to_atom/1", ["info"]),
        ('String.to_atom(x["kind"])', ["warning"]),
        ('case x do\n  %{"kind" => kind} -> String.to_atom(kind)\nend', ["warning"]),
        (':"key_#{x}"', ["info"]),
        ('["key_#{x}": 1]', ["info"]),
        ('String.to_atom("fixed")', []),
        ("String.to_existing_atom(x)", []),
        (':"fixed key"', []),
        ('"#{x}: 1"', []),
        ('if x in ["a", "b"], do: String.to_atom(x)', ["~bounded"]),
        ("case x do\n  y when y in ~w(a b) -> String.to_atom(y)\nend", ["~bounded"]),
        ('Enum.map(["a", "b"], fn y -> String.to_atom(y) end)', ["~bounded"]),
        ("Enum.map(~w(a b), &String.to_atom/1)", ["~bounded"]),
        ('for y <- ["a"], do: :"k_#{y}"', ["~bounded"]),
        ("quote do: String.to_atom(unquote(x))", ["~compile-time"]),
        ('Map.get(x, :"#{__MODULE__}.Sup")', ["~bounded"]),
    ],
)
def test_sites(body: str, said: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == said


def test_text_of_a_public_caller_is_input() -> None:
    assert outcome(RULE, in_function("String.to_atom(x)", "go(x) when is_binary(x)")) == ["warning"]


def test_shadowing_module_is_another_function() -> None:
    body = "alias Shop.String\n    String.to_atom(x)"
    assert outcome(RULE, in_function(body)) == []


@pytest.mark.parametrize(
    ("said", "before", "head"),
    [
        (["~bounded"], "@spec table(atom) :: atom", "table(scope)"),
        (["~bounded"], "@spec table(scope :: module()) :: atom", "table(scope)"),
        (["~bounded"], "", "table(scope) when is_atom(scope)"),
        (["info"], "@spec table(String.t()) :: atom", "table(scope)"),
        (["info"], "", "table(scope)"),
    ],
)
def test_an_atom_made_of_an_atom_is_bounded(said: list[str], before: str, head: str) -> None:
    code = f'defmodule A do\n  {before}\n  def {head}, do: :"#{{scope}}_table"\nend\n'
    assert outcome(RULE, {"lib/a.ex": code}) == said
