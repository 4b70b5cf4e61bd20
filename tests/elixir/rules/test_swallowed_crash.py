"""Handlers that take anything, and those that know what they take."""

from __future__ import annotations

import pytest

from bot.elixir.rules.swallowed_crash import RULE
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed


def guarded(handlers: str, body: str = "load(x)\n    store(x)\n    tell(x)") -> str:
    return f"defmodule A do\n  def go(x) do\n    {body}\n  {handlers}\n  end\nend\n"


@pytest.mark.parametrize(
    "handlers",
    [
        "rescue\n    ArgumentError -> nil",
        "rescue\n    e in ArgumentError -> {:error, e}",
        "rescue\n    e in [ArgumentError, KeyError] -> {:error, e}",
        "rescue\n    _ in [KeyError] -> nil",
        "catch\n    :exit, {:noproc, _} -> nil",
        "catch\n    {:found, x} -> x",
        "catch\n    value -> value",
        "catch\n    kind, reason when kind == :exit -> reason",
        "after\n    done(x)",
        "else\n    _ -> nil",
    ],
)
def test_narrow_handlers_are_silent(handlers: str) -> None:
    analysis = analysed(RULE, guarded(handlers))
    assert (analysis.findings, analysis.exempted) == ((), ())


@pytest.mark.parametrize(
    ("handlers", "confidence"),
    [
        ("rescue\n    _ -> nil", "medium"),
        ("rescue\n    _ in _ -> nil", "medium"),
        ("rescue\n    _error -> nil", "medium"),
        ("catch\n    _, _ -> nil", "medium"),
        ("catch\n    :error, _ -> nil", "medium"),
        ("catch\n    :exit, _ -> nil", "medium"),
        ("rescue\n    e -> {:error, e}", "low"),
        ('rescue\n    _ -> Logger.error("failed")', "low"),
        ("rescue\n    _ -> other(x)", "low"),
        ("catch\n    kind, reason -> {kind, reason}", "low"),
    ],
)
def test_outside_callbacks_it_is_a_hint(handlers: str, confidence: str) -> None:
    (finding,) = analysed(RULE, guarded(handlers)).findings
    assert (finding.severity, finding.confidence) == ("info", confidence)


@pytest.mark.parametrize(
    ("body", "severity"),
    [("state", "warning"), ("{:error, :failed}", "info"), ("report(state)", "info")],
)
def test_going_on_with_the_old_state_is_a_warning(body: str, severity: str) -> None:
    code = f"""
    defmodule A do
      use GenServer
      def handle_info(:go, state), do: {{:noreply, refresh(state)}}

      defp refresh(state) do
        load(state)
      rescue
        _ -> {body}
      end
    end
    """
    (finding,) = analysed(RULE, code).findings
    assert finding.severity == severity


def test_a_try_in_a_task_of_a_callback_is_the_tasks() -> None:
    code = """
    defmodule A do
      use GenServer

      def handle_info(:go, state) do
        Task.Supervisor.start_child(A.Tasks, fn ->
          try do
            load(state)
          rescue
            _ -> nil
          end
        end)

        {:noreply, state}
      end
    end
    """
    (finding,) = analysed(RULE, code).findings
    assert finding.severity == "info"


