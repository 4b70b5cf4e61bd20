"""A clean-up in `terminate` that is skipped when the supervisor stops the server."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.clean_up import STRONGEST, Done, done_at_end, terminate_of
from bot.elixir.context import is_test_support
from bot.elixir.further import function_behind
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.reach import BUSY, SERVERS, is_server, reached_from_callbacks
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.at_the_end import ends_with_the_application, only_leaves_handlers
from bot.elixir.rules.parts.by_hand import is_started_by_hand
from bot.elixir.rules.parts.effects import effect_of
from bot.elixir.rules.parts.end_reasons import is_done_at_shutdown
from bot.elixir.rules.parts.route import route
from bot.elixir.trapping import trap_flags
from bot.elixir.ways import ways

_AT_START = (("init", 1), ("handle_continue", 2))
_KNOWN = (*SERVERS, "Bitwise", "TypedStruct", "Retry")
"""Modules whose `use` leaves the flag alone."""


def starts(project: Project) -> list[str]:
    """Files that could hold the callback."""
    return project.lib_holding(b"terminate(")


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Every server that cleans up in `terminate` and never traps exits."""
    for module in project.modules_in(path):
        if terminate_of(module) is not None and is_server(module):
            yield from _judge(module, project)


def _judge(module: Module, project: Project) -> Iterator[Site | Exempt]:
    if next(trap_flags(module), None) is not None:
        return
    all_done = list(done_at_end(module, partial(function_behind, project)))
    if not all_done:
        return
    skipped = [d for d in all_done if is_done_at_shutdown(d.call, d.step)]
    done = min(skipped or all_done, key=lambda d: STRONGEST.index(d.effect))
    span = Span.of(module, done.call.node)
    if not skipped:
        yield Exempt(span, "other-ends")
    elif done.effect in ("ends-anyway", "reports"):
        yield Exempt(span, done.effect)
    elif is_test_support(module):
        yield Exempt(span, "test-support")
    elif _done_at_start(done.call, module):
        yield Exempt(span, "put-in-order")
    elif _trapped_elsewhere(module, project):
        yield Exempt(span, "trapped-elsewhere")
    elif only_leaves_handlers(done, skipped) and ends_with_the_application(module.name, project):
        yield Exempt(span, "ends-with-the-application")
    else:
        yield _site(done, module, project)


def _done_at_start(done: Call, module: Module) -> bool:
    """Whether each start makes the same call, with the same constants."""
    if not done.args or not all(_constant(arg) for arg in done.args):
        return False
    given = [text(arg) for arg in done.args]
    return any(
        call.full == done.full
        and [text(arg) for arg in call.args] == given
        and not (call.runs_in or call.deferred or call.in_quote)
        and any(s.id == call.statement.id for s in step.clause.statements())
        for step in reached_from_callbacks(module, _AT_START)
        for call in step.clause.calls
    )


def _constant(node: Node) -> bool:
    """Whether an expression is the same each time: it names no variable and calls nothing."""
    names = nodes.of_type(node, "identifier", "call")
    return all(text(n) == "__MODULE__" or _attribute(n) for n in names)


def _attribute(node: Node) -> bool:
    return node.parent is not None and nodes.operator(node.parent) == "@"


def _trapped_elsewhere(module: Module, project: Project) -> bool:
    """Whether a module of the project that it uses, or asks in `init/1`, sets the flag."""
    start = reached_from_callbacks(module, _AT_START)
    asked = {call.module for step in start for call in step.clause.calls}
    helpers = (project.modules.get(name) for name in asked | {use.name for use in module.uses})
    return any(
        helper is not None
        and helper.name != module.name
        and b"trap_exit" in project.texts[helper.path][helper.start : helper.end]
        for helper in helpers
    )


def _site(done: Done, module: Module, project: Project) -> Site:
    span, end = Span.of(module, done.call.node), done.step.origin.label
    stop = _stop(module, end)
    minor = done.effect == "tells" or only_leaves_handlers(done, [done])
    loose = is_started_by_hand(module.name, project)
    when = "an exit signal ends this server" if loose else "a supervisor stops this server"
    guessed = loose or _brings_unseen_code(module, project)
    return Site(
        span,
        f"`{end}` does not run when {when}: `{done.call.full}` is skipped then, for no code here "
        "traps exits",
        because=(
            *route(done.step),
            Because(Span.of(done.source.owner, done.source.node), effect_of(done)),
            *stop[:1],
        ),
        severity="info" if stop or minor or loose else None,
        confidence="low" if guessed else "medium" if stop or done.source is not done.call else None,
        data={"call": done.call.full},
    )


def _brings_unseen_code(module: Module, project: Project) -> bool:
    """Whether it uses a library, whose code may set the flag."""
    return any(use.name not in _KNOWN and use.name not in project.modules for use in module.uses)


def _stop(module: Module, end: str) -> list[Because]:
    """Where the server stops itself, on which way the callback does run."""
    return [
        Because(Span.of(module, way.result), f"where the server stops itself, `{end}` does run")
        for step in reached_from_callbacks(module, BUSY - {("init", 1), ("terminate", 2)})
        for way in ways(step.clause)
        if way.tag == ":stop" or text(way.result).startswith(":stop")
    ]


