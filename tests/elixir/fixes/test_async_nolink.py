"""A server's linked job becomes one it monitors."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from bot.elixir.fixes.async_nolink import CODEMOD
from bot.elixir.fixes.base import Declined, Proposal
from tests.elixir.fixes.server_support import declined, propose, rewritten
from tests.elixir.fixes.support import APPLICATION, MIX_EXS, project_of

WITH_TASKS = APPLICATION.replace("[]", "[{Task.Supervisor, name: Shop.Tasks}]")
SERVER = """\
defmodule Shop.Jobs do
  use GenServer

  @impl true
  def init(opts) do
    {:ok, %{limit: Keyword.get(opts, :limit, 5), done: 0}}
  end

  @impl true
  def handle_cast({:run, work}, state) do
    Task.Supervisor.async(Shop.Tasks, fn -> work.() end)
    {:noreply, state}
  end
end
"""
RESULT = """\

  @impl true
  def handle_info({ref, :ok}, state) when is_reference(ref) do
    {:noreply, %{state | done: state.done + 1}}
  end
"""


def files(code: str = SERVER) -> dict[str, str]:
    return {"mix.exs": MIX_EXS, "lib/a.ex": code, "lib/shop/application.ex": WITH_TASKS}


def with_rest(rest: str) -> dict[str, str]:
    return files(SERVER.removesuffix("end\n") + rest + "end\n")


def proposed(sources: dict[str, str]) -> Proposal:
    found = propose(CODEMOD, sources)
    assert isinstance(found, Proposal), found.reason
    return found


def test_the_reference_is_kept_and_a_first_handle_info_brings_its_catch_all() -> None:
    assert rewritten(CODEMOD, files()) == snapshot("""\
defmodule Shop.Jobs do
  use GenServer
  require Logger

  @impl true
  def init(opts) do
    {:ok, %{limit: Keyword.get(opts, :limit, 5), done: 0, tasks: %{}}}
  end

  @impl true
  def handle_cast({:run, work}, state) do
    task = Task.Supervisor.async_nolink(Shop.Tasks, fn -> work.() end)
    {:noreply, %{state | tasks: Map.put(state.tasks, task.ref, task.pid)}}
  end

  @impl true
  def handle_info({ref, _result}, state) when is_map_key(state.tasks, ref) do
    Process.demonitor(ref, [:flush])
    {:noreply, %{state | tasks: Map.delete(state.tasks, ref)}}
  end

  def handle_info({:DOWN, ref, :process, _pid, reason}, state)
      when is_map_key(state.tasks, ref) do
    Logger.error("a task of #{inspect(__MODULE__)} ended: #{inspect(reason)}")
    {:noreply, %{state | tasks: Map.delete(state.tasks, ref)}}
  end

  def handle_info(message, state) do
    Logger.error("#{inspect(__MODULE__)} got an unexpected message: #{inspect(message)}")
    {:noreply, state}
  end
