"""A rescue or catch of everything that lets nothing crash."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.finding import Confidence, Severity
from bot.elixir import nodes
from bot.elixir.handlers import Handler, handlers_in, keeps_failure, told
from bot.elixir.outline import Clause, Module
from bot.elixir.place import deferred, in_quote, runs_in
from bot.elixir.reach import SERVER_CALLBACKS, is_callback, is_server, reached_from_callbacks
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.crash_excuses import excuse
from bot.elixir.rules.parts.crash_words import also, message, note
from bot.elixir.rules.parts.folding import Said, folded


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every handler that takes any exception, throw or exit; those alike in one function once."""
    yield from folded(_handlers(module), "the same function does so here too")


def _handlers(module: Module) -> Iterator[Said]:
    busy: set[int] | None = None
    for clause in module.clauses_with(b"rescue", b"catch"):
        for group in _by_try(clause):
            if in_quote(group[0].node, module):
                continue
            if busy is None:
                busy = _in_callbacks(module)
            alike = "".join(nodes.code(handler.node) for handler in group)
            for said in _judge_group(group, clause, clause.node.id in busy):
                yield clause.function, alike, said


def _by_try(clause: Clause) -> list[list[Handler]]:
    """Handlers of one `try`, or of the function's own body, belong together."""
    groups: dict[int, list[Handler]] = {}
    for handler in handlers_in(clause):
        groups.setdefault(handler.owner, []).append(handler)
    return list(groups.values())


def _judge_group(group: list[Handler], clause: Clause, reached: bool) -> Iterator[Site | Exempt]:
    module = clause.function.module
    elsewhere = runs_in(group[0].node, module) or deferred(group[0].node, module)
    kept = any(keeps_failure(handler) for handler in group)
    open_ones = []
    for handler in group:
        exemption = excuse(handler, clause, kept)
        if exemption:
            yield Exempt(Span.of(module, handler.node), exemption)
        else:
            open_ones.append(handler)
    if open_ones:
        # The one that tells least decides.
        open_ones.sort(key=told)
        exposed = reached and not elsewhere and _keeps_state(open_ones[0], clause)
        yield _site(open_ones, module, exposed)


def _in_callbacks(module: Module) -> set[int]:
    if not is_server(module):
        return set()
    return {r.clause.node.id for r in reached_from_callbacks(module, SERVER_CALLBACKS)}


def _keeps_state(handler: Handler, clause: Clause) -> bool:
    """Whether the server goes on from here, in the callback or with what it handed in."""
    if is_callback(clause.function):
        return True
    given = {name for param in clause.params for name in nodes.identifiers(param)}
    return handler.body is not None and nodes.code(handler.body).strip() in given


def _site(handlers: list[Handler], module: Module, in_callback: bool) -> Site:
    handler, *others = handlers
    learned = told(handler)
    severity, confidence = _weight(learned or _falls_back(handler), in_callback)
    span = Span.of(module, handler.node)
    return Site(
        span,
        message(handler, module, learned),
        because=(
            Because(span, note(handler, learned, in_callback)),
            *(Because(Span.of(module, other.node), also(other)) for other in others),
        ),
        severity=severity,
        confidence=confidence,
        data={"kind": handler.kind},
    )


def _weight(answered: bool, in_callback: bool) -> tuple[Severity | None, Confidence | None]:
    if in_callback and not answered:
        return None, None
    return "info", "medium" if in_callback or not answered else "low"


def _falls_back(handler: Handler) -> bool:
    """Whether the body does something about it, rather than answer with a value at hand."""
    return handler.body is not None and bool(nodes.of_type(handler.body, "call"))


