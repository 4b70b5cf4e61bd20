"""A child that needs, while it starts, a sibling that starts after it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.child_specs import ChildFacts
from bot.elixir.children import ChildListFacts
from bot.elixir.context import is_test_support
from bot.elixir.facts import ModuleFacts
from bot.elixir.matching import can_match
from bot.elixir.named_needs import needed_process
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.reach import callbacks, reached
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.way import clause_around, clauses_on, way
from bot.elixir.server_requests import CASTS, Step
from bot.elixir.siblings import together
from bot.elixir.supervision import is_supervisor

_PREPARED = re.compile(rb"\b(?:rescue|catch|whereis)\b")
_INIT, _CONTINUE = ("init", 1), ("handle_continue", 2)


@dataclass(frozen=True, eq=False)
class _Place:
    """A child in its list, with the names that only later children can have."""

    child: ChildFacts
    listing: ChildListFacts
    position: int
    named: Mapping[str, list[tuple[int, ChildFacts]]]
    """The positions of all children by such names, ascending; one dictionary for the list."""

    def later(self, name: str) -> ChildFacts | None:
        """The next child that has the name."""
        return next((c for at, c in self.named.get(name, ()) if at > self.position), None)


@dataclass(frozen=True, eq=False)
class _Started:
    """A module that is started, and where: from the list in question down to its own."""

    facts: ModuleFacts
    places: tuple[tuple[ChildListFacts, ChildFacts], ...]


def check(project: Project) -> Iterator[Site | Exempt]:
    """What children need, in `init/1` or right after it, of siblings that start after them."""
    for place in _places(project):
        seen: set[int] = set()
        for started in _started_with(project, place):
            for call, step in _needs(project, started.facts):
                name = needed_process(call, step)
                later = place.later(name)
                if later is not None and call.node.id not in seen:
                    seen.add(call.node.id)
                    if together(project, place.listing, place.child, later):
                        yield _judge(call, step, started, later, name)


def _started_with(project: Project, place: _Place) -> Iterator[_Started]:
    """The child, and where it is a supervisor all that its own list starts before it is up."""
    queue: list[tuple[tuple[ChildListFacts, ChildFacts], ...]] = [((place.listing, place.child),)]
    seen: set[str] = set()
    while queue:
        way_down = queue.pop(0)
        module = way_down[-1][1].module
        facts = project.modules.get(module)
        if facts is None or facts.role != "lib" or module in seen:
            continue
        seen.add(module)
        yield _Started(facts, way_down)
        for listing in facts.child_lists:
            if listing.function.startswith("init/"):
                queue += [(*way_down, (listing, child)) for child in listing.children]


def _places(project: Project) -> Iterator[_Place]:
    """Every child that others follow in its list, as written or not."""
    lib = [facts for facts in project.facts if facts.role == "lib"]
    listings = [listing for facts in lib for listing in facts.child_lists]
    times: dict[str, int] = {}
    for child in (child for listing in listings for child in listing.children):
        for name in {child.module, child.name} - {""}:
            times[name] = times.get(name, 0) + 1
    for listing in listings:
        named: dict[str, list[tuple[int, ChildFacts]]] = {}
        last = -1
        for at, child in enumerate(listing.children):
            for name in _names(project, child) if _once(child, times) else ():
                if times.get(name, 0) < 2:
                    named.setdefault(name, []).append((at, child))
                    last = at
        yield from (
            _Place(child, listing, at, named)
            for at, child in enumerate(listing.children)
            if at < last
        )


def _once(child: ChildFacts, times: Mapping[str, int]) -> bool:
    """Whether no other list could have started it before."""
    return bool(child.name) or times.get(child.module, 0) == 1


def _names(project: Project, child: ChildFacts) -> set[str]:
    """The names under which a child can be asked, of which it is the only owner."""
    if child.name:
        return {child.name}
    facts = project.modules.get(child.module)
    if facts is None:
        return {child.module} - {""}
    owned = {name for name in facts.names if project.calls.owners.get(name) is facts}
    return owned | {child.module}


def _needs(project: Project, facts: ModuleFacts) -> Iterator[tuple[Call, Step]]:
    if facts not in project.calls.servers and not is_supervisor(facts):
        return
    module = project.module(facts.name)
    for key in (_INIT, _CONTINUE):
        for origin in callbacks(module, [key]):
            for step in project.calls.steps(origin):
                if key == _INIT or _goes_on_from_the_start(step):
                    yield from ((call, step) for call in step.clause.calls)


def _goes_on_from_the_start(step: Step) -> bool:
    """Whether `init/1` asks for the clause of `handle_continue/2` that leads there, itself or by
    another one; else it runs when the tree is long up.
    """
    module, first = step.origin.module, step.path[0] if step.path else None
    entry = step.clause if first is None else clause_around(first)
    starting = callbacks(module, [_INIT])
    if entry is None or not any(c.clause.mentions(b":continue") for c in reached(starting)):
        return False
    asked = (
        pair.named_children[1]
        for c in reached([*starting, step.origin])
        for pair in nodes.of_type(c.clause.node, "tuple")
        if pair.named_child_count == 2 and text(pair.named_children[0]) == ":continue"
    )
    return any(can_match(entry.params[0], value, module) for value in asked)


def _judge(
    call: Call, step: Step, started: _Started, later: ChildFacts, name: str
) -> Site | Exempt:
    home = step.origin.module
    span = Span.of(home, (step.path[0] if step.path else call).node)
    if is_test_support(home):
        return Exempt(span, "test-support")
    if any(clause.matches(_PREPARED) for clause in clauses_on(step)):
        return Exempt(span, "prepared")
    at_once = step.origin.name == "init"
    return Site(
        span,
        f"`{step.origin.label}` needs `{name}`, which the supervisor starts later",
        because=(
            *way(step),
            Because(Span.of(call.owner, call.node), _note(call, name, at_once)),
            *(Because(_span(*at), f"`{at[1].module}` is started here") for at in started.places),
            Because(_span(started.places[0][0], later), f"`{name}` only here, further down"),
        ),
        severity=None if at_once and call.full not in CASTS else "warning",
        confidence=None if at_once else "medium",
        data={"needs": name, "callback": step.origin.label},
    )


def _span(listing: ChildListFacts, child: ChildFacts) -> Span:
    return Span(listing.path, child.start, child.end)


def _note(call: Call, name: str, at_once: bool) -> str:
    if not at_once:
        return f"`{name}` may be up by then, or not: this callback may run while siblings start"
    if call.full in CASTS:
        return f"at the first start there is no `{name}` yet: a cast to nobody is lost in silence"
    return f"at the first start there is no `{name}` yet: the call fails, and with it the start"


RULE = Rule(
    id="call-to-later-sibling",
    title="A child that needs one that starts after it",
    category="supervision",
    stage=1,
    severity="error",
    confidence="high",
    fix="advice",
    explanation=(
        "A supervisor starts its children in the order of the list, each when the one before has "
        "returned from `init/1`. This child needs, while it starts, one further down."
    ),
    harm=(
        "A call to a process that is not there exits with `noproc`, and with it the child's start "
        "and that of the whole tree; a cast is lost without a word. From `handle_continue/2` it is "
        "a race that a busy machine loses. The order also decides the end: children stop in "
        "reverse, so this one would outlive what it needs."
    ),
    remedy="Move the child below what it needs. What needs nothing stands first.",
    triggers=(b"Supervisor",),
    follows_calls=True,
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg, name: __MODULE__)

  def init(_) do
    children = [Shop.Desk, Shop.Stock]
    Supervisor.init(children, strategy: :one_for_one)
  end
end

defmodule Shop.Stock do
  use GenServer
  def start_link(items), do: GenServer.start_link(__MODULE__, items, name: __MODULE__)
  def all, do: GenServer.call(__MODULE__, :all)
  def init(items), do: {:ok, items}
  def handle_call(:all, _from, items), do: {:reply, items, items}
end

defmodule Shop.Desk do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def init(_), do: {:ok, Shop.Stock.all()}
end
"""),
        Sample("""\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    children = [Shop.Night, {Registry, keys: :unique, name: Shop.Names}]
    Supervisor.start_link(children, strategy: :one_for_one)
  end
end

defmodule Shop.Night do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def init(arg), do: {:ok, arg, {:continue, :register}}

  def handle_continue(:register, arg) do
    {:ok, _} = Registry.register(Shop.Names, :night, nil)
    {:noreply, arg}
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def init(_), do: Supervisor.init([Shop.Stock, Shop.Desk], strategy: :rest_for_one)
end

defmodule Shop.Stock do
  use GenServer
  def start_link(items), do: GenServer.start_link(__MODULE__, items, name: __MODULE__)
  def all, do: GenServer.call(__MODULE__, :all)
  def init(items), do: {:ok, items}
end

defmodule Shop.Desk do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def init(_), do: {:ok, Shop.Stock.all()}
end
"""),
        Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def init(_), do: Supervisor.init([Shop.Desk, Shop.Stock], strategy: :one_for_one)