end
""")
    found = proposed(files())
    assert (found.fix, found.requires) == ("automatic", ())
    assert any("outlives a crash of the server" in note for note in found.notes)


def test_an_existing_result_clause_still_gets_the_result() -> None:
    after = rewritten(CODEMOD, with_rest(RESULT))
    assert "    handle_info(message, %{state | tasks: Map.delete(state.tasks, ref)})\n" in after
    kept = after.index("is_map_key(state.tasks, ref)")
    assert kept < after.index("def handle_info({ref, :ok}, state)")
    assert "unexpected message" not in after


def test_an_idle_catch_all_does_not_get_the_result() -> None:
    rest = "\n  @impl true\n  def handle_info(_other, state), do: {:noreply, state}\n"
    after = rewritten(CODEMOD, with_rest(rest))
    assert "handle_info(message," not in after
    assert after.index("{:DOWN, ref") < after.index("_other")


def test_a_struct_gets_the_field_where_it_is_defined() -> None:
    code = SERVER.replace("  use GenServer\n", "  use GenServer\n\n  defstruct [:limit, done: 0]\n")
    code = code.replace(
        "%{limit: Keyword.get(opts, :limit, 5), done: 0}", "%__MODULE__{limit: opts[:limit]}"
    )
    after = rewritten(CODEMOD, files(code))
    assert "  defstruct [:limit, done: 0, tasks: %{}]\n" in after
    assert "{:ok, %__MODULE__{limit: opts[:limit]}}" in after


def test_a_second_job_shares_the_clauses_of_the_first() -> None:
    second = (
        "\n  def handle_cast({:again, work}, state) do\n"
        "    Task.Supervisor.async(Shop.Tasks, work)\n    {:noreply, state}\n  end\n"
    )
    after = rewritten(CODEMOD, with_rest(second))
    twice = rewritten(CODEMOD, files(after))
    assert twice.count("async_nolink") == 2
    assert (twice.count(":DOWN"), twice.count("tasks: %{}")) == (1, 1)


def test_a_bare_task_needs_the_applications_supervisor() -> None:
    code = SERVER.replace("Task.Supervisor.async(Shop.Tasks, ", "Task.async(")
    sources = {**files(code), "lib/shop/application.ex": APPLICATION}
    found = proposed(sources)
    assert [r.codemod for r in found.requires] == ["add_task_supervisor"]
    assert found.fix == "automatic"
    after = rewritten(CODEMOD, sources)
    assert "task = Task.Supervisor.async_nolink(Shop.TaskSupervisor, fn -> work.() end)" in after


def test_crlf_stays() -> None:
    after = rewritten(CODEMOD, files(SERVER.replace("\n", "\r\n")))
    assert after.count("\n") == after.count("\r\n")


@pytest.mark.parametrize(
    ("old", "new", "question"),
    [
        ("    {:noreply, state}\n", "    {:noreply, %{state | done: 1}}\n", "undone"),
        (
            "handle_cast({:run, work}, state) do",
            "handle_call({:run, work}, from, state) do\n    _ = from",
            "",
        ),
        (
            "fn -> work.() end",
            "fn -> GenServer.reply(from, work.()) end",
            "What is the caller told",
        ),
    ],
)
def test_what_the_crash_used_to_reset_is_a_question(old: str, new: str, question: str) -> None:
    code = SERVER.replace(old, new)
    if "from" in new:
        code = code.replace(
            "handle_cast({:run, work}, state)", "handle_call({:run, work}, from, state)"
        )
    found = proposed(files(code))
    assert found.fix == ("assisted" if question else "automatic")
    assert question in found.decision


def test_a_down_clause_that_saw_every_job_is_a_question() -> None:
    rest = (
        "\n  @impl true\n  def handle_info({:DOWN, _ref, :process, _pid, _reason}, state) do\n"
        "    {:noreply, %{state | done: state.done + 1}}\n  end\n"
    )
    assert "saw the end of every job" in proposed(with_rest(rest)).decision


def test_a_state_made_up_by_a_test_is_a_question() -> None:
    test = "defmodule T do\n  def t, do: Shop.Jobs.handle_cast({:run, 1}, %{done: 0})\nend\n"
    found = proposed({**files(), "test/jobs_test.exs": test})
    assert "direct calls of callbacks" in found.decision


def test_a_callback_that_makes_a_new_state_is_a_question() -> None:
    rest = (
        "\n  @impl true\n  def handle_call(:reset, _from, _state),"
        " do: {:reply, :ok, %{limit: 1, done: 0}}\n"
    )
    assert "keep the field" in proposed(with_rest(rest)).decision


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "    {:ok, %{limit",
            "    Process.flag(:trap_exit, true)\n    {:ok, %{limit",
            "traps exits",
        ),
        (
            "    {:noreply, state}\n",
            "    {:noreply, state |> Map.put(:t, 1)}\n  end\n\n  def wait(t) do\n    "
            "Task.await(t)\n",
            "waits for a task",
        ),
        (
            "{:ok, %{limit: Keyword.get(opts, :limit, 5), done: 0}}",
            "{:ok, Enum.into(opts, %{})}",
            "written out",
        ),
        ("done: 0", "tasks: []", "has a field `tasks`"),
        ("{:run, work}, state)", "{:run, work}, %{done: _})", "written out"),
        (
            "    Task.Supervisor.async(Shop.Tasks, fn -> work.() end)",
            "    for w <- work, do: Task.Supervisor.async(Shop.Tasks, w)",
            "in a loop",
        ),
        (
            "Task.Supervisor.async(Shop.Tasks, fn -> work.() end)",
            "Shop.Tasks |> Task.Supervisor.async(work)",
            "no plain call",
        ),
    ],
)
def test_declines(old: str, new: str, reason: str) -> None:
    assert reason in declined(CODEMOD, files(SERVER.replace(old, new)))


def test_no_test_where_the_job_cannot_be_passed_in() -> None:
    sources = files(SERVER.replace("fn -> work.() end", "fn -> Shop.Work.run(work) end"))
    found = CODEMOD.test(project_of(sources), proposed(sources).params)
    assert isinstance(found, Declined)
    assert "cannot be passed in" in found.reason
