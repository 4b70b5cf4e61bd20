"""`add_child`: from a start by hand to a child at the right place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.elixir.fixes.add_child import CODEMOD
from bot.elixir.fixes.base import Declined, GeneratedTest, Params, Proposal
from bot.elixir.project import Project
from tests.elixir.fixes.parser import judged
from tests.elixir.fixes.support import (
    MIX_EXS,
    MakeProject,
    applied,
    apply_changes,
    changes_of,
    copy_project,
    mix,
    proposal,
    run_tests,
    surveyed,
    test_of,
    write,
)

STOCK = """\
defmodule Shop.Stock do
  use GenServer

  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)

  @impl true
  def init(opts), do: {:ok, opts}
end
"""
CACHE = STOCK.replace("Shop.Stock", "Shop.Cache")
APP = "lib/shop/application.ex"


def application(start: str, children: str = "[]", behind: str = "") -> str:
    head = (
        "defmodule Shop.Application do\n  use Application\n\n"
        "  @impl true\n  def start(_type, _args) do\n"
    )
    indented = (
        "".join(f"    {line}\n" if line else "\n" for line in start.split("\n")) if start else ""
    )
    call = "Supervisor.start_link(children, strategy: :one_for_one)"
    tail = f"    {call}\n" if not behind else f"    started = {call}\n    {behind}\n    started\n"
    return f"{head}{indented}    children = {children}\n\n{tail}  end\nend\n"


def shop(app: str, **more: str) -> dict[str, str]:
    return {"mix.exs": MIX_EXS, APP: app, "lib/shop/stock.ex": STOCK, **more}


def outcome(files: dict[str, str]) -> tuple[Project, Proposal | Declined]:
    analysis, project = surveyed(files)
    found = next(f for f in analysis.findings if f.rule == "process-outside-supervisor")
    return project, CODEMOD.propose(project, found)


def fixed(files: dict[str, str], fix: str = "automatic") -> str:
    project, offer = outcome(files)
    assert isinstance(offer, Proposal), offer.reason
    assert offer.fix == fix
    assert bool(offer.decision) == (fix == "assisted")
    return {c.path: c.after for c in changes_of(CODEMOD, project, offer.params)}[APP]


MORE = {"lib/shop/cache.ex": CACHE}
SHAPES = {
    "empty list": (
        application("{:ok, _} = Shop.Stock.start_link([])\n"),
        application("", "[\n      Shop.Stock\n    ]"),
    ),
    "argument": (
        application("{:ok, _pid} = Shop.Stock.start_link(limit: 3)\n"),
        application("", "[\n      {Shop.Stock, [limit: 3]}\n    ]"),
    ),
    "started before the tree: first": (
        application("Shop.Stock.start_link([])\n", "[Shop.Cache]"),
        application("", "[Shop.Stock, Shop.Cache]"),
    ),
    "started after the tree: last": (
        application("", "[Shop.Cache]", "Shop.Stock.start_link([])"),
        application("", "[Shop.Cache, Shop.Stock]", "started").replace(
            "    started\n    started", "    started"
        ),
    ),
    "comment goes along": (
        application(
            "# counts what is left\n{:ok, _} = Shop.Stock.start_link([])\n", "[Shop.Cache]"
        ),
        application(
            "", "[\n      # counts what is left\n      Shop.Stock,\n      Shop.Cache\n    ]"
        ),
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name: str) -> None:
    before, after = SHAPES[name]
    assert fixed(shop(before, **MORE)) == after


@pytest.mark.elixir
def test_elixir_parses_the_results_and_its_formatter_would_not_change_them() -> None:
    results = {name: fixed(shop(before, **MORE)) for name, (before, _) in SHAPES.items()}
    assert judged(results) == dict.fromkeys(SHAPES, "formatted")


def test_line_ends_are_kept() -> None:
    files = {p: c.replace("\n", "\r\n") for p, c in shop(SHAPES["argument"][0]).items()}
    result = fixed(files)
    assert "{Shop.Stock, [limit: 3]}" in result
    assert result.count("\n") == result.count("\r\n")


def test_child_goes_behind_what_it_uses_and_before_its_users() -> None:
    uses = STOCK.replace("{:ok, opts}", "{:ok, Shop.Helper.load(opts)}")
    helper = "defmodule Shop.Helper do\n  def load(key), do: GenServer.call(Shop.Cache, key)\nend\n"
    web = CACHE.replace("Shop.Cache", "Shop.Web").replace("{:ok, opts}", "{:ok, Shop.Stock}")
    files = shop(
        application("Shop.Stock.start_link([])\n", "[Shop.Cache, Shop.Web]"),
        **MORE,
        **{"lib/shop/stock.ex": uses, "lib/shop/helper.ex": helper, "lib/shop/web.ex": web},
    )
    assert "children = [Shop.Cache, Shop.Stock, Shop.Web]" in fixed(files)
    files[APP] = files[APP].replace("[Shop.Cache, Shop.Web]", "[Shop.Web, Shop.Cache]")
    offer = outcome(files)[1]
    assert isinstance(offer, Declined)
    assert "no place" in offer.reason


def test_start_in_some_function_is_a_persons_decision() -> None:
    boot = (
        "defmodule Shop.Boot do\n  def boot do\n    {:ok, _} = Shop.Stock.start_link([])\n    :ok\n"
        "  end\nend\n"
    )
    files = shop(application(""), **{"lib/shop/boot.ex": boot})
    assert "Shop.Stock\n" in fixed(files, "assisted")


DECLINED = {
    "arguments computed there": ("Shop.Stock.start_link(System.pid())\n", "[]", "computed"),
    "list put together by code": (
        "Shop.Stock.start_link([])\n",
        "base() ++ more()",
        "literal list",
    ),
}


@pytest.mark.parametrize("name", DECLINED)
def test_declined(name: str) -> None:
    start, children, reason = DECLINED[name]
    offer = outcome(shop(application(start, children)))[1]
    assert isinstance(offer, Declined)
    assert reason in offer.reason


def test_one_process_per_call_is_no_child() -> None:
    order = STOCK.replace("Shop.Stock", "Shop.Order").replace(", name: __MODULE__", "")
    user = "defmodule Shop.Till do\n  def open(id), do: Shop.Order.start_link(3)\nend\n"
    files = shop(application(""), **{"lib/shop/order.ex": order, "lib/shop/till.ex": user})
    offer = outcome(files)[1]
    assert isinstance(offer, Declined)
    assert "DynamicSupervisor" in offer.reason


@pytest.mark.elixir
def test_raw_start_becomes_a_map_and_is_assisted() -> None:
    start = "GenServer.start_link(Shop.Stock, :full, name: Shop.Stock)\n"
    result = fixed(shop(application(start)), "assisted")
    mfa = "{GenServer, :start_link, [Shop.Stock, :full, [name: Shop.Stock]]}"
    assert f"%{{id: Shop.Stock, start: {mfa}}}" in result
    assert judged({"raw": result}) == {"raw": "formatted"}


def test_pid_that_is_used_leaves_the_start_and_asks() -> None:
    start = "{:ok, stock} = Shop.Stock.start_link([])\nsend(stock, :hello)\n"
    result = fixed(shop(application(start)), "assisted")
    assert "{:ok, stock} = Shop.Stock.start_link([])" in result


def test_applied_twice_it_declines() -> None:
    project, offer = outcome(shop(SHAPES["empty list"][0]))
    assert isinstance(offer, Proposal)
    once = applied(project, changes_of(CODEMOD, project, offer.params))
    assert isinstance(CODEMOD.apply(once, offer.params), Declined)


class Proof:
    """The base with its generated test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        analysis, self.project = surveyed(root)
        found = next(f for f in analysis.findings if f.rule == "process-outside-supervisor")
        self.params: Params = proposal(CODEMOD, self.project, found).params
        self.test: GeneratedTest = test_of(CODEMOD, self.project, self.params)
        write(root, self.test.path, self.test.code)


