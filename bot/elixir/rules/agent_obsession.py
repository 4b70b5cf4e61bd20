"""An Agent whose data several modules read and change directly."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.module import Clause, Module
from bot.elixir.named_requests import AGENT_WORDS, NamedRequest, named_requests
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span

_SHOWN = 5
_HANDED_TO = 3
"""Modules: two that get an Agent from outside may well have one each."""
_TAKE_FUNCTIONS = frozenset({"Agent.get", "Agent.update", "Agent.get_and_update", "Agent.cast"})
_OWN = frozenset({"Agent.start_link", "Agent.start", "Agent.child_spec"})


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every named Agent that two or more modules hand functions to, and the Agents that three or
    more modules are given.
    """
    yield from _named(project)
    yield from _handed(project)


def _named(project: Project) -> Iterator[Site | Exempt]:
    asked: dict[str, list[NamedRequest]] = {}
    for request in named_requests(project, AGENT_WORDS):
        if request.call.module == "Agent":
            asked.setdefault(request.process, []).append(request)
    for name, requests in asked.items():
        by_module = {r.module.name: r for r in reversed(requests)}
        modules = list(dict.fromkeys(r.module.name for r in requests))
        if len(modules) > 1:
            yield _judge(name, [by_module[module] for module in modules])


def _judge(name: str, requests: list[NamedRequest]) -> Site | Exempt:
    first = requests[0]
    span = Span.of(first.module, first.call.node)
    names = [r.module.name for r in requests]
    if all(_nested(a, b) for a in names for b in names):
        return Exempt(span, "same-component")
    return Site(
        span,
        f"{len(names)} modules hand functions to the Agent `{name}`, each its own",
        because=tuple(
            Because(
                Span.of(r.module, r.call.node),
                f"`{r.module.name}` hands it a function by `{r.call.full}`",
            )
            for r in requests[:_SHOWN]
        ),
        data={"target": name, "modules": str(len(names))},
    )


def _handed(project: Project) -> Iterator[Site]:
    """Agents by parameter, in modules that start none: nobody there owns what it looks into."""
    found: dict[str, Call] = {}
    for path in project.lib_holding(*AGENT_WORDS):
        for module in project.modules_in(path):
            calls = list(_on_parameters(module))
            if calls and not any(_nested(module.name, other) for other in found):
                found[module.name] = calls[0]
    if len(found) >= _HANDED_TO:
        yield _handed_site(list(found.values()))


def _on_parameters(module: Module) -> Iterator[Call]:
    clauses = module.clauses_with(*AGENT_WORDS)
    owns = any(call.full in _OWN for clause in clauses for call in clause.calls)
    if owns or module.implements("Agent") or is_test_support(module) or is_platform(module):
        return
    for clause in clauses:
        for call in clause.calls:
            if call.full in _TAKE_FUNCTIONS and not call.in_quote and _is_parameter(call, clause):
                yield call


def _is_parameter(call: Call, clause: Clause) -> bool:
    process = call.args[0] if call.args else None
    named = {name for param in clause.params for name in nodes.identifiers(param)}
    return process is not None and process.type == "identifier" and text(process) in named


def _handed_site(calls: list[Call]) -> Site:
    first = calls[0]
    return Site(
        Span.of(first.owner, first.node),
        f"{len(calls)} modules look into Agents that they are given, and start none",
        because=tuple(
            Because(
                Span.of(call.owner, call.node),
                f"`{call.owner.name}` hands the Agent it is given a function by `{call.full}`",
            )
            for call in calls[:_SHOWN]
        ),
        confidence="low",
        data={"modules": str(len(calls))},
    )


def _nested(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


_CART = """\
defmodule Shop.Cart do
  def add(item), do: Agent.update(Shop.Basket, &[item | &1])
end
"""
_DESK = """\
defmodule Shop.Desk do
  @basket Shop.Basket
  def total, do: Agent.get(@basket, fn items -> Enum.sum(Enum.map(items, & &1.price)) end)
end
"""
_GIVEN = """\
defmodule Shop.{} do
  def add(basket, item), do: Agent.update(basket, &[item | &1])
end
"""
_THREE = ("Cart", "Desk", "Till")
_BASKET = """\
defmodule Shop.Basket do
  use Agent
  def start_link(_), do: Agent.start_link(fn -> [] end, name: __MODULE__)
  def add(item), do: Agent.update(__MODULE__, &[item | &1])
  def items, do: Agent.get(__MODULE__, & &1)
end
"""

RULE = Rule(
    id="agent-obsession",
    title="An Agent that several modules look into",
    category="messaging",
    stage=4,
    severity="info",
    confidence="high",
    fix="advice",
    explanation=(
        "Two or more modules hand functions to the same Agent (`Agent.get`, `Agent.update`, "
        "`Agent.cast`), and so most of them know how its data is kept; or three or more do so with "
        "an Agent that they are given, and none of them starts one. It is the case of an Agent in "
        "[Scattered process interfaces]"
        "(https://hexdocs.pm/elixir/process-anti-patterns.html#scattered-process-interfaces)."
    ),
    harm=(
        "The shape of the data cannot be changed in one place. Any module can put something into "
        "it that another does not expect, and the Agent crashes then, far from the cause."
    ),
    remedy=(
        "Wrap the Agent in one module, with a function for each thing that the others want, and "
        "keep every `Agent` call in it."
    ),
    triggers=(b"Agent.",),
    check_project=check,
    bad=(
        Sample(files={"lib/cart.ex": _CART, "lib/desk.ex": _DESK}),
        Sample(files={"lib/basket.ex": _BASKET, "lib/desk.ex": _DESK}),
        Sample(files={f"lib/{name.lower()}.ex": _GIVEN.format(name) for name in _THREE}),
    ),
    good=(
        Sample(
            files={
                "lib/basket.ex": _BASKET,
                "lib/cart.ex": "defmodule Shop.Cart do\n  def add(x), do: Shop.Basket.add(x)\nend",
            }
        ),
        Sample(
            files={
                "lib/cart.ex": _CART,
                "lib/desk.ex": _DESK.replace("Shop.Basket", "Shop.Till"),
            }
        ),
    ),
    exemptions=(
        Exemption(
            "same-component",
            "the modules are nested in one another: one component",
            Sample(
                files={
                    "lib/basket.ex": _BASKET,
                    "lib/total.ex": _DESK.replace("Shop.Desk", "Shop.Basket.Total"),
                }
            ),
        ),
    ),
)
