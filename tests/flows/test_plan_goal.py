"""The plan made of an analysis."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.plan import STAGE_TITLES, FileRange, Plan
from bot.elixir.analyze import survey
from bot.elixir.tree import MemoryTree
from bot.errors import OtpError
from bot.flows.excerpt import parses
from bot.flows.plan_goal import check_quotes, plan_goal
from tests.flows.support import SHOP

GOD = "defmodule Shop.Clock do\n  use GenServer\n\n  def init(arg), do: {:ok, arg}\n\n" + (
    "  def later(text) do\n    String.to_atom(text)\n  end\nend\n"
)


def planned(files: dict[str, str]) -> Plan:
    found = survey(MemoryTree.of(files), jobs=1)
    return plan_goal(found, goal="be calm", plan_id="local-1", commit="c" * 40)


def test_there_are_five_stages_with_the_titles_of_the_vision() -> None:
    made = planned(SHOP)
    assert [(s.number, s.title) for s in made.stages] == list(STAGE_TITLES.items())


def test_every_finding_is_covered_by_an_action() -> None:
    found = survey(MemoryTree.of(SHOP | {"lib/shop/clock.ex": GOD}), jobs=1)
    made = plan_goal(found, goal="g", plan_id="local-1", commit="c")
    covered = {i for a in made.actions() for i in a.finding_ids}
    assert {f.id for f in found.analysis.findings} <= covered
    assert len(made.coverage) == len(found.analysis.findings) + len(found.analysis.exempted)


def test_what_a_comment_suppresses_is_covered_with_its_reason_and_no_action() -> None:
    comment = "# genesis:ignore-file unsupervised-spawn -- nobody waits for the mail\n"
    made = planned(SHOP | {"lib/shop/mail.ex": comment + SHOP["lib/shop/mail.ex"]})
    assert made.actions() == ()
    assert [(r.status, r.line, r.detail) for r in made.coverage] == [
        ("suppressed", 4, "nobody waits for the mail")
    ]


def test_a_raw_spawn_becomes_an_automatic_action_after_its_supervisor() -> None:
    made = planned(SHOP)
    spawn = next(a for a in made.actions() if a.rule == "unsupervised-spawn")
    assert spawn.fix == "automatic"
    order = [a.id for a in made.actions()]
    assert spawn.depends_on
    assert all(order.index(d) < order.index(spawn.id) for d in spawn.depends_on)
    assert "Task.Supervisor" in made.tree_planned
    assert "Task.Supervisor" not in made.tree_today


def test_every_elixir_block_parses() -> None:
    for action in planned(SHOP | {"lib/shop/clock.ex": GOD}).actions():
        for code in (action.before, action.after, action.test_code):
            assert parses(code)


SEMICOLON = """\
defmodule Shop.Clock do
  def go(text) do
    spawn_link(fn ->
      IO.puts(text);
      if text, do: :ok
    end)
  end
