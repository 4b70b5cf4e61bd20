"""Codemods whose patch a person decides on: what they change, and what they ask."""

from __future__ import annotations

import pytest

from bot.elixir.fixes import all_codemods, codemod
from bot.elixir.fixes.base import Codemod, Declined, Proposal
from bot.elixir.redetect import still_there
from bot.elixir.rules import rule
from tests.elixir.fixes.parser import judged
from tests.elixir.fixes.support import MIX_EXS, applied, changes_of, surveyed

PATH = "lib/shop/desk.ex"
MINE = ("bound_timeout", "existing_atom", "let_crash")


def files(body: str) -> dict[str, str]:
    lines = "\n".join(f"  {line}" if line else "" for line in body.split("\n"))
    return {"mix.exs": MIX_EXS, PATH: f"defmodule Shop.Desk do\n{lines}\nend\n"}


def offers(name: str, body: str) -> list[Proposal | Declined]:
    analysis, project = surveyed(files(body))
    found = [f for f in analysis.findings if f.rule in codemod(name).rules]
    return [codemod(name).propose(project, f) for f in found]


def fixed(name: str, body: str) -> str:
    """The file after the one proposal; it must be assisted, ask something, and not apply twice."""
    _, project = surveyed(files(body))
    (offer,) = offers(name, body)
    assert isinstance(offer, Proposal), offer.reason
    assert offer.fix == "assisted"
    assert "?" in offer.decision
    after = applied(project, changes_of(codemod(name), project, offer.params))
    assert isinstance(codemod(name).apply(after, offer.params), Declined)
    assert isinstance(codemod(name).test(project, offer.params), Declined)
    return after.files[PATH].decode()


