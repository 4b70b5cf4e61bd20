"""Raw spawns, told from what only looks like one."""

from __future__ import annotations

import pytest

from bot.elixir.rules.unsupervised_spawn import RULE
from tests.elixir.rules.support import outcome
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
    (finding,) = analysed(RULE, in_function(body)).findings
    assert "no monitor" not in finding.evidence[0].note


SERVER = """\
defmodule Shop.Prices do
  use GenServer
  def init(x) do
    {begin}
    {{:ok, x}}
  end
  def handle_cast(x, state) do
    {cast}
    {{:noreply, state}}
  end
end
"""


@pytest.mark.parametrize(
    ("begin", "cast", "note"),
    [
        ("spawn_link(fn -> x end)", ":ok", "whose start starts it"),
        (":ok", "spawn_link(fn -> x end)", "linked to its caller"),
        (":ok", "spawn(fn -> x end)", "no link and no monitor"),
        (":ok", "spawn_monitor(fn -> x end)", "only its starter is told"),
    ],
)
def test_what_is_known_of_its_end(begin: str, cast: str, note: str) -> None:
    (finding,) = analysed(RULE, SERVER.format(begin=begin, cast=cast)).findings
    assert note in finding.evidence[0].note


@pytest.mark.parametrize(
    ("function", "spared"),
    [
        ("def start_loop(x), do: {:ok, spawn_link(fn -> x end)}", ["start-link"]),
        ("def start(x) do\npid = spawn_link(fn -> x end)\n{:ok, pid}\nend", ["start-link"]),
        ("def start(x), do: {:ok, spawn(fn -> x end)}", []),
        ("def start_loop(x), do: spawn_link(fn -> x end)", []),
        ("def open(x), do: {:ok, spawn_link(fn -> x end)}", []),
        ("def spawn(job), do: Kernel.spawn(job)", ["drop-in"]),
        ("def spawn(job), do: Kernel.spawn(fn -> greet(job) end)", []),
    ],
)
def test_what_a_supervisor_or_a_caller_starts(function: str, spared: list[str]) -> None:
    analysis = analysed(RULE, f"defmodule A do\n{function}\nend\n")
    assert [e.exemption for e in analysis.exempted] == spared
    assert len(analysis.findings) == 1 - len(spared)


@pytest.mark.parametrize(
    ("kept", "ended", "severity"),
    [
        ("%{x | player: spawn(fn -> x end)}", "x.player", "info"),
        ("pid = spawn(fn -> x end)\n    put(x, player: pid)", "x.player", "info"),
        ("%{x | player: spawn(fn -> x end)}", "x.other", "warning"),
        ("spawn(fn -> x end)", "x.player", "warning"),
    ],
)
def test_a_process_that_its_module_ends(kept: str, ended: str, severity: str) -> None:
    stop = f"  def stop(x), do: Process.exit({ended}, :stop)\nend\n"
    code = in_function(kept).removesuffix("end\n") + stop
    (finding,) = analysed(RULE, code).findings
    assert finding.severity == severity
    assert ("`player`" in finding.evidence[0].note) == (severity == "info")


def test_an_example_is_a_remark() -> None:
    code = in_function("spawn(fn -> x end)").replace("defmodule A", "defmodule Shop.Examples.A")
    (finding,) = analysed(RULE, code).findings
    assert finding.severity == "info"


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