RULE = Rule(
    id="swallowed-crash",
    title="Swallowed crash",
    category="errors",
    stage=1,
    severity="warning",
    confidence="high",
    fix="assisted",
    explanation="A `rescue` or `catch` takes any failure of its kind and carries on.",
    harm=(
        "A supervisor can only restore what crashes. Errors nobody thought of, typing "
        "mistakes included, go on as "
        "ordinary values, and a server keeps running although its work may be half done."
    ),
    remedy=(
        "Rescue the exceptions this code expects, by name, and let everything else crash; or "
        "return `{:ok, _}` and "
        "`{:error, _}` from the code that can fail."
    ),
    triggers=(b"rescue", b"catch"),
    check=check,
    bad=(
        Sample("""\
defmodule Rates do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_info(:refresh, state) do
    {:noreply, refresh(state)}
  end

  defp refresh(state) do
    Map.put(state, :rate, load())
  rescue
    _ -> state
  end

  defp load, do: 1
end
"""),
        Sample("""\
defmodule Feed do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_cast({:push, item}, state) do
    try do
      publish(item)
      {:noreply, [item | state]}
    catch
      _kind, _reason -> {:noreply, state}
    end
  end

  defp publish(item), do: item
end
"""),
        Sample("""\
defmodule Tax do
  def rate(country) do
    lookup(country)
  rescue
    error -> {:error, error}
  end

  defp lookup(country), do: country
end
"""),
    ),
    good=(
        Sample("""\
defmodule Rates do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_info({:parse, words}, state) do
    {:noreply, [String.to_integer(words) | state]}
  rescue
    ArgumentError -> {:noreply, state}
  end
end
"""),
        Sample("""\
defmodule Walk do
  def first(list) do
    Enum.each(list, fn item -> if item > 3, do: throw({:found, item}) end)
  catch
    {:found, item} -> item
  end

  def fetch(pid) do
    GenServer.call(pid, :value)
  catch
    :exit, {:noproc, _} -> nil
  end
end
"""),
        Sample("""\
defmodule Rescue do
  def catch_all(rescue_count), do: rescue_count

  def missing(map) do
    Map.fetch!(map, :key)
  rescue
    e in [KeyError, ArgumentError] -> {:error, e}
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "raised-again",
            "the failure is passed on after it was noted",
            Sample("""\
defmodule Traced do
  def run(fun) do
    fun.()
  rescue
    error ->
      IO.puts(:stderr, "failed")
      reraise error, __STACKTRACE__
  end
end
"""),
        ),
        Exemption(
            "peer-gone",
            "a call to another process exits when that process is gone, which the caller "
            "expects here",
            Sample("""\
defmodule Peer do
  def value(pid) do
    GenServer.call(pid, :value)
  catch
    :exit, _ -> nil
  end
end
"""),
        ),
        Exemption(
            "foreign-code",
            "code handed in from elsewhere, a function or a module that the caller names, is "
            "kept apart from the caller, and its failure is reported",
            Sample("""\
defmodule Jobs do
  def attempt(fun) do
    {:ok, fun.()}
  rescue
    error -> {:error, error}
  end
end
"""),
        ),
        Exemption(
            "without-bang",
            "the function is the one of a pair that answers what the other, with `!`, raises",
            Sample("""\
defmodule Shop.Scale do
  def read(bytes) do
    {:ok, read!(bytes)}
  rescue
    e -> {:error, e}
  end

  def read!(bytes), do: Shop.Format.read!(bytes)
end
"""),
        ),
        Exemption(
            "same-as-else",
            "the `with` that it guards answers the very same to anything that does not match",
            Sample("""\
defmodule Shop.Cursor do
  def read(text) do
    with {:ok, bytes} <- Base.decode64(text), [_ | _] = keys <- Shop.Format.read(bytes) do
      {:ok, keys}
    else
      _ -> {:error, :no_cursor}
    end
  rescue
    _ -> {:error, :no_cursor}
  end
end
"""),
        ),
        Exemption(
            "predicate",
            "a test handed in from elsewhere that cannot be asked does not hold",
            Sample("""\
defmodule Shop.Rule do
  def holds?(test, item) do
    test.(item)
  rescue
    _ -> false
  end
end
"""),
        ),
        Exemption(
            "by-name",
            "the handler gives what it caught to an own function that takes exceptions it names "
            "only: for any other one the handler itself fails",
            Sample("""\
defmodule Shop.Template do
  def read(source) do
    {:ok, EEx.compile_string(source)}
  rescue
    error -> {:error, place(error)}
  end

  defp place(%EEx.SyntaxError{} = error), do: {error.line, error.column}
end
"""),
        ),
        Exemption(
            "clean-up",
            "the process is ending anyway, and the rest of the clean-up shall still run; or one "
            "socket, port or file is closed that may be closed already",
            Sample("""\
defmodule Temp do
  use GenServer

  def init(path), do: {:ok, path}

  def terminate(_reason, path) do
    File.rm!(path)
  rescue
    _ -> :ok
  end
end
"""),
        ),
        Exemption(
            "second-try",
            "the handler calls the very function that failed with something else: what nobody "
            "foresaw fails there again",
            Sample("""\
defmodule Shop.Label do
  def print(code) do
    Code.format_string!(code)
  rescue
    _ -> code |> without_prices() |> Code.format_string!()
  end

  defp without_prices(code), do: String.replace(code, "$", "")
end
"""),
        ),
        Exemption(
            "probe",
            "it asks the running system for what an older version does not know, and no value of "
            "the program is in the question",
            Sample("""\
defmodule Shop.Machine do
  def sockets? do
    :erlang.system_info(:esock) != :undefined
  rescue
    _ -> false
  end
end
"""),
        ),
        Exemption(
            "report",
            "it guards nothing but a line for the log: that a report fails must not end what goes "
            "on, and has nowhere else to be told",
            Sample("""\
defmodule Shop.Told do
  require Logger

  def told(order, reason) do
    Logger.error(fn -> "no order #{inspect(order)}: " <> Exception.message(reason) end)
  catch
    _, _ -> :ok
  end
end
"""),
        ),
        Exemption(
            "matching",
            "it guards own functions that call nothing but each other: the one way to fail is a "
            "value that no clause takes",
            Sample("""\
defmodule Shop.Code do
  def parse(code) do
    {:ok, digits(code)}
  rescue
    _ -> :error
  end

  defp digits([]), do: []
  defp digits([?0 | rest]), do: [0 | digits(rest)]
  defp digits([?1 | rest]), do: [1 | digits(rest)]
end
"""),
        ),
        Exemption(
            "conversion",
            "it guards nothing but a conversion by the language itself: a value that it does not "
            "take is all that can fail",
            Sample("""\
defmodule Shop.Count do
  def count(written) do
    {:ok, String.to_integer(written)}
  rescue
    _ -> {:error, "no count: #{written}"}
  end
end
"""),
        ),
        Exemption(
            "one-of-many",
            "one element of a list fails by itself: that is reported with its place, and the "
            "others are gone on with",
            Sample("""\
defmodule Shop.Bills do
  require Logger

  def send_all(bills) do
    Enum.each(bills, fn bill ->
      try do
        Shop.Post.send(bill)
      rescue
        e -> Logger.error(Exception.format(:error, e, __STACKTRACE__))
      end
    end)
  end
end
"""),
        ),
        Exemption(
            "stated",
            "a comment at the handler gives a reason, or one at the top of what it guards tells "
            "how that fails and somebody learns of it: this is meant",
            Sample("""\
defmodule Shop.Scale do
  def weight(bytes) do
    Shop.Scale.Format.read(bytes)
  rescue
    # Each maker of scales has a format of its own, and none is written down.
    _ -> nil
  end
end
"""),
        ),
        Exemption(
            "log-formatter",
            "the formatter of a logger must not fail: the message would be lost, and the error "
            "has nowhere to be logged",
            Sample("""\
defmodule Shop.Lines do
  def format(level, message, {_date, {_, _, second, _}}, _metadata) do
    Shop.Text.line(level, message, second)
  rescue
    _ -> "no line: #{inspect(message)}\\n"
  end
end
"""),
        ),
        Exemption(
            "command-line",
            "a Mix task, an escript, a release's command or a function that prints all it does "
            "turns a failure into a message for the person at the terminal",
            Sample("""\
defmodule Mix.Tasks.Probe do
  use Mix.Task

  def run([path]) do
    IO.puts(File.read!(path))
  rescue
    error -> IO.puts(:stderr, Exception.message(error))
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "helpers for tests report a failure in their own way",
            Sample("""\
defmodule Shop.Testing do
  def result(fun) do
    {:ok, fun.()}
  rescue
    error -> {:raised, error}
  end
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself, which runs code of others and reports its failures",
            Sample(
                """\
defmodule IEx.Runner do
  def run(fun) do
    fun.()
  catch
    kind, reason -> {kind, reason}
  end
end
""",
                path="lib/iex/lib/iex/runner.ex",
            ),
        ),
    ),
)