SHAPES = {
    "timeout argument": (
        "bound_timeout",
        "def stock, do: GenServer.call(Shop.Stock, :all, :infinity)",
        "def stock, do: GenServer.call(Shop.Stock, :all, 5_000)",
    ),
    "timeout in a pipe": (
        "bound_timeout",
        "def stock(pid), do: pid |> GenServer.call(:all, :infinity)",
        "def stock(pid), do: pid |> GenServer.call(:all, 5_000)",
    ),
    "timeout in an attribute": (
        "bound_timeout",
        "@wait :infinity\n\ndef stock, do: GenServer.call(Shop.Stock, :all, @wait)",
        "@wait 5_000\n\ndef stock, do: GenServer.call(Shop.Stock, :all, @wait)",
    ),
    "atom of a string": (
        "existing_atom",
        "def kind(params), do: String.to_atom(params)",
        "def kind(params), do: String.to_existing_atom(params)",
    ),
    "atom in a pipe": (
        "existing_atom",
        'def kind(conn), do: conn |> Map.get("kind") |> String.to_atom()',
        'def kind(conn), do: conn |> Map.get("kind") |> String.to_existing_atom()',
    ),
    "atom of a binary": (
        "existing_atom",
        "def kind(params), do: :erlang.binary_to_atom(params, :utf8)",
        "def kind(params), do: :erlang.binary_to_existing_atom(params, :utf8)",
    ),
    "rescue of a function": (
        "let_crash",
        "def load(key) do\n  value = Shop.Store.load!(key)\n  {:ok, value}\nrescue\n  _ -> "
        ":error\nend",
        "def load(key) do\n  value = Shop.Store.load!(key)\n  {:ok, value}\nend",
    ),
    "try around statements": (
        "let_crash",
        "def load(key) do\n  key = {key, 1}\n\n  try do\n    # slow\n    value = "
        "Shop.Store.load!(key)\n"
        "    {:ok, value}\n  rescue\n    _ -> :error\n  end\nend",
        "def load(key) do\n  key = {key, 1}\n\n  # slow\n  value = Shop.Store.load!(key)\n"
        "  {:ok, value}\nend",
    ),
    "try on the line below its name": (
        "let_crash",
        "def load(key) do\n  value =\n    try do\n      Shop.Store.load!(key)\n    rescue\n"
        "      _ -> nil\n    end\n\n  {:ok, value}\nend",
        "def load(key) do\n  value = Shop.Store.load!(key)\n\n  {:ok, value}\nend",
    ),
    "try with an after": (
        "let_crash",
        "def load(key) do\n  value = Shop.Store.load!(key)\n  {:ok, value}\nrescue\n  _ -> :error\n"
        "after\n  Shop.Store.close(key)\nend",
        "def load(key) do\n  value = Shop.Store.load!(key)\n  {:ok, value}\n"
        "after\n  Shop.Store.close(key)\nend",
    ),
    "one of several handlers": (
        "let_crash",
        "def load(key) do\n  value = Shop.Store.load!(key)\n  {:ok, value}\nrescue\n"
        "  KeyError -> :none\n  _ -> :error\nend",
        "def load(key) do\n  value = Shop.Store.load!(key)\n  {:ok, value}\nrescue\n"
        "  KeyError -> :none\nend",
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shape(shape: str) -> None:
    name, before, after = SHAPES[shape]
    assert fixed(name, before) == files(after)[PATH]


@pytest.mark.elixir
def test_elixir_parses_the_results_and_its_formatter_would_not_change_them() -> None:
    results = {shape: fixed(name, before) for shape, (name, before, _) in SHAPES.items()}
    assert judged(results) == dict.fromkeys(SHAPES, "formatted")


DECLINED = {
    "attribute used elsewhere": (
        "bound_timeout",
        "@wait :infinity\n\ndef stock, do: GenServer.call(Shop.Stock, :all, @wait)\n\n"
        "def park, do: Process.sleep(@wait)",
        "used elsewhere",
    ),
    "interpolated atom": (
        "existing_atom",
        'def kind(params), do: :"kind_#{params}"',
        "interpolation",
    ),
    "atom that names a node": (
        "existing_atom",
        "def join(params) do\n  node = String.to_atom(params)\n  Node.connect(node)\nend",
        "names a node",
    ),
    "supervisor's own API": (
        "bound_timeout",
        "def start_child(sup, arg), do: call(sup, {:start, arg})\n\n"
        "def which_children(sup), do: call(sup, :which)\n\n"
        "defp call(sup, request), do: GenServer.call(sup, request, :infinity)",
        "child's `init`",
    ),
    "function that is there to catch": (
        "let_crash",
        "def safe_load(key) do\n  Shop.Store.load!(key)\nrescue\n  _ -> nil\nend",
        "by its name",
    ),
    "failure handed on whole": (
        "let_crash",
        "def load(key) do\n  Shop.Store.load!(key)\ncatch\n"
        "  kind, reason -> {:error, {kind, reason}}\nend",
        "hands on",
    ),
    "try as a value": (
        "let_crash",
        "def load(key) do\n  value =\n    try do\n      key = {key, 1}\n      "
        "Shop.Store.load!(key)\n"
        "    rescue\n      _ -> nil\n    end\n\n  value || :none\nend",
        "part of an expression",
    ),
}


@pytest.mark.parametrize("shape", DECLINED)
def test_declined(shape: str) -> None:
    name, body, reason = DECLINED[shape]
    (offer,) = offers(name, body)
    assert isinstance(offer, Declined)
    assert reason in offer.reason


def test_two_equal_handlers_are_taken_out_one_after_the_other() -> None:
    guarded = "try do\n    Shop.Store.{}(key)\n  rescue\n    _ -> nil\n  end"
    body = f"def load(key) do\n  {guarded.format('open')}\n\n  {guarded.format('close')}\nend"
    tree, left = files(body), []
    for _ in range(2):
        analysis, project = surveyed(tree)
        (finding,) = (f for f in analysis.findings if f.rule == "swallowed-crash")
        offer = codemod("let_crash").propose(project, finding)
        assert isinstance(offer, Proposal)
        changes = changes_of(codemod("let_crash"), project, offer.params)
        # Told once for both: that the other one is left does not make the change a failure.
        assert still_there(project, changes, [finding]) == ()
        tree |= {change.path: change.after for change in changes}
        left.append(changes[0].after)
    assert "    Shop.Store.open(key)\n\n" in left[0]
    assert "      Shop.Store.close(key)\n    rescue" in left[0]
    assert "rescue" not in left[1]


def test_line_ends_are_kept() -> None:
    name, before, _ = SHAPES["try around statements"]
    crlf = {p: c.replace("\n", "\r\n") for p, c in files(before).items()}
    analysis, project = surveyed(crlf)
    finding = next(f for f in analysis.findings if f.rule == "swallowed-crash")
    offer = codemod(name).propose(project, finding)
    assert isinstance(offer, Proposal)
    after = changes_of(codemod(name), project, offer.params)[0].after
    assert after.count("\n") == after.count("\r\n")
    assert "rescue" not in after


@pytest.mark.parametrize("mod", all_codemods(), ids=lambda mod: mod.name)
def test_every_codemod_says_what_people_need_to_know(mod: Codemod) -> None:
    assert mod.summary.endswith(".")
    assert mod.invariant.endswith(".")
    assert mod.steps
    assert mod.done_when
    assert mod.how_to_test
    assert all(rule(r).id == r for r in mod.rules)


@pytest.mark.parametrize("name", MINE)
def test_assisted_codemods_never_call_themselves_automatic(name: str) -> None:
    assert codemod(name).fix == "assisted"
