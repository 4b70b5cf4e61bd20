"""Two children of one supervisor with one id."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.branching import run_together
from bot.elixir.child_specs import ChildFacts, spec_options
from bot.elixir.children import ChildListFacts
from bot.elixir.context import is_test_support
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span

_OWN_NAME = frozenset({"Task", "Agent"})
"""Modules of the standard library whose id is always their name."""
_NAME_OR_OPTION = frozenset(
    {"DynamicSupervisor", "Task.Supervisor", "PartitionSupervisor", "Registry"}
)
_DEFAULTS = ("GenServer", "GenStage", "Agent", "Task", "Supervisor", "DynamicSupervisor")
_LITERALS = frozenset({"atom", "alias", "integer", "string"})
_OLD = ("worker(", "supervisor(", "Supervisor.Spec.")


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every child whose id another child of the same list has already."""
    for facts in project.facts:
        if facts.role == "lib" and not is_test_support(facts):
            for listing in facts.child_lists:
                yield from _in_list(listing, project)


def _in_list(listing: ChildListFacts, project: Project) -> Iterator[Site | Exempt]:
    seen: dict[str, list[ChildFacts]] = {}
    for child in listing.children:
        seen.setdefault(child.id, []).append(child)
    for first, *others in seen.values():
        for other in others:
            if _certain(first, listing, project) and _certain(other, listing, project):
                yield _judge(first, other, listing, project)


def element(child: ChildFacts, path: str, project: Project) -> Node | None:
    """The child's node in its list."""
    return project.source(path).root.descendant_for_byte_range(child.start, child.end)


def _judge(
    first: ChildFacts, other: ChildFacts, listing: ChildListFacts, project: Project
) -> Site | Exempt:
    span = Span(listing.path, other.start, other.end)
    nodes_of = (element(first, listing.path, project), element(other, listing.path, project))
    if nodes_of[0] is None or nodes_of[1] is None or not run_together(nodes_of[0], nodes_of[1]):
        return Exempt(span, "either-or")
    return Site(
        span,
        f"a second child has the id `{other.id}`",
        because=(
            Because(Span(listing.path, first.start, first.end), "this child has it already"),
            Because(
                Span(listing.path, listing.start, listing.end),
                "the supervisor compares the ids before it starts anything, and refuses",
            ),
        ),
        data={"id": other.id, "module": other.module},
    )


def _certain(child: ChildFacts, listing: ChildListFacts, project: Project) -> bool:
    """Whether the id is known: written as a literal, or the default of a known module."""
    node = element(child, listing.path, project)
    if node is None:
        return False
    options = spec_options(node)
    given = options.get("id")
    if given is not None:
        return _literal(given)
    if child.code.startswith(_OLD):
        return bool(child.module)
    if node.type not in ("alias", "tuple") and not _names_a_module(node):
        return False
    if child.module in _NAME_OR_OPTION:
        name = options.get("name")
        return node.type == "tuple" and (_literal(name) if name is not None else True)
    return child.module in _OWN_NAME or _default(child.module, project)


def _names_a_module(node: Node) -> bool:
    """`__MODULE__`, or an override of the specification that a module gives."""
    return text(node) == "__MODULE__" or nodes.is_call_to(node, "Supervisor.child_spec")


def _literal(node: Node) -> bool:
    if node.type == "tuple":
        return all(_literal(item) for item in node.named_children)
    whole = not any(part.type == "interpolation" for part in node.named_children)
    return (node.type in _LITERALS and whole) or text(node) == "__MODULE__"


def _default(name: str, project: Project) -> bool:
    """Whether the module takes the `child_spec/1` of a standard `use`, with its own name as id."""
    facts = project.modules.get(name)
    if facts is None or facts.has("child_spec", 1) or not facts.uses:
        return False
    given = [options for use, options in facts.use_options.items() if use in _DEFAULTS]
    return (
        bool(given)
        and all(use in _DEFAULTS for use in facts.uses)
        and not any("id" in options for options in given)
    )


RULE = Rule(
    id="duplicate-child-id",
    title="Two children with one id",
    category="supervision",
    stage=1,
    severity="error",
    confidence="high",
    fix="advice",
    explanation="Two children in one supervisor's list have the same id.",
    harm=(
        "The supervisor refuses to start: `start_link` returns `{:duplicate_child_name, id}` as an "
        "error, and the application does not boot on that way. Without an `id` of its own a child "
        "has the name of its module, so the same module listed twice is enough."
    ),
    remedy=(
        "Give one of them another id: `Supervisor.child_spec({Shop.Desk, 2}, id: :second_desk)`."
    ),
    triggers=(b"Supervisor",),
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Desk do
  use GenServer
  def start_link(number), do: GenServer.start_link(__MODULE__, number)
  def init(number), do: {:ok, number}
end

defmodule Shop.Tree do
  use Supervisor

  def init(_) do
    children = [{Shop.Desk, 1}, {Shop.Desk, 2}]
    Supervisor.init(children, strategy: :one_for_one)
  end
end
"""),
        Sample("""\
defmodule Shop.Tree do
  use Supervisor

  def init(_) do
    children = [
      {Task, fn -> Shop.Cache.warm(:items) end},
      {Task, fn -> Shop.Cache.warm(:prices) end}
    ]

    Supervisor.init(children, strategy: :one_for_one)
  end
end
"""),
        Sample("""\
defmodule Shop.Tree do
  use Supervisor

  def init(_) do
    first = [%{id: :pool, start: {Shop.Pool, :start_link, [1]}}]
    children = first ++ [%{id: :pool, start: {Shop.Pool, :start_link, [2]}}]
    Supervisor.init(children, strategy: :one_for_one)
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Desk do
  use GenServer
  def init(number), do: {:ok, number}
end

defmodule Shop.Tree do
  use Supervisor

  def init(_) do
    children = [{Shop.Desk, 1}, Supervisor.child_spec({Shop.Desk, 2}, id: :second)]
    Supervisor.init(children, strategy: :one_for_one)
  end
end
"""),
        Sample("""\
defmodule Shop.Tree do
  use Supervisor

  def init(_) do
    children = [
      {Registry, keys: :unique, name: Shop.Names},
      {Registry, keys: :duplicate, name: Shop.Topics},
      {Finch, name: Shop.A},
      {Finch, name: Shop.B}
    ]

    Supervisor.init(children, strategy: :one_for_one)
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "either-or",
            "the two stand in different branches or clauses: the list need not hold both",
            Sample("""\
defmodule Shop.Tree do
  use Supervisor

  def init(opts) do
    children =
      if opts[:slow] do
        [{Task, fn -> Shop.Cache.warm(:all) end}]
      else
        [{Task, fn -> Shop.Cache.warm(:few) end}]
      end

    Supervisor.init(children, strategy: :one_for_one)
  end
end
"""),
        ),
    ),
)
