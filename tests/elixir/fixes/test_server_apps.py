"""Server codemods on servers as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.elixir.fixes.async_nolink import CODEMOD as ASYNC
from bot.elixir.fixes.base import Codemod
from bot.elixir.fixes.init_to_continue import CODEMOD as INIT
from tests.elixir.fixes.parser import judged
from tests.elixir.fixes.server_apps import LINKED, SLOW
from tests.elixir.fixes.server_support import prove, rewritten
from tests.elixir.fixes.support import APPLICATION, MIX_EXS, MakeProject

WITH_TASKS = APPLICATION.replace("[]", "[{Task.Supervisor, name: Shop.Tasks}]")
ALL: list[tuple[Codemod, str, str]] = [
    *((INIT, name, code) for name, code in SLOW.items()),
    *((ASYNC, name, code) for name, code in LINKED.items()),
]


def files(code: str) -> dict[str, str]:
    return {"mix.exs": MIX_EXS, "lib/a.ex": code, "lib/shop/application.ex": WITH_TASKS}


@pytest.mark.elixir
def test_elixirs_formatter_has_nothing_to_change() -> None:
    results = {name: rewritten(mod, files(code)) for mod, name, code in ALL}
    assert judged(results) == dict.fromkeys(results, "formatted")


def test_neighbours_leave_no_empty_line_behind() -> None:
    after = rewritten(INIT, files(SLOW["clauses"]))
    assert (
        "  def init(_arg) do\n    {:ok, %{now: nil, zone: nil}, {:continue, :load}}\n  end\n"
        in after
    )
    assert 'def init(:fixed), do: {:ok, %{now: "0", zone: "UTC"}}' in after


def test_struct_made_by_a_function_gets_its_field() -> None:
    after = rewritten(ASYNC, files(LINKED["mailer"]))
    assert "defstruct sent: 0, limit: 10, tasks: %{}" in after
    assert "@impl GenServer\n  def handle_info({ref, _result}, state)" in after


@pytest.mark.elixir
@pytest.mark.parametrize(("name", "kind"), [("struct", "behavioural"), ("clauses", "traced")])
def test_slow_start_is_proved(
    mix_project: MakeProject, tmp_path: Path, name: str, kind: str
) -> None:
    assert prove(mix_project, INIT, files(SLOW[name]), tmp_path).proof == kind


@pytest.mark.elixir
@pytest.mark.parametrize("name", ["mailer", "reports"])
def test_job_apart_is_proved(mix_project: MakeProject, tmp_path: Path, name: str) -> None:
    assert prove(mix_project, ASYNC, files(LINKED[name]), tmp_path).proof == "behavioural"