ENDS = "spawn(fn ->\n try do\n {0}\n catch\n :exit, _ -> Process.exit(x, :kill)\n end\n end)"
WAITS = "spawn(fn ->\n Process.monitor(x)\n Process.exit(x, :shutdown)\n{0}\n end)"
TAKES = "receive do\n {:DOWN, _, _, ^x, r} -> Logger.info(inspect(r))\n after\n 50 -> 1\n end"


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        (ENDS.format("GenServer.stop(x, :normal, 5_000)"), "info"),
        (ENDS.format("Supervisor.stop(x, :shutdown, 5_000)"), "info"),
        (ENDS.format("GenServer.stop(x)"), "warning"),
        (ENDS.format("GenServer.stop(x, :normal, :infinity)"), "warning"),
        (ENDS.format("Shop.Orders.close(x)\n GenServer.stop(x, :normal, 5_000)"), "warning"),
        (ENDS.format("x.()\n GenServer.stop(x, :normal, 5_000)"), "warning"),
        ("spawn(fn -> GenServer.stop(x, :normal, 5_000) end)", "info"),
        ("spawn(fn -> GenServer.stop(x) end)", "info"),
        ("spawn(fn -> Shop.Orders.stop(x) end)", "warning"),
        ("spawn(fn ->\n GenServer.stop(x)\n Shop.Orders.close(x)\n end)", "warning"),
        (WAITS.format(TAKES), "info"),
        (WAITS.format("tell(x)"), "info"),
        (WAITS.format("go(x)"), "warning"),
        ("spawn(fn -> Process.exit(self(), :kill) end)", "warning"),
        ("spawn(fn -> exit(x) end)", "warning"),
    ],
)
def test_what_only_ends_a_process_is_a_remark(body: str, severity: str) -> None:
    code = in_function(body).removesuffix("end\n") + "  defp tell(x), do: Logger.info(x)\nend\n"
    (finding,) = analysed(RULE, code).findings
    assert finding.severity == severity
    assert finding.fix == ("assisted" if severity == "info" else "automatic")


@pytest.mark.parametrize(
    ("stop", "endless"),
    [
        ("GenServer.stop(x)", True),
        ("GenServer.stop(x, :normal, :infinity)", True),
        ("GenServer.stop(x, :normal, 5_000)", False),
    ],
)
def test_a_lone_stop_waits_without_an_end_unless_it_is_told(stop: str, endless: bool) -> None:
    (finding,) = analysed(RULE, in_function(f"spawn(fn -> {stop} end)")).findings
    assert finding.confidence == "low"
    assert ("without an end" in finding.evidence[0].note) is endless


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("spawn(fn -> send(x, :ring) end)", ["farewell"]),
        ("spawn(fn -> send(x.pid, {:ring, self()}) end)", ["farewell"]),
        ("spawn(fn -> Enum.each(x, fn y -> send(y, :ring) end) end)", ["farewell"]),
        ("spawn(fn -> send(x, x.()) end)", []),
        ("spawn(fn -> send(x, Shop.price(x)) end)", []),
        ("spawn(fn -> send(x, go(x)) end)", []),
        ("spawn(fn -> :ok end)", []),
        ("spawn(x)", []),
    ],
)
def test_a_farewell_that_only_sends_cannot_fail(body: str, said: list[str]) -> None:
    code = in_function(body)
    farewell = code.replace("def go(x) do", "def terminate(_reason, x) do")
    assert [e.exemption for e in analysed(RULE, farewell).exempted] == said
    assert len(analysed(RULE, code).findings) == 1


