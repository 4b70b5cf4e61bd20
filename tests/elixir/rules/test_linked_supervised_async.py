"""Linked supervised tasks in servers."""

from __future__ import annotations

from bot.elixir.rules.linked_supervised_async import RULE
from tests.elixir.support import analysed

SERVER = """
defmodule A do
  use GenServer
  alias Task.Supervisor, as: Jobs
  def init(s), do: {:ok, s}
  def handle_cast(:go, s), do: {:noreply, begin(s)}
  defp begin(s), do: %{s | task: Jobs.async(A.Tasks, fn -> s end)}
  HANDLER
end
"""


def test_the_way_from_the_callback_is_evidence() -> None:
    (finding,) = analysed(RULE, SERVER.replace("HANDLER", "")).findings
    assert [e.note for e in finding.evidence] == [
        "`handle_cast/2` calls `begin`",
        "a crash of the task is a crash of the server, and its state is lost",
    ]
    assert finding.data["replies"] == "ignored"


def test_the_codemod_learns_whether_replies_are_handled() -> None:
    code = SERVER.replace("HANDLER", "def handle_info({ref, _}, s), do: {:noreply, {ref, s}}")
    (finding,) = analysed(RULE, code).findings
    assert finding.data["replies"] == "handled"


def test_trapping_without_an_exit_clause_is_no_exemption() -> None:
    code = SERVER.replace("{:ok, s}", "{Process.flag(:trap_exit, true), s}").replace("HANDLER", "")
    (finding,) = analysed(RULE, code).findings
    assert finding.severity == "info"
    assert finding.evidence[-1].note.startswith("exits are trapped here")


def test_nolink_and_clients_are_silent() -> None:
    code = SERVER.replace("Jobs.async(", "Jobs.async_nolink(").replace("HANDLER", "")
    assert analysed(RULE, code).findings == ()
    client = SERVER.replace("handle_cast(:go, s)", "client(s, _)").replace("HANDLER", "")
    assert analysed(RULE, client).findings == ()


def test_a_task_started_inside_another_process_is_not_the_servers() -> None:
    code = SERVER.replace("begin(s)}", "Task.start(fn -> begin(s) end)}").replace("HANDLER", "")
    assert analysed(RULE, code).findings == ()


def test_a_look_up_that_would_raise_needs_a_hand() -> None:
    down = "def handle_info({:DOWN, ref, _, _, _why}, s), do: {:noreply, again(s, ref)}\n"
    code = SERVER.replace("HANDLER", down + "defp again(s, ref), do: Map.fetch!(s.jobs, ref)")
    (finding,) = analysed(RULE, code).findings
    assert (finding.severity, finding.fix) == ("warning", "assisted")
    assert "raises" in finding.evidence[-1].note
    (finding,) = analysed(RULE, code.replace("fetch!", "get")).findings
    assert (finding.severity, finding.fix) == ("warning", "automatic")
