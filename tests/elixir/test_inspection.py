"""What is kept from one analysis to the next changes nothing of what is found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.core.finding import Analysis
from bot.elixir.analyze import Survey, survey
from bot.elixir.result_cache import ResultCache
from bot.elixir.rule_set import analyser_version, rule_set
from bot.elixir.rules import all_rules, rule
from bot.elixir.rules.base import Rule
from bot.elixir.tree import MemoryTree

FILES = {
    "mix.exs": """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop, version: "0.1.0"]
  def application, do: [mod: {Shop.Application, []}]
end
""",
    "lib/application.ex": """\
defmodule Shop.Application do
  use Application
  def start(_, _), do: Supervisor.start_link([Shop.Till], strategy: :one_for_one)
end
""",
    "lib/server.ex": """\
defmodule Shop.Server do
  defmacro __using__(_) do
    quote do
      use GenServer
    end
  end
end
""",
    "lib/till.ex": """\
defmodule Shop.Till do
  use Shop.Server
  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)
  def init(_), do: {:ok, []}
  def handle_cast({:add, coin}, coins) do
    Process.sleep(5_000)
    {:noreply, [coin | coins]}
  end
end
""",
    "lib/desk.ex": """\
defmodule Shop.Desk do
  def later(x), do: spawn(fn -> x end)
  def odd(x), do: send(Shop.Till, {:add, x})
end
""",
}


def look(
    files: Mapping[str, str], kept: ResultCache, rules: tuple[Rule, ...] | None = None
) -> Survey:
    return survey(MemoryTree.of(files), jobs=1, rules=rules, cache=kept)


def fresh(files: Mapping[str, str], rules: tuple[Rule, ...] | None = None) -> Analysis:
    return survey(MemoryTree.of(files), jobs=1, rules=rules).analysis


def plain(analysis: Analysis) -> Analysis:
    return analysis.model_copy(update={"cached": 0})


@pytest.fixture
def kept(tmp_path: Path) -> ResultCache:
    """A cache that has seen the files."""
    cache = ResultCache.below(tmp_path)
    assert look(FILES, cache).analysis.cached == 0
    return cache


def test_the_same_files_are_not_looked_at_again(kept: ResultCache) -> None:
    again = look(FILES, kept)
    assert again.analysis.cached == len(FILES)
    assert plain(again.analysis) == fresh(FILES)
    assert again.analysis.findings
    assert again.project.facts == survey(MemoryTree.of(FILES), jobs=1).project.facts


CHANGES = {
    "a comment": ("lib/desk.ex", lambda code: "# new\n" + code, 4),
    "a finding less": ("lib/desk.ex", lambda code: code.replace("spawn(fn -> x end)", "x"), 4),
    "a supervisor without children": (
        "lib/application.ex",
        lambda c: c.replace("Shop.Till", ""),
        4,
    ),
    "a mix.exs": ("mix.exs", lambda code: code.replace("mod:", "nomod:"), 4),
    "what use brings": (
        "lib/server.ex",
        lambda code: code.replace("use GenServer", "use Agent"),
        0,
    ),
    "what use does not bring": ("lib/server.ex", lambda code: code + "# more\n", 4),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changed_is_looked_at_and_what_depends_on_it(
    kept: ResultCache, change: tuple[str, object, int]
) -> None:
    path, edit, known = change
    files = FILES | {path: edit(FILES[path])}  # type: ignore[operator]  # each takes and gives code
    again = look(files, kept).analysis
    assert plain(again) == fresh(files)
    assert again.cached == known


def test_files_come_and_go_and_move(kept: ResultCache) -> None:
    fewer = {path: code for path, code in FILES.items() if path != "lib/desk.ex"}
    assert plain(look(fewer, kept).analysis) == fresh(fewer)
    moved = fewer | {"test/desk_test.exs": FILES["lib/desk.ex"]}
    found = look(moved, kept).analysis
    assert plain(found) == fresh(moved)
    assert found.cached == len(fewer)


def test_other_rules_and_other_limits_know_nothing_of_it(kept: ResultCache) -> None:
    some = (rule("unsupervised-spawn"),)
    first, second = (look(FILES, kept, some).analysis for _ in range(2))
    assert (first.cached, second.cached) == (0, len(FILES))
    assert plain(second) == fresh(FILES, some)
    assert {f.rule for f in second.findings} == {"unsupervised-spawn"}


def test_a_version_names_rules_and_limits() -> None:
    limited = next(r for r in all_rules() if r.limits)
    other = limited.limited({limited.limits[0].name: limited.limits[0].value + 1})
    versions = [rule_set([]), rule_set([limited]), rule_set([other]), rule_set(all_rules())]
    assert len(set(versions)) == len(versions)
    assert len(analyser_version()) == 32


def test_processes_share_one_store(tmp_path: Path) -> None:
    filler = "# " + "x" * 20_000 + "\n"
    many = {
        f"lib/m{n}.ex": filler + FILES["lib/desk.ex"].replace("Desk", f"D{n}") for n in range(40)
    }
    cache = ResultCache.below(tmp_path)
    first = survey(MemoryTree.of(many), jobs=2, cache=cache).analysis
    assert plain(look(many, cache).analysis) == first == fresh(many)