@pytest.mark.parametrize(
    ("flag", "takes", "said"),
    [
        ("Process.flag(:trap_exit, true)", "{:EXIT, _pid, _reason}", ["handled"]),
        ("Process.flag(:trap_exit, true)", "{:done, _pid}", []),
        ("Process.flag(:priority, :low)", "{:EXIT, _pid, _reason}", []),
    ],
)
def test_a_linked_job_of_a_server_that_takes_its_end(
    flag: str, takes: str, said: list[str]
) -> None:
    code = f"""
    defmodule A do
      use GenServer
      def init(s) do
        {flag}
        {{:ok, s}}
      end
      def handle_cast(:go, s), do: {{:noreply, [spawn_link(fn -> go(s) end) | s]}}
      def handle_info({takes}, s), do: {{:noreply, s}}
      defp go(s), do: s
    end
    """
    assert [e.exemption for e in analysed(RULE, code).exempted] == said


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("use ExUnit.Case", "~test-support"),
        ("use ExUnit.CaseTemplate", "~test-support"),
        ("import ExUnit.Assertions", "warning"),
        ("use GenServer", "warning"),
    ],
)
def test_a_test_that_lies_in_lib(use: str, said: str) -> None:
    code = f"defmodule Shop.Shown do\n  {use}\n  def go(x), do: spawn(fn -> x.() end)\nend\n"
    assert outcome("unsupervised-spawn", {"lib/a.ex": code}) == [said]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("spawn(fn ->\n try do\n x.()\n rescue\n _ -> :ok\n end\n end)", "info"),
        ("spawn(fn ->\n try do\n x.()\n rescue\n e in [KeyError] -> e\n end\n end)", "warning"),
        ("spawn(fn ->\n y()\n try do\n x.()\n rescue\n _ -> :ok\n end\n end)", "warning"),
        ("spawn(fn ->\n try do\n x.()\n after\n y()\n end\n end)", "warning"),
        ("# to ask the shelf from here would deadlock\n spawn(fn -> x.() end)", "info"),
        ("# this is done in a separate\n # process by the shelf\n spawn(fn -> x.() end)", "info"),
        ("# all shelves are told here of what is new\n spawn(fn -> x.() end)", "warning"),
        ("# it would deadlock if asked here\n if x do\n _ = spawn(fn -> x.() end)\n end", "info"),
        ("# to ask it from here would deadlock\n _ = spawn(fn -> x.() end)", "info"),
        ("# deadlock\n spawn(fn -> x.() end)", "warning"),
        ("# to ask it from here would deadlock\n y()\n spawn(fn -> x.() end)", "warning"),
        ("# to ask it from here would deadlock\n if x do\n spawn(fn -> x.() end)\n end", "info"),
    ],
)
def test_how_much_can_be_lost(body: str, said: str) -> None:
    assert outcome("unsupervised-spawn", {"lib/a.ex": in_function(body)}) == [said]


@pytest.mark.parametrize(
    ("use", "info", "said"),
    [
        ("@behaviour :cowboy_loop", "{:EXIT, _, _}", "~handled"),
        ("@behaviour :cowboy_loop", ":done", "info"),
        ("@behaviour Shop.Loop", "{:EXIT, _, _}", "info"),
    ],
)
def test_a_request_that_owns_what_it_starts(use: str, info: str, said: str) -> None:
    code = f"""\
defmodule Shop.Page do
  {use}
  def init(req, state) do
    Process.flag(:trap_exit, true)
    pid = spawn_link(__MODULE__, :answer, [state])
    {{:cowboy_loop, req, pid}}
  end
  def info({info}, req, state), do: {{:stop, req, state}}
end
"""
    assert outcome("unsupervised-spawn", {"lib/a.ex": code}) == [said]


@pytest.mark.parametrize(
    ("name", "pattern", "weight"),
    [
        ("start", "{:ok, ^pid}", ("info", "low", "assisted")),
        ("start", "{:ok, _}", ("warning", "high", "assisted")),
        ("begin", "{:ok, ^pid}", ("warning", "high", "assisted")),
    ],
)
def test_a_start_that_waits_for_the_word_of_what_it_spawns(
    name: str, pattern: str, weight: tuple[str, str, str]
) -> None:
    code = f"""\
defmodule A do
  def {name} do
    pid = spawn(__MODULE__, :init, [self()])

    receive do
      {pattern} -> {{:ok, pid}}
    end
  end

  def init(starter), do: send(starter, {{:ok, self()}})
end
"""
    (finding,) = analysed(RULE, code).findings
    assert (finding.severity, finding.confidence, finding.fix) == weight


def is_tied(code: str) -> bool:
    """Whether the one spawn is let be, as it ends with its starter; else it is told."""
    analysis = analysed(RULE, code)
    tied = [e.exemption for e in analysis.exempted] == ["tied-to-caller"]
    assert len(analysis.findings) == (not tied)
    return tied