@pytest.fixture(scope="module")
def proof(mix_project: MakeProject) -> Proof:
    return Proof(
        mix_project(
            {APP: SHAPES["started before the tree: first"][0], **MORE, "lib/shop/stock.ex": STOCK}
        )
    )


@pytest.mark.elixir
def test_proof_is_red_before_for_the_intended_reason(proof: Proof) -> None:
    run = run_tests(proof.root)
    assert (run.passed, run.failed) == (0, 1), run.output
    assert re.search(proof.test.red, run.output)


@pytest.mark.elixir
def test_proof_is_green_after_again_and_again(proof: Proof, tmp_path: Path) -> None:
    root = copy_project(proof.root, tmp_path / "after")
    apply_changes(root, changes_of(CODEMOD, proof.project, proof.params))
    for seed in (0, 1, 2):
        run = run_tests(root, seed=seed)
        assert (run.passed, run.failed) == (1, 0), run.output
    code, output = mix(root, "format", "--check-formatted")
    assert code == 0, output


@pytest.mark.elixir
@pytest.mark.parametrize("mutant", sorted(CODEMOD.mutants))
def test_proof_is_red_on_cosmetic_fixes(proof: Proof, tmp_path: Path, mutant: str) -> None:
    root = copy_project(proof.root, tmp_path / "mutant")
    changes = CODEMOD.mutants[mutant](proof.project, proof.params)
    assert changes
    apply_changes(root, changes)
    run = run_tests(root)
    assert (run.passed, run.failed) == (0, 1), run.output


@pytest.mark.elixir
def test_many_children_of_one_application_do_not_trip_its_restart_limit(
    mix_project: MakeProject,
) -> None:
    names = [f"Shop.Stock{number}" for number in range(6)]
    starts = "".join(f"{name}.start_link([])\n" for name in names)
    modules = {f"lib/shop/stock{i}.ex": STOCK.replace("Shop.Stock", n) for i, n in enumerate(names)}
    root = mix_project(shop(application(starts), **modules))
    analysis, project = surveyed(root)
    found = [f for f in analysis.findings if f.rule in CODEMOD.rules]
    assert len(found) == len(names)
    for params in [proposal(CODEMOD, project, f).params for f in found]:
        test = test_of(CODEMOD, project, params)
        write(root, test.path, test.code)
        changes = changes_of(CODEMOD, project, params)
        apply_changes(root, changes)
        project = applied(project, changes)
    for seed in (0, 1):
        run = run_tests(root, seed=seed)
        assert (run.passed, run.failed) == (len(names), 0), run.output
