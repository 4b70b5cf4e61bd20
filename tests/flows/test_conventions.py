"""What a newcomer would be told of a project."""

from __future__ import annotations

from bot.elixir.analyze import survey
from bot.elixir.tree import MemoryTree
from bot.flows.conventions import MOST, conventions
from tests.flows.support import APPLICATION, SHOP


def habits(**changes: str) -> list[str]:
    files = SHOP | {path.replace("__", "/"): text for path, text in changes.items()}
    return list(conventions(survey(MemoryTree.of(files), jobs=1, rules=()).project))


def test_an_application_is_told_by_how_it_starts() -> None:
    found = habits()
    assert found[0] == "shop is an application, started by Shop.Application, for Elixir ~> 1.12"
    assert "`mix format` is used; files that are formatted stay formatted" in found
    assert "Shop.Application supervises, in this order (one_for_one): nothing yet" in found


def test_task_supervisors_and_test_tools_are_named() -> None:
    children = "children = [{Task.Supervisor, name: Shop.TaskSupervisor}]"
    mix = SHOP["mix.exs"]
    found = habits(
        **{
            "lib/shop/application.ex": APPLICATION.replace("children = []", children),
            "mix.exs": mix.replace("deps: []", 'deps: [{:mox, "~> 1.0"}, {:credo, "~> 1.7"}]'),
        }
    )
    assert "jobs run under Shop.TaskSupervisor" in found
    assert "mocks are made with Mox, on behaviours" in found
    assert "Credo is run on every change" in found
    assert len(found) <= MOST
    assert found == habits(
        **{
            "lib/shop/application.ex": APPLICATION.replace("children = []", children),
            "mix.exs": mix.replace("deps: []", 'deps: [{:mox, "~> 1.0"}, {:credo, "~> 1.7"}]'),
        }
    )
