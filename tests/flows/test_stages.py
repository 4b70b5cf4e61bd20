"""What the stages' documents say: sums, advice, places, roll-out."""

from __future__ import annotations

import pytest

from bot.core.plan import Action, Plan
from bot.elixir.analyze import survey
from bot.elixir.tree import MemoryTree
from bot.flows.excerpt import parses
from bot.flows.places import identity
from bot.flows.plan_goal import plan_goal
from bot.flows.stages import effort
from tests.flows.support import SHOP

ATOMS = """\
defmodule Shop.Atoms do
  def a(x), do: String.to_atom(x)
  def b(x), do: String.to_atom(x)
end
"""
LOOP = """\
defmodule Shop.Loop do
  def go do
    spawn_link(fn -> loop() end)
  end

  defp loop do
    receive do
      :stop -> :ok
    end

    loop()
  end
end
"""


def planned(files: dict[str, str]) -> Plan:
    found = survey(MemoryTree.of(SHOP | files), jobs=1)
    return plan_goal(found, goal="g", plan_id="local-1", commit="c")


def only(plan: Plan, rule: str) -> Action:
    (action,) = [a for a in plan.actions() if a.rule == rule]
    return action


def test_a_stage_sums_up_its_actions() -> None:
    stage = planned({}).stages[0]
    assert stage.summary == "2 actions (2 automatic) for 1 findings in 2 files."
    assert stage.effort == "about 0.5 hours"
    assert any("--rule" in v.argv and "unsupervised-spawn" in v.argv for v in stage.verification)
    assert len(stage.rollback) == 3
    assert effort(()) == "none"


def test_effort_above_a_day_is_told_in_days() -> None:
    advice = planned({"lib/shop/loop.ex": LOOP}).stages[0].actions
    hard = [a.model_copy(update={"fix": "advice", "effort": "high"}) for a in advice]
    assert effort(hard) == f"about {round(12 * len(hard) / 8, 1):g} days"


def test_advice_says_why_there_is_no_fix_and_shows_the_shape_to_aim_for() -> None:
    plan = planned({"lib/shop/loop.ex": LOOP})
    advice = next(a for a in plan.actions() if a.files and a.files[0].path == "lib/shop/loop.ex")
    assert advice.fix == "advice"
    assert any(s.startswith("No fix at lib/shop/loop.ex:3: ") for s in advice.steps)
    assert parses(advice.example)
    assert (advice.diff, advice.codemod) == ("", "")
    assert f"genesis analyze --rule {advice.rule}" in advice.done_when[0]


def test_an_id_knows_names_and_no_layout() -> None:
    assert identity(1, "a_b", {"x": "f  (1)", "y": "2"}) == identity(
        1, "a_b", {"y": "2", "x": "f (1)"}
    )
    assert identity(1, "a_b", {"x": "1"}) != identity(1, "a_b", {"x": "2"})
    assert identity(2, "a_b", {}).startswith("2-a-b-")


def test_places_quote_whole_expressions_at_their_lines() -> None:
    plan = planned({"lib/shop/atoms.ex": ATOMS, "lib/shop/loop.ex": LOOP})
    texts = SHOP | {"lib/shop/atoms.ex": ATOMS, "lib/shop/loop.ex": LOOP}
    places = [p for a in plan.actions() for p in a.files if p.line]
    assert len(places) >= 4
    for place in places:
        lines = texts[place.path].split("\n")[place.line - 1 : place.end_line]
        assert place.code == "\n".join(lines)
        assert parses(place.code)


@pytest.mark.parametrize("deployed", [True, False])
def test_the_roll_out_names_the_deployment_it_saw(deployed: bool) -> None:
    files = {"config/runtime.exs": "import Config\n"} if deployed else {}
    stage = planned(files).stages[4]
    assert [a.id for a in stage.actions] == [
        "5-watch-add-task-supervisor",
        "5-watch-supervise-spawn",
    ]
    assert ("config/runtime.exs" in stage.problem) is deployed
    assert all(("No flag:" in a.steps[-1]) is deployed for a in stage.actions)
    spawn = next(a for a in stage.actions if a.id.endswith("spawn"))
    assert [i.rpartition("-")[0] for i in spawn.depends_on] == ["1-supervise-spawn"]


def test_a_function_without_a_name_of_its_own_keeps_the_plan_whole() -> None:
    odd = 'defmodule Shop.Odd do\n  def unquote(:"a b")(fun), do: spawn(fn -> fun.() end)\nend\n'
    plan = planned({"lib/shop/odd.ex": odd})
    action = next(a for a in plan.actions() if a.files and a.files[0].path == "lib/shop/odd.ex")
    assert action.test_code == ""
    assert "No test can be generated" in action.how_to_test or action.fix == "advice"