@pytest.mark.parametrize(
    ("given", "watched", "pattern", "tied"),
    [
        ("self()", "who", ":DOWN", True),
        ("x", "who", ":DOWN", False),
        ("x", "call_owner", ":DOWN", True),
        ("self()", "who", ":done", False),
    ],
)
def test_the_loop_of_a_process_that_watches_its_starter(
    given: str, watched: str, pattern: str, tied: bool
) -> None:
    code = f"""\
defmodule A do
  def go(x), do: route({given})

  defp route({watched}) do
    spawn(fn ->
      ref = Process.monitor({watched})
      loop(ref)
    end)
  end

  defp loop(ref) do
    receive do
      {{{pattern}, ^ref, :process, _, _}} -> :ok
    end
  end
end
"""
    assert is_tied(code) == tied


@pytest.mark.parametrize(
    ("spawned", "watched", "pattern", "tied"),
    [
        ("__MODULE__, :watch, [self(), x]", "who", ":DOWN", True),
        ("A, :watch, [self(), x]", "who", ":DOWN", True),
        ("B, :watch, [self(), x]", "who", ":DOWN", False),
        ("__MODULE__, :watch, [x, self()]", "who", ":DOWN", False),
        ("__MODULE__, :watch, [self()]", "who", ":DOWN", False),
        ("__MODULE__, :watch, [self(), x]", "y", ":DOWN", False),
        ("__MODULE__, :watch, [self(), x]", "who", ":done", False),
        ("__MODULE__, x, [self(), x]", "who", ":DOWN", False),
    ],
)
def test_a_named_function_that_watches_its_starter(
    spawned: str, watched: str, pattern: str, tied: bool
) -> None:
    code = f"""\
defmodule A do
  def go(x), do: spawn({spawned})

  def watch(who, y) do
    ref = Process.monitor({watched})

    receive do
      {{{pattern}, ^ref, :process, _, _}} -> close(y)
    end
  end
end
"""
    assert is_tied(code) == tied


@pytest.mark.parametrize(
    ("head", "caller", "left"),
    [
        ("defp start(x)", "Process.monitor(start(x))", 0),
        ("def start(x)", "Process.monitor(start(x))", 1),
        ("defp start(x)", "send(start(x), :go)", 1),
        ("defp start(x)", "[Process.monitor(start(x)), again(x)]", 1),
    ],
    ids=["monitored", "by-others-too", "nobody", "not-by-all"],
)
def test_callers_of_a_private_start_monitor_what_it_gives_back(
    head: str, caller: str, left: int
) -> None:
    code = f"""\
defmodule Shop.Lock do
  def ask(x) do
    {caller}
    receive do
      {{:DOWN, _, _, _, _}} -> :gone
    end
  end
  def again(x), do: start(x)
  {head}, do: with(nil <- x, do: spawn(fn -> loop(x) end))
  defp loop(x), do: x
end
"""
    if "again" not in caller:
        code = code.replace("  def again(x), do: start(x)\n", "")
    assert len(analysed(RULE, {"lib/lock.ex": code}).findings) == left


@pytest.mark.parametrize(
    ("watch", "words"),
    [
        (
            "ref = Process.monitor(desk)\nreceive do\n{:DOWN, ^ref, _, _, _} -> x\nend",
            ["~tied-to-caller"],
        ),
        ("ref = Process.monitor(x)\nreceive do\n{:DOWN, ^ref, _, _, _} -> x\nend", ["warning"]),
        ("Process.monitor(desk)\nreceive do\n:stop -> x\nend", ["warning"]),
    ],
)
def test_a_function_of_another_module_that_watches_its_starter(
    watch: str, words: list[str]
) -> None:
    files = {
        "lib/desk.ex": """\
defmodule Shop.Desk do
  alias Shop.Watch
  def open(bell) do
    spawn(Watch, :start, [self(), bell])
    serve(bell)
  end

  defp serve(bell), do: bell
end
""",
        "lib/watch.ex": f"""\
defmodule Shop.Watch do
  def start(desk, x) do
    {watch}
  end
end
""",
    }
    assert outcome("unsupervised-spawn", files) == words
    del files["lib/watch.ex"]
    assert outcome("unsupervised-spawn", files) == ["warning"]


