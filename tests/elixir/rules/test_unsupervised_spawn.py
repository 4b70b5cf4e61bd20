"""Raw spawns, told from what only looks like one."""

from __future__ import annotations

import pytest

from bot.elixir.rules.unsupervised_spawn import RULE
from tests.elixir.support import analysed


def in_function(body: str) -> str:
    return f"defmodule A do\n  def go(x) do\n    {body}\n  end\nend\n"


@pytest.mark.parametrize(
    ("body", "severity", "fix"),
    [
        ("spawn(fn -> x end)", "warning", "automatic"),
        ("spawn(A, :go, [x])", "warning", "automatic"),
        (":erlang.spawn(fn -> x end)", "warning", "automatic"),
        ("(fn -> x end) |> spawn()", "warning", "automatic"),
        ("spawn fn -> x end", "warning", "automatic"),
        ("Process.spawn(x, [])", "warning", "assisted"),
        ("spawn_monitor(x)", "info", "assisted"),
        ("spawn_monitor(x)\n    :ok", "warning", "assisted"),
        (":proc_lib.spawn(x)", "warning", "assisted"),
        ("spawn_link(fn -> x end)", "info", "assisted"),
        ("Process.spawn(x, [:link])", "info", "assisted"),
    ],
)
def test_weight_and_fix(body: str, severity: str, fix: str) -> None:
    (finding,) = analysed(RULE, in_function(body)).findings
    assert (finding.severity, finding.fix, finding.function) == (severity, fix, "go/1")


@pytest.mark.parametrize(
    "body",
    [
        "x.spawn(fn -> x end)",
        "Monsters.spawn(x)",
        '"spawn(fn -> x end)"',
        "# spawn(fn -> x end)",
        "quote do: spawn(fn -> x end)",
        "&spawn/1",
        "spawn = x",
    ],
)
def test_what_is_no_spawn(body: str) -> None:
    assert analysed(RULE, in_function(body)).findings == ()


def test_task_start_is_not_this_rules_business() -> None:
    assert analysed(RULE, in_function("Task.start(x)")).findings == ()


def test_a_monitor_inside_the_spawned_function_does_not_watch_it() -> None:
    body = "spawn(fn -> Process.monitor(x)\n receive do\n {:DOWN, _, _, _, _} -> 1\n end\n end)"
    assert len(analysed(RULE, in_function(body)).findings) == 1


def test_monitored_but_never_taken_is_still_lost() -> None:
    body = "pid = spawn(fn -> x end)\n    Process.monitor(pid)"
    assert len(analysed(RULE, in_function(body)).findings) == 1


def test_tests_and_scripts_may_spawn() -> None:
    code = in_function("spawn(fn -> x end)")
    assert analysed(RULE, code, path="test/support/a.ex").findings == ()
    assert analysed(RULE, code, path="lib/load_test/a.ex").findings != ()


def test_the_codemod_learns_call_and_arity() -> None:
    (finding,) = analysed(RULE, in_function("spawn(A, :go, [x])")).findings
    assert finding.data == {"call": "Kernel.spawn", "arity": "3"}


def test_a_watcher_tied_to_its_parameter_parent() -> None:
    code = """
    defmodule A do
      def watch(parent, pid) do
        spawn(fn ->
          Process.monitor(parent)

          receive do
            {:DOWN, _, _, ^parent, _} -> Process.exit(pid, :kill)
          end
        end)
      end
    end
    """
    assert [e.exemption for e in analysed(RULE, code).exempted] == ["tied-to-caller"]


def test_files_of_no_mix_application_have_no_fix() -> None:
    code = "defmodule A do\n  def go(x), do: spawn(fn -> x end)\nend\n"
    (finding,) = analysed(RULE, {"code_samples/ch05/a.ex": code}).findings
    assert (finding.severity, finding.fix) == ("warning", "advice")


@pytest.mark.parametrize(
    ("helper", "said"),
    [
        ("defp finish(x) do\n    save(x)\n    :init.stop()\n  end", ["ending"]),
        ("defp finish(x), do: save(x)", []),
        ("defp finish(:now), do: System.halt(0)\n  defp finish(x), do: save(x)", []),
    ],
)
def test_a_helper_that_ends_the_system(helper: str, said: list[str]) -> None:
    code = f"defmodule A do\n  def go(x), do: spawn(fn -> finish(x) end)\n  {helper}\nend\n"
    assert [e.exemption for e in analysed(RULE, code).exempted] == said


@pytest.mark.parametrize(
    ("name", "start", "said"),
    [
        ("Shop.Release", "Application.ensure_all_started(:shop)", ["command-line"]),
        ("Shop.Release", "Shop.Album.load(:shop)", []),
        ("Shop.Releases", "Application.ensure_all_started(:shop)", []),
    ],
)
def test_commands_of_a_release(name: str, start: str, said: list[str]) -> None:
    code = f"defmodule {name} do\n  def go(x) do\n    {start}\n    spawn(fn -> x end)\n  end\nend\n"
    assert [e.exemption for e in analysed(RULE, code).exempted] == said