def _buffer(init: str, end: str, more: str = "") -> Sample:
    return Sample(
        "defmodule Shop.Buffer do\n  use GenServer\n\n  def init(path) do\n"
        + "".join(f"    {line}\n" for line in init.splitlines())
        + "  end\n\n  def handle_cast({:add, row}, state), do: {:noreply, [row | state]}\n\n"
        + "  def terminate(reason, state) do\n"
        + "".join(f"    {line}\n" for line in end.splitlines())
        + f"  end\n{more}end\n"
    )


RULE = Rule(
    id="terminate-without-trap",
    title="Clean-up that a shutdown skips",
    category="errors",
    stage=2,
    severity="warning",
    confidence="high",
    fix="advice",
    explanation=(
        "A server cleans up in `terminate`, and no code of it sets the `:trap_exit` flag."
    ),
    harm=(
        "A supervisor stops a child by an exit signal. A process that does not trap exits dies of "
        "it at once, and `terminate` is never called: neither at a deploy nor when a sibling's "
        "crash restarts this server too. The documentation of `c:GenServer.terminate/2` says so. "
        "It does run when a callback raises or returns `:stop`, so that tests may not show it."
    ),
    remedy=(
        "If the clean-up matters, set `Process.flag(:trap_exit, true)` in `init/1` and take "
        "`{:EXIT, pid, reason}` of linked processes in `handle_info/2`. Even then a brutal kill or "
        "a lost node skips it: what must never be left behind belongs to a process that monitors "
        "this one, or is put in order at the next start."
    ),
    triggers=(b"terminate(",),
    check_project=FileByFile(starts, check),
    bad=(
        _buffer("{:ok, []}", 'File.write!("rows", :erlang.term_to_binary(state))'),
        _buffer(
            ":telemetry.attach(__MODULE__, [:shop, :sold], &__MODULE__.sold/4, nil)\n{:ok, []}",
            "detach(state)",
            "\n  defp detach(_state), do: :telemetry.detach(__MODULE__)\n",
        ),
        _buffer(
            "{:ok, []}",
            'File.rm_rf!("scratch")\nstate',
            "\n  def handle_info(:done, state), do: {:stop, :normal, state}\n",
        ),
    ),
    good=(
        _buffer(
            "Process.flag(:trap_exit, true)\n{:ok, []}",
            'File.write!("rows", :erlang.term_to_binary(state))',
        ),
        _buffer("{:ok, []}", "Enum.count(state)\n:ok"),
        Sample("""\
defmodule Shop.Writer do
  def terminate(_reason, path), do: File.rm(path)
end
"""),
    ),
    exemptions=(
        Exemption(
            "reports",
            "it only tells of the end",
            _buffer("{:ok, []}", 'require Logger\nLogger.info("buffer ends: #{inspect(state)}")'),
        ),
        Exemption(
            "other-ends",
            "`terminate` itself leaves it out for `:shutdown`: at a supervisor's stop it would not "
            "run with exits trapped either",
            _buffer(
                "{:ok, []}",
                "case reason do\n  :shutdown -> :ok\n"
                '  _ -> File.write!("crash", inspect(state))\nend',
            ),
        ),
        Exemption(
            "ends-anyway",
            "what it releases goes with the process: its tables, ports, sockets, timers, "
            "registrations, and the processes it is linked to",
            _buffer("{:ok, :ets.new(:rows, [])}", ":ets.delete(state)"),
        ),
        Exemption(
            "trapped-elsewhere",
            "a module of the project that it uses, or asks in `init/1`, sets the flag",
            Sample(
                files={
                    "lib/buffer.ex": """\
defmodule Shop.Buffer do
  use GenServer
  def init(path) do
    Shop.Exits.trap()
    {:ok, path}
  end

  def terminate(_reason, path), do: File.rm(path)
end
""",
                    "lib/exits.ex": """\
defmodule Shop.Exits do
  def trap, do: Process.flag(:trap_exit, true)
end
""",
                }
            ),
        ),
        Exemption(
            "ends-with-the-application",
            "it takes off handlers, and a supervisor only stops it as the application ends: it is "
            "a child of the application under `:one_for_one`",
            Sample(
                files={
                    "lib/counter.ex": """\
defmodule Shop.Counter do
  use GenServer

  def init(sold) do
    :telemetry.attach(__MODULE__, [:shop, :sold], &__MODULE__.sold/4, nil)
    {:ok, sold}
  end

  def handle_cast(:sold, sold), do: {:noreply, sold + 1}
  def sold(_event, _measured, _metadata, _config), do: GenServer.cast(__MODULE__, :sold)
  def terminate(_reason, _sold), do: :telemetry.detach(__MODULE__)
end
""",
                    "lib/application.ex": """\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    Supervisor.start_link([{Shop.Counter, 0}], strategy: :one_for_one)
  end
end
""",
                }
            ),
        ),
        Exemption(
            "put-in-order",
            "the next start makes the same call: what an end has left behind is put right then",
            _buffer(
                'File.rm_rf("scratch")\nFile.mkdir!("scratch")\n{:ok, []}',
                'File.rm_rf("scratch")',
            ),
        ),
        Exemption(
            "test-support",
            "a server made for tests, which end it themselves",
            Sample("""\
defmodule Shop.Testing.Disk do
  use GenServer
  def init(path), do: {:ok, path}
  def terminate(_reason, path), do: File.rm_rf!(path)
end
"""),
        ),
    ),
)
