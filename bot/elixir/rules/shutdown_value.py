"""Time to stop that does not fit what is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bot.core.finding import Confidence, Severity
from bot.elixir.clean_up import done_at_end, terminate_of
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.further import function_behind
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.reach import is_server
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.branch_end import ends_at_once
from bot.elixir.rules.parts.written_specs import WrittenSpec, supervises, written_specs

_WORDS = (b"shutdown:", b"start: {")
_STARTS = ("start_link", "start")


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every child specification whose `shutdown` cannot do what its child needs."""
    for spec in written_specs(project, *_WORDS):
        if is_test_support(spec.where) or is_platform(spec.where):
            continue
        if supervises(spec.target, project):
            yield from _of_supervisor(spec, project)
        elif spec.target in project.modules:
            yield from _of_server(spec, project.module(spec.target), project)


def _of_supervisor(spec: WrittenSpec, project: Project) -> Iterator[Site]:
    what, why = _misfit(spec)
    if what and ends_at_once(spec.target, project):
        yield _site(spec, what, why, "info", None, _NOTHING_TO_WAIT_FOR)
    elif what:
        yield _site(spec, what, why)


_NOTHING_TO_WAIT_FOR = (
    "as its children are now, nothing is cut off: none traps exits or has a clean-up, so all end "
    "at once"
)


def _misfit(spec: WrittenSpec) -> tuple[str, str]:
    """What a supervisor is specified as, and why that does not fit; empty where it does."""
    shutdown = spec.word("shutdown")
    if shutdown == ":brutal_kill":
        return (
            "is a supervisor, and is killed at once",
            "nobody stops its children one by one: those that trap no exits die with it, and "
            "nobody waits for the others",
        )
    if shutdown.replace("_", "").isdecimal():
        return (
            f"is a supervisor, and gets {shutdown} ms to stop",
            "that is one limit for the whole branch below: when it is over, the supervisor is "
            "killed, and nobody waits for what has not stopped yet",
        )
    if not shutdown and _starts_as_a_worker(spec):
        return (
            "is a supervisor, and is specified as a worker",
            "without `type: :supervisor` the map means a worker: 5 seconds for the whole branch "
            "below, then it is killed",
        )
    return "", ""


def _starts_as_a_worker(spec: WrittenSpec) -> bool:
    return spec.whole and spec.word("type") in ("", ":worker") and spec.function in _STARTS


def _of_server(spec: WrittenSpec, server: Module, project: Project) -> Iterator[Site | Exempt]:
    shutdown = spec.word("shutdown")
    if shutdown not in (":brutal_kill", ":infinity") or not is_server(server):
        return
    span = Span.of(spec.where, spec.node)
    ending = terminate_of(server)
    if shutdown == ":brutal_kill":
        done = done_at_end(server, partial(function_behind, project))
        cleaning = next((one.call for one in done if one.effect == "cleans"), None)
        if cleaning is not None:
            because = Because(
                Span.of(server, cleaning.node),
                f"its clean-up calls `{cleaning.full}`, and never runs when it is told to stop",
            )
            yield _site(spec, "is killed at once, although it cleans up when it ends", because)
    elif ending is not None:
        yield Exempt(span, "finishes-work")
    else:
        note = (
            "no `terminate/2` is seen, so there is nothing to wait for but the callback it is in: "
            "one that hangs holds up the end of the application"
        )
        yield _site(spec, "may take any time to stop", note, "info", "low")


def _site(
    spec: WrittenSpec,
    what: str,
    why: str | Because,
    severity: Severity | None = None,
    confidence: Confidence | None = None,
    *more: str,
) -> Site:
    span = Span.of(spec.where, spec.node)
    because = Because(span, why) if isinstance(why, str) else why
    return Site(
        span,
        f"child `{spec.target}` {what}",
        because=(because, *(Because(span, note) for note in more)),
        severity=severity,
        confidence=confidence,
        data={"target": spec.target, "shutdown": spec.word("shutdown")},
    )


RULE = Rule(
    id="shutdown-value",
    title="Shutdown that does not fit the child",
    category="supervision",
    stage=1,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "A child specification gives its child a time to stop that does not fit: a supervisor "
        "with a limit or as a plain worker, a server that cleans up and is killed, a plain server "
        "that may take for ever."
    ),
    harm=(
        "OTP stops a tree from the leaves up, and needs time for it. Where a supervisor is killed "
        "half way, nobody stops its children in order or waits for them: what traps no exits dies "
        "in the middle of its work. A server that is killed never runs `terminate/2`. The manual "
        "of `supervisor` says `infinity` for supervisors, and "
        "Elixir takes that as the default only where the specification says `type: :supervisor`."
    ),
    remedy=(
        "Say `type: :supervisor` in a map that starts a supervisor, and leave `shutdown` out. "
        "Give a worker the time in milliseconds that its `terminate/2` needs."
    ),
    triggers=_WORDS,
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Branch do
  use Supervisor
  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg)
  def init(_), do: Supervisor.init([Shop.Desk], strategy: :one_for_one)
end

defmodule Shop.Branches do
  def open(id) do
    spec = %{id: id, start: {Shop.Branch, :start_link, [id]}, restart: :temporary}
    DynamicSupervisor.start_child(Shop.BranchSupervisor, spec)
  end
end
"""),
        Sample("""\
defmodule Shop.Ledger do
  use GenServer, shutdown: :brutal_kill
  def init(path) do
    Process.flag(:trap_exit, true)
    {:ok, %{path: path, rows: []}}
  end

  def terminate(_reason, state), do: File.write!(state.path, state.rows)
end
"""),
        Sample("""\
defmodule Shop.Branch do
  use Supervisor, shutdown: 1_000
  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg)
  def init(_), do: Supervisor.init([Shop.Desk], strategy: :one_for_one)
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Branch do
  use Supervisor
  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg)
  def init(_), do: Supervisor.init([Shop.Desk], strategy: :one_for_one)
  def child_spec(arg) do
    %{id: __MODULE__, start: {__MODULE__, :start_link, [arg]}, type: :supervisor}
  end
end
"""),
        Sample("""\
defmodule Shop.Probe do
  use GenServer, shutdown: :brutal_kill
  def init(arg), do: {:ok, arg}
  def terminate(reason, _state), do: Logger.info("ended: #{inspect(reason)}")
end
"""),
        Sample("""\
defmodule Shop.Ledger do
  use GenServer, shutdown: 30_000
  def init(path), do: {:ok, path}
  def terminate(_reason, path), do: File.write!(path, "")
end
"""),
    ),
    exemptions=(
        Exemption(
            "finishes-work",
            "a worker that has work to finish, and may take the time it takes",
            Sample("""\
defmodule Shop.Ledger do
  use GenServer, shutdown: :infinity
  def init(path) do
    Process.flag(:trap_exit, true)
    {:ok, path}
  end

  def terminate(_reason, path), do: File.write!(path, "closed")
end
"""),
        ),
    ),
)