@pytest.mark.parametrize(
    ("handlers", "message"),
    [
        ("rescue\n    _ -> nil", "`_ ->` swallows every exception"),
        ("rescue\n    e -> {:error, e}", "`e ->` turns every exception into a value"),
        ("catch\n    :exit, _ -> nil", "`:exit, _ ->` swallows every exit"),
        ("catch\n    :error, _ -> nil", "`:error, _ ->` swallows every error"),
        ("catch\n    _, _ -> nil", "`_, _ ->` swallows every crash"),
    ],
)
def test_it_says_what_it_takes(handlers: str, message: str) -> None:
    (finding,) = analysed(RULE, guarded(handlers)).findings
    assert finding.message == message


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", ["~clean-up"]),
        ("def handle_cast(:drop, s), do: drop(s)", ["warning"]),
    ],
)
def test_a_part_of_terminate_is_clean_up(more: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Cache do
  use GenServer
  def init(s), do: {{:ok, s}}
  def terminate(_reason, s), do: drop(s)
  {more}
  defp drop(s) do
    clear(s)
    note(s)
    s
  rescue
    _ -> s
  end
end
"""
    assert outcome("swallowed-crash", {"lib/cache.ex": code}) == said


def test_one_finding_for_a_try() -> None:
    handlers = "rescue\n    e -> {:error, e}\n  catch\n    _, _ -> nil"
    (finding,) = analysed(RULE, guarded(handlers)).findings
    assert finding.message == "`_, _ ->` swallows every crash"
    (also,) = [e.note for e in finding.evidence][1:]
    assert also == "this one takes every exception, for the same code"


@pytest.mark.parametrize(
    "last", ["reraise e, __STACKTRACE__", 'raise "x"', "exit(e)", "System.halt(1)"]
)
def test_what_fails_again_is_exempt(last: str) -> None:
    analysis = analysed(RULE, guarded(f"rescue\n    e ->\n      note(e)\n      {last}"))
    assert [e.exemption for e in analysis.exempted] == ["raised-again"]


@pytest.mark.parametrize("last", ["Process.exit(x, :kill)", "GenServer.stop(x)", "x.stop()"])
def test_stopping_another_process_is_not_failing(last: str) -> None:
    assert len(analysed(RULE, guarded(f"rescue\n    _ -> {last}")).findings) == 1


def test_quoted_code_is_for_elsewhere() -> None:
    code = (
        "defmodule A do\n  defmacro m do\n    quote do\n      try do\n        1\n"
        "      rescue\n        _ -> 2\n      end\n    end\n  end\nend\n"
    )
    assert analysed(RULE, code).findings == ()


@pytest.mark.parametrize(
    ("handlers", "helper", "said"),
    [
        ("catch\n    kind, e -> Wrapped.reraise(x, kind, e, __STACKTRACE__)", "", "raised-again"),
        (
            "rescue\n    e -> fail(e)",
            "  defp fail(e), do: raise(RuntimeError, inspect(e))",
            "raised-again",
        ),
        (
            "rescue\n    e -> fail(e)",
            "  defp fail(%KeyError{}), do: :missing\n  defp fail(e), do: raise(e)",
            "",
        ),
        ("catch\n    kind, e -> Report.crash(kind, e, __STACKTRACE__)", "", ""),
    ],
)
def test_helpers_that_raise_again(handlers: str, helper: str, said: str) -> None:
    code = guarded(handlers).removesuffix("end\n") + helper + "\nend\n"
    analysis = analysed(RULE, code)
    assert [e.exemption for e in analysis.exempted] == ([said] if said else [])
    assert len(analysis.findings) == (0 if said else 1)


KEEPS_THE_TRACE = "e -> {:failed, e, __STACKTRACE__}"
OLD_TRACE = "e -> {:failed, e, System.stacktrace}"


@pytest.mark.parametrize(
    ("handler", "body", "helper", "said"),
    [
        (KEEPS_THE_TRACE, "x.perform(1)", "", "foreign-code"),
        (OLD_TRACE, "x.perform(1)", "", "foreign-code"),
        ("e -> {:failed, e, :erlang.get_stacktrace()}", "x.perform(1)", "", "foreign-code"),
        (KEEPS_THE_TRACE, "x.worker.perform(1)", "", "foreign-code"),
        (KEEPS_THE_TRACE, ":timer.tc(x.parser, [1])", "", "foreign-code"),
        (KEEPS_THE_TRACE, "ask(x)", "defp ask(x), do: x.()", "foreign-code"),
        (
            KEEPS_THE_TRACE,
            "ask(x)",
            "defp ask(x), do: x |> once()\n  defp once(x), do: {x.(1), ask(x)}",
            "foreign-code",
        ),
        (KEEPS_THE_TRACE, "ask(x)", "defp ask(x), do: x + 1", ""),
        (KEEPS_THE_TRACE, "x.price", "", ""),
        (KEEPS_THE_TRACE, "Shop.Till.perform(x)", "", ""),
        (KEEPS_THE_TRACE, "store().put(x)", "", ""),
        (KEEPS_THE_TRACE, "impl = store()\n    impl.put(x)", "", ""),
        (
            KEEPS_THE_TRACE,
            "%{worker: w} = x\n    w.perform(1)",
            "",
            "foreign-code",
        ),
        ("e -> {:failed, e}", "x.perform(1)", "", ""),
        ("_ -> :failed", "x.perform(1)", "", ""),
        ("_ -> false", "x.(1)", "", "predicate"),
        ("_ -> :error", "x.(1)", "", ""),
        ("_ -> false", "Shop.Till.fine?(x)", "", ""),
    ],
)
def test_code_handed_in(handler: str, body: str, helper: str, said: str) -> None:
    code = guarded(f"rescue\n    {handler}", body).removesuffix("end\n") + f"  {helper}\nend\n"
    analysis = analysed(RULE, code)
    assert [e.exemption for e in analysis.exempted] == ([said] if said else [])
    assert len(analysis.findings) == (0 if said else 1)


@pytest.mark.parametrize(
    ("body", "answer", "said"),
    [
        (":gen_tcp.close(x)", ":ok", "clean-up"),
        ("Port.close(x)", ":ok", "clean-up"),
        (":ets.delete(x)", ":ok", ""),
        (":gen_tcp.close(x)\n    tell(x)", ":ok", ""),
        ("if :erlang.system_info(:emu_flavor) == :jit, do: 1, else: 0", "0", "probe"),
        (":erlang.system_info(x)", "0", ""),
        ("String.to_integer(:erlang.system_info(:otp_release))", "0", ""),
        (":ets.new(:a, [])", "0", ""),
        ("Shop.Label.print(x)", "x |> clean() |> Shop.Label.print()", "second-try"),
        ("Shop.Label.print(load(x))", "Shop.Label.print(clean(x))", ""),
        ("Shop.Label.print(x)", "Shop.Label.blank(x)", ""),
        ("Shop.Label.print(x)", "try do\nShop.Label.print(1)\nrescue\nKeyError -> 1\nend", ""),
        ("print(x)", "print(clean(x))", ""),
    ],
)
def test_what_can_hide_nothing(body: str, answer: str, said: str) -> None:
    analysis = analysed(RULE, guarded(f"rescue\n    _ -> {answer}", body))
    assert [e.exemption for e in analysis.exempted] == ([said] if said else [])
    assert len(analysis.findings) == (0 if said else 1)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("format(level, _, {day, {_, _, _, _}}, _), do: clean({level, day})", 0),
        ("format(level, _, time, _) do\n{day, {_, _, _, _}} = time\nclean({level, day})\nend", 0),
        ("format(_, text, _, _), do: text |> Logger.Formatter.prune() |> clean()", 0),
        ("format(%{level: _, msg: message, meta: _}, _config), do: clean(message)", 0),
        ("format(level, message, _timestamp, metadata), do: clean({level, message, metadata})", 1),
        ("format(price, _currency), do: clean(price)", 1),
        ("line(level, _, {_, {hour, _, _, _}}, _), do: clean({level, hour})", 1),
    ],
)
def test_formatters_of_logs(head: str, said: int) -> None:
    code = f"""
    defmodule A do
      def {head}

      defp clean(value) do
        Shop.Text.clean(value)
      rescue
        _ -> inspect(value)
      end
    end
    """
    assert len(analysed(RULE, code).findings) == said


LOG = "Logger.error(Exception.format(:error, e, __STACKTRACE__))"


def module_of(body: str, more: str = "") -> dict[str, str]:
    return {"lib/a.ex": f"defmodule Shop.A do\n  {body}\n  {more}\nend\n"}


@pytest.mark.parametrize(
    ("guarded", "more", "said"),
    [
        ('Logger.error("no #{inspect(x)}")', "", "~report"),
        ('Logger.error(fn -> "no #{kind(x)}" end)', "defp kind(x), do: x", "~report"),
        ('Logger.error("no #{load(x)}")', "defp load(x), do: Shop.load(x)", "info"),
        ("Logger.error(x.())", "", "info"),
        ('Logger.error("no")\n    inspect(x)', "", "info"),
        ("{:ok, bits(x)}", "defp bits([]), do: []\n  defp bits([0 | t]), do: [0 | bits(t)]",
         "~matching"),
        ("{:ok, bits(x)}", "defp bits([]), do: []\n  defp bits([a]), do: [a + 1]", "info"),
        ("{:ok, bits(x)}", "defp bits([]), do: []\n  defp bits([a]), do: Shop.of(a)", "info"),
        ("{:ok, bits(x)}", "defp bits([]), do: []\n  defp bits([a]), do: a.()", "info"),
        ("{:ok, bits(x)}", "defp bits(a), do: a", "info"),
        ("{:ok, x}", "", "info"),
    ],
)  # fmt: skip
def test_what_can_hide_no_mistake(guarded: str, more: str, said: str) -> None:
    body = f"def go(x) do\n    {guarded}\n  rescue\n    _ -> :error\n  end"
    assert outcome("swallowed-crash", module_of(body, more)) == [said]


@pytest.mark.parametrize(
    ("head", "more", "said"),
    [
        ("go()", "defp sum(all), do: Enum.sum(all)", "~probe"),
        ("go(x)", "defp sum(all), do: Enum.sum(all)", "info"),
        ("go()", "defp sum(all), do: Shop.sum(all)", "info"),
    ],
)
def test_what_is_reckoned_from_the_systems_answer(head: str, more: str, said: str) -> None:
    body = f"def {head} do\n    sum(:erlang.memory())\n  rescue\n    _ -> []\n  end"
    assert outcome("swallowed-crash", module_of(body, more)) == [said]


@pytest.mark.parametrize(
    ("start", "handler", "end", "said"),
    [
        ("Enum.each(all, fn a ->", LOG, "end)", "~one-of-many"),
        ("run = fn a ->", LOG, "end\n    Shop.Parallel.map(all, run)", "~one-of-many"),
        ("run = fn a ->", LOG, "end\n    Shop.Parallel.map(all, other)", "info"),
        ("Enum.reduce(all, 0, fn a, _ ->", LOG, "end)", "info"),
        ("Enum.each(all, fn a ->", "Logger.error(inspect(e))", "end)", "info"),
    ],
)
def test_one_element_of_many(start: str, handler: str, end: str, said: str) -> None:
    attempt = f"try do\n      Shop.send(a)\n    rescue\n      e -> {handler}\n    end"
    body = f"def go(all) do\n    {start}\n    {attempt}\n    {end}\n  end"
    assert outcome("swallowed-crash", module_of(body)) == [said]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ('IO.puts("go")\n    IO.puts("on")', "load(x)", "~command-line"),
        ('IO.puts("go")', "load(x)", "info"),
        ('Logger.info("go")\n    Logger.info("on")', "load(x)", "info"),
        ("load(x) |> IO.puts()", ":ok", "~command-line"),
        ("IO.puts(x)", "IO.puts(load(x))", "~command-line"),
        ("load(x)", ":ok", "info"),
    ],
)
def test_a_function_that_prints_all_it_does(first: str, last: str, said: str) -> None:
    caught = 'rescue\n    e -> IO.puts("failed: #{Exception.message(e)}")'
    body = f"def go(x) do\n    {first}\n    {last}\n  {caught}\n  end"
    assert outcome("swallowed-crash", module_of(body)) == [said]


@pytest.mark.parametrize(
    ("call", "logs", "said"),
    [
        ("parser.parse(x)", "Logger.error(Exception.format(:error, e))", "~foreign-code"),
        ("parser.parse(x)", "Logger.debug(Exception.format(:error, e))", "info"),
        ("parser.parse(x)", "Logger.error(inspect(e))", "info"),
        ("Shop.parse(x)", "Logger.error(Exception.format(:error, e))", "info"),
    ],
)
def test_an_own_function_that_reports_what_given_code_did(call: str, logs: str, said: str) -> None:
    body = f"def go(x, parser) do\n    {call}\n  rescue\n    e -> tell(e)\n  end"
    more = f"defp tell(e) do\n    {logs}\n    nil\n  end"
    assert outcome("swallowed-crash", module_of(body, more)) == [said]


@pytest.mark.parametrize(
    ("top", "above", "inside", "answer", "said"),
    [
        ("", "", "", "nil", "info"),
        ("", "# Scales of other makers may send what they like.", "", "nil", "~stated"),
        ("", "", "# Scales of other makers may send what they like.", "nil", "~stated"),
        ("# This fails for scales of other makers.", "", "", "{:error, e}", "~stated"),
        ("# This fails for scales of other makers.", "", "", "nil", "info"),
        ("# Scales of other makers may send what they like.", "", "", "{:error, e}", "info"),
        ("", "# No weight.", "", "nil", "info"),
        ("", "# Log the error and answer without a weight.", "", "nil", "info"),
        ("", "# TODO: name the exceptions that it can raise.", "", "nil", "info"),
    ],
)
def test_a_reason_that_is_given(top: str, above: str, inside: str, answer: str, said: str) -> None:
    code = f"""\
defmodule Shop.Scale do
  def weight(bytes) do
    try do
      {top}
      Shop.Scale.Format.read(bytes)
    rescue
      {above}
      e ->
        {inside}
        {answer}
    end
  end
end
"""
    assert outcome(RULE.id, {"lib/scale.ex": code}) == [said]


def test_a_template_is_code_of_others() -> None:
    code = """\
defmodule Shop.Letter do
  def text(path, order) do
    {:ok, EEx.eval_file(path, order: order)}
  rescue
    error -> {:error, error}
  end
end
"""
    assert outcome(RULE.id, {"lib/letter.ex": code}) == ["~foreign-code"]


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("@logger.error(inspect(e))", "~foreign-code"),
        ("Logger.error(inspect(e))", "~foreign-code"),
        ("@logger.error(name)", "info"),
        ("@logger.debug(inspect(e))", "info"),
    ],
)
def test_one_of_many_functions_handed_in(log: str, said: str) -> None:
    code = f"""\
defmodule Shop.Scales do
  @logger Application.compile_env(:shop, :logger, Shop.Log)
  def all(scales) do
    Enum.map(scales, fn {{name, scale}} ->
      try do
        {{name, weigh(scale)}}
      rescue
        e ->
          {log}
          {{name, nil}}
      end
    end)
  end
  defp weigh(scale), do: scale.()
end
"""
    assert outcome(RULE.id, {"lib/scales.ex": code}) == [said]


def test_the_same_handler_in_each_clause_is_told_once() -> None:
    code = """\
defmodule Shop.Tax do
  def rate(%{country: country, state: state}) do
    Shop.Rates.find(country, state)
  rescue
    e -> {:error, inspect(e)}
  end
  def rate(%{country: country}) do
    Shop.Rates.find(country)
  rescue
    e -> {:error, inspect(e)}
  end
end
"""
    assert outcome(RULE.id, {"lib/tax.ex": code}) == ["info"]


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("Shop.Told.ask(x.key, elem(result, 0))\n    :ok\n    result", "~peer-gone"),
        ("Shop.Told.ask(x)\n    GenServer.stop(x)\n    result", "info"),
        ("Shop.Told.ask(x)\n    tell(x)\n    result", "info"),
        ("Shop.Told.ask(x)\n    x.(result)\n    result", "info"),
        ("Shop.Told.ask(x)\n    Task.await(x)\n    result", "info"),
        ("Shop.Told.ask(x)\n    x.ask(1)\n    result", "info"),
    ],
)
def test_what_follows_the_request_to_a_peer(after: str, said: str) -> None:
    body = f"result = GenServer.call(x, :ask)\n    {after}"
    code = guarded("catch\n    :exit, _ -> nil", body)
    code = code.replace("\nend\n", "\n  def tell(x), do: x\nend\n")
    assert outcome("swallowed-crash", {"lib/a.ex": code}) == [said]


@pytest.mark.parametrize(
    ("answer", "head", "said"),
    [
        ("told(e)", "told(%KeyError{} = e)", "~by-name"),
        ("{:error, [told(e)]}", "told(%KeyError{key: e})", "~by-name"),
        ("told(e)", "told(%name{})", "info"),
        ("told(e)", "told(%{key: e})", "info"),
        ("told(e)", "told(e)", "info"),
        ("if x, do: told(e)", "told(%KeyError{} = e)", "info"),
        ("{:error, fn -> told(e) end}", "told(%KeyError{} = e)", "info"),
        ("e && told(e)", "told(%KeyError{} = e)", "info"),
    ],
)
def test_a_handler_that_takes_named_exceptions_only(answer: str, head: str, said: str) -> None:
    code = guarded(f"rescue\n    e -> {answer}")
    code = code.replace("\nend\n", f"\n  def {head}, do: e\nend\n")
    assert outcome("swallowed-crash", {"lib/a.ex": code}) == [said]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{:ok, :erlang.binary_to_term(x)}", "~conversion"),
        ("{:ok, Module.concat(x), x == Elixir}", "~conversion"),
        ("x |> String.to_integer() |> Module.concat()", "~conversion"),
        ("String.to_integer(x) + 1", "info"),
        ('String.to_atom("#{x}")', "info"),
        ("String.to_integer(x[:count])", "info"),
        ("{:ok, n} = {:ok, String.to_integer(x)}", "info"),
        ("String.to_integer(x.count())", "info"),
        ("String.to_integer(Shop.text(x))", "info"),
        ("x.load(String.to_integer(x))", "info"),
    ],
)
def test_a_conversion_by_the_language_alone(body: str, said: str) -> None:
    code = guarded("rescue\n    _ -> :error", body)
    assert outcome("swallowed-crash", {"lib/a.ex": code}) == [said]


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("query(x, 1)", "~peer-gone"),
        ('Logger.debug("asks")\n    text = "all"\n    query(x, text)', "~peer-gone"),
        ("a = query(x, 1)\n    b = fetch(x)\n    a + b", "info"),
        ("length(x)", "info"),
    ],
)
def test_an_exit_of_an_imported_function(first: str, said: str) -> None:
    code = guarded("catch\n    :exit, r -> {:error, r}", first)
    code = code.replace("do\n", "do\n  import Shop.Wire, only: [query: 2, fetch: 1]\n", 1)
    assert outcome("swallowed-crash", {"lib/a.ex": code}) == [said]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("", "\n    Shop.close(x)", "`e ->` goes on after every exception"),
        ("result =", "\n    Shop.close(result)", "`e ->` turns every exception into a value"),
        ("", "", "`e ->` turns every exception into a value"),
    ],
)
def test_a_try_whose_value_nobody_takes(before: str, after: str, message: str) -> None:
    code = f"""\
defmodule Shop.A do
  def go(x) do
    {before} try do
      Shop.open(x)
    rescue
      e -> Logger.debug(inspect(e))
    end{after}
  end
end
"""
    (finding,) = analysed(RULE, code).findings
    assert finding.message == message


@pytest.mark.parametrize(
    ("said_above", "answer", "said"),
    [
        (
            "# An exception in it is logged and swallowed: one part must not take all.",
            "e",
            "~stated",
        ),
        ('@doc "Rescues any error of the format."', "e", "~stated"),
        ('@doc "Rescues any error of the format."', "nil", "info"),
        ('@doc "Reads the weight, or fails."', "e", "info"),
    ],
)
def test_what_the_function_says_of_itself(said_above: str, answer: str, said: str) -> None:
    code = f"""\
defmodule Shop.A do
  {said_above}
  def go(x) do
    Shop.open(x)
  rescue
    {"e" if answer == "e" else "_"} -> {answer}
  end
end
"""
    assert outcome("swallowed-crash", {"lib/a.ex": code}) == [said]


@pytest.mark.parametrize(
    ("head", "body", "answer", "said"),
    [
        ("def go(x)", "{:ok, go!(x)}", "{:error, e}", "~without-bang"),
        ("def go(x)", "go!(x)", "{:error, e}", "~without-bang"),
        ("def go(x)", "go!(Shop.read(x))", "{:error, e}", "info"),
        ("def run(x)", "go!(x)", "{:error, e}", "info"),
        ("defp go(x)", "go!(x)", "{:error, e}", "info"),
        ("def go(x)", "go!(x)", "nil", "info"),
    ],
)
def test_the_twin_of_a_raising_function(head: str, body: str, answer: str, said: str) -> None:
    code = f"""\
defmodule Shop.A do
  {head} do
    {body}
  rescue
    e -> {answer}
  end
  def go!(x), do: Shop.open(x)
end
"""
    assert outcome("swallowed-crash", {"lib/a.ex": code}) == [said]


@pytest.mark.parametrize(
    ("last", "answer", "does"),
    [
        (":ok", ":ok", "goes on after every exception"),
        ("Shop.all()", ":ok", "turns every exception into a value"),
        (":ok", ":error", "turns every exception into a value"),
    ],
)
def test_an_answer_that_is_always_the_same_is_no_value(last: str, answer: str, does: str) -> None:
    caught = f"rescue\n    e ->\n      Logger.debug(inspect(e))\n      {answer}"
    body = f"def go(x) do\n    Shop.open(x)\n    {last}\n  {caught}\n  end"
    (finding,) = analysed(RULE, module_of(body)).findings
    assert finding.message == f"`e ->` {does}"


@pytest.mark.parametrize(
    ("asked", "told", "said"),
    [
        ("s.machine.next(x)", "s.machine.failed(e, x)", "~foreign-code"),
        ("machine.next(x)", "machine.failed(x, e)", "~foreign-code"),
        ("s.machine.next(x)", "s.log.failed(e, x)", "info"),
        ("s.machine.next(x)", "s.machine.failed(x)", "info"),
        ("Shop.next(x)", "Shop.failed(e, x)", "info"),
    ],
)
def test_the_module_that_failed_decides(asked: str, told: str, said: str) -> None:
    body = f"def go(x, s, machine) do\n    {asked}\n  rescue\n    e -> {told}\n  end"
    assert outcome("swallowed-crash", module_of(body)) == [said]
