"""Generated tests on real projects: red before, green after, red on every cosmetic fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.elixir.fixes.async_nolink import CODEMOD as ASYNC
from bot.elixir.fixes.init_to_continue import CODEMOD as INIT
from bot.elixir.fixes.self_send_to_continue import CODEMOD as SELF_SEND
from tests.elixir.fixes import test_async_nolink as jobs
from tests.elixir.fixes import test_init_to_continue as slow
from tests.elixir.fixes import test_self_send_to_continue as sends
from tests.elixir.fixes.server_support import prove
from tests.elixir.fixes.support import APPLICATION, MakeProject


@pytest.mark.elixir
def test_a_killed_job_is_proved_to_spare_the_server(
    mix_project: MakeProject, tmp_path: Path
) -> None:
    made = {"lib/a.ex": jobs.SERVER, "lib/shop/application.ex": jobs.WITH_TASKS}
    assert prove(mix_project, ASYNC, made, tmp_path).proof == "behavioural"


@pytest.mark.elixir
def test_a_bare_task_is_proved_to_run_under_the_supervisor(
    mix_project: MakeProject, tmp_path: Path
) -> None:
    code = jobs.SERVER.replace(
        "Task.Supervisor.async(Shop.Tasks, fn -> work.() end)", "Task.async(work)"
    )
    made = {"lib/a.ex": code, "lib/shop/application.ex": jobs.WITH_TASKS}
    assert prove(mix_project, ASYNC, made, tmp_path).proof == "behavioural"


@pytest.mark.elixir
def test_a_dependency_that_holds_back_proves_the_start(
    mix_project: MakeProject, tmp_path: Path
) -> None:
    made = {"lib/a.ex": slow.INJECTED, "lib/shop/application.ex": APPLICATION}
    assert prove(mix_project, INIT, made, tmp_path).proof == "behavioural"


@pytest.mark.elixir
def test_a_suspended_dependency_of_the_application_proves_the_start(
    mix_project: MakeProject, tmp_path: Path
) -> None:
    source = (
        "defmodule Shop.Source do\n  use GenServer\n\n"
        "  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)\n\n"
        "  @impl true\n  def init(_), do: {:ok, %{eur: 1}}\n\n"
        "  @impl true\n  def handle_call(:rates, _from, rates), do: {:reply, rates, rates}\nend\n"
    )
    code = slow.INJECTED.replace("    source = Keyword.fetch!(opts, :source)\n", "").replace(
        "source: source", "name: opts[:name]"
    )
    made = {
        "lib/a.ex": code.replace("call(source,", "call(Shop.Source,"),
        "lib/source.ex": source,
        "lib/shop/application.ex": APPLICATION.replace("[]", "[Shop.Source]"),
    }
    assert prove(mix_project, INIT, made, tmp_path).proof == "behavioural"


@pytest.mark.elixir
def test_a_trace_proves_the_order(mix_project: MakeProject, tmp_path: Path) -> None:
    made = {"lib/a.ex": slow.CLOCK, "lib/shop/application.ex": APPLICATION}
    assert prove(mix_project, INIT, made, tmp_path).proof == "traced"


@pytest.mark.elixir
def test_a_queued_message_is_proved_not_to_overtake(
    mix_project: MakeProject, tmp_path: Path
) -> None:
    test = prove(
        mix_project,
        SELF_SEND,
        {
            "lib/a.ex": sends.SERVER,
            "lib/shop/application.ex": APPLICATION.replace("[]", "[Shop.Rates]"),
        },
        tmp_path,
    )
    assert test.proof == "behavioural"


@pytest.mark.elixir
def test_a_computed_message_is_proved_to_arrive_in_a_module_of_hidden_callbacks(
    mix_project: MakeProject, tmp_path: Path
) -> None:
    code = (
        sends.SERVER.replace("@impl true", "@doc false")
        .replace("    send(self(), :load)", "    step = 2\n    send(self(), {:load, step * 5})")
        .replace("info(:load, state)", "info({:load, _}, %{base: _} = state)")
        .replace(
            "  @doc false\n  # The",
            "  @doc false\n  def handle_continue(:warm, state), do: {:noreply, state}\n\n"
            "  @doc false\n  # The",
        )
    )
    test = prove(
        mix_project,
        SELF_SEND,
        {
            "lib/a.ex": code,
            "lib/b.ex": "defmodule Shop.Clock do\n  def name, do: :load\nend\n",
            "lib/shop/application.ex": APPLICATION.replace("[]", "[Shop.Rates]"),
        },
        tmp_path,
    )
    assert test.proof == "behavioural"