@pytest.mark.parametrize(
    ("job", "weight"),
    [
        ("Process.sleep(100)\nsend(x, :late)", ("info", "low", "assisted")),
        (":timer.sleep(100)\n:telemetry.detach(:desk)", ("info", "low", "assisted")),
        ("send(x, :now)", ("info", "low", "assisted")),
        ("Process.sleep(:infinity)", ("warning", "high", "automatic")),
        ("Process.sleep(100)\nsend(x, price(x))", ("warning", "high", "automatic")),
        ("receive do\nm -> send(x, m)\nend", ("warning", "high", "automatic")),
        ("Process.sleep(100)\nShop.close()", ("warning", "high", "automatic")),
    ],
)
def test_a_job_that_only_pauses_and_tells(job: str, weight: tuple[str, str, str]) -> None:
    (finding,) = analysed(RULE, in_function(f"spawn(fn ->\n{job}\nend)\n:ok")).findings
    assert (finding.severity, finding.confidence, finding.fix) == weight


@pytest.mark.parametrize(
    ("after", "fix"),
    [
        ("receive do\n{:done, y} -> y\nend", "assisted"),
        ("answer()", "assisted"),
        ("other()", "automatic"),
        ("Task.start(fn -> receive do\ny -> y\nend end)", "automatic"),
    ],
)
def test_whose_answer_is_waited_for_is_for_people_to_change(after: str, fix: str) -> None:
    code = f"""\
defmodule A do
  def go(x) do
    spawn(fn -> work(x) end)
    {after}
  end

  defp work(x), do: x
  defp other, do: :ok

  defp answer do
    receive do
      {{:done, y}} -> y
    end
  end
end
"""
    (finding,) = analysed(RULE, code).findings
    assert (finding.severity, finding.fix) == ("warning", fix)


@pytest.mark.parametrize(
    ("start", "loop", "words"),
    [
        ("spawn_link(&drop/0)", "_ -> drop()", ["~sink"]),
        ("spawn_link(fn -> drop() end)", "_any -> drop()", ["~sink"]),
        ("spawn(&drop/0)", "_ -> drop()", ["warning"]),
        ("spawn_link(&drop/0)", "{:add, x} -> drop()", ["info"]),
        ("spawn_link(&drop/0)", "_ -> price()", ["info"]),
        ("spawn_link(&drop/0)", "x -> drop(x)", ["info"]),
    ],
)
def test_what_takes_everything_and_does_nothing_with_it(
    start: str, loop: str, words: list[str]
) -> None:
    code = f"""\
defmodule A do
  def open, do: {start}

  defp drop do
    receive do
      {loop}
    end
  end

  defp price, do: 1
end
"""
    assert outcome("unsupervised-spawn", {"lib/a.ex": code}) == words


@pytest.mark.parametrize(
    ("comment", "of_spawn", "of_task"),
    [
        ("# Best effort: what is lost here comes again with the next one.", "info", "~stated"),
        ("# A second process, as the desk is busy with other things.", "warning", "warning"),
        ("# A task, to avoid a circular wait of the two.", "info", "info"),
        ("# It is idempotent.", "warning", "warning"),
    ],
)
def test_a_comment_that_says_nothing_is_lost(comment: str, of_spawn: str, of_task: str) -> None:
    work = in_function(f"{comment}\n    spawn(fn -> work(x) end)\n    :ok")
    assert outcome("unsupervised-spawn", {"lib/a.ex": work}) == [of_spawn]
    task = work.replace("spawn(", "Task.start(")
    assert outcome("unsupervised-task", {"lib/a.ex": task}) == [of_task]