end

defmodule Shop.Stock do
  use GenServer
  def start_link(items), do: GenServer.start_link(__MODULE__, items, name: __MODULE__)
  def all, do: GenServer.call(__MODULE__, :all)
  def init(items), do: {:ok, items}
end

defmodule Shop.Desk do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def init(arg), do: {:ok, arg}
  def handle_info(:tick, _), do: {:noreply, Shop.Stock.all()}
end
"""),
    ),
    exemptions=(
        Exemption(
            "prepared",
            "it looks first whether the other is there, or catches that it is not",
            Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def init(_), do: Supervisor.init([Shop.Desk, Shop.Stock], strategy: :one_for_one)
end

defmodule Shop.Stock do
  use GenServer
  def start_link(items), do: GenServer.start_link(__MODULE__, items, name: __MODULE__)
  def init(items), do: {:ok, items}
end

defmodule Shop.Desk do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)

  def init(_) do
    {:ok, GenServer.call(Shop.Stock, :all)}
  catch
    :exit, {:noproc, _} -> {:ok, []}
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests is started as the test needs it",
            Sample("""\
defmodule Shop.Testing.Supervisor do
  use Supervisor

  def init(_) do
    Supervisor.init([Shop.Testing.Desk, {Registry, name: Shop.Names}], strategy: :one_for_one)
  end
end

defmodule Shop.Testing.Desk do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def init(_), do: {:ok, Registry.lookup(Shop.Names, :desk)}
end
"""),
        ),
    ),
)