end
"""


def test_code_the_parser_cannot_read_is_left_out_and_the_rest_is_planned() -> None:
    made = planned(SHOP | {"lib/shop/clock.ex": SEMICOLON})
    link = next(a for a in made.actions() if a.files[0].path == "lib/shop/clock.ex")
    assert not link.before
    assert link.steps[-1].startswith("Not shown here: the code as it is. ")
    assert "lib/shop/clock.ex:2" in link.steps[-1]
    assert any(a.fix == "automatic" for a in made.actions())


def test_a_fix_of_code_the_parser_cannot_read_says_what_it_does_not_show() -> None:
    code = SEMICOLON.replace("spawn_link", "spawn")
    made = planned(SHOP | {"lib/shop/clock.ex": code})
    fix = next(a for a in made.actions() if a.files and a.files[0].path == "lib/shop/clock.ex")
    assert (fix.before, fix.after) == ("", "")
    assert "Not shown here: the code as it is, the code as it becomes. " in fix.steps[-1]
    assert "start_child" in fix.diff


def test_ids_are_stable_between_runs_and_under_line_shifts() -> None:
    shifted = SHOP | {"lib/shop/mail.ex": "# a comment\n\n" + SHOP["lib/shop/mail.ex"]}
    assert [a.id for a in planned(SHOP).actions()] == [a.id for a in planned(shifted).actions()]


def test_a_clean_project_has_nothing_to_do_in_any_stage() -> None:
    clean = {p: c for p, c in SHOP.items() if "mail" not in p}
    made = planned(clean)
    assert made.actions() == ()
    assert all(stage.not_applicable for stage in made.stages)


def test_stage_five_speaks_only_of_what_earlier_stages_change() -> None:
    made = planned(
        {
            "lib/a.ex": "defmodule A do\n  def go(x), do: String.to_atom(x)\nend\n",
            "mix.exs": SHOP["mix.exs"],
        }
    )
    assert made.stages[4].actions == ()
    assert planned(SHOP).stages[4].actions


def test_a_library_never_gets_an_application() -> None:
    library = (
        SHOP["mix.exs"]
        .replace(", mod: {Shop.Application, []}", "")
        .replace("deps: []", "deps: [], package: []")
    )
    files = {p: c for p, c in SHOP.items() if "application" not in p} | {"mix.exs": library}
    for action in planned(files).actions():
        assert action.fix != "automatic"
        assert "Application" not in action.diff


def test_a_wrong_quote_is_refused() -> None:
    made = planned(SHOP)
    action = next(a for a in made.actions() if a.finding_ids)
    wrong = action.model_copy(
        update={"files": (FileRange(path="mix.exs", line=1, end_line=1, code="nope"),)}
    )
    stage = made.stages[0].model_copy(update={"actions": (wrong,)})
    broken = made.model_copy(update={"stages": (stage, *made.stages[1:])})
    with pytest.raises(OtpError, match=r"quotes mix\.exs:1 wrongly"):
        check_quotes(broken, {p: c.encode() for p, c in SHOP.items()})


def test_faint_hints_share_one_action_per_rule() -> None:
    keeper = """\
defmodule Shop.{name} do
  use GenServer

  def put(item), do: GenServer.call(__MODULE__, {{:put, item}})
  def all, do: GenServer.call(__MODULE__, :all)

  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)

  @impl true
  def init(items), do: {{:ok, items}}

  @impl true
  def handle_call({{:put, item}}, _from, items), do: {{:reply, :ok, [item | items]}}
  def handle_call(:all, _from, items), do: {{:reply, items, items}}
end
"""
    files = {f"lib/{n}.ex": keeper.format(name=n) for n in ("Baskets", "Orders")}
    page = """\
defmodule Shop.Page do
  def add(item), do: {Shop.Baskets.put(item), Shop.Orders.put(item)}
end
"""
    around = {"lib/page.ex": page, "mix.exs": SHOP["mix.exs"]}
    found = survey(MemoryTree.of(files | around), jobs=1)
    faint = tuple(
        f.model_copy(update={"severity": "info", "confidence": "low"})
        for f in found.analysis.findings
        if f.rule == "volatile-state"
    )
    weak = replace(found, analysis=found.analysis.model_copy(update={"findings": faint}))
    made = plan_goal(weak, goal="g", plan_id="local-1", commit="c")
    assert len(faint) == 2
    (action,) = made.actions()
    assert "2 places to look at" in action.title
    assert {place.path for place in action.files} == set(files)


def test_a_foundation_only_undecided_actions_need_is_not_laid_by_itself() -> None:
    package = SHOP["mix.exs"].replace("deps: []", "deps: [], package: []")
    made = planned(SHOP | {"mix.exs": package})
    spawn = next(a for a in made.actions() if a.rule == "unsupervised-spawn")
    assert spawn.fix == "assisted"
    foundations = [made.action(i) for i in spawn.depends_on]
    assert foundations
    assert all(a.fix == "assisted" and spawn.id in a.decision for a in foundations)


def test_a_refusal_names_the_place_it_is_about() -> None:
    looping = SHOP["lib/shop/mail.ex"].replace("spawn(fun)", "spawn_link(fun)")
    (action,) = planned(SHOP | {"lib/shop/mail.ex": looping}).actions()
    assert any(step.startswith("No fix at lib/shop/mail.ex:3: ") for step in action.steps)
