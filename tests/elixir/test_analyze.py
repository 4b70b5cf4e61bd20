"""The analyser as a whole: processes, order, identities, interruption, broken input."""

from __future__ import annotations

import gc
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.elixir.analyze import survey
from bot.elixir.outline import Clause, Function
from bot.elixir.rules import all_rules
from bot.elixir.tree import MemoryTree
from bot.elixir.workers import POOL_FROM_BYTES

MAILER = """\
defmodule Mailer{n} do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def init(arg), do: {{:ok, arg}}
  def later(user), do: spawn(fn -> deliver(user) end)
  def kind(%{{"kind" => kind}}), do: String.to_atom(kind)
  defp deliver(user), do: user
end
"""


@cache
def many() -> MemoryTree:
    """Enough files for a second process."""
    filler = "# " + "x" * 20_000 + "\n"
    return MemoryTree.of({f"lib/m{n}.ex": filler + MAILER.format(n=n) for n in range(40)})


@cache
def samples() -> str:
    """Every bad sample of every rule in one text."""
    return "\n".join(c for r in all_rules() for s in r.bad for c in s.tree().values())


def test_processes_and_one_process_agree() -> None:
    assert sum(map(len, many().files().values())) > POOL_FROM_BYTES
    alone, together = survey(many(), jobs=1).analysis, survey(many(), jobs=2).analysis
    assert len(alone.findings) >= 80
    assert alone == together


def test_findings_are_in_order_and_quote_their_lines() -> None:
    analysis = survey(many(), jobs=1).analysis
    places = [(f.path, f.start_byte) for f in analysis.findings]
    assert places == sorted(places)
    for finding in analysis.findings:
        lines = many().files()[finding.path].decode().splitlines()
        assert finding.code == "\n".join(lines[finding.line - 1 : finding.end_line])


def test_identity_survives_a_shift_of_lines() -> None:
    code = MAILER.format(n=1)
    before = survey(MemoryTree.of({"lib/a.ex": code}), jobs=1).analysis
    after = survey(MemoryTree.of({"lib/a.ex": "# moved\n\n" + code}), jobs=1).analysis
    assert [f.id for f in before.findings] == [f.id for f in after.findings]
    assert [f.line + 2 for f in before.findings] == [f.line for f in after.findings]


def test_equal_findings_have_names_of_their_own() -> None:
    calls = "    spawn(&g/0)\n" * 2
    twice = f"defmodule A do\n  def f do\n{calls}  end\n\n  def g, do: 1\nend\n"
    findings = survey(MemoryTree.of({"lib/a.ex": twice}), jobs=1).analysis.findings
    ids = [f.id for f in findings if f.rule == "unsupervised-spawn"]
    assert len(ids) == len(set(ids)) == 2
    assert ids[1] == f"{ids[0]}-2"


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_counts_every_file(jobs: int) -> None:
    seen: list[tuple[int, int]] = []
    survey(many(), jobs=jobs, rules=(), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n, 40) for n in range(1, 41)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interruption_stops_the_analysis_and_the_next_one_works(jobs: int) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        survey(many(), jobs=jobs, rules=(), progress=interrupt)
    assert survey(many(), jobs=jobs, rules=()).analysis.files == 40


def test_a_file_nested_beyond_reason_is_noted() -> None:
    deep = f"defmodule A do\n  def f, do: {'g(' * 5_000}spawn(1){')' * 5_000}\nend\n"
    analysis = survey(
        MemoryTree.of({"lib/a.ex": deep, "lib/b.ex": MAILER.format(n=1)}), jobs=1
    ).analysis
    assert {f.path for f in analysis.findings} == {"lib/b.ex"}
    (note,) = analysis.notes
    assert (note.path, note.message) == ("lib/a.ex", "nested too deeply; not analysed")


def test_nothing_to_analyse() -> None:
    analysis = survey(MemoryTree.of({"README.md": "x", "lib/empty.ex": ""}), jobs=1).analysis
    assert (analysis.files, analysis.findings, analysis.notes) == (1, (), ())


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_file_cut_at_any_byte_is_analysed(data: st.DataObject) -> None:
    whole = samples().encode()
    start = data.draw(st.integers(0, len(whole) - 1))
    cut = whole[start : start + data.draw(st.integers(1, 3_000))]
    paths = ("lib/a.ex", "test/a_test.exs", "mix.exs", "config/config.exs")
    analysis = survey(MemoryTree.of(dict.fromkeys(paths, cut)), jobs=1).analysis
    assert analysis.files + len([n for n in analysis.notes if n.kind == "not-utf8"]) == len(paths)


def test_an_analysed_file_leaves_no_cycles_that_keep_its_tree() -> None:
    code = "defmodule A do\n  def f(x), do: g(x)\n  def g(x), do: spawn(fn -> f(x) end)\nend\n"
    tree = MemoryTree.of({"lib/a.ex": code})
    survey(tree, jobs=1)
    gc.collect()
    gc.disable()
    try:
        survey(tree, jobs=1)
        kept = [o for o in gc.get_objects() if isinstance(o, Function | Clause)]
    finally:
        gc.enable()
    assert kept == []
