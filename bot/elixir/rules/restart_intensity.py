"""So many restarts allowed that a crash loop never ends."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.rules.base import Because, Exempt, Exemption, Limit, Rule, Sample, Site, Span
from bot.elixir.rules.parts.stated_reasons import says_why_so

_MANY_A_SECOND = 20
_DEFAULT_SECONDS = 5
_POOLS = ("DynamicSupervisor", "ConsumerSupervisor", "PartitionSupervisor", "Task.Supervisor")
_TELLING = {"strategy", "max_seconds"}
"""Options that only supervisors have beside `max_restarts`."""
_INTENSITY = ("max_restarts", "max_seconds")
_SUPERVISORS = (*_POOLS, "Supervisor", ":supervisor", "Supervisor.Spec")


def check(module: Module, restarts: int = _MANY_A_SECOND) -> Iterator[Site | Exempt]:
    """Every literal `max_restarts` of a supervisor that allows twenty restarts a second."""
    for clause in module.clauses_with(b"max_restarts:"):
        for pair in nodes.of_type(clause.node, "pair"):
            if _key(pair) == "max_restarts" and pair.parent is not None:
                yield from _judge(pair, pair.parent, clause, restarts)


def _key(pair: Node) -> str:
    return nodes.text_of(pair, "key").strip().rstrip(":")


def _judge(pair: Node, options: Node, clause: Clause, many: int) -> Iterator[Site | Exempt]:
    module = clause.function.module
    given = nodes.keyword_pairs(options)
    owner = _owner(options, module)
    if owner not in _SUPERVISORS and not _TELLING & given.keys():
        return
    restarts = _number(given.get("max_restarts"), module)
    seconds = _number(given["max_seconds"], module) if "max_seconds" in given else _DEFAULT_SECONDS
    if restarts is None or not seconds or restarts < many * seconds:
        return
    span = Span.of(module, pair)
    if is_platform(module):
        yield Exempt(span, "platform")
    elif is_test_support(module):
        yield Exempt(span, "test-support")
    elif says_why_so([p for p in options.named_children if _key(p) in _INTENSITY]):
        yield Exempt(span, "stated")
    else:
        yield _site(span, restarts, seconds, owner)


def _site(span: Span, restarts: int, seconds: int, owner: str) -> Site:
    pool, handed_on = owner in _POOLS, bool(owner) and owner not in _SUPERVISORS
    time = "a second" if seconds == 1 else f"{seconds} seconds"
    # `supervisor` counts in whole seconds, those `max_seconds` ago among them (`add_restart/3`).
    pause = ceil(1000 * (seconds + 1) / restarts)
    return Site(
        span,
        f"{restarts} restarts in {time} are allowed before the supervisor gives up",
        because=(
            Because(
                span,
                f"one child that dies every {pause} ms, or more slowly, never gets to this limit"
                + (": many children may need many restarts, one that loops hides" if pool else ""),
            ),
            *([Because(span, f"if `{owner}` gives this to its supervisor")] if handed_on else []),
        ),
        severity="info" if pool or handed_on else None,
        confidence="low" if handed_on else None,
        data={"max_restarts": str(restarts), "max_seconds": str(seconds)},
    )


def _number(node: Node | None, module: Module) -> int | None:
    value = module.value(node) if node is not None else None
    if value is None or value.type != "integer":
        return None
    digits = text(value).replace("_", "")
    return int(digits) if digits.isdecimal() else None


def _owner(options: Node, module: Module) -> str:
    """What takes the options: the module of a call, or the first of a tuple."""
    above = options.parent
    while above is not None and (
        above.type in ("list", "arguments", "keywords") or nodes.operator(above) == "++"
    ):
        above = above.parent
    if above is None:
        return ""
    if above.type == "tuple" and above.named_children:
        return module.scope.resolve(above.named_children[0])
    call: Call | None = resolve(above, module) if above.type == "call" else None
    return call.module if call is not None else ""


RULE = Rule(
    id="restart-intensity",
    title="Restarts without an end",
    category="supervision",
    stage=1,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "A supervisor's `max_restarts` is raised so far, for its `max_seconds`, that twenty and "
        "more restarts a second count as normal."
    ),
    harm=(
        "The limit is what ends a crash loop: the supervisor stops, and the one above it starts "
        "the whole branch anew, or the application stops and somebody is told. Above it a child "
        "that dies again and again is started as often, and the log fills."
    ),
    remedy=(
        "Stay near the default of 3 in 5 seconds and group the children so that a failing one "
        "takes its own small supervisor down. What fails for a while by nature, as a remote "
        "service does, should back off in its process instead of crashing at once."
    ),
    limits=(Limit("restarts", _MANY_A_SECOND, "restarts a second, from which on it is told"),),
    triggers=(b"max_restarts:",),
    check=check,
    bad=(
        Sample("""\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    opts = [strategy: :one_for_one, name: Shop.Supervisor, max_restarts: 1_000]
    Supervisor.start_link([Shop.Repo, Shop.Stock], opts)
  end
end
"""),
        Sample("""\
defmodule Shop.Desks do
  use DynamicSupervisor
  def init(_), do: DynamicSupervisor.init(max_restarts: 500, max_seconds: 1)
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Desks do
  use Supervisor
  def init(_) do
    Supervisor.init([Shop.Desk], strategy: :one_for_one, max_restarts: 10, max_seconds: 60)
  end
end
"""),
        Sample("""\
defmodule Shop.Group do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Desk], strategy: :one_for_all, max_restarts: 0)
  def connect, do: Shop.Database.connect(max_restarts: 1_000)
end
"""),
    ),
    exemptions=(
        Exemption(
            "test-support",
            "in tests children are killed on purpose, and often",
            Sample("""\
defmodule Shop.Testing.Supervisor do
  use Supervisor
  def init(_), do: Supervisor.init([], strategy: :one_for_one, max_restarts: 1_000_000)
end
"""),
        ),
        Exemption(
            "stated",
            "a comment right above the option says why so many are allowed: it is on purpose",
            Sample("""\
defmodule Shop.Desks do
  use DynamicSupervisor

  def init(_) do
    DynamicSupervisor.init(
      strategy: :one_for_one,
      # A desk ends with its customer's call, so that a busy hour must not end the shop.
      max_restarts: 10_000,
      max_seconds: 1
    )
  end
end
"""),
        ),
        Exemption(
            "platform",
            "a supervisor of Elixir's own tools, whose children tests end",
            Sample(
                """\
defmodule ExUnit.Keeper do
  use Supervisor
  def init(_), do: Supervisor.init([], strategy: :one_for_one, max_restarts: 1_000_000)
end
""",
                path="lib/ex_unit/lib/ex_unit/keeper.ex",
            ),
        ),
    ),
)
